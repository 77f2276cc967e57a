//! `locard jobs`.

use anyhow::Result;
use locard_app::JobDetail;
use locard_model::JobState;
use serde_json::json;

use super::{Outcome, Session, actor, print_failures};
use crate::args::{Jobs, ListFormat};
use crate::lists::List;
use crate::printer::printable;
use crate::table::{Cell, Table, count};

/// How many jobs a list shows.
const SHOWN: u64 = 50;

pub(crate) async fn run(session: &Session, args: &Jobs) -> Result<Outcome> {
    match args {
        Jobs::List { format } => list(session, *format).await?,
        Jobs::Show { job } => show(session, &locard_app::job(&session.home, job).await?)?,
        Jobs::Cancel { job } => {
            let row = locard_app::cancel_job(&session.home, &actor(), job).await?;
            let printer = session.printer;
            printer.say(format!("job {} is {}", row.id, row.state));
            if row.state == JobState::Cancelling {
                printer.hint("it stops within seconds and keeps what it found");
            }
        }
        Jobs::Logs { job } => {
            let mut output = session.printer.output(None)?;
            for line in locard_app::job_log(&session.home, job).await? {
                output.line(&format!("{}  {}", line.at, printable(&line.sentence)))?;
            }
            output.finish()?;
        }
    }
    Ok(Outcome::Done)
}

async fn list(session: &Session, format: ListFormat) -> Result<()> {
    let mut list = List::new(&[
        "job",
        "kind",
        "state",
        "created at",
        "done",
        "tasks",
        "failures",
        "targets",
    ]);
    for job in locard_app::jobs(&session.home, SHOWN).await? {
        list.row([
            json!(job.id.to_string()),
            json!(job.kind),
            json!(job.shown_state()),
            json!(job.created_at),
            json!(job.tasks.0),
            json!(job.tasks.1),
            json!(job.failures),
            json!(job.targets),
        ]);
    }
    let mut output = session.printer.output(None)?;
    list.print(&mut output, format, "no jobs yet")?;
    Ok(output.finish()?)
}

fn show(session: &Session, detail: &JobDetail) -> Result<()> {
    let mut output = session.printer.output(None)?;
    let job = &detail.job;
    let ended = job.ended_at.as_deref().unwrap_or("not ended");
    output.line(&format!(
        "{} {} {} · created {} · ended {ended}",
        job.kind,
        job.id,
        job.shown_state(),
        job.created_at
    ))?;
    let mut table = Table::new(&["resource", "state", "rows", "tries", ""]);
    for task in &detail.tasks {
        table.row(vec![
            Cell::new(&task.resource),
            Cell::new(task.state.as_str()),
            Cell::number(count(task.rows)),
            Cell::number(count(u64::from(task.attempts))),
            Cell::new(task.error.as_deref().unwrap_or_default()),
        ]);
    }
    table.print(&mut output)?;
    print_failures(&mut output, &detail.failures)?;
    Ok(output.finish()?)
}
