//! What was to be told of a request, and the calendar of deadlines.

use locard_app::Actor;
use locard_deadline::{NOTICE, ics};
use locard_model::RequestId;
use locard_store::{RequestFilter, RequestOrder};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::alerts::{is_owed, owes};
use crate::case::{Case, Logged};
use crate::code::{Code, Fault, Result};
use crate::desk::{Desk, Opened};
use crate::record::NoticeAttempt;

/// Requests of one calendar, and those that are looked at together.
const MOST: u32 = 2_000;

impl Desk<'_> {
    /// Makes a notice again. This program has no way to deliver one: whoever reads the list does.
    pub async fn replay(&self, actor: &Actor, id: RequestId, notice: Uuid) -> Result<Opened> {
        let work = |case: &mut Case| {
            let now = case.now;
            let mut notices = case.record.notices.iter_mut();
            let missing = || Fault::new(Code::NotFound, "there is no such notification");
            let found = notices
                .find(|found| found.id == notice)
                .ok_or_else(missing)?;
            if found.attempts.len() >= 100 {
                let message = "it was made again a hundred times";
                return Err(Fault::new(Code::TransitionDisallowed, message));
            }
            found.attempts.push(NoticeAttempt {
                at: now,
                channel: "list".to_owned(),
                status: "skipped".to_owned(),
                destination: None,
                error: Some("no way to deliver it is set up; it stands in the list".to_owned()),
            });
            case.tell(
                "webhook_delivery_attempted",
                json!({ "eventId": notice, "status": "skipped" }),
            );
            Ok((Logged::new("notification.replayed", Value::Null), ()))
        };
        Ok(self.act(actor, id, work).await?.0)
    }

    /// The deadlines of requests and appeals to which an answer is owed, as a calendar. No entry names a person: calendars are copied to many places.
    pub async fn calendar(&self) -> Result<String> {
        let now = self.now().await?;
        let mut entries = Vec::new();
        let (mut offset, mut owing) = (0, 0);
        // Those that were answered may have an appeal that waits.
        'pages: loop {
            let filter = RequestFilter {
                order: RequestOrder::Due,
                offset,
                limit: MOST,
                ..RequestFilter::default()
            };
            let (found, _) = self.store().requests(self.home.org(), &filter).await?;
            if found.is_empty() {
                break;
            }
            offset += MOST;
            for request in found.into_iter().filter(owes) {
                entries.extend(self.opened(request, now)?.entries());
                owing += 1;
                if owing >= MOST {
                    break 'pages;
                }
            }
        }
        Ok(ics::feed("Locard: deadlines of requests", &entries, now))
    }
}

impl Opened {
    /// An entry for each duty that is not done.
    fn entries(&self) -> Vec<ics::Entry> {
        let short: String = self.id.to_string().chars().take(8).collect();
        let deadlines = self.deadlines.iter().flat_map(|all| &all.deadlines);
        let owed = deadlines.filter(|deadline| is_owed(self, deadline));
        owed.map(|deadline| {
            let reading = &deadline.statutory;
            let open = if reading.open {
                " (not before; the clock waits)"
            } else {
                ""
            };
            let safe = deadline.safe.due.date;
            ics::Entry {
                uid: format!("{}-{}@locard", self.id, word(deadline.duty)),
                summary: format!("Request {short}: {}{open}", deadline.duty.words()),
                description: format!(
                    "{} request under {}; plan for {safe}.\n{NOTICE}",
                    self.head.kind, self.head.jurisdiction
                ),
                when: reading.due.into(),
            }
        })
        .collect()
    }
}

fn word(duty: locard_deadline::Duty) -> String {
    duty.words().replace(' ', "-")
}
