//! The jobs over entities that read no values: re-ingest, identification, PII detection.

use axum::Extension;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use locard_app::{Actor, accept_identification, accept_ingest, accept_names, choose};

use crate::context::Context;
use crate::fault::Answer;
use crate::fields::Fields;
use crate::reference::{asking, started};
use crate::routes::{Field, Kind};

const SCOPE: Field = Field {
    name: "scope",
    kind: Kind::Texts,
    required: true,
};

pub(crate) const BODY: &[Field] = &[SCOPE];

pub(crate) const BODY_CONFIGS: &[Field] = &[
    SCOPE,
    Field {
        name: "configs",
        kind: Kind::Object,
        required: false,
    },
];

pub(crate) const BODY_IDENTIFICATION: &[Field] = &[
    SCOPE,
    Field {
        name: "dictionaryIds",
        kind: Kind::Texts,
        required: false,
    },
    Field {
        name: "dataPatternIds",
        kind: Kind::Texts,
        required: false,
    },
];

/// `POST jobs/execute/metadata/re-ingest`.
pub(crate) async fn re_ingest(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let mut fields = Fields::of(&body)?;
    let chosen = choose(context.home(), &fields.some("scope")?).await?;
    let warnings = fields.unheeded(&[]);
    let asking = asking(
        &actor,
        &headers,
        "METADATA_REINGEST",
        warnings,
        chosen.items.clone(),
    )?;
    let accepted = accept_ingest(context.home(), &chosen, (&[], &[]), &asking).await?;
    started(&context, accepted).await
}

/// `POST jobs/execute/data-identification`.
pub(crate) async fn identification(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let mut fields = Fields::of(&body)?;
    let chosen = choose(context.home(), &fields.some("scope")?).await?;
    let mut rules = fields.list("dictionaryIds")?;
    rules.extend(fields.list("dataPatternIds")?);
    let mut warnings = fields.unheeded(&[]);
    if !rules.is_empty() {
        warnings.push(
            "dictionaryIds, dataPatternIds: columns are judged by all rules, since these compete; the matches of those that \
            are named are counted in the result"
                .to_owned(),
        );
    }
    let asking = asking(
        &actor,
        &headers,
        "DATA_IDENTIFICATION",
        warnings,
        chosen.items.clone(),
    )?;
    let accepted = accept_identification(context.home(), &chosen, &rules, &asking).await?;
    started(&context, accepted).await
}

/// `POST jobs/execute/pii-detection`.
pub(crate) async fn names(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let mut fields = Fields::of(&body)?;
    let chosen = choose(context.home(), &fields.some("scope")?).await?;
    let mut configs = fields.object("configs")?;
    let language = configs.text("language")?;
    let mut warnings = fields.unheeded(&[]);
    warnings.extend(configs.unheeded(&[]));
    if language.is_some() {
        warnings.push(
            "configs.language: names are read in the languages of all rules at once".to_owned(),
        );
    }
    let asking = asking(
        &actor,
        &headers,
        "PII_DETECTION",
        warnings,
        chosen.items.clone(),
    )?;
    let accepted = accept_names(context.home(), &chosen, &asking).await?;
    started(&context, accepted).await
}
