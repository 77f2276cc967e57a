//! What an answer other than the wanted one means, in one place.
//!
//! Answers may quote what was asked, signature included, so their texts are never shown: a sentence is made from the status
//! and the code.

use std::time::Duration;

use http::{HeaderMap, StatusCode, header};
use jiff::{SignedDuration, Timestamp};
use locard_connector::{Error, ErrorKind, Step};
use object_store::client::{HttpError, HttpErrorKind};

use crate::store::Store;
use crate::xml::Element;

/// What may help after an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum After {
    /// The same request again.
    Again,
    /// The same, once or twice: nobody listens there, but may in a moment.
    Soon,
    /// To begin the whole object anew.
    Anew,
    /// Nothing.
    Nothing,
}

/// An error, and what may help.
#[derive(Debug)]
pub(crate) struct Trouble {
    pub(crate) error: Error,
    pub(crate) after: After,
    /// How long the store asks to be left alone.
    pub(crate) wait: Option<Duration>,
}

impl Trouble {
    /// One that no repetition cures.
    pub(crate) fn lasting(error: Error) -> Self {
        Self {
            error,
            after: After::Nothing,
            wait: None,
        }
    }
}

/// What was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Doing {
    Listing,
    Reading,
    /// A temporary key for a role.
    Role,
}

impl Doing {
    fn words(self) -> &'static str {
        match self {
            Self::Listing => "listing",
            Self::Reading => "reading",
            Self::Role => "assuming the role",
        }
    }
}

/// An answer that is a refusal.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: StatusCode,
    code: String,
    /// Where the bucket is, if the store says so.
    region: Option<String>,
    /// How far this machine's clock is from the store's.
    skew: Option<SignedDuration>,
    wait: Option<Duration>,
}

/// A code or its beginning, what it means, and in which words.
struct Meaning(&'static str, ErrorKind, &'static str);

const MEANINGS: &[Meaning] = &[
    Meaning(
        "InvalidAccessKeyId",
        ErrorKind::Unauthenticated,
        "the store does not know the access key",
    ),
    Meaning(
        "NotSignedUp",
        ErrorKind::Unauthenticated,
        "the store does not know the access key",
    ),
    Meaning(
        "InvalidClientTokenId",
        ErrorKind::Unauthenticated,
        "the store does not know the access key",
    ),
    Meaning(
        "SignatureDoesNotMatch",
        ErrorKind::Unauthenticated,
        "the store refused the signature: the secret key is another",
    ),
    Meaning(
        "AuthFailure",
        ErrorKind::Unauthenticated,
        "the store refused the signature: the secret key is another",
    ),
    Meaning(
        "RequestTimeTooSkewed",
        ErrorKind::Unauthenticated,
        "the clock of this machine is wrong",
    ),
    Meaning(
        "ExpiredToken",
        ErrorKind::Unauthenticated,
        "the session token has expired",
    ),
    Meaning(
        "InvalidToken",
        ErrorKind::Unauthenticated,
        "the store refused the session token",
    ),
    Meaning(
        "TokenRefreshRequired",
        ErrorKind::Unauthenticated,
        "the session token has expired",
    ),
    Meaning(
        "AuthenticationFailed",
        ErrorKind::Unauthenticated,
        "the store refused the credentials",
    ),
    Meaning(
        "AuthorizationFailure",
        ErrorKind::Unauthenticated,
        "the store refused the credentials, or the network that they come from",
    ),
    Meaning(
        "AuthenticationRequired",
        ErrorKind::Unauthenticated,
        "the store wants credentials",
    ),
    Meaning(
        "NoAuthenticationInformation",
        ErrorKind::Unauthenticated,
        "the store wants credentials",
    ),
    Meaning(
        "InvalidAuthenticationInfo",
        ErrorKind::Unauthenticated,
        "the store refused the credentials",
    ),
    Meaning(
        "AuthorizationHeaderMalformed",
        ErrorKind::Settings,
        "the request was signed for another region",
    ),
    Meaning(
        "PermanentRedirect",
        ErrorKind::Settings,
        "the bucket is in another region",
    ),
    Meaning(
        "IllegalLocationConstraintException",
        ErrorKind::Settings,
        "the bucket is in another region",
    ),
    Meaning(
        "NoSuchBucket",
        ErrorKind::NotFound,
        "there is no such bucket",
    ),
    Meaning(
        "ContainerNotFound",
        ErrorKind::NotFound,
        "there is no such container",
    ),
    Meaning(
        "ContainerBeingDeleted",
        ErrorKind::NotFound,
        "the container is being deleted",
    ),
    Meaning(
        "AccountIsDisabled",
        ErrorKind::Denied,
        "the storage account is disabled",
    ),
    Meaning(
        "InvalidObjectState",
        ErrorKind::Unsupported,
        "the object is archived and must be restored before it can be read",
    ),
    Meaning(
        "BlobArchived",
        ErrorKind::Unsupported,
        "the blob is archived and must be rehydrated before it can be read",
    ),
    Meaning(
        "BlobUsesCustomerSpecifiedEncryption",
        ErrorKind::Denied,
        "the blob is encrypted with a key of its own",
    ),
    Meaning(
        "KMS.",
        ErrorKind::Denied,
        "the key that encrypts the object may not be used",
    ),
    Meaning(
        "SlowDown",
        ErrorKind::Throttled,
        "the store asks to slow down",
    ),
    Meaning("ServerBusy", ErrorKind::Throttled, "the store is busy"),
    Meaning(
        "Throttl",
        ErrorKind::Throttled,
        "the store asks to slow down",
    ),
];

