//! A request that comes in: what is said of it, and what it begins with.

use jiff::{SignedDuration, Timestamp};
use locard_deadline::{Kind, Library};
use locard_model::RequestState;
use locard_store::RequestHead;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::case::Case;
use crate::clock::{self, Law};
use crate::code::{Fault, Result};
use crate::record::{
    Authority, ClockFacts, Intake, Known, Person, Proof, Record, Requestor, VERSION,
};

/// Clocks of other systems may be ahead by so much.
const AHEAD: SignedDuration = SignedDuration::from_mins(10);

/// A request as whoever brings it describes it.
#[derive(Clone, Default)]
pub struct Arrival {
    /// Whose law rules: a pack, an alias or a region.
    pub jurisdiction: String,
    /// Where the controller must act, if its holidays count.
    pub region: Option<String>,
    /// The controller's time zone.
    pub zone: Option<String>,
    /// What is asked for; access, if nothing is said.
    pub kind: Option<Kind>,
    /// Whether there is more to it than usual.
    pub is_complex: bool,
    /// Whether proof of identity is needed; `Some(false)` records that none is, and `None` leaves it to be decided.
    pub requires_verification: Option<bool>,
    /// By which way it came.
    pub channel: String,
    /// What the person wrote.
    pub raw_text: String,
    /// When that way got it.
    pub received_at: Timestamp,
    /// Where they can be reached.
    pub contact: Option<String>,
    /// What came with it.
    pub source_evidence: Vec<Value>,
    /// Who asks.
    pub requestor: Option<Requestor>,
    /// What is known of the authority to ask for another.
    pub authority: Option<Authority>,
    /// When it was recorded, if not now.
    pub recorded_at: Option<Timestamp>,
    /// Whom it is about.
    pub subject: Person,
    /// Bringing it again with this key gives the first one.
    pub idempotency_key: Option<String>,
}

/// The kind of that name: ours, or the reference's.
pub fn kind_named(name: &str) -> Option<Kind> {
    Some(match name {
        "delete" | "erasure" => Kind::Deletion,
        "correct" | "rectification" => Kind::Correction,
        name => Kind::ALL.into_iter().find(|kind| kind.word() == name)?,
    })
}

/// Types of those who ask.
const REQUESTORS: [&str; 3] = ["subject", "representative", "authorised_agent"];

impl Requestor {
    /// Refuses types that there are not.
    pub(crate) fn check(&self) -> Result<()> {
        if REQUESTORS.contains(&self.kind.as_str()) {
            return Ok(());
        }
        let known = REQUESTORS.join(", ");
        Err(Fault::field(
            "requestor.type",
            format!("one of {known} is wanted"),
        ))
    }
}

impl Arrival {
    /// What is recorded of it.
    pub(crate) fn open(&self, library: &Library, now: Timestamp) -> Result<(RequestHead, Record)> {
        self.check(now)?;
        let kind = self.kind.unwrap_or(Kind::Access);
        let law = Law {
            jurisdiction: &self.jurisdiction,
            region: self.region.as_deref(),
            zone: self.zone.as_deref(),
        };
        let (clock, warnings) = ClockFacts::start(library, kind, self.received_at, &law)?;
        let pack = clock.request.pin.as_ref().map(|pin| pin.pack.clone());
        let head = RequestHead {
            state: RequestState::Captured,
            kind: kind.word().to_owned(),
            jurisdiction: pack.unwrap_or_default(),
            is_held: false,
            received_at: self.received_at,
            due_at: None,
            ended_at: None,
            retain_until: None,
        };
        let record = Record {
            version: VERSION,
            kind,
            is_complex: self.is_complex,
            intake: Intake {
                channel: self.channel.clone(),
                raw_text: self.raw_text.clone(),
                received_at: self.received_at,
                contact: self.contact.clone(),
                source_evidence: self.source_evidence.clone(),
            },
            recorded_at: self.recorded_at.unwrap_or(now),
            subject: self.person(),
            requestor: self.requestor.clone(),
            authority: self.authority(),
            verification: None,
            clock,
            clarifications: Vec::new(),
            extensions: Vec::new(),
            refusal: None,
            acknowledged_at: None,
            located: None,
            tasks: Vec::new(),
            places: Vec::new(),
            places_not_searched: Vec::new(),
            manifest: None,
            delivery: None,
            appeals: Vec::new(),
            notices: Vec::new(),
            jobs: Vec::new(),
            arrival: None,
            hold: None,
            warnings,
        };
        let mut record = record;
        record.warn(self.unheeded_proof());
        Ok((head, record))
    }

    /// That whoever brings a request does not judge the authority to ask for another.
    fn unheeded_proof(&self) -> Option<String> {
        let authority = self.authority.as_ref()?;
        (authority.status != authority.clone().unjudged().status).then(|| {
            let said = authority.status.as_str();
            format!("authority.status `{said}` is taken down as pending: somebody here looks at the proof and decides")
        })
    }

