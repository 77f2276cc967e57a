//! Telling whoever is responsible that time runs out: webhooks hear of deadlines that draw near, of those that passed, and of
//! tasks that nobody answered in time. What is told holds ids, dates and numbers.
//!
//! Every server looks for itself; the store sees to it that each webhook is told once for each step of each deadline.

use jiff::{SignedDuration, Timestamp};
use locard_deadline::{Deadline, Duty, Standing};
use locard_dsar::job;
use locard_store::{Request, RequestFilter};
use serde_json::{Value, json};

use crate::code::Result;
use crate::desk::{Desk, Opened};

/// Requests that are looked at together.
const PAGE: u32 = 100;

/// Something to tell.
#[derive(Debug, PartialEq)]
struct Alert {
    event: &'static str,
    /// The same whenever it is seen, and another one when the date moves.
    once: String,
    data: Value,
}

impl Desk<'_> {
    /// Tells webhooks what is new of it; gives how many were told of how much.
    pub async fn alert(&self) -> Result<u64> {
        let (mut told, mut offset) = (0, 0);
        let days = job::settings(self.home).await?.alert_days;
        loop {
            let filter = RequestFilter {
                offset,
                limit: PAGE,
                ..RequestFilter::default()
            };
            let (found, _) = self.store().requests(self.home.org(), &filter).await?;
            if found.is_empty() {
                return Ok(told);
            }
            offset += PAGE;
            for request in found.into_iter().filter(owes) {
                told += self
                    .tell(&self.opened(request, self.now().await?)?, &days)
                    .await?;
            }
        }
    }

    async fn tell(&self, request: &Opened, days: &[u16]) -> Result<u64> {
        let mut told = 0;
        for Alert { event, once, data } in alerts(request, days) {
            let org = self.home.org();
            told += self.store().tell_once(org, &once, (event, &data)).await?;
        }
        Ok(told)
    }
}

/// Whether an answer is owed: to the request, or to an appeal.
pub(crate) fn owes(request: &Request) -> bool {
    let Some(body) = &request.body else {
        return false;
    };
    let appeals = body["appeals"].as_array().into_iter().flatten();
    request.head.state.is_open()
        || appeals
            .into_iter()
            .any(|appeal| appeal["decision"].is_null())
}

/// Whether a duty is still to be done. Who was answered is owed an answer to an appeal alone.
pub(crate) fn is_owed(request: &Opened, deadline: &Deadline) -> bool {
    let is_meant = request.head.state.is_open() || deadline.duty == Duty::AnswerAppeal;
    is_meant && deadline.done.is_none()
}

/// What is to tell of a request, with deadlines told so many days before.
fn alerts(request: &Opened, days: &[u16]) -> Vec<Alert> {
    let deadlines = request.deadlines.iter().flat_map(|all| &all.deadlines);
    let mut alerts: Vec<Alert> = deadlines
        .filter(|deadline| is_owed(request, deadline))
        .filter_map(|deadline| of_deadline(request, deadline, days))
        .collect();
    let open = request
        .record
        .iter()
        .filter(|_| request.head.state.is_open());
    let overdue = open.flat_map(|record| &record.tasks);
    let overdue = overdue.filter(|task| task.standing(request.now) == "overdue");
    alerts.extend(overdue.map(|task| Alert {
        event: "request.task-overdue",
        once: format!("{} task {} {}", request.id, task.id, task.due_at),
        data: json!({ "request": request.id, "task": task.id, "dueAt": task.due_at }),
    }));
    alerts
}

fn of_deadline(request: &Opened, deadline: &Deadline, days: &[u16]) -> Option<Alert> {
    let (due, safe) = (deadline.statutory.due.until, deadline.safe.due.until);
    let alert = |event, step: String, more: Value| {
        let mut data = json!({
            "request": request.id, "type": request.head.kind, "duty": deadline.duty,
            "dueAt": due, "safeDueAt": safe,
        });
        data.as_object_mut()?.extend(more.as_object()?.clone());
        let duty = deadline.duty.words();
        let once = format!("{} {duty} {step} {due} {safe}", request.id);
        Some(Alert { event, once, data })
    };
    match deadline.standing(request.now) {
        Standing::Overdue { since } => {
            let more = json!({ "daysOverdue": since.as_hours() / 24 });
            alert("request.overdue", "overdue".to_owned(), more)
        }
        Standing::Running { .. } => {
            let step = step(days, safe, request.now)?;
            let left = due.duration_since(request.now).as_hours() / 24;
            let more = json!({ "daysLeft": left, "step": step });
            alert("request.due-soon", format!("{step} days"), more)
        }
        Standing::Met | Standing::MetLate | Standing::Waiting => None,
    }
}

/// The last step that was reached before a time, in days.
fn step(days: &[u16], until: Timestamp, now: Timestamp) -> Option<u16> {
    let left = until.duration_since(now);
    let mut steps = days.to_vec();
    steps.sort_unstable();
    let is_reached = |days: &u16| left <= SignedDuration::from_hours(24 * i64::from(*days));
    steps.into_iter().find(is_reached)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_step_is_reached_once() {
        let now = Timestamp::UNIX_EPOCH;
        let at = |hours: i64| step(&[14, 3, 7, 1], now + SignedDuration::from_hours(hours), now);
        assert_eq!(at(15 * 24), None);
        assert_eq!((at(14 * 24), at(7 * 24 + 1)), (Some(14), Some(14)));
        assert_eq!((at(7 * 24), at(73), at(72)), (Some(7), Some(7), Some(3)));
        assert_eq!((at(24), at(-5)), (Some(1), Some(1)));
        assert_eq!(step(&[], now, now), None);
    }
}
