//! What holds for all requests of an organisation: which packs rule, and how long things are kept.

use axum::Extension;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use locard_app::Actor;
use locard_audit::RetentionClass;
use locard_requests::{Code, NewPack, Policy, policies};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{accepted, desk, field, required_text, wanted};
use crate::context::Context;
use crate::fault::{Answer, Fault, json as answer};
use crate::fields::Fields;
use crate::routes::{Field, Kind};

pub(crate) const BODY_RETENTION: &[Field] = &[
    wanted("class", Kind::Text),
    field("minDays", Kind::Text),
    field("maxDays", Kind::Text),
    field("purgeEnabled", Kind::Flag),
    field("legalHoldEnabled", Kind::Flag),
];

fn told(class: RetentionClass, policy: &Policy) -> Value {
    json!({
        "id": format!("ret-{}", class.as_str()),
        "class": class,
        "minDays": policy.min_days,
        "maxDays": policy.max_days,
        "purgeEnabled": policy.purge_enabled,
        "legalHoldEnabled": policy.legal_hold_enabled,
        "updatedAt": policy.updated_at.map(|at| at.to_string()),
    })
}

/// Another organisation's is as good as none.
fn own(context: &Context, tenant: &str) -> Result<(), Fault> {
    let own = context.home().org().to_string();
    if tenant == "default" || tenant.eq_ignore_ascii_case(&own) {
        return Ok(());
    }
    Err(locard_requests::Fault::new(Code::NotFound, "there is no such tenant").into())
}

pub(crate) async fn retention(
    State(context): State<Context>,
    Path(tenant): Path<String>,
) -> Answer {
    own(&context, &tenant)?;
    let all = policies(context.home()).await?;
    let all: Vec<Value> = all
        .iter()
        .map(|(class, policy)| told(*class, policy))
        .collect();
    answer(Value::from(all))
}

fn days(fields: &mut Fields, name: &str) -> Result<Option<u32>, Fault> {
    let number = fields.number(name)?;
    let whole = |number: f64| {
        let is_whole = number.fract() == 0.0 && number <= 36_500.0;
        let wanted = || Fault::field(name, "a whole number of days is wanted");
        is_whole.then_some(number as u32).ok_or_else(wanted)
    };
    number.map(whole).transpose()
}

pub(crate) async fn decide_retention(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    Path(tenant): Path<String>,
    body: Bytes,
) -> Answer {
    own(&context, &tenant)?;
    let mut fields = Fields::of(&body)?;
    let class = required_text(&mut fields, "class", "")?;
    let (min, max) = (days(&mut fields, "minDays")?, days(&mut fields, "maxDays")?);
    let mut flag = |name: &str| {
        if fields.is_given(name) {
            fields.flag(name).map(Some)
        } else {
            Ok(None)
        }
    };
    let (purge, hold) = (flag("purgeEnabled")?, flag("legalHoldEnabled")?);
    let change = |policy: &mut Policy| {
        policy.min_days = min.unwrap_or(policy.min_days);
        policy.max_days = max.unwrap_or(policy.max_days);
        policy.purge_enabled = purge.unwrap_or(policy.purge_enabled);
        policy.legal_hold_enabled = hold.unwrap_or(policy.legal_hold_enabled);
    };
    let desk = desk(&context).await?;
    let (class, policy) = desk.decide_retention(&actor, &class, change).await?;
    accepted(told(class, &policy), Some(&fields))
}

pub(crate) async fn packs(State(context): State<Context>) -> Answer {
    let desk = desk(&context).await?;
    let packs: Vec<Value> = desk.packs();
    Ok((StatusCode::OK, axum::Json(packs)).into_response())
}

pub(crate) const BODY_PACK: &[Field] = &[
    wanted("jurisdiction", Kind::Text),
    wanted("name", Kind::Text),
    wanted("version", Kind::Text),
    // TOML as text, as the example has it; an object is taken too.
    wanted("pack", Kind::Text),
    field("publishedAt", Kind::Text),
    wanted("metadata", Kind::Object),
];
pub(crate) const BODY_ACTIVATE: &[Field] = &[
    wanted("jurisdiction", Kind::Text),
    wanted("tenantId", Kind::Text),
    wanted("version", Kind::Text),
    field("workspaceId", Kind::Text),
];
pub(crate) const BODY_DEACTIVATE: &[Field] = &[
    wanted("tenantId", Kind::Text),
    field("workspaceId", Kind::Text),
    field("jurisdiction", Kind::Text),
];

