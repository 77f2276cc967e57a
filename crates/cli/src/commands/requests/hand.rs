//! From collecting to handing out.

use std::io::{Cursor, Read, Write as _};
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use locard_app::Silent;
use locard_dsar::job;
use locard_model::SecretString;
use locard_requests::{Content, Desk, Known, Opened, Person, RequestId, Upload};

use super::{actor, intake, request_named, text, told, told_of};
use crate::args::Requests;
use crate::commands::Session;
use crate::printer::{new_file, printable};

/// Commands about whom a request is about, and what they are handed.
pub(super) async fn hand(session: &Session, desk: &Desk<'_>, args: &Requests) -> Result<Opened> {
    match args {
        Requests::Subject {
            request,
            name,
            email,
            subject_id,
            id,
        } => {
            let more = person((name, email, subject_id), id)?;
            let id = request_named(session, request).await?;
            desk.add_subject(&actor(), id, &more).await.map_err(told)
        }
        Requests::Collect(one) => {
            let id = request_named(session, &one.request).await?;
            collect(session, desk, id).await
        }
        Requests::Attach {
            request,
            file,
            media_type,
        } => {
            let id = request_named(session, request).await?;
            attach(desk, id, file.as_deref(), media_type).await
        }
        Requests::Deliver {
            request,
            output,
            channel,
        } => {
            let id = request_named(session, request).await?;
            deliver(session, desk, (id, channel.as_deref()), output).await
        }
        _ => bail!("that cannot be done"),
    }
}

type Given = Option<SecretString>;

fn person((name, email, id): (&Given, &Given, &Given), more: &[SecretString]) -> Result<Person> {
    let mut attributes = intake::known(more)?;
    for (value, identifier) in [(name, "PERSON"), (email, "EMAIL_ADDRESS")] {
        attributes.extend(text(value.as_ref()).map(|value| Known {
            identifier: identifier.to_owned(),
            value: value.to_owned(),
        }));
    }
    Ok(Person {
        subject_id: text(id.as_ref()).map(str::to_owned),
        external_ref: None,
        attributes,
    })
}

/// Starts the job, or goes on with the one that there is, as far as it goes without people.
async fn collect(session: &Session, desk: &Desk<'_>, id: RequestId) -> Result<Opened> {
    let collected = desk.collect(&actor(), id).await;
    let (opened, started) = collected.map_err(|fault| told_of("collect", fault))?;
    // It is a large future.
    let actor = actor();
    let running = job::run_here(&session.home, &actor, started.id, &Silent, &session.cancel);
    let ran = Box::pin(running).await?;
    let name = ran.name();
    session.printer.say(format!("{name} is {}", ran.state));
    let failure = ran.body.as_ref().and_then(|body| body.failure.as_ref());
    if let Some(failure) = failure {
        session.printer.warn(&printable(&failure.message));
    }
    session.printer.hint(&if ran.waits_for_review() {
        format!(
            "`locard dsar review {name}` shows what was collected; after its --approve `locard requests collect {id}` packs it"
        )
    } else {
        format!("`locard requests attach {id}` takes the bundle as what is handed out")
    });
    Ok(opened)
}

async fn attach(
    desk: &Desk<'_>,
    id: RequestId,
    file: Option<&Path>,
    media_type: &str,
) -> Result<Opened> {
    let Some(file) = file else {
        return desk.take_bundle(&actor(), id).await.map_err(told);
    };
    let content = std::fs::read(file)?;
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let upload = Upload {
        name: &name,
        media_type,
        content: &content,
    };
    let done = desk.add_artifact(&actor(), id, &upload, None, None).await;
    Ok(done.map_err(told)?.0)
}

/// Hands out all of it. Whoever does so here gives it to the person themselves, so the code goes there and back at once.
async fn deliver(
    session: &Session,
    desk: &Desk<'_>,
    (id, channel): (RequestId, Option<&str>),
    folder: &Path,
) -> Result<Opened> {
    let who = actor();
    let prepared = desk.prepare_delivery(&who, id, channel, None).await;
    let (opened, _) = prepared.map_err(told)?;
    let handing = desk.challenge(&who, id).await.map_err(told)?;
    let token = handing.token;
    let completed = desk.complete_challenge(&who, id, &token).await;
    completed.map_err(told)?;
    std::fs::create_dir_all(folder)
        .with_context(|| format!("cannot write {}", folder.display()))?;
    let manifest = opened.known().map_err(told)?.manifest.iter();
    let artifacts = manifest.flat_map(|manifest| &manifest.artifacts);
    for (number, artifact) in artifacts.enumerate() {
        let handed = desk.download(&who, id, artifact.id, Some(&token)).await;
        let (found, content) = handed.map_err(told)?;
        let (name, bytes): (String, Box<dyn Read + Send>) = match content {
            Content::File(note, content) => (note.name, Box::new(Cursor::new(content))),
            Content::Bundle(bundle) => (bundle.name, bundle.bytes),
            Content::Elsewhere => {
                let place = found
                    .reference
                    .as_deref()
                    .unwrap_or("nowhere that is known");
                let said = format!("{} lies elsewhere: {place}", found.title);
                session.printer.warn(&printable(&said));
                continue;
            }
        };
        let file = folder.join(format!("{}-{}", number + 1, plain(&name)));
        write(&file, bytes)?;
        session.printer.say(format!("wrote {}", file.display()));
    }
    desk.request(id).await.map_err(told)
}

/// A name that stays in its folder.
fn plain(name: &str) -> String {
    let is_plain = |letter: &char| letter.is_alphanumeric() || "-_.".contains(*letter);
    let letters = name
        .chars()
        .map(|letter| if is_plain(&letter) { letter } else { '_' });
    letters.take(100).collect()
}

fn write(file: &Path, mut bytes: Box<dyn Read + Send>) -> Result<()> {
    let place = || format!("cannot write {}", file.display());
    let mut out = new_file(file)?;
    let written = std::io::copy(&mut bytes, &mut out)
        .and_then(|_| out.flush())
        .and_then(|()| out.sync_all());
    if written.is_err() {
        // Nobody takes half of it for the whole.
        drop(std::fs::remove_file(file));
    }
    written.with_context(place)
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn a_name_leads_out_of_no_folder() {
        assert_eq!(plain("../../etc/pass wd"), ".._.._etc_pass_wd");
        assert_eq!(plain("Größe 1.pdf"), "Größe_1.pdf");
    }
}
