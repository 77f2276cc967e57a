//! Legal requests of persons: the paths, bodies and replies of the reference, and what stands beside them.
//!
//! What a reader gets wrong: everything here is about persons, so only privacy officers get in, administrators neither; what
//! administrators decide (how long things are kept, which packs rule) names nobody.

pub(crate) mod answer;
pub(crate) mod appeals;
pub(crate) mod delivery;
pub(crate) mod identity;
pub(crate) mod intake;
pub(crate) mod log;
pub(crate) mod look;
pub(crate) mod manifest;
pub(crate) mod policy;
pub(crate) mod work;

use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse as _;
use jiff::Timestamp;
use locard_requests::{Code, Desk, RequestId};
use percent_encoding::percent_decode_str;
use serde_json::Value;
use uuid::Uuid;

use crate::context::Context;
use crate::fault::{Answer, Fault};
use crate::fields::Fields;
use crate::routes::{Field, Kind};

pub(crate) const fn field(name: &'static str, kind: Kind) -> Field {
    Field {
        name,
        kind,
        required: false,
    }
}

pub(crate) const fn wanted(name: &'static str, kind: Kind) -> Field {
    Field {
        name,
        kind,
        required: true,
    }
}

async fn desk(context: &Context) -> Result<Desk<'_>, Fault> {
    Ok(Desk::open(context.home()).await?)
}

/// What is none names no request.
fn request_id(text: &str) -> Result<RequestId, Fault> {
    let missing = || locard_requests::Fault::new(Code::NotFound, "there is no such request");
    Ok(text.parse().map_err(|_| missing())?)
}

fn other_id(text: &str, what: &str) -> Result<Uuid, Fault> {
    let missing =
        || locard_requests::Fault::new(Code::NotFound, format!("there is no such {what}"));
    Ok(text.parse().map_err(|_| missing())?)
}

/// What the reference answers to whoever changed something, with what of the body was not heeded.
#[expect(clippy::unnecessary_wraps, reason = "it is what a handler ends with")]
fn accepted(mut body: Value, fields: Option<&Fields>) -> Answer {
    let unheeded = fields
        .map(|fields| fields.unheeded(&[]))
        .unwrap_or_default();
    if let (false, Some(body)) = (unheeded.is_empty(), body.as_object_mut()) {
        body.insert("warnings".to_owned(), Value::from(unheeded));
    }
    Ok((StatusCode::ACCEPTED, axum::Json(body)).into_response())
}

/// A time.
fn time(fields: &mut Fields, name: &str) -> Result<Option<Timestamp>, Fault> {
    let text = fields.text(name)?;
    let time = text.map(|text| text.parse());
    time.transpose().map_err(|_| {
        let what = "a time such as 2026-03-31T10:00:00Z is wanted";
        Fault::field(name, what)
    })
}

/// A text that must be there.
fn required_text(fields: &mut Fields, name: &str, within: &str) -> Result<String, Fault> {
    let full = format!("{within}{name}");
    let text = fields.long(name)?;
    text.ok_or_else(|| Fault::field(&full, "a text is wanted"))
}

/// A header that is a name; percent-encoded ones are decoded.
fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    let text = headers.get(name)?.to_str().ok()?;
    let text = percent_decode_str(text).decode_utf8().ok()?;
    Some(text.into_owned()).filter(|text| !text.trim().is_empty())
}

/// A file of a body, as its headers describe it.
struct Handed {
    name: String,
    media_type: String,
    content: Bytes,
}

impl Handed {
    fn of(headers: &HeaderMap, prefix: &str, content: Bytes) -> Self {
        let own = header(headers, "content-type");
        let text = |what: &str| header(headers, &format!("{prefix}-{what}"));
        Self {
            name: text("filename")
                .or(header(headers, "x-filename"))
                .unwrap_or_else(|| "file".to_owned()),
            media_type: text("content-type").or(own).unwrap_or_default(),
            content,
        }
    }

    fn upload(&self) -> locard_requests::Upload<'_> {
        locard_requests::Upload {
            name: &self.name,
            media_type: &self.media_type,
            content: &self.content,
        }
    }
}
