//! Schedules: errands that are run again and again. Any server over the store may see that one is due; the store lets one
//! of them start its job.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use locard_model::JobId;
use locard_store::{ApiKeyId, Firing, Page, Schedule, ScheduleDraft, ScheduleId};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};
use uuid::Uuid;

use crate::access::{Actor, record_audit};
use crate::home::json;
use crate::jobs::kinds::Errand;
use crate::jobs::timing::{Timing, check_cron};
use crate::work::order::Asking;
use crate::{Error, ErrorKind, Home, Result};

/// How often the store is asked what is due.
const POLL: Duration = Duration::from_millis(500);

/// Schedules that are fired in one look.
const AT_ONCE: u32 = 100;

/// How late a schedule may be before that time counts as missed.
const GRACE: SignedDuration = SignedDuration::from_secs(60);

/// Times that are told ahead of one schedule; of many only the next one, which is stored: to find a rare one takes a while.
const AHEAD: usize = 5;

/// What is done about a time that passed while no server ran.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Missed {
    /// Nothing: it waits for the next time.
    #[default]
    Skip,
    /// It is made up for once, however many times passed.
    RunOnce,
}

locard_model::named!(Missed {
    Skip => "skip",
    RunOnce => "run-once",
});

/// What a schedule is made of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// When, as a cron expression.
    pub cron: String,
    /// By the clock of which zone.
    pub zone: String,
    /// What is done about times that passed while no server ran.
    pub missed: Missed,
    /// What the face calls the job.
    pub job: String,
    /// How the face was asked for the job.
    pub body: Value,
    /// What is done.
    pub errand: Errand,
    /// What the face calls what is done.
    pub label: String,
    /// What of the question was not heeded.
    pub warnings: Vec<String>,
    /// Which workers may run it; `None`: any.
    pub affinity: Option<String>,
    /// Who made it.
    pub actor: Option<Actor>,
}

