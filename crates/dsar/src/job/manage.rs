//! Looking at jobs, ending them, beginning them anew, and destroying what is over.

use locard_app::{Actor, Home, Result};
use locard_model::DsarState;
use locard_store::{DsarId, Page};
use uuid::Uuid;

use super::amend::{Step, amend};
use super::create::{self, StartedJob};
use super::holds::{is_held, request_of};
use super::{Body, DsarJob, Failed, Moment, conflict, load, settings, told, work};
use crate::keep::store;

/// How many jobs there are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted {
    /// In each state, those with none included.
    pub states: Vec<(DsarState, u64)>,
    /// In all.
    pub total: u64,
    /// Those that count against the cap.
    pub active: u64,
    /// The cap.
    pub limit: u32,
}

/// One job with its timeline.
pub async fn job(home: &Home, id: Uuid) -> Result<DsarJob> {
    let mut job = load(home, id).await?;
    let events = home.store().dsar_events(home.org(), DsarId(id)).await?;
    let moment = |event: locard_store::DsarEvent| {
        let (actor, notes) = event.note.map(|note| (note.actor, note.notes)).unzip();
        Moment {
            at: event.at,
            state: event.state,
            actor,
            notes: notes.flatten(),
        }
    };
    job.timeline = events.into_iter().map(moment).collect();
    Ok(job)
}

/// Jobs, newest first, those in one state if one is given, after that one if one is given; and where to go on.
pub async fn jobs(
    home: &Home,
    state: Option<DsarState>,
    after: Option<Uuid>,
    limit: u32,
) -> Result<(Vec<DsarJob>, Option<Uuid>)> {
    let page = Page { after, limit };
    let found = home.store().dsars(home.org(), state, page).await?;
    let jobs = found.items.into_iter().map(|dsar| told(home, dsar));
    Ok((jobs.collect::<Result<_>>()?, found.next))
}

/// How many jobs there are.
pub async fn counts(home: &Home) -> Result<Counted> {
    let found = home.store().dsar_counts(home.org()).await?;
    let of = |state: DsarState| {
        let found = found.iter().find(|(known, _)| *known == state);
        found.map_or(0, |(_, jobs)| *jobs)
    };
    Ok(Counted {
        states: DsarState::ALL
            .iter()
            .map(|state| (*state, of(*state)))
            .collect(),
        total: found.iter().map(|(_, jobs)| jobs).sum(),
        active: create::ACTIVE.iter().map(|state| of(*state)).sum(),
        limit: settings(home).await?.active_limit,
    })
}

/// Ends an active job without a bundle.
pub async fn cancel(home: &Home, actor: &Actor, id: Uuid, why: Option<&str>) -> Result<DsarJob> {
    let before = load(home, id).await?;
    create::record(home, actor, "dsar cancel", Some(id), before.known()?).await?;
    let failed = Failed {
        reason: "cancelled".to_owned(),
        message: why.map_or_else(|| "cancelled".to_owned(), |why| format!("cancelled: {why}")),
        failed_at: Some(home.store().clock().await?),
        worker_id: None,
    };
    let ended = work::end(home, (id, &create::ACTIVE), &actor.name, failed).await?;
    let dsar = home.store().dsar(home.org(), DsarId(id)).await?;
    if let Some(work) = dsar.job {
        // Whoever works on it hears of it; what has ended is left as it is.
        home.store().cancel_job(home.org(), work).await?;
    }
    // A bundle that was ready is nobody's any more; under a legal hold it is kept, and handed to nobody.
    if !is_held(home, &ended).await? {
        work::remove_bundle(home, &ended).await?;
    }
    job(home, id).await
}

