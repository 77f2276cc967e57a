//! The log as a whole: whether it is what it was, and handing it on.

use std::io::Write;

use locard_audit::{CsvExport, Entry, Hash, Head, JsonlExport};
use locard_model::RequestId;

use crate::{Error, ErrorKind, Home, Result};

/// Entries that are read at once.
const CHUNK: u32 = 1_000;

/// What came of reading the whole log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditCheck {
    /// How many acts there are.
    pub count: u64,
    /// Where the chain ends: keep it elsewhere, and verify against it later.
    pub head: AuditHead,
    /// What is wrong with it first.
    pub fault: Option<String>,
}

/// Where a chain ends, as people keep it: `NUMBER:HASH`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuditHead {
    /// The number of the last entry.
    pub sequence: u64,
    /// Its hash.
    pub hash: Hash,
}

impl std::fmt::Display for AuditHead {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.sequence, self.hash)
    }
}

impl std::str::FromStr for AuditHead {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let wrong = || "NUMBER:HASH is wanted, as `locard audit verify` prints it".to_owned();
        let (sequence, digits) = text.trim().split_once(':').ok_or_else(wrong)?;
        let mut hash = [0; 32];
        let is_hash = digits.len() == 64 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !is_hash {
            return Err(wrong());
        }
        for (byte, at) in hash.iter_mut().zip((0..64).step_by(2)) {
            *byte = u8::from_str_radix(&digits[at..at + 2], 16).map_err(|_| wrong())?;
        }
        Ok(Self {
            sequence: sequence.parse().map_err(|_| wrong())?,
            hash: Hash(hash),
        })
    }
}

/// Reads the whole log and verifies it, also against a head that was kept elsewhere.
pub async fn check_audit(home: &Home, known: Option<AuditHead>) -> Result<AuditCheck> {
    let known = known.map(|known| Head {
        org: home.org,
        sequence: known.sequence,
        hash: known.hash,
    });
    let checked = home.store.check_audit(home.org, known.as_ref()).await?;
    Ok(AuditCheck {
        count: checked.count,
        head: AuditHead {
            sequence: checked.head.sequence,
            hash: checked.head.hash,
        },
        fault: checked.fault.map(|fault| fault.to_string()),
    })
}

/// Verifies an export, which needs neither the home nor a key. One of a single request has gaps, and is refused.
pub fn check_audit_export(
    input: impl std::io::BufRead,
    known: Option<AuditHead>,
) -> Result<AuditCheck> {
    let unreadable = |error: &locard_audit::Error| {
        let sentence = format!("the export cannot be read: {error}");
        Error::usage(sentence)
            .hint("`locard audit export --format jsonl` writes what can be verified")
    };
    let mut entries = locard_audit::read_jsonl(input).peekable();
    let org = match entries.peek() {
        Some(Ok(first)) => first.org,
        Some(Err(error)) => return Err(unreadable(error)),
        None => return Err(Error::usage("the export is empty")),
    };
    let known = known.map_or_else(
        || Head::genesis(org),
        |known| Head {
            org,
            sequence: known.sequence,
            hash: known.hash,
        },
    );
    let mut checker = locard_audit::Checker::new(org);
    let (mut head, mut fault) = (Head::genesis(org), None);
    for entry in entries {
        let entry = entry.map_err(|error| unreadable(&error))?;
        if let Err(found) = checker.check(&entry, &known) {
            fault = Some(found);
            break;
        }
        head = entry.head();
    }
    let fault = fault.or_else(|| checker.finish(&known).err());
    Ok(AuditCheck {
        count: head.sequence,
        head: AuditHead {
            sequence: head.sequence,
            hash: head.hash,
        },
        fault: fault.map(|fault| fault.to_string()),
    })
}

/// Entries of the log in their order, all or those of one request, after that number.
pub async fn audit_entries(
    home: &Home,
    request: Option<RequestId>,
    after: u64,
    limit: u32,
) -> Result<Vec<Entry>> {
    Ok(home
        .store
        .audit_entries(home.org, request, after, limit)
        .await?)
}

/// How an export is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuditFormat {
    /// With sealed details and hashes, to be verified.
    Jsonl,
    /// To be read in a spreadsheet.
    Csv,
}

/// Writes the log; gives how many entries that were.
pub async fn export_audit(
    home: &Home,
    request: Option<RequestId>,
    format: AuditFormat,
    out: impl Write,
) -> Result<u64> {
    let failed = |error: locard_audit::Error| {
        let sentence = "the log cannot be written";
        Error::new(ErrorKind::Unexpected, sentence).cause(error)
    };
    let mut jsonl = None;
    let mut csv = None;
    match format {
        AuditFormat::Jsonl => jsonl = Some(JsonlExport::new(out)),
        AuditFormat::Csv => csv = Some(CsvExport::new(out)),
    }
    let (mut after, mut count) = (0, 0);
    loop {
        let entries = audit_entries(home, request, after, CHUNK).await?;
        for entry in &entries {
            if let Some(export) = &mut jsonl {
                export.write(entry).map_err(failed)?;
            }
            if let Some(export) = &mut csv {
                export.write(entry).map_err(failed)?;
            }
            (after, count) = (entry.sequence, count + 1);
        }
        if entries.len() < CHUNK as usize {
            break;
        }
    }
    if let Some(export) = jsonl {
        export.finish().map_err(failed)?;
    }
    if let Some(export) = csv {
        export.finish().map_err(failed)?;
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_reads_as_it_is_written() {
        let head = AuditHead {
            sequence: 17,
            hash: Hash([0xab; 32]),
        };
        assert_eq!(head.to_string().parse(), Ok(head));
        for wrong in ["", "17", "x:ab", "17:ab", &format!("17:{}", "é".repeat(32))] {
            assert!(wrong.parse::<AuditHead>().is_err(), "{wrong}");
        }
    }
}