/// A pack as text; an object is one that was read from TOML.
fn pack(value: Option<Value>) -> Result<String, Fault> {
    match value {
        Some(Value::String(text)) => Ok(text),
        Some(object @ Value::Object(_)) => {
            let wrong = |_| Fault::field("pack", "it cannot be written as TOML");
            toml::to_string(&object).map_err(wrong)
        }
        _ => Err(Fault::field(
            "pack",
            "a policy pack is wanted, as text or object",
        )),
    }
}

pub(crate) async fn register(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    body: Bytes,
) -> Answer {
    let mut fields = Fields::of(&body)?;
    let metadata = fields.value("metadata").filter(Value::is_object);
    let metadata = metadata.ok_or_else(|| Fault::field("metadata", "an object is wanted"))?;
    for name in ["changelog", "compatibilityNotes"] {
        if !metadata[name].is_string() {
            return Err(Fault::field(
                &format!("metadata.{name}"),
                "a text is wanted",
            ));
        }
    }
    if !matches!(
        metadata["releaseType"].as_str(),
        Some("major" | "minor" | "patch")
    ) {
        return Err(Fault::field(
            "metadata.releaseType",
            "major, minor or patch is wanted",
        ));
    }
    let new = NewPack {
        jurisdiction: required_text(&mut fields, "jurisdiction", "")?,
        name: required_text(&mut fields, "name", "")?,
        version: required_text(&mut fields, "version", "")?,
        text: pack(fields.value("pack"))?,
        metadata,
    };
    super::time(&mut fields, "publishedAt")?;
    desk(&context).await?.register_pack(&actor, &new).await?;
    let told = json!({
        "jurisdiction": new.jurisdiction, "name": new.name, "status": "registered", "version": new.version,
    });
    accepted(told, Some(&fields))
}

pub(crate) async fn activate(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    body: Bytes,
) -> Answer {
    let mut fields = Fields::of(&body)?;
    let tenant = required_text(&mut fields, "tenantId", "")?;
    own(&context, &tenant)?;
    let jurisdiction = required_text(&mut fields, "jurisdiction", "")?;
    let version = required_text(&mut fields, "version", "")?;
    let desk = desk(&context).await?;
    desk.activate_pack(&actor, &jurisdiction, &version).await?;
    let told = json!({
        "jurisdiction": jurisdiction, "status": "activated", "tenantId": tenant, "version": version,
    });
    accepted(told, Some(&fields))
}

pub(crate) async fn deactivate(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    body: Bytes,
) -> Answer {
    let mut fields = Fields::of(&body)?;
    let tenant = required_text(&mut fields, "tenantId", "")?;
    own(&context, &tenant)?;
    let jurisdiction = fields.text("jurisdiction")?;
    let desk = desk(&context).await?;
    desk.deactivate_packs(&actor, jurisdiction.as_deref())
        .await?;
    accepted(
        json!({ "status": "deactivated", "tenantId": tenant }),
        Some(&fields),
    )
}

fn proposal_id(text: &str) -> Result<Uuid, Fault> {
    let missing =
        |_| locard_requests::Fault::new(Code::ProposalNotFound, Code::ProposalNotFound.title());
    Ok(text.parse().map_err(missing)?)
}

pub(crate) async fn propose(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
) -> Answer {
    let (id, changes) = desk(&context).await?.propose_upgrade(&actor).await?;
    let told = json!({ "proposalId": id, "status": "pending_approval", "changes": changes });
    accepted(told, None)
}

pub(crate) async fn approve(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    Path(id): Path<String>,
) -> Answer {
    let id = proposal_id(&id)?;
    desk(&context).await?.approve_upgrade(&actor, id).await?;
    accepted(json!({ "proposalId": id, "status": "approved" }), None)
}

pub(crate) async fn apply(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    Path(id): Path<String>,
) -> Answer {
    let id = proposal_id(&id)?;
    desk(&context).await?.apply_upgrade(&actor, id).await?;
    accepted(json!({ "proposalId": id, "status": "applied" }), None)
}
