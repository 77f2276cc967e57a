//! The register of requests as CSV: taken over from a table that was kept by hand, and written out for one.

use std::collections::BTreeMap;
use std::io::{Read, Write};

use jiff::Timestamp;
use locard_app::Actor;
use locard_model::spreadsheet::disarm;
use locard_model::{RequestId, RequestState};
use locard_store::RequestOrder;
use sha2::{Digest as _, Sha256};

use crate::code::{Code, Fault, Result};
use crate::desk::{Desk, KEY_TAKEN, Listing, Opened};
use crate::explain::last_second;
use crate::intake::{Arrival, kind_named};
use crate::past::{Past, UNTOLD, moment};
use crate::record::{Person, Requestor};

/// Columns in their order. Those of `import` that are not named are empty.
pub const COLUMNS: [&str; 21] = [
    "id",
    "status",
    "requestType",
    "jurisdiction",
    "region",
    "channel",
    "receivedAt",
    "recordedAt",
    "dueAt",
    "acknowledgedAt",
    "endedAt",
    "extensions",
    "refusalReason",
    "requestorType",
    "requestorName",
    "requestorEmail",
    "requestorRelation",
    "contact",
    "subjectId",
    "externalRef",
    "rawText",
];

/// Rows of one file.
const MOST: usize = 10_000;

/// What came of a row.
#[derive(Clone, Debug, PartialEq)]
pub struct Imported {
    /// Its line in the file.
    pub line: u64,
    /// The request, and whether it is new; or why there is none.
    pub outcome: Result<(RequestId, bool)>,
}

/// What came of a register.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TakenOver {
    /// What came of each row.
    pub rows: Vec<Imported>,
    /// What of the file was not heeded.
    pub warnings: Vec<String>,
}

/// Columns of tables that were kept by hand, by the column of ours that they stand for.
const ALIASES: [(&str, &str); 3] = [
    ("name", "requestorName"),
    ("email", "requestorEmail"),
    ("mail", "requestorEmail"),
];

/// Longest name of a column that is told back.
const LONGEST: usize = 80;

/// A row by its columns.
pub(crate) struct Row(BTreeMap<String, String>);

impl Row {
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        let text = self.0.get(&folded(name))?.trim();
        // The apostrophe that a register of ours puts before what a spreadsheet would execute.
        let text = match text.strip_prefix('\'') {
            Some(rest) if locard_model::spreadsheet::is_armed(rest) => rest,
            _ => text,
        };
        (!text.is_empty()).then(|| text.to_owned())
    }

    fn required(&self, name: &str) -> Result<String> {
        self.text(name)
            .ok_or_else(|| Fault::field(name, "it is empty"))
    }

    /// A time, or a day: noon in UTC, which is the same day nearly everywhere.
    pub(crate) fn time(&self, name: &str) -> Result<Option<Timestamp>> {
        let Some(text) = self.text(name) else {
            return Ok(None);
        };
        let wrong = || Fault::field(name, "a day such as 2026-03-31 or a time is wanted");
        moment(&text).map(Some).ok_or_else(wrong)
    }

    /// The same row is taken over once: it is known by its id, or by all that it says.
    fn key(&self) -> String {
        if let Some(id) = self.id() {
            return format!("register id {id}");
        }
        let mut hash = Sha256::new();
        for (name, value) in &self.0 {
            for text in [name, value] {
                hash.update((text.len() as u64).to_be_bytes());
                hash.update(text.as_bytes());
            }
        }
        format!("register {}", hex::encode(hash.finalize()))
    }

    /// The id that the request has where the register comes from.
    fn id(&self) -> Option<RequestId> {
        self.text("id")?.parse().ok()
    }

    fn arrival(&self, state: RequestState) -> Result<Arrival> {
        let is_past = !matches!(
            state,
            RequestState::Captured | RequestState::VerificationPending
        );
        let kind = self.text("requestType").map(|name| {
            kind_named(&name.to_lowercase())
                .ok_or_else(|| Fault::field("requestType", "there is no such type"))
        });
        let received_at = self.time("receivedAt")?;
        let (name, email) = (self.text("requestorName"), self.text("requestorEmail"));
        let of = self.text("requestorType");
        let requestor = (of.is_some() || name.is_some() || email.is_some()).then(|| Requestor {
            kind: of.unwrap_or_else(|| "subject".to_owned()),
            name,
            email,
            relation: self.text("requestorRelation"),
        });
        Ok(Arrival {
            jurisdiction: self.required("jurisdiction")?,
            region: self.text("region"),
            kind: kind.transpose()?,
            // What has ended was proven, or was not to be, before it came here.
            requires_verification: match state {
                RequestState::Captured => None,
                RequestState::VerificationPending => Some(true),
                _ => Some(false),
            },
            channel: self
                .text("channel")
                .unwrap_or_else(|| "register".to_owned()),
            raw_text: self.text("rawText").unwrap_or_else(|| UNTOLD.to_owned()),
            received_at: received_at.ok_or_else(|| Fault::field("receivedAt", "it is empty"))?,
            contact: self.text("contact"),
            requestor,
            authority: is_past.then(Default::default),
            recorded_at: self.time("recordedAt")?,
            subject: Person {
                subject_id: self.text("subjectId"),
                external_ref: self.text("externalRef"),
                attributes: Vec::new(),
            },
            idempotency_key: Some(self.key()),
            ..Arrival::default()
        })
    }
}

