//! The life of a request, as a table: which act is possible in which state, and where it leads. Pure.
//!
//! ```text
//! captured ─► verification_pending ─► in_progress ─► fulfilled ─┐
//!     │                │  └──────────► refused ◄───────┘        ├─► closed
//!     └────────────────┴──────────────► withdrawn ──────────────┘
//! ```
//!
//! What a reader gets wrong: an appeal does not open a request again; it has a record and a clock of its own.

use locard_model::{RequestState, named};
use serde_json::json;

use crate::code::{Code, Fault, Result};
use RequestState::{
    Captured, Closed, Fulfilled, InProgress, Refused, VerificationPending, Withdrawn,
};

/// What is done with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Proof of identity is asked for.
    RequestVerification,
    /// Proof of identity came in.
    SubmitEvidence,
    /// It is found good.
    ApproveVerification,
    /// It is found wanting.
    RejectVerification,
    /// It is recorded that none is necessary.
    WaiveVerification,
    /// The person is asked what they mean.
    RequestClarification,
    /// They said it.
    ReceiveClarification,
    /// They are told that it takes longer.
    Extend,
    /// It was answered.
    Fulfil,
    /// They are told that it is refused.
    Refuse,
    /// They took it back.
    Withdraw,
    /// Nothing is left to be done.
    Close,
    /// They are told that it came in.
    Acknowledge,
    /// Who asks is put right.
    ChangeRequestor,
    /// What was handed in on the authority to ask for another, and what is thought of it.
    JudgeAuthority,
    /// What is held about them is collected, located, or reviewed.
    Collect,
    /// What people did at a place is taken down.
    DecidePlace,
    /// What is to be handed out changes.
    ChangeManifest,
    /// It is handed out.
    Deliver,
    /// They appeal against the answer.
    Appeal,
}

named!(Action {
    RequestVerification => "verification_request",
    SubmitEvidence => "verification_evidence",
    ApproveVerification => "verification_approve",
    RejectVerification => "verification_reject",
    WaiveVerification => "verification_waive",
    RequestClarification => "clarification_request",
    ReceiveClarification => "clarification_receive",
    Extend => "extension",
    Fulfil => "fulfil",
    Refuse => "refuse",
    Withdraw => "withdraw",
    Close => "close",
    Acknowledge => "acknowledge",
    ChangeRequestor => "requestor_change",
    JudgeAuthority => "authority",
    Collect => "collect",
    DecidePlace => "place_decide",
    ChangeManifest => "manifest_change",
    Deliver => "deliver",
    Appeal => "appeal",
});

const OPEN: &[RequestState] = &RequestState::OPEN;
const WORKED_ON: &[RequestState] = &[InProgress, VerificationPending];

impl Action {
    /// The states in which it is possible, and the one that it leads to; `None`: it stays.
    const fn rule(self) -> (&'static [RequestState], Option<RequestState>) {
        match self {
            Self::RequestVerification => (&[Captured, InProgress], Some(VerificationPending)),
            Self::SubmitEvidence => (&[VerificationPending], None),
            Self::ApproveVerification => (&[VerificationPending], Some(InProgress)),
            Self::RejectVerification => (&[VerificationPending], Some(Refused)),
            Self::WaiveVerification => (&[Captured, VerificationPending], Some(InProgress)),
            // While proof is waited for it is waited for further: else it could not be approved any more.
            Self::RequestClarification | Self::ReceiveClarification => (WORKED_ON, None),
            Self::Extend | Self::Collect | Self::ChangeManifest => (&[InProgress], None),
            Self::Fulfil => (&[InProgress], Some(Fulfilled)),
            Self::Refuse => (WORKED_ON, Some(Refused)),
            Self::Withdraw => (OPEN, Some(Withdrawn)),
            Self::Close => (&[Fulfilled, Refused, Withdrawn], Some(Closed)),
            Self::Acknowledge | Self::ChangeRequestor | Self::JudgeAuthority => (OPEN, None),
            // An answer may say what is still to be done, and somebody does it then.
            Self::DecidePlace | Self::Deliver => (&[InProgress, Fulfilled], None),
            Self::Appeal => (&[InProgress, Fulfilled, Refused, Closed], None),
        }
    }