    /// SHA-256 of all that is said of it, in hexadecimal.
    pub(crate) fn digest(&self) -> String {
        let said = json!([
            [
                self.jurisdiction,
                self.region,
                self.zone,
                self.kind,
                self.is_complex
            ],
            [
                self.requires_verification,
                self.channel,
                self.raw_text,
                self.received_at.to_string()
            ],
            [
                self.contact,
                self.source_evidence,
                self.requestor,
                self.authority
            ],
            [self.recorded_at.map(|at| at.to_string()), self.subject],
        ]);
        hex::encode(Sha256::digest(said.to_string()))
    }

    fn check(&self, now: Timestamp) -> Result<()> {
        let wanted = |field: &str| Err(Fault::field(field, "a text is wanted"));
        if self.jurisdiction.trim().is_empty() {
            return wanted("jurisdiction");
        }
        if self.channel.trim().is_empty() {
            return wanted("intakeSource.channel");
        }
        if self.raw_text.trim().is_empty() {
            return wanted("intakeSource.rawText");
        }
        let latest = now.checked_add(AHEAD).unwrap_or(now);
        if self.received_at > latest {
            let what = "it lies in the future";
            return Err(Fault::field("intakeSource.receivedAt", what));
        }
        if let Some(recorded) = self.recorded_at {
            if recorded < self.received_at {
                let what = "it lies before intakeSource.receivedAt, when the request came in";
                return Err(Fault::field("receivedAt", what));
            }
            if recorded > latest {
                return Err(Fault::field("receivedAt", "it lies in the future"));
            }
        }
        self.requestor.as_ref().map_or(Ok(()), Requestor::check)
    }

    /// Whom it is about, with what whoever asks for themselves says of them.
    fn person(&self) -> Person {
        let mut person = self.subject.clone();
        let own = self
            .requestor
            .as_ref()
            .filter(|requestor| requestor.is_subject());
        let values = own.into_iter().flat_map(|own| {
            [
                ("EMAIL_ADDRESS", own.email.clone()),
                ("PERSON", own.name.clone()),
            ]
        });
        for (identifier, value) in values {
            let known = value.map(|value| Known {
                identifier: identifier.to_owned(),
                value,
            });
            person
                .attributes
                .extend(known.filter(|known| !self.subject.attributes.contains(known)));
        }
        person
    }

    /// Whoever asks for another must prove that they may, unless it is said how that stands.
    fn authority(&self) -> Authority {
        let for_another = self
            .requestor
            .as_ref()
            .is_some_and(|requestor| !requestor.is_subject());
        let said = self.authority.clone().map(Authority::unjudged);
        said.unwrap_or_else(|| Authority {
            status: if for_another {
                Proof::Pending
            } else {
                Proof::NotRequired
            },
            ..Authority::default()
        })
    }

    /// The first steps of its life.
    pub(crate) fn begin(&self, case: &mut Case) -> Result<()> {
        case.reckon()?;
        let (channel, kind) = (self.channel.clone(), case.record.kind);
        case.tell(
            "request_created",
            json!({ "channel": channel, "requestType": kind }),
        );
        case.notify("request_captured");
        match self.requires_verification {
            Some(true) => case.ask_for_proof(&crate::identity::Asked::default()),
            Some(false) => case.waive_proof("no proof of identity was wanted when it came in"),
            None => Ok(()),
        }
    }
}

impl Record {
    /// What the person is looked for by.
    pub(crate) fn attributes(&self) -> &[Known] {
        &self.subject.attributes
    }
}

/// The duty that a kind of request comes to.
pub(crate) fn is_answered_with_data(kind: Kind) -> bool {
    matches!(kind, Kind::Access | Kind::Portability)
}

/// The date by which a request is listed.
pub(crate) fn due(deadlines: &locard_deadline::Deadlines) -> Option<&locard_deadline::Reading> {
    clock::answer(deadlines).map(|answer| &answer.statutory)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_request_has_another_digest_and_the_key_is_no_part_of_it() {
        let arrival = || Arrival {
            jurisdiction: "eu".to_owned(),
            ..Arrival::default()
        };
        let keyed = Arrival {
            idempotency_key: Some("one".to_owned()),
            ..arrival()
        };
        assert_eq!(arrival().digest(), keyed.digest());
        let other = Arrival {
            raw_text: "something else".to_owned(),
            ..arrival()
        };
        assert_ne!(arrival().digest(), other.digest());
    }

    #[test]
    fn what_is_known_of_a_person_is_added_once() {
        let known = |value: &str| Known {
            identifier: "EMAIL_ADDRESS".to_owned(),
            value: value.to_owned(),
        };
        let person = |attributes: Vec<Known>, id: Option<&str>| Person {
            subject_id: id.map(str::to_owned),
            external_ref: None,
            attributes,
        };
        let mut anna = person(vec![known("a@x.example")], Some("7"));
        anna.add(&person(
            vec![known("a@x.example"), known("b@x.example")],
            None,
        ));
        assert_eq!(anna.attributes.len(), 2);
        assert_eq!(anna.subject_id.as_deref(), Some("7"));
    }
}
