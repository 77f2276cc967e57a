//! What is done with one request.

use anyhow::{Context as _, Result, bail};
use locard_model::ExposeSecret as _;
use locard_requests::{Asked, Desk, Extending, Fulfilling, Opened, Refusing, RequestId};

use super::{actor, hand, opened, request_named, text, time, told};
use crate::args::{Judgement, ProofStep, Requests, Step};
use crate::commands::Session;

/// Commands that do something to one request.
pub(super) async fn step(
    session: &Session,
    desk: &Desk<'_>,
    args: &Requests,
) -> Result<Option<Opened>> {
    let who = actor();
    let id = async |text: &str| request_named(session, text).await;
    let done = match args {
        Requests::Acknowledge(Step { request, at, .. }) => {
            desk.acknowledge(&who, id(request).await?, time(at.as_deref())?)
                .await
        }
        Requests::Ask(step) => {
            let message = text(step.message.as_ref());
            desk.ask(
                &who,
                id(&step.request).await?,
                message,
                time(step.at.as_deref())?,
            )
            .await
        }
        Requests::Hear(step) => {
            let message = text(step.message.as_ref());
            desk.hear(
                &who,
                id(&step.request).await?,
                message,
                time(step.at.as_deref())?,
            )
            .await
        }
        Requests::Fulfil { step, despite } => {
            let id = id(&step.request).await?;
            fulfil(desk, id, (step, text(despite.as_ref()))).await?
        }
        Requests::Withdraw(step) => {
            desk.withdraw(&who, id(&step.request).await?, text(step.message.as_ref()))
                .await
        }
        Requests::Close(one) => desk.close(&who, id(&one.request).await?).await,
        Requests::Unhold(one) => desk.hold(&who, id(&one.request).await?, None).await,
        Requests::Hold { request, reason } => {
            desk.hold(&who, id(request).await?, Some(reason.expose_secret()))
                .await
        }
        Requests::Destroy(one) => {
            let destroyed = desk
                .destroy(&who, id(&one.request).await?)
                .await
                .map_err(told)?;
            session.printer.say(if destroyed {
                "destroyed; the log still verifies"
            } else {
                "it was destroyed before"
            });
            return Ok(None);
        }
        args => return judge(session, desk, args).await.map(Some),
    };
    done.map(Some).map_err(told)
}

/// That it was answered, and why although something is open.
async fn fulfil(
    desk: &Desk<'_>,
    id: RequestId,
    (step, despite_open): (&Step, Option<&str>),
) -> Result<locard_requests::Result<Opened>> {
    let fulfilling = Fulfilling {
        at: time(step.at.as_deref())?,
        despite_open: despite_open.map(str::to_owned),
    };
    Ok(desk.fulfil(&actor(), id, &fulfilling).await)
}

/// Commands that decide.
async fn judge(session: &Session, desk: &Desk<'_>, args: &Requests) -> Result<Opened> {
    let who = actor();
    let id = async |text: &str| request_named(session, text).await;
    let is_good = |decision: &Judgement| *decision == Judgement::Approve;
    let done = match args {
        Requests::VerifyIdentity {
            request,
            step,
            reason,
            at,
        } => {
            let (id, at) = (id(request).await?, time(at.as_deref())?);
            prove(desk, (id, *step), text(reason.as_ref()), at).await
        }
        Requests::Authority { request, decision } => {
            desk.judge_authority(&who, id(request).await?, is_good(decision))
                .await
        }
        Requests::Review { request, decision } => {
            desk.validate_manifest(&who, id(request).await?, is_good(decision))
                .await
        }
        Requests::Extend {
            request,
            reason,
            by,
            at,
        } => {
            let by = by.as_deref().map(str::parse).transpose();
            let extending = Extending {
                rationale: Some(reason.expose_secret().to_owned()),
                by: by
                    .ok()
                    .context("a length such as `2 months` or `30 days` is wanted")?,
                at: time(at.as_deref())?,
            };
            desk.extend(&who, id(request).await?, &extending).await
        }
        Requests::Refuse {
            request,
            rationale,
            kind,
            at,
        } => {
            let refusing = Refusing {
                rationale: Some(rationale.expose_secret().to_owned()),
                reason: Some(kind.clone()),
                message: None,
                at: time(at.as_deref())?,
            };
            desk.refuse(&who, id(request).await?, &refusing).await
        }
        args => return appeal(session, desk, args).await,
    };
    done.map_err(told)
}

/// A step of the proof of identity.
async fn prove(
    desk: &Desk<'_>,
    (id, step): (RequestId, ProofStep),
    reason: Option<&str>,
    at: Option<jiff::Timestamp>,
) -> locard_requests::Result<Opened> {
    let who = actor();
    let asked = Asked {
        reason: reason.map(str::to_owned),
        at,
        ..Asked::default()
    };
    match step {
        ProofStep::Request => desk.request_verification(&who, id, &asked).await,
        ProofStep::Approve => desk.resolve_verification(&who, id, true, at).await,
        ProofStep::Reject => desk.resolve_verification(&who, id, false, at).await,
        ProofStep::Waive => desk.waive_verification(&who, id, reason).await,
    }
}

/// Appeals.
async fn appeal(session: &Session, desk: &Desk<'_>, args: &Requests) -> Result<Opened> {
    let who = actor();
    match args {
        Requests::Appeal { request, message } => {
            let id = request_named(session, request).await?;
            let done = desk.appeal(&who, id, message.expose_secret(), None).await;
            Ok(done.map_err(told)?.0)
        }
        Requests::DecideAppeal {
            request,
            decision,
            explanation,
        } => {
            let before = opened(session, desk, request).await?;
            let mut appeals = before.known().map_err(told)?.appeals.iter();
            let Some(open) = appeals.find(|appeal| appeal.decision.is_none()) else {
                bail!("no appeal waits for a decision");
            };
            let why = text(explanation.as_ref());
            let done = desk
                .decide_appeal(&who, before.id, open.id, decision, why)
                .await;
            done.map_err(told)
        }
        args => hand::hand(session, desk, args).await,
    }
}
