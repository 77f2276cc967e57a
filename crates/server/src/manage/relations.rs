//! Relations between entities: what sources declare, what looks like a foreign key, and what people decide about both.

use axum::Extension;
use axum::body::Bytes;
use axum::extract::{Path, State};
use locard_app::{Actor, Decision};
use locard_dsar::{Origin, RelationRow, SideRow, decide_relation, relations, withdraw_relation};
use serde_json::{Value, json};

use crate::context::Context;
use crate::fault::{Answer, Fault, json as answer};
use crate::fields::Fields;
use crate::manage::decide::{check, reason};
use crate::manage::{Query, page, path_id};
use crate::routes::{Field, Kind};

/// What may stand in the query of the list.
pub(crate) const QUERY: &[&str] = &["origin", "decision", "cursor", "limit"];

pub(crate) const BODY: &[Field] = &[Field {
    name: "reason",
    kind: Kind::Text,
    required: false,
}];

/// The word for what nobody decided about.
const OPEN: &str = "open";

/// How relations stand that are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    /// Nobody decided.
    Open,
    /// Somebody did.
    Decided(Decision),
}

/// Which relations are asked for.
struct Wanted {
    origin: Option<Origin>,
    standing: Option<Standing>,
}

impl Wanted {
    fn of(query: &Query) -> Result<Self, Fault> {
        let text = |name: &str| query.get(name).filter(|text| !text.is_empty());
        let origin = text("origin").map(|text| {
            let wanted = "declared or inferred is wanted";
            Origin::parse(text).ok_or_else(|| Fault::field("origin", wanted))
        });
        let standing = text("decision").map(|text| match Decision::parse(text) {
            Some(decision) => Ok(Standing::Decided(decision)),
            None if text == OPEN => Ok(Standing::Open),
            None => {
                let wanted = "confirmed, rejected or open is wanted";
                Err(Fault::field("decision", wanted))
            }
        });
        Ok(Self {
            origin: origin.transpose()?,
            standing: standing.transpose()?,
        })
    }

    fn fits(&self, row: &RelationRow) -> bool {
        let standing = row.decision.map_or(Standing::Open, Standing::Decided);
        self.origin.is_none_or(|origin| row.origin == origin)
            && self.standing.is_none_or(|wanted| standing == wanted)
    }
}

/// Relations in pages. Each page asks the stored sketches, since what looks like a foreign key is kept nowhere.
pub(crate) async fn list(State(context): State<Context>, query: Query) -> Answer {
    let (after, limit) = page(&query)?;
    let wanted = Wanted::of(&query)?;
    let report = context
        .apart(async move |context: Context| relations(context.home()).await)
        .await??;
    let mut rows = report.relations;
    rows.retain(|row| wanted.fits(row));
    let begin = match after {
        None => 0,
        Some(after) => {
            let wanted = "the next of a page with the same filters is wanted";
            let last = rows.iter().position(|row| row.id.0 == after);
            1 + last.ok_or_else(|| Fault::field("cursor", wanted))?
        }
    };
    let shown: Vec<&RelationRow> = rows.iter().skip(begin).take(limit as usize).collect();
    let is_last = begin + shown.len() == rows.len();
    let next = shown.last().filter(|_| !is_last).map(|row| row.id);
    answer(json!({
        "relations": shown.into_iter().map(told).collect::<Vec<_>>(),
        "next": next,
        "total": rows.len(),
        "totalIsLowerBound": false,
        "notCompared": report.not_compared,
    }))
}

pub(crate) async fn confirm(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    Path(id): Path<String>,
    body: Bytes,
) -> Answer {
    decided(&context, actor, &id, (&body, Decision::Confirmed)).await
}

pub(crate) async fn reject(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    Path(id): Path<String>,
    body: Bytes,
) -> Answer {
    decided(&context, actor, &id, (&body, Decision::Rejected)).await
}

async fn decided(
    context: &Context,
    actor: Actor,
    id: &str,
    (body, decision): (&Bytes, Decision),
) -> Answer {
    let id = path_id(id, "relation")?.to_string();
    let mut fields = Fields::of(body)?;
    let reason = reason(&mut fields)?;
    check(&fields)?;
    let row = context
        .apart(async move |context: Context| {
            decide_relation(context.home(), &actor, &id, decision, reason.as_deref()).await
        })
        .await??;
    answer(told(&row))
}

/// Takes a decision back: what a source declares is followed then, and anything else is not.
pub(crate) async fn withdraw(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    Path(id): Path<String>,
) -> Answer {
    let id = path_id(&id, "relation")?;
    withdraw_relation(context.home(), &actor, &id.to_string()).await?;
    answer(json!({ "id": id, "withdrawn": true }))
}

fn told(row: &RelationRow) -> Value {
    json!({
        "id": row.id,
        "from": side(&row.parent),
        "to": side(&row.child),
        "origin": row.origin.as_str(),
        "contained": row.containment,
        "followed": row.is_followed,
        "decision": row.decision.map(Decision::as_str),
        "reason": row.reason,
    })
}

fn side(side: &SideRow) -> Value {
    json!({
        "source": side.source,
        "entity": side.entity,
        "resource": side.resource,
        "columns": side.columns,
    })
}

/// What is sent to and answered by these routes, as examples.
pub(crate) fn example(method: &str, rest: &str) -> (Value, Value) {
    const ID: &str = "7f1c9a52-3d0b-5f6e-9a1d-4b2c8e7f6a10";
    let entity = "1d433d87-9add-4fd4-837a-d7ba401aa619";
    let side = |resource: &str| json!({ "source": "crm", "entity": entity, "resource": resource, "columns": ["customer_no"] });
    let relation = |decision: Option<&str>| {
        json!({
            "id": ID, "from": side("public.customers"), "to": side("public.orders"), "origin": "inferred", "contained": 0.998,
            "followed": decision == Some("confirmed"), "decision": decision, "reason": null,
        })
    };
    match (method, rest) {
        ("get", _) => {
            let list = json!({
                "relations": [relation(None)], "next": null, "total": 1, "totalIsLowerBound": false, "notCompared": 0,
            });
            (Value::Null, list)
        }
        ("delete", _) => (Value::Null, json!({ "id": ID, "withdrawn": true })),
        (_, "/relations/{id}/confirm") => (
            json!({ "reason": "the shop takes it from there" }),
            relation(Some("confirmed")),
        ),
        _ => (
            json!({ "reason": "it counts something else" }),
            relation(Some("rejected")),
        ),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    fn wanted(query: &[(&str, &str)]) -> Result<Wanted, Fault> {
        let query = query
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Wanted::of(&axum::extract::Query(query.collect::<HashMap<_, _>>()))
    }

    #[test]
    fn what_waits_for_a_decision_is_asked_for_as_open() {
        let open = wanted(&[("origin", "inferred"), ("decision", OPEN)]).unwrap();
        assert_eq!(open.origin, Some(Origin::Inferred));
        assert_eq!(open.standing, Some(Standing::Open));
        let all = wanted(&[("origin", ""), ("decision", "")]).unwrap();
        assert_eq!((all.origin, all.standing), (None, None));
        let rejected = wanted(&[("decision", "rejected")]).unwrap();
        let expected = Standing::Decided(Decision::Rejected);
        assert_eq!(rejected.standing, Some(expected));
        for odd in [("origin", "guessed"), ("decision", "maybe")] {
            let fault = wanted(&[odd]).err().unwrap();
            assert_eq!(fault.field.as_deref(), Some(odd.0));
        }
    }
}
