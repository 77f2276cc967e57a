//! What can be asked for again and again: a job of which what it is about is looked up when it is started, so that what came
//! into the catalog since is part of it.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::jobs::kinds::aggregate::{accept_aggregation, accept_collection_scan};
use crate::jobs::kinds::business::accept_business_rules;
use crate::jobs::kinds::identify::accept_identification;
use crate::jobs::kinds::ingest::accept_ingest;
use crate::jobs::kinds::names::accept_names;
use crate::jobs::kinds::usage::accept_usage;
use crate::jobs::order::{Accepted, Asking};
use crate::{Amount, Home, Result, ScanOptions, accept_scan, choose};

/// What is to be done, and about what: ids, names or globs of sources and entities.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "camelCase")]
pub enum Errand {
    /// List and describe.
    Ingest {
        /// About what.
        scope: Vec<String>,
    },
    /// Read, profile and judge.
    Scan {
        /// About what.
        scope: Vec<String>,
        /// Globs over resources; none: all.
        include: Vec<String>,
        /// Globs over resources that are left out.
        exclude: Vec<String>,
        /// How much of each entity is read; `None`: all.
        sample: Option<Amount>,
        /// Only records for which this holds, as SQL; `None`: all.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        condition: Option<String>,
    },
    /// Judge what was read before.
    Identify {
        /// About what.
        scope: Vec<String>,
        /// Rules whose matches are counted apart.
        rules: Vec<String>,
    },
    /// Tell what names of columns say.
    Names {
        /// About what.
        scope: Vec<String>,
    },
    /// Ask how entities are used.
    Usage {
        /// About what.
        scope: Vec<String>,
        /// The first day; `None`: the day on which it is run.
        from: Option<Date>,
        /// The last day; `None`: the day on which it is run.
        to: Option<Date>,
    },
    /// Read, profile and judge the members of a collection, and sum a dataset up.
    ScanCollection {
        /// Which.
        collection: Uuid,
    },
    /// Run business rules.
    BusinessRules {
        /// Which, by ids or names.
        rules: Vec<String>,
        /// Entities in which rows are counted besides; `None`: none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        scope: Option<Vec<String>>,
    },
    /// Sum up what is known of the members of a dataset.
    SumCollection {
        /// Which.
        collection: Uuid,
    },
}

/// Accepts the job of an errand for the workers.
pub async fn accept_errand(home: &Home, errand: &Errand, asking: Asking) -> Result<Accepted> {
    let scope = match errand {
        Errand::ScanCollection { collection } => {
            return accept_collection_scan(home, *collection, asking).await;
        }
        Errand::SumCollection { collection } => {
            return accept_aggregation(home, *collection, asking).await;
        }
        Errand::BusinessRules { rules, scope } => {
            return accept_business_rules(home, rules, scope.as_deref(), asking).await;
        }
        Errand::Ingest { scope }
        | Errand::Scan { scope, .. }
        | Errand::Identify { scope, .. }
        | Errand::Usage { scope, .. }
        | Errand::Names { scope } => scope,
    };
    let chosen = choose(home, scope).await?;
    let asking = Asking {
        items: chosen.items.clone(),
        ..asking
    };
    match errand {
        Errand::Ingest { .. } => accept_ingest(home, &chosen, (&[], &[]), &asking).await,
        Errand::Scan {
            include,
            exclude,
            sample,
            condition,
            ..
        } => {
            let options = ScanOptions {
                include: include.clone(),
                exclude: exclude.clone(),
                sample: *sample,
                condition: condition.clone(),
                ..ScanOptions::default()
            };
            accept_scan(home, &options, &chosen, &asking).await
        }
        Errand::Identify { rules, .. } => {
            accept_identification(home, &chosen, rules, &asking).await
        }
        Errand::Usage { from, to, .. } => accept_usage(home, &chosen, (*from, *to), &asking).await,
        _ => accept_names(home, &chosen, &asking).await,
    }
}
