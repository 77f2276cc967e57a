//! `locard audit`.

use std::io::BufReader;

use anyhow::Result;
use locard_app::{AuditCheck, AuditFormat, check_audit, check_audit_export, export_audit};

use super::requests::request_named;
use super::{Outcome, Session};
use crate::args::{Audit, LogFormat};
use crate::printer::printable;
use crate::table::counted;

pub(crate) async fn run(session: &Session, args: &Audit) -> Result<Outcome> {
    match args {
        Audit::Verify { head, file: None } => {
            told(session, &check_audit(&session.home, *head).await?)
        }
        Audit::Verify {
            head,
            file: Some(file),
        } => {
            let check = if file.as_os_str() == "-" {
                check_audit_export(BufReader::new(std::io::stdin()), *head)?
            } else {
                check_audit_export(BufReader::new(std::fs::File::open(file)?), *head)?
            };
            told(session, &check)
        }
        Audit::Export {
            format,
            request,
            output,
        } => {
            let request = match request {
                Some(text) => Some(request_named(session, text).await?),
                None => None,
            };
            let format = match format {
                LogFormat::Jsonl => AuditFormat::Jsonl,
                LogFormat::Csv => AuditFormat::Csv,
            };
            let mut out = session.printer.output(output.as_deref())?;
            let count = export_audit(&session.home, request, format, &mut out).await?;
            out.finish()?;
            let entries = counted(count, "entry", "entries");
            session.printer.say(format!("{entries} written"));
            Ok(Outcome::Done)
        }
    }
}

fn told(session: &Session, check: &AuditCheck) -> Result<Outcome> {
    if let Some(fault) = &check.fault {
        let sentence = format!("the log was changed: {}", printable(fault));
        session.printer.error(&sentence, None);
        return Ok(Outcome::Failed);
    }
    let mut output = session.printer.output(None)?;
    output.line(&check.head.to_string())?;
    output.finish()?;
    let acts = counted(check.count, "act is", "acts are");
    session.printer.say(format!("{acts} as recorded"));
    session.printer.hint("keep the printed head elsewhere: `locard audit verify --head` then finds also what was cut off or written anew");
    Ok(Outcome::Done)
}