/// A schedule as it is told.
#[derive(Clone, Debug, PartialEq)]
pub struct ScheduleRow {
    /// Its id.
    pub id: Uuid,
    /// What it is called.
    pub name: String,
    /// When and what.
    pub plan: Plan,
    /// Whether it fires at all.
    pub is_enabled: bool,
    /// The next times; none of one that does not fire.
    pub next: Vec<Timestamp>,
    /// When it was due last.
    pub last_at: Option<Timestamp>,
    /// The job that it started last.
    pub last_job: Option<JobId>,
    /// Why it started nothing when it was due last, where it did not.
    pub note: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// Makes a schedule.
pub async fn add_schedule(
    home: &Home,
    actor: &Actor,
    name: &str,
    plan: &Plan,
    is_enabled: bool,
) -> Result<ScheduleRow> {
    let id = ScheduleId(Uuid::now_v7());
    let made = put(home, id, (name, plan, is_enabled)).await?;
    let details = json!({ "schedule": made.id, "job": plan.job });
    record_audit(home, actor, "add schedule", details).await?;
    Ok(made)
}

/// Changes a schedule; it waits for the next time from now.
pub async fn change_schedule(
    home: &Home,
    actor: &Actor,
    id: Uuid,
    name: &str,
    plan: &Plan,
    is_enabled: bool,
) -> Result<ScheduleRow> {
    home.store.schedule(home.org, ScheduleId(id)).await?;
    let changed = put(home, ScheduleId(id), (name, plan, is_enabled)).await?;
    let details = json!({ "schedule": id, "enabled": is_enabled });
    record_audit(home, actor, "change schedule", details).await?;
    Ok(changed)
}

async fn put(
    home: &Home,
    id: ScheduleId,
    (name, plan, is_enabled): (&str, &Plan, bool),
) -> Result<ScheduleRow> {
    if name.trim().is_empty() || name.len() > 200 || name.chars().any(crate::is_unprintable) {
        return Err(Error::usage(
            "a schedule needs a short name that can be printed",
        ));
    }
    check_cron(home, &plan.cron)?;
    let now = home.store.clock().await?;
    let next = Timing::new(&plan.cron, &plan.zone)?.after(now);
    if next.is_none() {
        let sentence = "the expression names no time that ever comes";
        return Err(Error::usage(sentence).hint("day and month may contradict each other"));
    }
    let draft = ScheduleDraft {
        id,
        name: name.trim().to_owned(),
        spec: json(plan)?,
        is_enabled,
        next_at: next,
    };
    row(home.store.put_schedule(home.org, &draft).await?, AHEAD)
}

/// Schedules in the order of their ids, after that one if one is given; and where to go on.
pub async fn schedules(
    home: &Home,
    after: Option<Uuid>,
    limit: u32,
) -> Result<(Vec<ScheduleRow>, Option<Uuid>)> {
    let page = Page { after, limit };
    let found = home.store.schedules(home.org, page).await?;
    let rows = found.items.into_iter().map(|schedule| row(schedule, 1));
    Ok((rows.collect::<Result<_>>()?, found.next))
}

/// One schedule.
pub async fn schedule(home: &Home, id: Uuid) -> Result<ScheduleRow> {
    row(home.store.schedule(home.org, ScheduleId(id)).await?, AHEAD)
}

/// The schedule of that id or name.
pub async fn schedule_named(home: &Home, text: &str) -> Result<ScheduleRow> {
    if let Ok(id) = text.parse() {
        return schedule(home, id).await;
    }
    let mut page = Page::first(Page::MAX);
    loop {
        let found = home.store.schedules(home.org, page).await?;
        let named = found.items.into_iter().find(|found| found.name == text);
        if let Some(named) = named {
            return row(named, AHEAD);
        }
        let Some(after) = found.next else {
            let sentence = "there is no such schedule";
            return Err(Error::not_found(sentence).hint("`locard schedules list` names them"));
        };
        page.after = Some(after);
    }
}

/// Puts the job of a schedule in the queue now. Its times stay as they are. `actor`: who asks.
pub async fn run_schedule(
    home: &Home,
    schedule: &ScheduleRow,
    actor: Option<Actor>,
) -> Result<JobId> {
    let plan = schedule.plan.clone();
    let asking = Asking {
        actor,
        label: Some(plan.label),
        affinity: plan.affinity,
        warnings: plan.warnings,
        ..Asking::default()
    };
    Ok(plan.errand.accept(home, asking).await?.job)
}

/// Why a schedule may not start anything any more: whoever made it may not either.
async fn disowned(home: &Home, plan: &Plan) -> Result<Option<Error>> {
    // Who came with a token of somebody else's has no key here.
    let Some((actor, id)) = plan
        .actor
        .as_ref()
        .and_then(|actor| Some((actor, actor.id.parse().ok()?)))
    else {
        return Ok(None);
    };
    let keys = home.store.api_keys(home.org).await?;
    let key = keys.iter().find(|key| key.id == ApiKeyId(id));
    if key.is_none_or(|key| key.is_valid) {
        return Ok(None);
    }
    let sentence = format!(
        "the key {}, with which it was made or changed last, was taken back or has expired",
        actor.name
    );
    let hint = "whoever may change the schedule takes it over by doing so";
    Ok(Some(Error::usage(sentence).hint(hint)))
}

/// Forgets a schedule. What it started goes on.
pub async fn remove_schedule(home: &Home, actor: &Actor, id: Uuid) -> Result<()> {
    home.store.remove_schedule(home.org, ScheduleId(id)).await?;
    record_audit(home, actor, "remove schedule", json!({ "schedule": id })).await
}

fn plan(schedule: &Schedule) -> Result<Plan> {
    Plan::deserialize(&schedule.spec).map_err(|error| {
        let sentence = "what was recorded of a schedule cannot be read";
        Error::new(ErrorKind::Store, sentence).cause(error)
    })
}

fn row(schedule: Schedule, ahead: usize) -> Result<ScheduleRow> {
    let plan = plan(&schedule)?;
    let first = schedule.next_at.filter(|_| schedule.is_enabled);
    let timing = Timing::new(&plan.cron, &plan.zone).ok();
    let rest = first
        .zip(timing)
        .map(|(first, timing)| timing.next(first, ahead - 1));
    Ok(ScheduleRow {
        id: schedule.id.0,
        name: schedule.name,
        plan,
        is_enabled: schedule.is_enabled,
        next: first
            .into_iter()
            .chain(rest.into_iter().flatten())
            .collect(),
        last_at: schedule.last_at,
        last_job: schedule.last_job,
        note: schedule.note,
        created_at: schedule.created_at,
    })
}

/// Fires schedules until `stop` fires. `wake` is told of jobs.
pub async fn run_schedules(home: &Home, wake: &Notify, stop: &CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(POLL) => {}
        }
        match fire_due(home).await {
            Ok(0) => {}
            Ok(_) => wake.notify_one(),
            Err(error) => warn!(
                why = error.sentence(),
                "the schedules could not be looked at"
            ),
        }
    }
}

