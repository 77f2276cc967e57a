//! The look-up of a person. Who asks and why is recorded; whom they ask for is not.

use axum::Extension;
use axum::body::Bytes;
use axum::extract::State;
use locard_app::{
    Actor, Copies, Doubt, FindOptions, Hit, LocationCount, LookUp, Silent, identifier_of_person,
    location_counts, record_look_up,
};
use locard_dsar::{Bounds, find};
use locard_model::{Attribute, Subject};
use serde_json::{Value, json};

use crate::context::Context;
use crate::fault::{Answer, Fault, json as answer};
use crate::fields::Fields;
use crate::routes::{Field, Kind};

pub(crate) const BODY: &[Field] = &[
    Field {
        name: "attributes",
        kind: Kind::Object,
        required: true,
    },
    Field {
        name: "purpose",
        kind: Kind::Text,
        required: true,
    },
    Field {
        name: "verify",
        kind: Kind::Flag,
        required: false,
    },
    Field {
        name: "relations",
        kind: Kind::Flag,
        required: false,
    },
];

/// Attributes of one question.
const MOST: usize = 100;

/// How the person of a question is called in it.
const SUBJECT: &str = "subject";

pub(crate) async fn locate(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    body: Bytes,
) -> Answer {
    let home = context.home();
    let mut fields = Fields::of(&body)?;
    let purpose = fields.text("purpose")?;
    let purpose =
        purpose.ok_or_else(|| Fault::field("purpose", "why the person is looked up is wanted"))?;
    let verify = fields.flag("verify")?;
    let follows = !fields.is_given("relations") || fields.flag("relations")?;
    let attributes = attributes(&context, &mut fields).await?;
    let options = FindOptions {
        subjects: vec![Subject {
            id: SUBJECT.to_owned(),
            attributes,
        }],
        verify,
        ..FindOptions::default()
    };
    let act = LookUp {
        actor: &actor,
        action: "locate",
        purpose: Some(&purpose),
        details: json!({ "verify": verify }),
    };
    // Before the answer: nobody learns anything that is not recorded.
    record_look_up(home, &act, &options.subjects).await?;
    // Whoever hangs up wants no answer any more: the guard falls with this handler, and the sources are left in peace.
    let _turn = context.look_up().await?;
    let cancel = context.stop().child_token();
    let _unless_gone = cancel.clone().drop_guard();
    let asked = context.apart(async move |context: Context| {
        let bounds = follows.then(Bounds::default);
        Box::pin(find(context.home(), &options, bounds, &Silent, &cancel)).await
    });
    let report = asked.await??;
    let gaps = report.not_searched.iter().map(|gap| {
        json!({
            "source": gap.source,
            "resource": gap.resource,
            "column": gap.column,
            "reason": gap.reason.as_str(),
            "sentence": gap.sentence,
        })
    });
    answer(json!({
        "locations": location_counts(&report.hits, SUBJECT).iter().map(location).collect::<Vec<_>>(),
        "places": report.hits.iter().map(told).collect::<Vec<_>>(),
        "notSearched": gaps.collect::<Vec<_>>(),
        "copies": report.copies.iter().map(copies).collect::<Vec<_>>(),
        "warnings": report.doubts.iter().map(Doubt::sentence).collect::<Vec<_>>(),
        "complete": !report.has_gaps(),
        "sources": report.sources,
        "columns": report.columns,
        "candidates": report.candidates,
    }))
}

/// Places that hold the same.
fn copies(copies: &Copies) -> Value {
    let place =
        |(source, resource): &(String, String)| json!({ "source": source, "resource": resource });
    copies.places.iter().map(place).collect()
}

/// Rows of one resource that point at the person alike, and how many there are.
fn location(location: &LocationCount) -> Value {
    json!({
        "source": location.source,
        "resource": location.resource,
        "columns": location.columns,
        "identifiers": location.identifiers,
        "strength": location.strength.as_str(),
        "reached": location.reached.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "rows": location.rows,
    })
}

fn told(hit: &Hit) -> Value {
    json!({
        "source": hit.source,
        "resource": hit.resource,
        "column": hit.column,
        "identifiers": hit.identifiers,
        "spelling": hit.spelling,
        "verified": hit.verified,
        "strength": hit.strength.as_str(),
        "row": hit.row.as_ref().map(ToString::to_string),
        "reached": hit.reached.iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}

/// What is known of the person: an object of identifiers, each with a value or a list of them.
pub(crate) async fn attributes(
    context: &Context,
    fields: &mut Fields,
) -> Result<Vec<Attribute>, Fault> {
    let mut within = fields.object("attributes")?;
    let mut attributes = Vec::new();
    for name in within.names() {
        let identifier = identifier_of_person(context.home(), &name).await?;
        let values = match within.list(&name) {
            Ok(values) => values,
            Err(_) => within.text(&name)?.into_iter().collect(),
        };
        attributes.extend(values.into_iter().map(|value| Attribute {
            identifier: identifier.clone(),
            value,
        }));
    }
    if attributes.is_empty() || attributes.len() > MOST {
        return Err(Fault::field("attributes", "1 to 100 values are wanted"));
    }
    Ok(attributes)
}
