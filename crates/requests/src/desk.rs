//! Where requests are received, looked at and acted on.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use locard_app::{Actor, ErrorKind, Home};
use locard_deadline::{Deadlines, Library};
use locard_model::{RequestId, RequestState};
use locard_store::{
    Request, RequestChange, RequestDraft, RequestEvent, RequestFilter, RequestHead, RequestOrder,
    StartedRequest, Store,
};
use serde::Deserialize as _;

use crate::case::{Case, Logged};
use crate::code::{Code, Fault, Result};
use crate::intake::Arrival;
use crate::policies::Added;
use crate::record::{Record, VERSION};
use crate::retention;

/// How often an act is tried again on a request that somebody else changed meanwhile.
const TRIES: usize = 8;

/// The place where requests are worked on, over an open home.
pub struct Desk<'a> {
    pub(crate) home: &'a Home,
    /// All packs that are known, by which requests are computed.
    pub(crate) library: Arc<Library>,
    /// Those that requests are received under.
    pub(crate) in_use: Library,
}

/// A request as it is looked at.
pub struct Opened {
    /// Its id.
    pub id: RequestId,
    /// What is plain of it.
    pub head: RequestHead,
    /// All that is known of it; `None` once its key was destroyed.
    pub record: Option<Record>,
    /// When it was recorded.
    pub created_at: Timestamp,
    /// Its deadlines now.
    pub deadlines: Option<Deadlines>,
    /// What time it is.
    pub now: Timestamp,
    pub(crate) version: u64,
}

/// A request that came in.
pub struct Received {
    /// It.
    pub request: Opened,
    /// Whether it is new, and not the first one with its key.
    pub is_new: bool,
}

/// Which requests are listed.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    /// In this state.
    pub state: Option<RequestState>,
    /// Of this kind.
    pub kind: Option<String>,
    /// Under this law.
    pub jurisdiction: Option<String>,
    /// Open ones that are due within so many days, or were due.
    pub at_risk_days: Option<u32>,
    /// Of whoever is known by this.
    pub subject: Option<String>,
    /// In which order.
    pub order: RequestOrder,
    /// The other way round.
    pub descending: bool,
    /// So many are passed over.
    pub offset: u32,
    /// At most so many.
    pub limit: u32,
}

impl Opened {
    /// All that is known of it.
    pub fn known(&self) -> Result<&Record> {
        self.record.as_ref().ok_or_else(destroyed)
    }
}

/// That a key stands for something else.
pub(crate) const KEY_TAKEN: &str = "this Idempotency-Key was used before, for another request";

/// There is nothing to say of it any more.
fn destroyed() -> Fault {
    let message = "the key of the request was destroyed at the end of its retention, and what was known of it with that";
    Fault::new(Code::InvalidRecord, message)
}

impl<'a> Desk<'a> {
    /// A desk over a home, with the policy packs of this build and those that the organisation added.
    pub async fn open(home: &'a Home) -> Result<Self> {
        let added = Added::of(home).await?;
        Ok(Self {
            home,
            library: Arc::new(added.all()?),
            in_use: added.in_use()?,
        })
    }

    pub(crate) fn store(&self) -> &dyn Store {
        self.home.store()
    }

    /// What time it is, by the store's clock.
    pub(crate) async fn now(&self) -> Result<Timestamp> {
        Ok(self.store().clock().await?)
    }

    /// Records a request that came in, finds where the person may be, and makes tasks of places that no connector reaches.
    pub async fn receive(&self, actor: &Actor, arrival: &Arrival) -> Result<Received> {
        self.receive_with(actor, arrival, |_| Ok(())).await
    }

    /// The same with what became of the request elsewhere: all of it is recorded, or nothing. Of what has ended nobody is
    /// looked for any more.
    pub(crate) async fn receive_with(
        &self,
        actor: &Actor,
        arrival: &Arrival,
        since: impl FnOnce(&mut Case) -> Result<()>,
    ) -> Result<Received> {
        let now = self.now().await?;
        let (head, mut record) = arrival.open(&self.in_use, now)?;
        let digest = arrival.digest();
        record.arrival = arrival.idempotency_key.is_some().then(|| digest.clone());
        let mut case = self.case(actor, RequestId(uuid::Uuid::nil()), head, record, now);
        arrival.begin(&mut case)?;
        since(&mut case)?;
        case.record
            .warn(self.doubts(case.record.attributes()).await?);
        if case.head.ended_at.is_some() {
            self.retain(&mut case).await?;
        } else {
            let (located, doubts) = self.located(&case.record, now).await?;
            case.record.located = located;
            case.record.warn(doubts);
            self.make_tasks(&mut case).await?;
        }
        let details =
            serde_json::json!({ "channel": case.record.intake.channel, "kind": case.record.kind });
        let draft = RequestDraft {
            audit: case.audit(&Logged::new("request.created", details)),
            subjects: case.subjects(),
            body: written(&case.record)?,
            head: case.head,
            events: case.events,
            idempotency_key: arrival
                .idempotency_key
                .as_ref()
                .map(|key| format!("{} {key}", actor.id)),
        };
        let (request, is_new) = match self.store().start_request(self.home.org(), &draft).await? {
            StartedRequest::New(request) => (*request, true),
            StartedRequest::Known(request) => (*request, false),
        };
        let request = self.opened(request, now)?;
        let before = request.record.as_ref().and_then(|it| it.arrival.as_ref());
        if !is_new && before.is_some_and(|before| *before != digest) {
            return Err(Fault::new(Code::TransitionDisallowed, KEY_TAKEN)
                .hint("take a new key for another request"));
        }
        Ok(Received { request, is_new })
    }

