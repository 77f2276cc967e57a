//! What can be wrong with what is asked of a request, by the codes of the reference's catalogue.

use locard_app::ErrorKind;
use locard_deadline::Error as ClockError;
use serde_json::Value;

macro_rules! codes {
    ($($variant:ident $number:literal $status:literal $name:literal $title:literal;)+) => {
        /// An entry of the catalogue. Numbers, names and statuses are the reference's, and never change.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Code { $(#[doc = $title] $variant),+ }

        impl Code {
            /// The whole catalogue.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Its number.
            pub const fn number(self) -> u16 {
                match self { $(Self::$variant => $number),+ }
            }

            /// The HTTP status that goes with it.
            pub const fn status(self) -> u16 {
                match self { $(Self::$variant => $status),+ }
            }

            /// Its name for programs.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            /// What it says, for people.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$variant => $title),+ }
            }
        }
    };
}

codes! {
    ActorMissing 1001 401 "AUTH_ACTOR_CONTEXT_MISSING" "Nobody is named as who acts";
    RoleForbidden 1002 403 "AUTH_APPROVER_ROLE_FORBIDDEN" "The role of whoever acts is not enough";
    AccessForbidden 1003 403 "AUTH_REQUEST_ACCESS_FORBIDDEN" "The request is not theirs";
    InvalidJson 1101 400 "REQUEST_BODY_INVALID_JSON" "The body is no JSON";
    ParameterMissing 1102 400 "REQUEST_ROUTE_PARAM_MISSING" "A parameter of the path is missing";
    BasePath 1103 400 "REQUEST_BASE_PATH_INVALID" "The base path makes no sense";
    Invalid 1199 400 "REQUEST_VALIDATION_FAILED" "A field makes no sense";
    RouteNotFound 1201 404 "REQUEST_ROUTE_NOT_FOUND" "There is nothing at this path";
    PolicyNotFound 1202 404 "POLICY_ACTIVATION_NOT_FOUND" "No such policy pack is active";
    ProposalNotFound 1203 404 "POLICY_UPGRADE_PROPOSAL_NOT_FOUND" "There is no such proposal";
    ArtifactNotFound 1204 404 "DELIVERY_ARTIFACT_NOT_FOUND" "There is nothing to deliver";
    TokenInvalid 1205 403 "DELIVERY_TOKEN_INVALID" "The token of the delivery is missing, wrong or spent";
    UploadFailed 1206 400 "MANIFEST_ARTIFACT_UPLOAD_FAILED" "The file cannot be taken";
    DownloadFailed 1207 404 "MANIFEST_ARTIFACT_DOWNLOAD_FAILED" "There is no such file";
    ReplaceFailed 1208 400 "MANIFEST_ARTIFACT_REPLACE_FAILED" "The file cannot be replaced";
    ManifestNotApproved 1209 409 "FULFILMENT_MANIFEST_NOT_APPROVED" "The manifest is not approved";
    NoArtifacts 1210 409 "FULFILMENT_NO_ARTIFACTS" "The manifest has no artifact";
    JurisdictionUnmapped 1301 400 "POLICY_JURISDICTION_UNMAPPED" "No policy pack knows the jurisdiction";
    RefusalBlocked 1302 403 "POLICY_ENFORCEMENT_REFUSAL_BLOCKED" "The policy does not let the request be refused so";
    ApprovalRequired 1303 409 "POLICY_UPGRADE_APPROVAL_REQUIRED" "The proposal is not approved";
    RetentionClass 1304 400 "RETENTION_CLASS_INVALID" "There is no such retention class";
    TransitionDisallowed 1401 409 "LIFECYCLE_TRANSITION_DISALLOWED" "That cannot be done in the state that the request is in";
    StatusUnknown 1402 409 "LIFECYCLE_STATUS_UNKNOWN" "There is no such state";
    RationaleMissing 1403 400 "LIFECYCLE_RATIONALE_MISSING" "A reason is needed";
    TenantMissing 1410 500 "PERSISTENCE_TENANT_SCOPE_MISSING" "No organisation is named";
    NotFound 1411 404 "PERSISTENCE_ENTITY_NOT_FOUND" "There is no such thing";
    Unsupported 1412 400 "PERSISTENCE_OPERATION_UNSUPPORTED" "That is not possible here";
    InvalidRecord 1413 400 "PERSISTENCE_INVALID_RECORD" "What is stored contradicts itself";
    Store 1414 500 "PERSISTENCE_SQL_ERROR" "The store does not answer";
    Runtime 1500 500 "INTERNAL_RUNTIME_ERROR" "Something failed that should not";
    Uncatalogued 1599 500 "INTERNAL_UNCATALOGED_ERROR" "Something failed that has no code";
}

