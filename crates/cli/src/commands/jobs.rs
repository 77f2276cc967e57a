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
    let jobs = locard_app::jobs(&session.home, SHOWN).await?;
    let ids: Vec<String> = jobs.iter().map(|job| job.id.to_string()).collect();
    let digits = match format {
        ListFormat::Table => telling(&ids),
        _ => usize::MAX,
    };
    for (job, id) in jobs.iter().zip(&ids) {
        list.row([
            json!(id.get(..digits).unwrap_or(id)),
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

/// How many letters of these ids tell each from the others: commands take the beginning of an id.
fn telling(ids: &[String]) -> usize {
    /// The time of an id; two jobs seldom begin within a millisecond.
    const LEAST: usize = 13;
    let mut sorted: Vec<&str> = ids.iter().map(String::as_str).collect();
    sorted.sort_unstable();
    let shared = |pair: &[&str]| {
        let letters = pair[0].bytes().zip(pair[1].bytes());
        letters.take_while(|(a, b)| a == b).count()
    };
    let shared = sorted.windows(2).map(shared).max().unwrap_or(0);
    LEAST.max(shared + 1)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_beginning_of_an_id_tells_it_from_the_others() {
        let ids = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
        let one = "01a22db9-3731-7652-85e2-1b7db7406bc3";
        let same_millisecond = "01a22db9-3731-7653-85e2-1b7db7406bc3";
        let later = "01a22db9-3732-7652-85e2-1b7db7406bc3";
        assert_eq!(telling(&[]), 13);
        assert_eq!(telling(&ids(&[one, later])), 13);
        assert_eq!(telling(&ids(&[later, same_millisecond, one])), 18);
    }
}