/// Clocks further apart than this are told: stores allow fifteen minutes.
const SKEW: SignedDuration = SignedDuration::from_mins(5);

impl Refusal {
    pub(crate) fn new(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Self {
        let text = |name: &str| {
            headers
                .get(name)
                .and_then(|value| value.to_str().ok())
                .map(str::to_owned)
        };
        let document = Element::parse(body).ok();
        let within = |name| {
            document
                .as_ref()
                .and_then(|root| root.text(name).or_else(|| root.child("Error")?.text(name)))
        };
        // What is printed of an answer is one word.
        let is_word = |code: &String| {
            code.len() < 64
                && code
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'.')
        };
        let code = text("x-ms-error-code")
            .or_else(|| within("Code").map(str::to_owned))
            .filter(is_word);
        let region = text("x-amz-bucket-region").or_else(|| within("Region").map(str::to_owned));
        let parser = jiff::fmt::rfc2822::DateTimeParser::new();
        let date = text(header::DATE.as_str()).and_then(|date| parser.parse_timestamp(&date).ok());
        Self {
            status,
            code: code.unwrap_or_default(),
            region: region.filter(|region| {
                region.len() < 32
                    && region
                        .bytes()
                        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            }),
            skew: date
                .map(|date| Timestamp::now().duration_since(date))
                .filter(|skew| skew.abs() > SKEW),
            wait: text(header::RETRY_AFTER.as_str())
                .and_then(|wait| wait.parse().ok())
                .map(Duration::from_secs),
        }
    }

    fn kind(&self) -> (ErrorKind, &'static str) {
        if let Some(Meaning(_, kind, words)) = MEANINGS
            .iter()
            .find(|meaning| self.code.starts_with(meaning.0))
        {
            return (*kind, words);
        }
        match self.status {
            StatusCode::UNAUTHORIZED => (
                ErrorKind::Unauthenticated,
                "the store refused the credentials",
            ),
            StatusCode::FORBIDDEN => (ErrorKind::Denied, "the account may not do this"),
            StatusCode::NOT_FOUND | StatusCode::GONE => {
                (ErrorKind::NotFound, "it does not exist (any more)")
            }
            StatusCode::PRECONDITION_FAILED => (
                ErrorKind::Interrupted,
                "the object was replaced while it was read",
            ),
            StatusCode::RANGE_NOT_SATISFIABLE => (
                ErrorKind::Interrupted,
                "the object became shorter while it was read",
            ),
            StatusCode::TOO_MANY_REQUESTS => (ErrorKind::Throttled, "the store asks to slow down"),
            StatusCode::SERVICE_UNAVAILABLE => (ErrorKind::Throttled, "the store is busy"),
            status if status.is_redirection() => {
                (ErrorKind::Settings, "the bucket is somewhere else")
            }
            status if status.is_server_error() => (ErrorKind::Interrupted, "the store failed"),
            _ => (ErrorKind::Unexpected, "the store did not take the request"),
        }
    }

    fn after(&self) -> After {
        match self.status {
            StatusCode::PRECONDITION_FAILED | StatusCode::RANGE_NOT_SATISFIABLE => After::Anew,
            StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT => After::Again,
            StatusCode::NOT_IMPLEMENTED => After::Nothing,
            status if status.is_server_error() => After::Again,
            _ => After::Nothing,
        }
    }

    /// As an error.
    pub(crate) fn trouble(self, doing: Doing, store: &dyn Store) -> Trouble {
        let (mut kind, mut words) = self.kind();
        if let (Some(_), ErrorKind::Unauthenticated | ErrorKind::Denied) = (self.skew, kind) {
            (kind, words) = (
                ErrorKind::Unauthenticated,
                "the clock of this machine is wrong",
            );
        }
        let code = if self.code.is_empty() {
            String::new()
        } else {
            format!(" {}", self.code)
        };
        let place = match (doing, kind) {
            (Doing::Listing, _) => format!(" the {}", store.bucket()),
            _ => String::new(),
        };
        let sentence = format!(
            "{}{place}: {words} (status {}{code})",
            doing.words(),
            self.status.as_u16()
        );
        let error = Error::new(kind, sentence);
        let error = match self.hint(kind, doing, store) {
            Some(hint) => error.hint(hint),
            None => error,
        };
        Trouble {
            error,
            after: self.after(),
            wait: self.wait,
        }
    }