/// Begins a job anew that failed, or whose bundle lacks places that were not searched: another job, which goes on from what
/// this one has read. Asking again gives that one.
pub async fn retry(home: &Home, actor: &Actor, id: Uuid) -> Result<StartedJob> {
    let before = load(home, id).await?;
    let body = before.known()?;
    let lacks = body
        .collected
        .as_ref()
        .is_some_and(|it| !it.not_searched.is_empty());
    match before.state {
        DsarState::Failed => {}
        DsarState::Ready | DsarState::Delivered if lacks => {}
        DsarState::Packaging if before.waits_for_review() && lacks => {}
        DsarState::Ready | DsarState::Delivered | DsarState::Packaging => {
            return Err(conflict(
                "the DSAR job lacks nothing that could be tried again",
            ));
        }
        state => return Err(conflict(format!("the DSAR job is {state}"))),
    }
    if let Some(known) = body.retried_by {
        return Ok(StartedJob::Known(Box::new(job(home, known).await?)));
    }
    let settings = settings(home).await?;
    let (review, approvals) = create::still_allowed(&settings, body)?;
    create::record(home, actor, "dsar retry", Some(id), body).await?;
    let again = Body {
        actor: actor.clone(),
        review,
        approvals,
        retry_of: Some(id),
        retried_by: None,
        progress: super::Progress::default(),
        collected: None,
        delivery: None,
        failure: None,
        report: None,
        hold: None,
        ..body.clone()
    };
    let key = Some(format!("retry of {id}"));
    let started = create::start(home, actor, (&settings, key), &again).await?;
    if let StartedJob::New(new) = &started {
        let (to, states) = (new.id, [before.state]);
        let note = || Step::told(&actor.name, format!("retried as {}", new.name()));
        amend(home, id, &states, |body, _| {
            body.retried_by = Some(to);
            Ok(note())
        })
        .await?;
    }
    Ok(started)
}

/// Removes what processes that were killed had begun to write.
async fn sweep_parts(home: &Home) {
    let Ok(settings) = settings(home).await else {
        return;
    };
    let mut addresses = vec![None];
    addresses.extend(settings.store.map(Some));
    for address in addresses {
        let Ok(store) = store(home, address.as_deref()) else {
            continue;
        };
        let swept = tokio::task::spawn_blocking(move || store.sweep());
        if let Ok(Ok(parts @ 1..)) = swept.await {
            tracing::info!(
                parts,
                "swept what was begun in the bundle store and never finished"
            );
        }
    }
}

/// Destroys what is over: bundles whose time has come, with everything that was kept of their jobs and the keys to it. Gives
/// how many.
pub async fn sweep(home: &Home) -> Result<u64> {
    // Those that are held stay overdue, and must not keep others from being seen.
    const MOST: u32 = 1_000;
    sweep_parts(home).await;
    let overdue = home.store().overdue_dsars(home.org(), MOST).await?;
    let mut destroyed = 0;
    for dsar in overdue {
        let job = told(home, dsar)?;
        if is_held(home, &job).await? {
            continue;
        }
        if !job.state.is_final() {
            let note = || Step::to(DsarState::Expired, "sweep", "nobody fetched it in time");
            let expired = amend(home, job.id, &[job.state], |_, _| Ok(note())).await;
            if expired.is_err() {
                continue;
            }
        }
        let store = job.body.as_ref().and_then(|body| body.store.as_deref());
        // The key first: without it the rest is noise, also where a store is out of reach.
        let (id, request) = (DsarId(job.id), request_of(&job));
        match home.store().destroy_dsar_key(home.org(), id, request).await {
            Ok(_) => destroyed += 1,
            // A hold was placed just now.
            Err(error) if error.kind() == locard_store::ErrorKind::Conflict => continue,
            Err(error) => return Err(error.into()),
        }
        if let Err(error) = work::remove(home, job.id, store).await {
            tracing::warn!(
                why = error.sentence(),
                "a bundle whose key was destroyed is still stored"
            );
        }
    }
    if destroyed > 0 {
        let actor = Actor {
            id: "sweep".to_owned(),
            name: "sweep".to_owned(),
        };
        let details = serde_json::json!({ "jobs": destroyed });
        locard_app::record_audit(home, &actor, "dsar destroy", details).await?;
    }
    Ok(destroyed)
}
