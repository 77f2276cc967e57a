//! Asking for a DSAR job.

use locard_app::{Actor, Doubt, Error, Home, Result, Why, record_audit};
use locard_bundle::Formats;
use locard_model::{Attribute, DsarState};
use locard_store::{DsarDraft, DsarNote, StartedDsar};
use serde_json::json as object;
use uuid::Uuid;

use super::subject::DATA_SUBJECT_ID;
use super::{
    Body, DsarJob, DsarSettings, Known, Scope, ScopeKind, json, narrow, settings, subject, told,
};

/// What is asked for.
#[derive(Clone, Debug, Default)]
pub struct DsarOptions {
    /// What is collected.
    pub scope: Scope,
    /// What is known of the person, besides what the scope's subject id says.
    pub attributes: Vec<Attribute>,
    /// Names of formats; an unknown one is JSON, with a warning.
    pub formats: Vec<String>,
    /// Who asks, where that is not whoever calls.
    pub requested_by: Option<String>,
    /// Why, in their words.
    pub notes: Option<String>,
    /// For what purpose the person's data is looked at; none: to answer their request.
    pub purpose: Option<String>,
    /// To whom the archive is encrypted: `age1…`.
    pub recipients: Vec<String>,
    /// Whether people look at it first; none: as the settings say.
    pub review: Option<bool>,
    /// The legal request that it answers.
    pub request: Option<Uuid>,
    /// Asking again with this key gives the first job.
    pub idempotency_key: Option<String>,
}

/// What came of asking.
#[derive(Clone, Debug, PartialEq)]
pub enum StartedJob {
    /// It is new.
    New(Box<DsarJob>),
    /// It was asked for before with the same key.
    Known(Box<DsarJob>),
    /// So many are active already, and no more may be.
    Full {
        /// How many are active.
        active: u64,
        /// How many may be.
        limit: u32,
    },
}

/// Asks for a job. Nothing is collected before somebody runs it.
///
/// # Errors
/// What is asked for makes no sense, or is not allowed here; the store fails.
pub async fn create(home: &Home, actor: &Actor, options: DsarOptions) -> Result<StartedJob> {
    let settings = settings(home).await?;
    let key = options.idempotency_key.clone();
    let body = body(home, actor, &settings, options).await?;
    record(home, actor, "dsar create", None, &body).await?;
    start(home, actor, (&settings, key), &body).await
}

/// Starts a job with that body.
pub(super) async fn start(
    home: &Home,
    actor: &Actor,
    (settings, idempotency_key): (&DsarSettings, Option<String>),
    body: &Body,
) -> Result<StartedJob> {
    let draft = DsarDraft {
        body: json(body)?,
        note: DsarNote {
            actor: actor.name.clone(),
            notes: body.request_notes.clone(),
        },
        // The same key in two hands is two keys.
        idempotency_key: idempotency_key.map(|key| format!("{} {key}", actor.id)),
        most: settings.active_limit,
    };
    Ok(match home.store().start_dsar(home.org(), &draft).await? {
        StartedDsar::New(dsar) => StartedJob::New(Box::new(told(home, *dsar)?)),
        StartedDsar::Known(dsar) => StartedJob::Known(Box::new(told(home, *dsar)?)),
        StartedDsar::Full(active) => StartedJob::Full {
            active,
            limit: settings.active_limit,
        },
    })
}

/// Tells the audit who did what about which person, and why.
pub(super) async fn record(
    home: &Home,
    actor: &Actor,
    action: &str,
    job: Option<Uuid>,
    body: &Body,
) -> Result<()> {
    let details = object!({
        "job": job,
        "purpose": body.purpose,
        "subject": if body.is_tenant() { None } else { Some(settings::digest(home, &named(body)).await?) },
        "scope": body.scope.kind.as_str(),
        "withRows": body.is_tenant().then_some(body.scope.with_rows),
        "request": body.request,
    });
    record_audit(home, actor, action, details).await
}

/// The person in one text: the same whoever asks, and in whatever order.
fn named(body: &Body) -> String {
    if let Some(id) = &body.scope.data_subject_id {
        return id.trim().to_lowercase();
    }
    let known = body.attributes.iter();
    let mut known: Vec<String> = known
        .map(|known| format!("{}={}", known.identifier, known.value.trim().to_lowercase()))
        .collect();
    known.sort();
    known.join("\n")
}

async fn body(
    home: &Home,
    actor: &Actor,
    settings: &DsarSettings,
    options: DsarOptions,
) -> Result<Body> {
    let DsarOptions {
        mut scope,
        attributes,
        formats,
        ..
    } = options;
    let mut warnings = Vec::new();
    let attributes = known(home, &mut scope, &attributes, &mut warnings).await?;
    check(settings, &scope)?;
    check_review(settings, options.review)?;
    narrow::narrowed(home, &scope).await?;
    warnings.extend(doubts(home, &attributes));
    let parsed = Formats::parse(&formats);
    warnings.extend(parsed.warnings().iter().cloned());
    for recipient in &options.recipients {
        recipient
            .parse::<locard_bundle::encrypt::Recipient>()
            .map_err(|_| {
                Error::usage("a recipient is no public key of age")
                    .hint("such a key begins with age1")
            })?;
    }
    let is_tenant = scope.kind != ScopeKind::DataSubject;
    let requested_by = options.requested_by.filter(|name| !name.trim().is_empty());
    let purpose = options.purpose.or_else(|| options.notes.clone());
    Ok(Body {
        scope,
        attributes,
        formats: parsed
            .formats()
            .iter()
            .map(|format| format.as_str().to_owned())
            .collect(),
        warnings,
        requested_by: requested_by.unwrap_or_else(|| actor.name.clone()),
        request_notes: options.notes,
        purpose: purpose.unwrap_or_else(|| "to answer a data subject's request".to_owned()),
        actor: actor.clone(),
        request: options.request,
        // What is about everybody is never handed out on one person's word.
        review: is_tenant || settings.second_approver || options.review.unwrap_or(settings.review),
        approvals: approvals(settings, is_tenant),
        recipients: options.recipients,
        ttl: u64::from(settings.ttl_hours) * 3_600,
        store: settings.store.clone(),
        ..Body::default()
    })
}