/// Fires what is due, and tells how many jobs were started.
async fn fire_due(home: &Home) -> Result<u64> {
    let (due, now) = home.store.due_schedules(home.org, AT_ONCE).await?;
    let mut started = 0;
    for schedule in due {
        let (id, fired) = (schedule.id.0, fire(home, &schedule, now).await);
        match fired {
            Ok(Some(job)) => {
                info!(schedule = %id, %job, "a schedule started a job");
                started += 1;
            }
            Ok(None) => {}
            // One that cannot be fired must not keep the others from it.
            Err(error) => warn!(schedule = %id, why = error.sentence(), "a schedule did not fire"),
        }
    }
    Ok(started)
}

/// Lets a schedule wait until somebody changes it.
async fn never_again(
    home: &Home,
    (schedule, due): (ScheduleId, Timestamp),
    why: &Error,
) -> Result<Option<JobId>> {
    warn!(schedule = %schedule.0, why = why.sentence(), "a schedule cannot fire any more");
    let firing = Firing {
        schedule,
        due,
        next: None,
    };
    home.store
        .pass_schedule(home.org, &firing, why.sentence())
        .await?;
    Ok(None)
}

/// Starts the job of a due schedule, unless that is not to be.
async fn fire(home: &Home, schedule: &Schedule, now: Timestamp) -> Result<Option<JobId>> {
    let Some(due) = schedule.next_at else {
        return Ok(None);
    };
    let (plan, next) = match plan(schedule).and_then(|plan| {
        let next = Timing::new(&plan.cron, &plan.zone)?.after(now);
        Ok((plan, next))
    }) {
        Ok(planned) => planned,
        // It will be as unreadable the next time, so there is none until somebody changes it.
        Err(error) => return never_again(home, (schedule.id, due), &error).await,
    };
    if let Some(why) = disowned(home, &plan).await? {
        return never_again(home, (schedule.id, due), &why).await;
    }
    let firing = Firing {
        schedule: schedule.id,
        due,
        next,
    };
    let pass = async |why: &str| {
        home.store.pass_schedule(home.org, &firing, why).await?;
        Ok(None)
    };
    if plan.missed == Missed::Skip && now.duration_since(due) > GRACE {
        return pass(&format!(
            "no server ran at {due:.0}, and missed times are skipped"
        ))
        .await;
    }
    let asking = Asking {
        actor: plan.actor,
        label: Some(plan.label),
        affinity: plan.affinity,
        warnings: plan.warnings,
        firing: Some(firing),
        ..Asking::default()
    };
    match plan.errand.accept(home, asking).await {
        Ok(accepted) => Ok(accepted.new.then_some(accepted.job)),
        // The store may answer again in a moment; anything else will be as wrong then as it is now.
        Err(error) if matches!(error.kind(), ErrorKind::Store | ErrorKind::Locked) => Err(error),
        Err(error) if error.kind() == ErrorKind::Conflict => Ok(None),
        Err(error) => pass(error.sentence()).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jobs::kinds::asked::NameReading;
    use crate::testing;

    #[tokio::test]
    async fn what_was_missed_is_skipped_or_made_up_for_once() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        std::fs::create_dir(&data).unwrap();
        std::fs::write(data.join("a.csv"), "id,email\n1,anna@example.org\n").unwrap();
        let home = testing::home(folder.path()).await;
        testing::scan(&home, &data).await;
        let source = crate::sources(&home).await.unwrap()[0].id.to_string();
        for (missed, started) in [(Missed::Skip, 0), (Missed::RunOnce, 1)] {
            let plan = Plan {
                cron: "0 * * * *".to_owned(),
                zone: "UTC".to_owned(),
                missed,
                job: "pii-detection".to_owned(),
                body: Value::Null,
                errand: Errand::Names(NameReading {
                    language: None,
                    scope: vec![source.clone()],
                }),
                label: "PII_DETECTION".to_owned(),
                warnings: Vec::new(),
                affinity: None,
                actor: None,
            };
            let made = add_schedule(&home, &Actor::default(), missed.as_str(), &plan, true).await;
            let made = made.unwrap();
            // As if every server had been down for some hours.
            let draft = ScheduleDraft {
                id: ScheduleId(made.id),
                name: made.name,
                spec: json(&plan).unwrap(),
                is_enabled: true,
                next_at: Some(Timestamp::now() - SignedDuration::from_hours(7)),
            };
            home.store.put_schedule(home.org, &draft).await.unwrap();
            assert_eq!(fire_due(&home).await.unwrap(), started, "{missed}");
            assert_eq!(fire_due(&home).await.unwrap(), 0, "{missed}: once");
            let told = schedule(&home, made.id).await.unwrap();
            assert!(told.next[0] > Timestamp::now());
            assert_eq!(told.last_job.is_some(), started == 1);
            assert_eq!(told.note.is_some(), started == 0, "{:?}", told.note);
        }
    }
}
