//! Files of whatever size as answers: read on a thread of their own, some pieces ahead of whoever takes them.

use std::io::{self, Cursor, Read};

use axum::body::{Body, Bytes};
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures::stream;
use locard_dsar::job::Download;
use tokio::sync::mpsc;

const PIECE: usize = 64 << 10;
const AHEAD: usize = 4;

/// A body of those bytes.
fn body(mut bytes: Box<dyn Read + Send>) -> Body {
    let (give, take) = mpsc::channel::<io::Result<Bytes>>(AHEAD);
    tokio::task::spawn_blocking(move || {
        loop {
            let mut piece = vec![0; PIECE];
            let read = bytes.read(&mut piece);
            let is_over = !matches!(read, Ok(1..));
            let piece = read.map(|read| {
                piece.truncate(read);
                Bytes::from(piece)
            });
            // What is cut off is seen to be: an answer whose body fails has no proper end.
            if matches!(&piece, Ok(piece) if piece.is_empty())
                || give.blocking_send(piece).is_err()
                || is_over
            {
                return;
            }
        }
    });
    Body::from_stream(stream::unfold(take, |mut take| async move {
        let piece = take.recv().await?;
        Some((piece, take))
    }))
}

/// Bytes in Base64, encoded as they are read.
pub(crate) struct Base64 {
    bytes: Box<dyn Read + Send>,
    ready: Cursor<String>,
}

impl Base64 {
    pub(crate) fn new(bytes: Box<dyn Read + Send>) -> Self {
        Self {
            bytes,
            ready: Cursor::new(String::new()),
        }
    }
}

impl Read for Base64 {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.ready.position() == self.ready.get_ref().len() as u64 {
            // A multiple of three, so that only the last piece is padded.
            let mut piece = Vec::new();
            let most = (PIECE / 3 * 3) as u64;
            self.bytes.by_ref().take(most).read_to_end(&mut piece)?;
            self.ready = Cursor::new(STANDARD.encode(&piece));
        }
        self.ready.read(out)
    }
}

/// A file to be saved.
pub(crate) fn file(download: Download) -> Response {
    let mut headers = vec![
        (header::CONTENT_TYPE, download.media_type.to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{}\"", download.name),
        ),
    ];
    if let Some(size) = download.size {
        headers.push((header::CONTENT_LENGTH, size.to_string()));
    }
    if let Some(digest) = download.sha256 {
        headers.push((HeaderName::from_static("x-bundle-sha256"), digest));
    }
    let mut response = body(download.bytes).into_response();
    for (name, value) in headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// A JSON document of which a part is read as it is sent.
pub(crate) fn json_within(
    before: String,
    part: impl Read + Send + 'static,
    after: String,
) -> Response {
    let whole = Cursor::new(before).chain(part).chain(Cursor::new(after));
    let kind = [(header::CONTENT_TYPE, "application/json")];
    (kind, body(Box::new(whole))).into_response()
}

/// A JSON document within an envelope.
pub(crate) fn within(before: String, download: Download, after: String) -> Response {
    let whole = Cursor::new(before)
        .chain(download.bytes)
        .chain(Cursor::new(after));
    file(Download {
        size: None,
        bytes: Box::new(whole),
        ..download
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_as_it_is_read_is_what_is_encoded_at_once() {
        for length in [0, 1, 2, 3, PIECE - 1, PIECE, 2 * PIECE + 5] {
            let bytes: Vec<u8> = (0..length).map(|n| (n % 251) as u8).collect();
            let mut text = String::new();
            let mut read = Base64::new(Box::new(Cursor::new(bytes.clone())));
            read.read_to_string(&mut text).unwrap();
            assert_eq!(text, STANDARD.encode(&bytes), "{length}");
        }
    }
}
