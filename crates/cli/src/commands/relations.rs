//! `locard relations`.

use anyhow::Result;
use locard_app::Decision;
use locard_dsar::{Origin, RelationRow, SideRow};
use serde_json::json;

use super::{Outcome, Session, actor};
use crate::args::{DecideRelation, ListFormat, Relations};
use crate::lists::List;
use crate::printer::printable;
use crate::table::counted;

pub(crate) async fn run(session: &Session, args: &Relations) -> Result<Outcome> {
    match args {
        Relations::List { format } => list(session, *format).await?,
        Relations::Confirm(decided) => decide(session, decided, Decision::Confirmed).await?,
        Relations::Reject(decided) => decide(session, decided, Decision::Rejected).await?,
        Relations::Withdraw { relation } => {
            locard_dsar::withdraw_relation(&session.home, &actor(), relation).await?;
            let said = "taken back; what a source declares is followed, anything else is not";
            session.printer.say(said);
        }
    }
    Ok(Outcome::Done)
}

async fn list(session: &Session, format: ListFormat) -> Result<()> {
    let report = locard_dsar::relations(&session.home).await?;
    let mut list = List::new(&[
        "id",
        "from",
        "to",
        "origin",
        "contained",
        "followed",
        "decision",
        "reason",
    ])
    .prose(&["reason"]);
    for row in &report.relations {
        let id = row.id.to_string();
        let shown = match format {
            ListFormat::Table => id.get(..8).unwrap_or(&id).to_owned(),
            _ => id,
        };
        list.row([
            json!(shown),
            json!(place(&row.parent)),
            json!(place(&row.child)),
            json!(row.origin.as_str()),
            json!(row.containment.map(percent)),
            json!(if row.is_followed { "yes" } else { "no" }),
            json!(row.decision.map(Decision::as_str)),
            json!(row.reason),
        ]);
    }
    let mut output = session.printer.output(None)?;
    let nothing = "no relations; a scan of tables with foreign keys, or of columns that look like some, makes some";
    if report.relations.iter().all(|row| row.reason.is_none()) && format == ListFormat::Table {
        list.hide(&["reason"]);
    }
    list.print(&mut output, format, nothing)?;
    output.finish()?;
    if report.not_compared > 0 {
        let pairs = counted(report.not_compared, "pair of columns", "pairs of columns");
        session
            .printer
            .warn(&format!("{pairs} with fitting names were not compared"));
    }
    let is_open = |row: &&RelationRow| row.origin == Origin::Inferred && row.decision.is_none();
    let open = report.relations.iter().filter(is_open).count() as u64;
    if open > 0 {
        let wait = counted(open, "inferred relation waits", "inferred relations wait");
        session.printer.say(format!("{wait} for a decision"));
        session.printer.hint(
            "`locard relations confirm ID` lets `locard collect` follow it, `reject` does not",
        );
    }
    Ok(())
}

/// `crm/customers.csv:customer_id`.
fn place(side: &SideRow) -> String {
    format!("{}:{}", side.resource, side.columns.join(","))
}

fn percent(share: f64) -> String {
    // Rounded down, since not quite all is not all.
    format!("{:.1} %", (share * 1_000.0).floor() / 10.0)
}

async fn decide(session: &Session, decided: &DecideRelation, decision: Decision) -> Result<()> {
    let reason = decided.reason.as_deref();
    let row =
        locard_dsar::decide_relation(&session.home, &actor(), &decided.relation, decision, reason)
            .await?;
    session.printer.say(format!(
        "{}: {} leads to {}",
        decision.as_str(),
        printable(&place(&row.parent)),
        printable(&place(&row.child))
    ));
    Ok(())
}
