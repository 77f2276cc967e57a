//! What became of a request before a register of it was taken over: acknowledged, extended, ended.

use jiff::Timestamp;
use jiff::civil::Date;
use locard_model::RequestState;

use crate::answer::{Extending, Fulfilling, Refusing};
use crate::case::Case;
use crate::code::{Fault, Result};
use crate::register::Row;

/// A time, or noon in UTC of a day.
pub(crate) fn moment(text: &str) -> Option<Timestamp> {
    if let Ok(time) = text.parse() {
        return Some(time);
    }
    let noon = text.parse::<Date>().ok()?.at(12, 0, 0, 0);
    Some(noon.in_tz("UTC").ok()?.timestamp())
}

/// What became of a request before it came here.
pub(crate) struct Past {
    pub(crate) state: RequestState,
    acknowledged: Option<Timestamp>,
    ended: Option<Timestamp>,
    extensions: Vec<Extending>,
    refusal: Option<String>,
}

/// What stands where a register does not tell why.
pub(crate) const UNTOLD: &str = "(taken over from a register)";

impl Past {
    pub(crate) fn of(row: &Row) -> Result<Self> {
        let state = row.text("status").map(|name| {
            RequestState::parse(&name)
                .ok_or_else(|| Fault::field("status", "there is no such state"))
        });
        let state = state.transpose()?.unwrap_or(RequestState::Captured);
        let ended = row.time("endedAt")?;
        if ended.is_some() && state.is_open() {
            let what = format!("it has an end, and its status `{state}` has none");
            return Err(Fault::field("endedAt", what));
        }
        Ok(Self {
            state,
            ended,
            acknowledged: row.time("acknowledgedAt")?,
            extensions: extensions(row)?,
            refusal: row.text("refusalReason"),
        })
    }

    /// Takes it down.
    pub(crate) fn follow(&self, case: &mut Case) -> Result<()> {
        if self.acknowledged.is_some() {
            let done = case.acknowledge(self.acknowledged);
            done.map_err(|fault| of_column(fault, "acknowledgedAt"))?;
        }
        for extending in &self.extensions {
            let done = case.extend(extending);
            done.map_err(|fault| of_column(fault, "extensions"))?;
        }
        let ended = self.end(case);
        ended.map_err(|fault| of_column(fault, "endedAt"))?;
        if let (false, Some(at)) = (self.state.is_open(), self.ended) {
            // How long it is kept counts from there.
            case.head.ended_at = Some(at);
        }
        Ok(())
    }

    fn end(&self, case: &mut Case) -> Result<()> {
        match self.state {
            RequestState::Closed if self.refusal.is_some() => self.refuse(case)?,
            RequestState::Fulfilled | RequestState::Closed => {
                let at = self.ended;
                let despite_open = None;
                case.fulfil(&Fulfilling { at, despite_open })?;
            }
            RequestState::Refused => self.refuse(case)?,
            RequestState::Withdrawn => case.withdraw(None, self.ended)?,
            RequestState::Captured
            | RequestState::VerificationPending
            | RequestState::InProgress => {}
        }
        match self.state {
            RequestState::Closed => case.close(),
            _ => Ok(()),
        }
    }

    fn refuse(&self, case: &mut Case) -> Result<()> {
        let rationale = self.refusal.clone().unwrap_or_else(|| UNTOLD.to_owned());
        case.refuse(&Refusing {
            rationale: Some(rationale),
            at: self.ended,
            ..Refusing::default()
        })
    }
}

/// A problem of an act, at the column that it came from.
fn of_column(fault: Fault, column: &str) -> Fault {
    if fault.field.as_deref() == Some("at") {
        let what = fault.message.trim_start_matches("at: ").to_owned();
        return Fault::field(column, what);
    }
    Fault {
        message: format!("{column}: {}", fault.message),
        field: Some(column.to_owned()),
        ..fault
    }
}

/// Extensions as a register has them: `TIME` or `TIME by 30 days`, with semicolons between.
fn extensions(row: &Row) -> Result<Vec<Extending>> {
    let text = row.text("extensions").unwrap_or_default();
    // Earlier registers put blanks between them.
    let separator = if text.contains(" by ") { ';' } else { ' ' };
    let each = text.split([';', separator]).map(str::trim);
    each.filter(|one| !one.is_empty())
        .map(|one| {
            let wrong = || {
                let what =
                    "a time is wanted, or a time and by how much: 2026-03-31T10:00:00Z by 30 days";
                Fault::field("extensions", what)
            };
            let (at, by) = one.split_once(" by ").unwrap_or((one, ""));
            let by = (!by.is_empty()).then(|| by.parse().map_err(|_| wrong()));
            Ok(Extending {
                rationale: Some(UNTOLD.to_owned()),
                by: by.transpose()?,
                at: Some(moment(at.trim()).ok_or_else(wrong)?),
            })
        })
        .collect()
}