/// `requestor_name`, `Requestor Name` and `requestorName` are one.
fn folded(name: &str) -> String {
    let letters = name.chars().filter(char::is_ascii_alphanumeric);
    letters.collect::<String>().to_lowercase()
}

/// What stands between the cells: spreadsheets of many countries write semicolons. The heading decides, since other lines may
/// hold anything.
fn separator(text: &[u8]) -> u8 {
    let heading = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let mut is_quoted = false;
    let mut found = [(b',', 0), (b';', 0), (b'\t', 0)];
    for byte in heading {
        is_quoted ^= *byte == b'"';
        let known = found.iter_mut().find(|(known, _)| known == byte);
        if let (false, Some((_, count))) = (is_quoted, known) {
            *count += 1;
        }
    }
    // Of as many the first is taken: the comma.
    let most = found.into_iter().rev().max_by_key(|(_, count)| *count);
    most.map_or(b',', |(separator, _)| separator)
}

/// Columns that say nothing here, by their names: nobody is to take them for taken over.
fn unknown(header: &csv::StringRecord) -> Option<String> {
    let is_known = |name: &&str| {
        let name = folded(name);
        let known = COLUMNS.iter().chain(ALIASES.iter().map(|(alias, _)| alias));
        name.is_empty() || known.into_iter().any(|known| folded(known) == name)
    };
    let unknown = header.iter().filter(|name| !is_known(name));
    let shown: Vec<String> = unknown
        .map(|name| {
            name.trim_start_matches('\u{feff}')
                .chars()
                .filter(|letter| !letter.is_control())
                .take(LONGEST)
                .collect()
        })
        .collect();
    (!shown.is_empty()).then(|| {
        format!(
            "columns that are not known and were not heeded: {}",
            shown.join(", ")
        )
    })
}

/// The names of columns, those of other tables by ours.
fn names(header: &csv::StringRecord) -> Vec<String> {
    let own: Vec<String> = header.iter().map(folded).collect();
    let ours = |name: &String| {
        let alias = ALIASES.iter().find(|(alias, _)| alias == name);
        let ours = alias.map(|(_, ours)| folded(ours));
        // A table that has both means something else by it.
        ours.filter(|ours| !own.contains(ours))
            .unwrap_or_else(|| name.clone())
    };
    own.iter().map(ours).collect()
}

/// Rows with the lines that they stand on.
type Rows = Vec<(u64, Row)>;

