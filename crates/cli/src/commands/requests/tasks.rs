//! `locard requests tasks`.

use std::path::Path;

use anyhow::{Context as _, Result, bail};
use locard_requests::{Desk, Opened, TaskOutcome, Upload, task_shape};
use uuid::Uuid;

use super::{actor, opened, text, told};
use crate::args::{Looked, Tasks};
use crate::commands::Session;
use crate::lists::List;

/// The media type of what is handed in: nobody says more of it here.
const ANY: &str = "application/octet-stream";

pub(super) async fn run(session: &Session, desk: &Desk<'_>, args: &Tasks) -> Result<()> {
    let mut request = opened(session, desk, &args.request).await?;
    if let Some((source, outcome)) = args.answer.as_deref().zip(args.outcome) {
        let mut tasks = request.known().map_err(told)?.tasks.iter();
        let Some(task) = tasks.find(|task| task.source == source) else {
            bail!("the request has no task of that source");
        };
        let outcome = match outcome {
            Looked::Answered => TaskOutcome::Answered,
            Looked::NothingFound => TaskOutcome::NothingFound,
        };
        if outcome == TaskOutcome::NothingFound && !args.file.is_empty() {
            bail!("a file was handed in, so something was found\nhint: --outcome answered");
        }
        let (task, note, who) = (task.id, text(args.note.as_ref()), actor());
        for file in &args.file {
            hand_in(desk, &request, (task, file)).await?;
        }
        let done = desk.answer_task(&who, request.id, task, outcome, note);
        request = done.await.map_err(told)?;
    }
    let mut list = List::new(&[
        "source",
        "kind",
        "owner",
        "contact",
        "status",
        "due at",
        "instructions",
    ])
    .prose(&["contact", "instructions"]);
    for task in &request.known().map_err(told)?.tasks {
        let shown = task_shape(task, &request);
        list.row(
            [
                "source",
                "kind",
                "owner",
                "contact",
                "status",
                "dueAt",
                "instructions",
            ]
            .map(|name| shown[name].clone()),
        );
    }
    let mut output = session.printer.output(None)?;
    list.print(
        &mut output,
        args.format,
        "no tasks: every source has a connector",
    )?;
    Ok(output.finish()?)
}

/// Adds a file to a task.
async fn hand_in(desk: &Desk<'_>, request: &Opened, (task, file): (Uuid, &Path)) -> Result<()> {
    let content = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let upload = Upload {
        name: &name,
        media_type: ANY,
        content: &content,
    };
    let done = desk.upload_task(&actor(), request.id, task, &upload).await;
    done.map(drop).map_err(told)
}