    fn hint(&self, kind: ErrorKind, doing: Doing, store: &dyn Store) -> Option<String> {
        if let (Some(skew), ErrorKind::Unauthenticated) = (self.skew, kind) {
            let direction = if skew.is_positive() {
                "ahead of"
            } else {
                "behind"
            };
            return Some(format!(
                "it is {} minutes {direction} the store's: set it, as with `timedatectl set-ntp true`",
                skew.abs().as_mins()
            ));
        }
        match kind {
            ErrorKind::Unauthenticated => Some(store.credentials_hint().to_owned()),
            ErrorKind::Denied if self.code.starts_with("KMS") => Some("allow the account to decrypt with that key".to_owned()),
            ErrorKind::Denied if doing == Doing::Listing => Some(store.list_hint().to_owned()),
            ErrorKind::Denied => Some(store.read_hint().to_owned()),
            ErrorKind::Settings => Some(match &self.region {
                Some(region) => format!("set `region={region}`"),
                None => "see `region` and `endpoint` of the target".to_owned(),
            }),
            ErrorKind::NotFound if doing == Doing::Listing => Some(format!("see the name of the {}", store.bucket())),
            ErrorKind::Unsupported => Some("restore it in the store, then scan again".to_owned()),
            // The only thing that S3 answers so to a plain read.
            ErrorKind::Unexpected if doing == Doing::Reading && self.code == "InvalidRequest" => {
                Some("an object that is encrypted with a key of the customer is read with `customer_key`".to_owned())
            }
            _ => None,
        }
    }
}

/// What a request without an answer means; the step that failed is named.
pub(crate) fn no_answer(error: HttpError, doing: Doing, origin: &str) -> Trouble {
    let chain = chain(&error);
    let has = |words: &[&str]| words.iter().any(|word| chain.contains(word));
    let refused = is_refused(&error);
    let is_unnamed = has(&["dns error", "failed to lookup address"]);
    let (kind, sentence, hint) = if is_unnamed {
        (
            ErrorKind::Unreachable,
            format!("resolving the name of {origin} failed"),
            "see the spelling of `endpoint`, `region` or the account, and the network",
        )
    } else if has(&[
        "certificate",
        "tls",
        "handshake",
        "rustls",
        "received corrupt message",
    ]) {
        let hint = "give the authority's certificate with `root_certificate`, or an `endpoint` with http:// where there is no TLS";
        let error = Error::new(
            ErrorKind::Unreachable,
            format!("negotiating TLS with {origin} failed"),
        );
        return Trouble::lasting(error.hint(hint).at(Step::Tls));
    } else {
        match error.kind() {
            HttpErrorKind::Connect if refused => (
                ErrorKind::Unreachable,
                format!("connecting to {origin} failed: the connection was refused"),
                "see host and port, and whether the store runs there",
            ),
            HttpErrorKind::Connect => (
                ErrorKind::Unreachable,
                format!("connecting to {origin} failed"),
                "see whether the store runs there and the network lets you through",
            ),
            HttpErrorKind::Timeout => (
                ErrorKind::Interrupted,
                format!("{}: no answer from {origin} in time", doing.words()),
                "raise `timeout` where the store is slow",
            ),
            _ => (
                ErrorKind::Interrupted,
                format!("{}: the connection to {origin} ended", doing.words()),
                "what was read so far is kept",
            ),
        }
    };
    let told = Error::new(kind, sentence).hint(hint).cause(error);
    Trouble {
        error: if is_unnamed {
            told.at(Step::Resolve)
        } else {
            told
        },
        after: if refused { After::Soon } else { After::Again },
        wait: None,
    }
}

/// Whether the other machine answered that nobody listens.
fn is_refused(error: &(dyn std::error::Error + 'static)) -> bool {
    let reasons = std::iter::successors(Some(error), |error| error.source());
    let mut reasons = reasons.filter_map(|error| error.downcast_ref::<std::io::Error>());
    reasons.any(|error| error.kind() == std::io::ErrorKind::ConnectionRefused)
}

/// Every reason of an error, in lower case, to look for words in; printed by nobody.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = String::new();
    let mut next = Some(error);
    while let Some(error) = next {
        text.push_str(&error.to_string().to_ascii_lowercase());
        text.push('\n');
        next = error.source();
    }
    text
}

/// Why there are no credentials.
pub(crate) fn no_credentials(error: object_store::Error, store: &dyn Store) -> Trouble {
    let cause = match error {
        object_store::Error::Generic { source, .. } => match source.downcast::<Error>() {
            Ok(told) => return Trouble::lasting(*told),
            Err(source) => source,
        },
        other => Box::new(other),
    };
    let sentence = "authenticating: no credentials could be had";
    let error = Error::new(ErrorKind::Unauthenticated, sentence);
    Trouble::lasting(error.hint(store.credentials_hint()).cause(cause))
}