/// The rows of a register, with their lines, and what of it is not heeded.
fn rows(mut input: impl Read) -> Result<(Rows, Vec<String>)> {
    let mut text = Vec::new();
    input
        .read_to_end(&mut text)
        .map_err(|_| Fault::new(Code::Runtime, "the register cannot be read"))?;
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .delimiter(separator(&text))
        .from_reader(&text[..]);
    let unreadable = |error: &csv::Error| {
        let line = error.position().map_or(1, csv::Position::line);
        Fault::new(
            Code::Invalid,
            format!("the register is no CSV in UTF-8 at line {line}"),
        )
    };
    let header = reader
        .headers()
        .map_err(|error| unreadable(&error))?
        .clone();
    let names = names(&header);
    for wanted in ["jurisdiction", "receivedAt"] {
        if !names.contains(&folded(wanted)) {
            let message = format!("the register has no column {wanted}");
            let hint = format!("columns are {}", COLUMNS.join(", "));
            return Err(Fault::new(Code::Invalid, message).hint(hint));
        }
    }
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| unreadable(&error))?;
        if rows.len() >= MOST {
            let message = format!("a register holds at most {MOST} requests");
            return Err(Fault::new(Code::Invalid, message).hint("cut it into several files"));
        }
        let line = record.position().map_or(0, csv::Position::line);
        let cells = names.iter().cloned().zip(record.iter().map(str::to_owned));
        rows.push((line, Row(cells.collect())));
    }
    Ok((rows, unknown(&header).into_iter().collect()))
}

