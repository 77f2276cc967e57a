//! Requests that come in: one, or a register of them.

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use locard_model::{ExposeSecret as _, SecretString};
use locard_requests::{Arrival, Desk, Known, Person, Requestor, kind_named};

use super::{actor, say, text, time, told};
use crate::args::{self, NewRequest};
use crate::commands::subjects::one_subject;
use crate::commands::{Outcome, Session};
use crate::printer::printable;
use crate::table::counted;

pub(super) async fn create(session: &Session, desk: &Desk<'_>, new: &NewRequest) -> Result<()> {
    let raw_text = match &new.text {
        Some(file) => locard_app::read_text(file)?,
        None => "(not taken down)".to_owned(),
    };
    let owned = |secret: &Option<SecretString>| text(secret.as_ref()).map(str::to_owned);
    let mut attributes = of_file(session, new.subject.as_ref())?;
    let first = |kind: &str| {
        let mut known = attributes.iter().filter(|known| known.identifier == kind);
        let of_subject = known.next().filter(|_| new.requestor == "subject");
        of_subject.map(|known| known.value.clone())
    };
    let name = owned(&new.name).or_else(|| first("PERSON"));
    let email = owned(&new.email).or_else(|| first("EMAIL_ADDRESS"));
    attributes.extend(known(&new.id)?);
    let kind = kind_named(&new.kind).with_context(|| {
        "there is no such type\nhint: access, deletion, correction, portability, restriction or objection"
    })?;
    let arrival = Arrival {
        jurisdiction: new.jurisdiction.clone(),
        region: new.region.clone(),
        kind: Some(kind),
        is_complex: new.complex,
        requires_verification: new.no_verification.then_some(false),
        channel: new.channel.clone(),
        raw_text,
        received_at: time(Some(&new.received))?.unwrap_or_default(),
        requestor: Some(Requestor {
            kind: new.requestor.clone(),
            name,
            email,
            relation: None,
        }),
        subject: Person {
            subject_id: owned(&new.subject_id),
            external_ref: None,
            attributes,
        },
        ..Arrival::default()
    };
    let received = desk.receive(&actor(), &arrival).await.map_err(told)?;
    let request = &received.request;
    let mut output = session.printer.output(None)?;
    output.line(&request.id.to_string())?;
    output.finish()?;
    say(session, request);
    let record = request.known().map_err(told)?;
    for warning in &record.warnings {
        session.printer.warn(&printable(warning));
    }
    if let Some(located) = &record.located {
        let places = counted(located.places, "place", "places");
        let sources = counted(located.sources.len() as u64, "source", "sources");
        session
            .printer
            .say(format!("the person may be in {places} of {sources}"));
    }
    session.printer.hint(locard_requests::NOTICE);
    Ok(())
}

/// What a file says of the person.
fn of_file(session: &Session, file: Option<&PathBuf>) -> Result<Vec<Known>> {
    let Some(file) = file else {
        return Ok(Vec::new());
    };
    let person = args::Person {
        subject: Some(file.clone()),
        ..args::Person::default()
    };
    let subject = one_subject(session, &person)?;
    let known = subject.attributes.into_iter().map(|attribute| Known {
        identifier: attribute.identifier.to_string(),
        value: attribute.value,
    });
    Ok(known.collect())
}

/// What is typed of the person.
pub(super) fn known(given: &[SecretString]) -> Result<Vec<Known>> {
    let attribute = |text: &SecretString| {
        let Some((name, value)) = text.expose_secret().split_once('=') else {
            bail!("--id takes KIND=VALUE");
        };
        Ok(Known {
            identifier: name.trim().to_owned(),
            value: value.to_owned(),
        })
    };
    given.iter().map(attribute).collect()
}

pub(super) async fn import(
    session: &Session,
    desk: &Desk<'_>,
    file: &std::path::Path,
) -> Result<Outcome> {
    let text = locard_app::read_text(file)?;
    let done = desk.import(&actor(), text.as_bytes()).await.map_err(told)?;
    let (mut new, mut known, mut refused) = (0, 0, 0);
    for warning in &done.warnings {
        session.printer.warn(&printable(warning));
    }
    for row in &done.rows {
        match &row.outcome {
            Ok((_, true)) => new += 1,
            Ok((_, false)) => known += 1,
            Err(fault) => {
                refused += 1;
                session
                    .printer
                    .warn(&format!("line {}: {}", row.line, printable(&fault.message)));
            }
        }
    }
    session.printer.say(format!(
        "{} taken over, {known} known already, {refused} refused",
        counted(new, "request", "requests")
    ));
    Ok(if refused == 0 {
        Outcome::Done
    } else {
        Outcome::Failed
    })
}