impl Code {
    /// The id that clients know it by.
    pub fn id(self) -> String {
        format!("DSAR-BE-{}", self.number())
    }

    /// The entry with that id, in any case of letters.
    pub fn parse(id: &str) -> Option<Self> {
        let all = Self::ALL.iter().copied();
        all.into_iter()
            .find(|code| code.id().eq_ignore_ascii_case(id))
    }
}

/// Something that cannot be done as asked. Its texts hold nothing of a person.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct Fault {
    /// Which entry of the catalogue it is.
    pub code: Code,
    /// What is wrong.
    pub message: String,
    /// What helps.
    pub hint: Option<String>,
    /// The field that is meant.
    pub field: Option<String>,
    /// What helps a program to find its way; boxed, since every act may end in a fault.
    pub trace: Option<Box<Value>>,
}

/// What comes of an act.
pub type Result<T, E = Fault> = std::result::Result<T, E>;

impl Fault {
    /// Of that entry.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            hint: None,
            field: None,
            trace: None,
        }
    }

    /// A field that makes no sense.
    pub fn field(name: &str, what: impl std::fmt::Display) -> Self {
        Self {
            field: Some(name.to_owned()),
            ..Self::new(Code::Invalid, format!("{name}: {what}"))
        }
    }

    /// With what helps.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl From<locard_app::Error> for Fault {
    fn from(error: locard_app::Error) -> Self {
        let code = match error.kind() {
            ErrorKind::Usage => Code::Invalid,
            ErrorKind::NotFound => Code::NotFound,
            ErrorKind::Conflict => Code::TransitionDisallowed,
            ErrorKind::Store | ErrorKind::Locked | ErrorKind::Key => Code::Store,
            ErrorKind::Source | ErrorKind::Cancelled | ErrorKind::Unexpected => Code::Runtime,
        };
        Self {
            hint: error.hint_text().map(str::to_owned),
            ..Self::new(code, error.sentence())
        }
    }
}

impl From<locard_store::Error> for Fault {
    fn from(error: locard_store::Error) -> Self {
        Self::from(locard_app::Error::from(error))
    }
}

impl From<ClockError> for Fault {
    fn from(error: ClockError) -> Self {
        let code = match &error {
            ClockError::UnknownJurisdiction { .. } => Code::JurisdictionUnmapped,
            ClockError::Pin(_) => Code::PolicyNotFound,
            _ => Code::Invalid,
        };
        Self::new(code, error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_entry_has_a_number_and_a_name_of_its_own() {
        let numbers: BTreeSet<u16> = Code::ALL.iter().map(|code| code.number()).collect();
        let names: BTreeSet<&str> = Code::ALL.iter().map(|code| code.name()).collect();
        assert_eq!(
            (numbers.len(), names.len()),
            (Code::ALL.len(), Code::ALL.len())
        );
        assert_eq!(
            Code::parse("dsar-be-1401"),
            Some(Code::TransitionDisallowed)
        );
        assert_eq!(Code::parse("DSAR-BE-1"), None);
    }
}
