//! Files of whatever size as answers: read on a thread of their own, some pieces ahead of whoever takes them.

use std::io::{self, Cursor, Read};

use axum::body::{Body, Bytes};
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
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

/// A file to be saved.
pub(super) fn file(download: Download) -> Response {
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

/// A JSON document within an envelope.
pub(super) fn within(before: String, download: Download, after: String) -> Response {
    let whole = Cursor::new(before)
        .chain(download.bytes)
        .chain(Cursor::new(after));
    file(Download {
        size: None,
        bytes: Box::new(whole),
        ..download
    })
}