impl Desk<'_> {
    /// Takes a register over, row by row; one that makes no sense keeps no other out. Doing so again changes nothing.
    pub async fn import(&self, actor: &Actor, input: impl Read) -> Result<TakenOver> {
        let (rows, warnings) = rows(input)?;
        let mut imported = Vec::new();
        for (line, row) in rows {
            let outcome = self.take_over(actor, &row).await;
            imported.push(Imported { line, outcome });
        }
        Ok(TakenOver {
            rows: imported,
            warnings,
        })
    }

    /// Takes one row over: all of it, or nothing.
    async fn take_over(&self, actor: &Actor, row: &Row) -> Result<(RequestId, bool)> {
        let own = row.id();
        if let Some(id) = own
            && self.is_here(id).await?
        {
            return Ok((id, false));
        }
        let past = Past::of(row)?;
        let arrival = row.arrival(past.state)?;
        let received = self.receive_with(actor, &arrival, |case| past.follow(case));
        let received = received.await.map_err(|fault| match (fault.code, own) {
            // Its key is its id, under which an earlier form of the row was taken over.
            (Code::TransitionDisallowed, Some(_)) if fault.message == KEY_TAKEN => {
                let message = "a request of this id was taken over before, and the row has changed since: it stays as it was";
                Fault::new(Code::TransitionDisallowed, message)
                    .hint("take down here what became of it")
            }
            _ => fault,
        })?;
        Ok((received.request.id, received.is_new))
    }

    /// Whether a request of that id is in this home.
    async fn is_here(&self, id: RequestId) -> Result<bool> {
        match self.store().request(self.home.org(), id).await {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == locard_store::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Writes the register; gives how many requests are in it. What a spreadsheet would execute is disarmed.
    pub async fn export(&self, out: impl Write) -> Result<u64> {
        let failed = |_| Fault::new(Code::Runtime, "the register cannot be written");
        let mut writer = csv::Writer::from_writer(out);
        writer.write_record(COLUMNS).map_err(failed)?;
        let mut listing = Listing {
            order: RequestOrder::Received,
            limit: 500,
            ..Listing::default()
        };
        loop {
            let (found, _) = self.requests(&listing).await?;
            for request in &found {
                let cells = cells(request);
                let cells = cells.iter().map(|cell| disarm(cell).into_owned());
                writer.write_record(cells).map_err(failed)?;
            }
            listing.offset += found.len() as u32;
            if found.is_empty() {
                break;
            }
        }
        writer
            .flush()
            .map_err(|_| Fault::new(Code::Runtime, "the register cannot be written"))?;
        Ok(u64::from(listing.offset))
    }
}

/// The cells of a request; of a destroyed one those that are plain.
fn cells(request: &Opened) -> [String; COLUMNS.len()] {
    let record = request.record.as_ref();
    let requestor = record.and_then(|record| record.requestor.as_ref());
    let person = record.map(|record| &record.subject);
    let time = |at: Option<Timestamp>| at.map(|at| at.to_string()).unwrap_or_default();
    let text = |text: Option<&String>| text.cloned().unwrap_or_default();
    let extensions = record.map(|record| {
        let each = record
            .extensions
            .iter()
            .map(|extension| match &extension.by {
                Some(by) => format!("{} by {by}", extension.at),
                None => extension.at.to_string(),
            });
        each.collect::<Vec<_>>().join("; ")
    });
    [
        request.id.to_string(),
        request.head.state.as_str().to_owned(),
        request.head.kind.clone(),
        request.head.jurisdiction.clone(),
        text(record.and_then(|record| record.clock.request.region.as_ref())),
        text(record.map(|record| &record.intake.channel)),
        request.head.received_at.to_string(),
        time(record.map(|record| record.recorded_at)),
        request.head.due_at.map(last_second).unwrap_or_default(),
        time(record.and_then(|record| record.acknowledged_at)),
        time(request.head.ended_at),
        extensions.unwrap_or_default(),
        text(
            record
                .and_then(|record| record.refusal.as_ref())
                .map(|refusal| &refusal.rationale),
        ),
        text(requestor.map(|requestor| &requestor.kind)),
        text(requestor.and_then(|requestor| requestor.name.as_ref())),
        text(requestor.and_then(|requestor| requestor.email.as_ref())),
        text(requestor.and_then(|requestor| requestor.relation.as_ref())),
        text(record.and_then(|record| record.intake.contact.as_ref())),
        text(person.and_then(|person| person.subject_id.as_ref())),
        text(person.and_then(|person| person.external_ref.as_ref())),
        text(record.map(|record| &record.intake.raw_text)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_are_known_in_any_spelling_and_cells_are_trimmed() {
        let text =
            "\u{feff}Jurisdiction,received_at,Requestor Name,odd\neu, 2026-03-31 ,'=Anna,x\n";
        let (rows, warnings) = rows(text.as_bytes()).unwrap();
        assert_eq!(rows.len(), 1);
        assert!(
            warnings.len() == 1 && warnings[0].ends_with(": odd"),
            "{warnings:?}"
        );
        let (line, row) = &rows[0];
        assert_eq!(*line, 2);
        let arrival = row.arrival(RequestState::Captured).unwrap();
        assert_eq!(arrival.received_at.to_string(), "2026-03-31T12:00:00Z");
        assert_eq!(arrival.requestor.unwrap().name.as_deref(), Some("=Anna"));
    }

    #[test]
    fn tables_of_spreadsheets_are_read_by_their_separator_and_names_are_of_the_requestor() {
        for separator in [",", ";", "\t"] {
            let text = "jurisdiction|received at|name|E-Mail\neu|2026-03-31|Anna|anna@x.example\n";
            let text = text.replace('|', separator);
            let (rows, warnings) = rows(text.as_bytes()).unwrap();
            assert!(warnings.is_empty(), "{warnings:?}");
            let requestor = rows[0]
                .1
                .arrival(RequestState::Captured)
                .unwrap()
                .requestor
                .unwrap();
            assert_eq!(requestor.name.as_deref(), Some("Anna"));
            assert_eq!(requestor.email.as_deref(), Some("anna@x.example"));
        }
    }

    #[test]
    fn what_is_no_register_says_what_is_missing_and_quotes_nothing() {
        let fault = rows("name,date\nSECRET,1\n".as_bytes()).err().unwrap();
        assert!(fault.message.contains("jurisdiction") && !fault.message.contains("SECRET"));
        let broken = b"jurisdiction,receivedAt\neu,\xff\xfeSECRET\n";
        let fault = rows(&broken[..]).err().unwrap();
        assert!(fault.message.contains("line 2"), "{fault}");
        let text = "jurisdiction,receivedAt\neu,SECRET\n";
        let fault = rows(text.as_bytes()).unwrap().0[0]
            .1
            .arrival(RequestState::Captured)
            .err()
            .unwrap();
        assert!(!fault.message.contains("SECRET"), "{fault}");
    }
}
