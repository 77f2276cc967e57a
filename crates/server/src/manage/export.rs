//! Findings as files, written page by page while they are read.

use std::io;

use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse as _;
use futures::stream;
use locard_app::{Actor, FINDING_COLUMNS, FindingCursor, FindingFilter, FindingRow, finding_page};
use locard_model::spreadsheet::disarm;
use serde_json::json;

use crate::context::Context;
use crate::fault::Answer;
use crate::manage::parquet::Parquet;
use crate::manage::{Query, findings};

/// Findings that are held at a time.
const PAGE: usize = 1_000;

/// The columns of a file.
pub(crate) fn columns() -> impl Iterator<Item = &'static str> {
    FINDING_COLUMNS.into_iter().chain(["reason"])
}

pub(crate) async fn csv(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    query: Query,
) -> Answer {
    let writer = Writer::Csv { begun: false };
    exported(context, &actor, &query, writer).await
}

pub(crate) async fn ndjson(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    query: Query,
) -> Answer {
    exported(context, &actor, &query, Writer::Ndjson).await
}

pub(crate) async fn parquet(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    query: Query,
) -> Answer {
    let writer = Writer::Parquet(Box::new(Parquet::new()?));
    exported(context, &actor, &query, writer).await
}

/// A file that is being written.
enum Writer {
    Csv { begun: bool },
    Ndjson,
    Parquet(Box<Parquet>),
}

impl Writer {
    fn kind(&self) -> (&'static str, &'static str) {
        match self {
            Self::Csv { .. } => ("text/csv; charset=utf-8", "findings.csv"),
            Self::Ndjson => ("application/x-ndjson", "findings.ndjson"),
            Self::Parquet(_) => ("application/vnd.apache.parquet", "findings.parquet"),
        }
    }

    /// The bytes of these rows; `last`: of the end too.
    fn write(&mut self, rows: &[FindingRow], last: bool) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        match self {
            Self::Csv { begun } => {
                if !std::mem::replace(begun, true) {
                    line(&mut bytes, columns().map(str::to_owned));
                }
                for row in rows {
                    line(&mut bytes, cells(row));
                }
            }
            Self::Ndjson => {
                for row in rows {
                    bytes.extend(findings::told(row).to_string().into_bytes());
                    bytes.push(b'\n');
                }
            }
            Self::Parquet(parquet) => {
                parquet.rows(rows, &mut bytes).map_err(io::Error::other)?;
                if last {
                    parquet.end(&mut bytes).map_err(io::Error::other)?;
                }
            }
        }
        Ok(bytes)
    }
}

/// An export under way.
struct Export {
    context: Context,
    filter: FindingFilter,
    writer: Writer,
    after: Option<FindingCursor>,
    ended: bool,
}

async fn exported(context: Context, actor: &Actor, query: &Query, writer: Writer) -> Answer {
    let filter = findings::filter(&context, query).await?;
    let (kind, name) = writer.kind();
    let mut export = Export {
        context,
        filter,
        writer,
        after: None,
        ended: false,
    };
    // What makes no sense is told before the first byte.
    let first = export.next().await?;
    let details = json!({ "file": name });
    let home = export.context.home();
    locard_app::record_audit(home, actor, "export findings", details).await?;
    let first = stream::once(async { Ok::<_, io::Error>(first) });
    let rest = stream::unfold(export, |mut export| async move {
        if export.ended {
            return None;
        }
        let next = export
            .next()
            .await
            .map_err(|fault| io::Error::other(fault.message));
        // Whoever reads it is cut off, and does not take the rest for all.
        export.ended |= next.is_err();
        Some((next, export))
    });
    let headers = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{name}\""),
        ),
    ];
    let body = Body::from_stream(futures::StreamExt::chain(first, rest));
    Ok((headers, body).into_response())
}

impl Export {
    async fn next(&mut self) -> Result<Vec<u8>, crate::fault::Fault> {
        let (home, after) = (self.context.home(), self.after.as_ref());
        let page = finding_page(home, &self.filter, after, (PAGE, false)).await?;
        self.after = page.next;
        self.ended = self.after.is_none();
        self.writer.write(&page.rows, self.ended).map_err(|_| {
            let message = "the file could not be written; this is a mistake in the program";
            crate::fault::Fault::new(axum::http::StatusCode::INTERNAL_SERVER_ERROR, message)
        })
    }
}

/// The cells of one finding, in the order of [`columns`].
pub(crate) fn cells(row: &FindingRow) -> impl Iterator<Item = String> {
    let reason = row.decided.as_ref().and_then(|it| it.reason.clone());
    row.cells().into_iter().chain([reason.unwrap_or_default()])
}

/// A line of CSV (RFC 4180) of which no cell is executed.
pub(crate) fn line(bytes: &mut Vec<u8>, cells: impl Iterator<Item = String>) {
    for (at, cell) in cells.enumerate() {
        if at > 0 {
            bytes.push(b',');
        }
        let cell = disarm(&cell);
        if cell.contains(['"', ',', ';', '\n', '\r', '\t']) || cell.starts_with([' ', '\'']) {
            bytes.push(b'"');
            bytes.extend(cell.replace('"', "\"\"").into_bytes());
            bytes.push(b'"');
        } else {
            bytes.extend(cell.as_bytes());
        }
    }
    bytes.extend(b"\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_quoted_and_disarmed() {
        let mut bytes = Vec::new();
        let cells = ["a", "=1+1", "b,c", "say \"x\"", "", "one\ntwo"];
        line(&mut bytes, cells.into_iter().map(str::to_owned));
        let text = String::from_utf8(bytes).unwrap();
        assert_eq!(
            text,
            "a,\"'=1+1\",\"b,c\",\"say \"\"x\"\"\",,\"one\ntwo\"\r\n"
        );
    }
}