    /// One request.
    pub async fn request(&self, id: RequestId) -> Result<Opened> {
        let request = self.store().request(self.home.org(), id).await?;
        self.opened(request, self.now().await?)
    }

    /// Some requests, and how many there are in all.
    pub async fn requests(&self, listing: &Listing) -> Result<(Vec<Opened>, u64)> {
        let now = self.now().await?;
        let mut states: Vec<RequestState> = listing.state.into_iter().collect();
        let due_before = match listing.at_risk_days {
            Some(days) => {
                states.retain(|state| state.is_open());
                if states.is_empty() && listing.state.is_none() {
                    states = RequestState::OPEN.to_vec();
                } else if states.is_empty() {
                    return Ok((Vec::new(), 0));
                }
                let within = SignedDuration::from_hours(24 * i64::from(days));
                now.checked_add(within).ok()
            }
            None => None,
        };
        let filter = RequestFilter {
            states,
            kind: listing.kind.clone(),
            jurisdiction: listing.jurisdiction.clone(),
            due_before,
            subject: listing.subject.clone(),
            retained_until: None,
            order: listing.order,
            descending: listing.descending,
            offset: listing.offset,
            limit: listing.limit,
        };
        let (found, total) = self.store().requests(self.home.org(), &filter).await?;
        let opened = found.into_iter().map(|request| self.opened(request, now));
        Ok((opened.collect::<Result<_>>()?, total))
    }

    /// What became of one.
    pub async fn timeline(&self, id: RequestId) -> Result<Vec<RequestEvent>> {
        Ok(self.store().request_events(self.home.org(), id).await?)
    }

    /// Does something to a request, whole or not at all.
    pub(crate) async fn act<T>(
        &self,
        actor: &Actor,
        id: RequestId,
        work: impl Fn(&mut Case) -> Result<(Logged, T)>,
    ) -> Result<(Opened, T)> {
        for _ in 1..TRIES {
            let now = self.now().await?;
            let before = self.opened(self.store().request(self.home.org(), id).await?, now)?;
            let was_open = before.head.ended_at.is_none();
            let record = before.record.ok_or_else(destroyed)?;
            let mut case = self.case(actor, id, before.head, record, now);
            // Before the act, so that nothing is approved or answered without it, and after, for what the act brought.
            case.gather_task_files();
            let (act, result) = work(&mut case)?;
            case.gather_task_files();
            if was_open && case.head.ended_at.is_some() {
                self.retain(&mut case).await?;
            }
            let change = RequestChange {
                version: before.version,
                audit: case.audit(&act),
                subjects: case.subjects(),
                body: written(&case.record)?,
                head: case.head,
                events: case.events,
                files: case.files,
                dropped: case.dropped,
            };
            let changed = self
                .store()
                .change_request(self.home.org(), id, &change)
                .await;
            match changed.map_err(locard_app::Error::from) {
                Ok(request) => return Ok((self.opened(request, now)?, result)),
                Err(error) if error.kind() == ErrorKind::Conflict => {}
                Err(error) => return Err(error.into()),
            }
        }
        let message = "too many act on the request at the same time";
        Err(Fault::new(Code::TransitionDisallowed, message).hint("try again"))
    }

    /// Decides from when on it may be destroyed.
    async fn retain(&self, case: &mut Case) -> Result<()> {
        let policy =
            retention::policy(self.home, locard_audit::RetentionClass::RequestRecord).await?;
        let ended = case.head.ended_at.unwrap_or(case.now);
        case.head.retain_until = Some(retention::after(ended, policy.min_days));
        Ok(())
    }

    pub(crate) fn case(
        &self,
        actor: &Actor,
        id: RequestId,
        head: RequestHead,
        record: Record,
        now: Timestamp,
    ) -> Case {
        Case {
            id,
            head,
            record,
            now,
            actor: actor.clone(),
            library: Arc::clone(&self.library),
            events: Vec::new(),
            files: Vec::new(),
            dropped: Vec::new(),
            hold: locard_audit::Hold::Unchanged,
        }
    }

    pub(crate) fn opened(&self, request: Request, now: Timestamp) -> Result<Opened> {
        let record = request.body.as_ref().map(read).transpose()?;
        let deadlines = record
            .as_ref()
            .map(|record| record.clock.deadlines(&self.library));
        Ok(Opened {
            id: request.id,
            head: request.head,
            // A pack that is no longer here keeps nobody from the rest of the request.
            deadlines: deadlines.and_then(Result::ok),
            record,
            created_at: request.created_at,
            now,
            version: request.version,
        })
    }
}

fn written(record: &Record) -> Result<serde_json::Value> {
    let unwritable = |_| Fault::new(Code::InvalidRecord, "the request cannot be written");
    serde_json::to_value(record).map_err(unwritable)
}

/// A record as it is stored. What cannot be read is told without a word of it.
fn read(body: &serde_json::Value) -> Result<Record> {
    let unreadable = |_| {
        let message = "what is stored of the request has an unknown form";
        Fault::new(Code::InvalidRecord, message).hint("a newer locard may have written it")
    };
    let record = Record::deserialize(body).map_err(unreadable)?;
    if record.version > VERSION {
        let message = "the request was written by a newer locard";
        return Err(Fault::new(Code::InvalidRecord, message));
    }
    Ok(record)
}