/// What is known of the person, by their id and by what was given besides; without anything it is about everybody.
async fn known(
    home: &Home,
    scope: &mut Scope,
    attributes: &[Attribute],
    warnings: &mut Vec<String>,
) -> Result<Vec<Known>> {
    scope.data_subject_id = scope
        .data_subject_id
        .take()
        .filter(|id| !id.trim().is_empty());
    let mut known: Vec<Known> = attributes.iter().map(Known::from).collect();
    if let Some(id) = &scope.data_subject_id {
        let of_id = if let Some(registered) = subject::registered_subject(home, id).await? {
            registered
        } else {
            let guessed = subject::guessed(id);
            if !known.is_empty() && !known.contains(&guessed) {
                warnings.push(format!(
                    "nobody is registered under scope.dataSubjectId: it is looked for as {}, beside the attributes",
                    guessed.identifier
                ));
            }
            vec![guessed]
        };
        subject::check_one_person(home.engine().keyer(), &known, &of_id)?;
        for more in of_id {
            if !known.contains(&more) {
                known.push(more);
            }
        }
    }
    if known.len() > subject::MOST || known.iter().any(|known| known.value.trim().is_empty()) {
        return Err(Error::usage(
            "1 to 100 values of the person are wanted, none of them empty",
        ));
    }
    if known.is_empty() {
        let is_slice = scope.window_start.is_some() || scope.window_end.is_some();
        scope.kind = if is_slice {
            ScopeKind::TenantSlice
        } else {
            ScopeKind::TenantFull
        };
    } else {
        scope.kind = ScopeKind::DataSubject;
    }
    Ok(known)
}

/// What of the person is likely not what was meant.
pub(super) fn doubts(home: &Home, known: &[Known]) -> Vec<String> {
    let subject = Body {
        attributes: known.to_vec(),
        ..Body::default()
    }
    .subject();
    // An id of other systems is what no rule knows by its nature.
    let is_told = |it: &&Doubt| it.identifier.as_str() != DATA_SUBJECT_ID || it.why != Why::Unknown;
    let doubts = locard_app::doubtful(home, &subject);
    doubts.iter().filter(is_told).map(Doubt::sentence).collect()
}

pub(super) fn check(settings: &DsarSettings, scope: &Scope) -> Result<()> {
    if let (Some(start), Some(end)) = (scope.window_start, scope.window_end)
        && start > end
    {
        return Err(Error::usage("the window ends before it begins"));
    }
    if scope.kind != ScopeKind::DataSubject && !settings.tenant_export {
        return Err(Error::usage(
            "nothing is known of a person, and exports of everything are switched off",
        )
        .hint("say who it is about; an administrator may switch exports of everything on"));
    }
    check_rows(settings, scope)
}

/// Whether rows may be asked for: those of a person are collected anyway, and everybody's only where that was switched on.
fn check_rows(settings: &DsarSettings, scope: &Scope) -> Result<()> {
    if scope.with_rows && scope.kind == ScopeKind::DataSubject {
        return Err(Error::usage("a person's rows are collected in any case")
            .hint("leave scope.withRows out; it widens exports of everything"));
    }
    if scope.with_rows && !settings.tenant_export_rows {
        return Err(Error::usage(
            "exports of everything hold what the catalog knows, and no rows of sources",
        )
        .hint("an administrator may switch tenantExportRows on"));
    }
    Ok(())
}

/// What the settings ask for is the least: nobody who asks for a job switches it off.
fn check_review(settings: &DsarSettings, review: Option<bool>) -> Result<()> {
    let setting = if settings.second_approver {
        "secondApprover"
    } else {
        "review"
    };
    if review == Some(false) && (settings.review || settings.second_approver) {
        let hint = format!("leave it out, or an administrator may switch {setting} off");
        return Err(
            Error::usage("people look at every bundle here before it is handed out").hint(hint),
        );
    }
    Ok(())
}

/// Whether people look at a job that is begun anew, and how many must approve it: as it was asked for, and no less than
/// the settings ask for by now.
pub(super) fn still_allowed(settings: &DsarSettings, body: &Body) -> Result<(bool, u32)> {
    check(settings, &body.scope)?;
    let is_tenant = body.is_tenant();
    let review = body.review || is_tenant || settings.review || settings.second_approver;
    Ok((review, body.approvals.max(approvals(settings, is_tenant))))
}

fn approvals(settings: &DsarSettings, is_tenant: bool) -> u32 {
    1 + u32::from(!is_tenant && settings.second_approver)
}

/// States in which a job is not over.
pub(super) const ACTIVE: [DsarState; 4] = DsarState::ACTIVE;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_switches_off_the_review_that_the_settings_ask_for() {
        let settings = |review: bool, second_approver: bool| DsarSettings {
            review,
            second_approver,
            ..DsarSettings::default()
        };
        for (review, second) in [(true, false), (true, true), (false, true)] {
            let refused = check_review(&settings(review, second), Some(false)).unwrap_err();
            let setting = if second { "secondApprover" } else { "review" };
            assert!(refused.hint_text().unwrap_or_default().contains(setting));
            assert!(check_review(&settings(review, second), None).is_ok());
            assert!(check_review(&settings(review, second), Some(true)).is_ok());
        }
        assert!(check_review(&settings(false, false), Some(false)).is_ok());
    }
}
