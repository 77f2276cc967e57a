//! What goes wrong with a request, and how it is told: as the reference does on its paths, as a problem document on ours.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use locard_app::ErrorKind;
use locard_requests::Code;
use serde_json::{Value, json};

use crate::family::Family;

/// A request that cannot be answered as asked. Its text never holds a secret or a value that was read.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Fault {
    pub(crate) status: StatusCode,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
    /// The field of the body that is meant.
    pub(crate) field: Option<String>,
    /// Which entry of the catalogue of requests it is.
    pub(crate) code: Option<Code>,
    /// What helps a program to find its way; boxed, since every handler may end in a fault.
    pub(crate) trace: Option<Box<Value>>,
}

/// Seconds.
const RETRY_AFTER: u32 = 60;

impl Fault {
    pub(crate) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self {
            status,
            message: message.into(),
            hint: None,
            field: None,
            code: None,
            trace: None,
        }
    }

    /// A field that makes no sense.
    pub(crate) fn field(name: &str, what: &str) -> Self {
        Self {
            field: Some(name.to_owned()),
            ..Self::new(StatusCode::BAD_REQUEST, format!("{name}: {what}"))
        }
    }

    pub(crate) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "there is nothing at this path")
    }

    /// As it is told at this path.
    pub(crate) fn told(&self, path: &str) -> Response {
        let family = Family::of(path);
        match family {
            Family::Compliance => return self.later(crate::compliance::fault(self)),
            Family::Reference => {
                let body = json!({ "status": self.status.as_u16(), "message": self.message });
                return (self.status, axum::Json(body)).into_response();
            }
            Family::Requests => return self.catalogued(),
            Family::Management | Family::Delivery | Family::Plain => {}
        }
        let body = json!({
            "type": "about:blank",
            "title": self.status.canonical_reason(),
            "status": self.status.as_u16(),
            "detail": self.message,
            "hint": self.hint,
            "field": self.field,
        });
        let kind = [(header::CONTENT_TYPE, family.fault_type())];
        self.later((self.status, kind, body.to_string()).into_response())
    }

    /// Whoever asks too often or too early is told when to ask again.
    fn later(&self, mut response: Response) -> Response {
        let passes = [
            StatusCode::TOO_MANY_REQUESTS,
            StatusCode::SERVICE_UNAVAILABLE,
        ];
        if passes.contains(&self.status) {
            let headers = response.headers_mut();
            headers.insert(header::RETRY_AFTER, RETRY_AFTER.into());
        }
        response
    }
}

impl Fault {
    /// In the envelope of the reference's requests.
    fn catalogued(&self) -> Response {
        let code = self.code.unwrap_or(match self.status {
            StatusCode::UNAUTHORIZED => Code::ActorMissing,
            StatusCode::FORBIDDEN => Code::RoleForbidden,
            StatusCode::NOT_FOUND => Code::RouteNotFound,
            StatusCode::CONFLICT => Code::TransitionDisallowed,
            StatusCode::SERVICE_UNAVAILABLE => Code::Store,
            status if status.is_client_error() => Code::Invalid,
            _ => Code::Runtime,
        });
        let id = code.id();
        let mut error = json!({
            "id": id,
            "code": code.name(),
            "docsUrl": format!("/errors/{}", id.to_lowercase()),
            "message": self.message,
            "status": self.status.as_u16(),
        });
        let more = [
            ("hint", self.hint.clone().map(Value::from)),
            ("field", self.field.clone().map(Value::from)),
            ("trace", self.trace.as_deref().cloned()),
        ];
        for (name, value) in more {
            if let (Some(error), Some(value)) = (error.as_object_mut(), value) {
                error.insert(name.to_owned(), value);
            }
        }
        (self.status, axum::Json(json!({ "error": error }))).into_response()
    }
}

impl From<locard_requests::Fault> for Fault {
    fn from(fault: locard_requests::Fault) -> Self {
        let status = StatusCode::from_u16(fault.code.status());
        let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        if status.is_server_error() {
            tracing::error!(why = fault.message, "a request could not be answered");
        }
        Self {
            hint: fault.hint,
            field: fault.field,
            code: Some(fault.code),
            trace: fault.trace,
            ..Self::new(status, fault.message)
        }
    }
}

impl From<locard_app::Error> for Fault {
    fn from(error: locard_app::Error) -> Self {
        let status = match error.kind() {
            ErrorKind::Usage => StatusCode::BAD_REQUEST,
            ErrorKind::NotFound => StatusCode::NOT_FOUND,
            ErrorKind::Conflict => StatusCode::CONFLICT,
            ErrorKind::Source => StatusCode::BAD_GATEWAY,
            ErrorKind::Store | ErrorKind::Locked => StatusCode::SERVICE_UNAVAILABLE,
            ErrorKind::Key | ErrorKind::Cancelled | ErrorKind::Unexpected => {
                StatusCode::INTERNAL_SERVER_ERROR
            }
        };
        if status.is_server_error() {
            tracing::error!(why = error.sentence(), "a request could not be answered");
        }
        Self {
            hint: error.hint_text().map(str::to_owned),
            ..Self::new(status, error.sentence())
        }
    }
}

/// The fault travels in the response to the layer that knows the path.
impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// What a handler gives.
pub(crate) type Answer = Result<Response, Fault>;

/// A JSON answer.
#[expect(clippy::unnecessary_wraps, reason = "it is what a handler ends with")]
pub(crate) fn json(body: Value) -> Answer {
    Ok(axum::Json(body).into_response())
}