    /// Whether the person must be told why.
    pub const fn needs_reason(self) -> bool {
        matches!(self, Self::Extend | Self::Refuse | Self::WaiveVerification)
    }

    /// The state after it.
    pub fn lead(self, from: RequestState, reason: Option<&str>) -> Result<RequestState> {
        let (possible, to) = self.rule();
        if !possible.contains(&from) {
            let message = format!("{self} is not possible while the request is {from}");
            let trace = json!({ "lifecycle": {
                "action": self.as_str(),
                "currentStatus": from.as_str(),
                "allowedTransitions": Self::possible_in(from),
            } });
            return Err(Fault {
                trace: Some(Box::new(trace)),
                ..Fault::new(Code::TransitionDisallowed, message)
            });
        }
        let is_said = reason.is_some_and(|reason| !reason.trim().is_empty());
        if self.needs_reason() && !is_said {
            let message = format!("{self} needs a rationale");
            return Err(Fault {
                field: Some("rationale".to_owned()),
                ..Fault::new(Code::RationaleMissing, message)
            });
        }
        Ok(to.unwrap_or(from))
    }

    /// What can be done in a state.
    pub fn possible_in(state: RequestState) -> Vec<&'static str> {
        let all = Self::ALL.iter();
        let possible = all.filter(|action| action.rule().0.contains(&state));
        possible.map(|action| action.as_str()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_the_one_of_the_reference() {
        let lead = |action: Action, from| action.lead(from, Some("why")).ok();
        let all = |action| {
            RequestState::ALL
                .iter()
                .filter_map(move |from| lead(action, *from).map(|to| (from.as_str(), to.as_str())))
        };
        let table: Vec<String> = Action::ALL
            .iter()
            .map(|action| format!("{action}: {:?}", all(*action).collect::<Vec<_>>()))
            .collect();
        let expected = [
            r#"verification_request: [("captured", "verification_pending"), ("in_progress", "verification_pending")]"#,
            r#"verification_evidence: [("verification_pending", "verification_pending")]"#,
            r#"verification_approve: [("verification_pending", "in_progress")]"#,
            r#"verification_reject: [("verification_pending", "refused")]"#,
            r#"verification_waive: [("captured", "in_progress"), ("verification_pending", "in_progress")]"#,
            r#"clarification_request: [("verification_pending", "verification_pending"), ("in_progress", "in_progress")]"#,
            r#"clarification_receive: [("verification_pending", "verification_pending"), ("in_progress", "in_progress")]"#,
            r#"extension: [("in_progress", "in_progress")]"#,
            r#"fulfil: [("in_progress", "fulfilled")]"#,
            r#"refuse: [("verification_pending", "refused"), ("in_progress", "refused")]"#,
        ];
        assert_eq!(table[..expected.len()], expected);
    }

    #[test]
    fn nothing_leads_out_of_the_end_and_everything_can_come_to_it() {
        for action in Action::ALL {
            let to = action.lead(Closed, Some("why"));
            assert!(to.is_err() || to == Ok(Closed), "{action}");
        }
        for state in RequestState::ALL {
            let mut seen = vec![*state];
            let mut at = 0;
            while at < seen.len() {
                for action in Action::ALL {
                    let to = action.lead(seen[at], Some("why"));
                    seen.extend(to.ok().filter(|to| !seen.contains(to)));
                }
                at += 1;
            }
            assert!(seen.contains(&Closed), "{state} never ends");
        }
    }

    #[test]
    fn what_is_not_possible_says_what_is_and_a_reason_is_wanted_where_the_person_must_be_told() {
        let fault = Action::Extend.lead(Captured, Some("why")).unwrap_err();
        assert_eq!(fault.code, Code::TransitionDisallowed);
        let possible = &fault.trace.unwrap()["lifecycle"]["allowedTransitions"];
        assert!(
            possible.to_string().contains("verification_request"),
            "{possible}"
        );
        for blank in [None, Some("  ")] {
            let fault = Action::Refuse.lead(InProgress, blank).unwrap_err();
            assert_eq!(fault.code, Code::RationaleMissing);
        }
    }
}
