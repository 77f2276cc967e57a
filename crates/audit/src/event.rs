//! What is recorded of an act.

use jiff::Timestamp;
use locard_model::named;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::SubjectDigest;

/// One act. Everything here can be read by whoever may read the log, for as long as the log is kept: what tells of a person
/// goes into the sealed details instead, and the person is named by a keyed digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// When it was done.
    pub at: Timestamp,
    /// Who did it: the id of a user, key or program.
    pub actor: String,
    /// What was done: `bundle.downloaded`.
    pub action: String,
    /// Why it was done: the purpose or the order that it followed.
    pub purpose: String,
    /// The person whom it was about.
    pub subject: Option<SubjectDigest>,
    /// The request that it belongs to, under whose key the details are sealed.
    pub request: Option<Uuid>,
    /// How long it is to be kept.
    pub retention: Retention,
    /// What it says about a legal hold on its request.
    pub hold: Hold,
}

/// How long a record is to be kept, as decided when it was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Retention {
    /// The kind of record.
    pub class: RetentionClass,
    /// From when on it may be destroyed; `None`: not before it is decided anew.
    pub until: Option<Timestamp>,
}

/// Kinds of records that are kept for times of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RetentionClass {
    /// The request itself.
    RequestRecord,
    /// An entry of this log.
    AuditEvent,
    /// What proved an identity or an authority.
    VerificationEvidence,
    /// What was handed out.
    FulfilmentArtifact,
    /// That and when it was handed out.
    DeliveryLog,
    /// Messages that were sent.
    NotificationLog,
}

named!(RetentionClass {
    RequestRecord => "request_record",
    AuditEvent => "audit_event",
    VerificationEvidence => "verification_evidence",
    FulfilmentArtifact => "fulfilment_artifact",
    DeliveryLog => "delivery_log",
    NotificationLog => "notification_log",
});

/// What an event says about the legal hold on its request: a log is never changed, so a hold is lifted by a later event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hold {
    /// Nothing.
    #[default]
    Unchanged,
    /// From here on nothing of the request may be destroyed.
    Placed,
    /// From here on retention rules again.
    Lifted,
}

named!(Hold {
    Unchanged => "unchanged",
    Placed => "placed",
    Lifted => "lifted",
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_json_are_the_stable_ones() {
        for class in RetentionClass::ALL {
            assert_eq!(serde_json::json!(class), class.as_str());
            assert_eq!(RetentionClass::parse(class.as_str()), Some(*class));
        }
        for hold in Hold::ALL {
            assert_eq!(serde_json::json!(hold), hold.as_str());
        }
        assert_eq!(RetentionClass::parse("forever"), None);
    }
}
