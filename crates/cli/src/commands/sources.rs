//! `locard sources`.

use std::path::Path;

use anyhow::{Context as _, Result, anyhow};
use locard_app::{AddSource, MANUAL, Manual, ManualKind, Secrets, Sparing, shell_word};
use locard_model::{ExposeSecret as _, SecretString};
use serde_json::json;

use super::{Outcome, Session, actor, print_failures};
use crate::args::{ListFormat, Sources, Spare};
use crate::lists::List;
use crate::printer::printable;
use crate::table::counted;

pub(crate) async fn run(session: &Session, args: &Sources) -> Result<Outcome> {
    match args {
        Sources::Add {
            name,
            target,
            manual: _,
            owner,
            note,
            kind,
            contact,
            instructions,
            set,
            secret,
            window,
            sparing,
        } => {
            tell_password(session, target.as_ref());
            let target = target.as_ref().map(target_text).transpose()?;
            let source = AddSource {
                key: None,
                name: name.clone(),
                target,
                owner: owner.clone(),
                note: note.clone(),
                limits: sparing.limits(),
                window: window.as_deref().cloned(),
                manual: Manual {
                    kind: manual_kind(kind.as_deref())?,
                    contact: contact.clone(),
                    instructions: instructions.clone(),
                },
                options: set.iter().map(pair).collect::<Result<_>>()?,
                secrets: kept(secret)?,
            };
            add(session, source).await?;
        }
        Sources::Options { connector, format } => options(session, connector, *format)?,
        Sources::List { format } => list(session, *format).await?,
        Sources::Test { source } => test(session, source.expose_secret()).await?,
        Sources::Ingest { source } => return ingest(session, source.expose_secret()).await,
        Sources::Spare(args) => spare(session, args).await?,
        Sources::Remove { source } => remove(session, source).await?,
    }
    Ok(Outcome::Done)
}

async fn remove(session: &Session, source: &str) -> Result<()> {
    let row = locard_app::remove_source(&session.home, &actor(), source).await?;
    session.printer.say(format!(
        "removed {} with {}",
        printable(&row.name),
        counted(row.entities, "entity", "entities")
    ));
    Ok(())
}

async fn test(session: &Session, source: &str) -> Result<()> {
    let server = locard_app::test_source(&session.home, source).await?;
    let account = server
        .account
        .map(|account| format!(" as {}", printable(&account)))
        .unwrap_or_default();
    session.printer.say(format!(
        "connected to {}{account}",
        printable(&server.product)
    ));
    Ok(())
}

async fn add(session: &Session, source: AddSource) -> Result<()> {
    let is_reached = source.target.is_some();
    let row = locard_app::add_source(&session.home, &actor(), source).await?;
    let place = if is_reached { &row.target } else { MANUAL };
    let name = printable(&row.name);
    session
        .printer
        .say(format!("registered {name} ({})", printable(place)));
    if row.entities > 0 || row.scanned_at.is_some() {
        session.printer.say(format!(
            "it takes over what was scanned of that target before: {}, with findings and decisions",
            counted(row.entities, "entity", "entities")
        ));
    }
    let all = locard_app::sources(&session.home).await?;
    let same = |other: &&locard_app::SourceRow| {
        is_reached
            && other.registered
            && other.id != row.id
            && (&other.connector, &other.target) == (&row.connector, &row.target)
    };
    if let Some(same) = all.iter().find(same) {
        let same = printable(&same.name);
        session.printer.warn(&format!(
            "{same} is the same place: a scan of both reads and counts it twice"
        ));
    }
    session.printer.hint(&if is_reached {
        let word = printable(&shell_word(&row.name));
        format!("`locard sources test {word}` connects, `locard scan {word}` reads")
    } else {
        "no connector reaches it: `locard find` says that its owner must be asked".to_owned()
    });
    Ok(())
}

/// Says so where a password was typed as an argument.
fn tell_password(session: &Session, target: Option<&SecretString>) {
    let holds = |target: &SecretString| session.home.holds_password(target.expose_secret());
    if target.is_some_and(holds) {
        session.printer.warn(
            "the password stood among the arguments: the shell's history may hold it, and others saw it in the list of \
            processes",
        );
        session.printer.hint(
            "change it, and say with `--secret password=env:NAME` or `password=file:PATH` where it is kept, or give the \
            target on stdin as `-`",
        );
    }
}

/// What a place is that no connector reaches.
fn manual_kind(name: Option<&str>) -> Result<ManualKind> {
    let Some(name) = name else {
        return Ok(ManualKind::default());
    };
    ManualKind::parse(name).ok_or_else(|| {
        let known: Vec<&str> = ManualKind::ALL.iter().map(|kind| kind.as_str()).collect();
        anyhow::anyhow!(
            "there is no such kind\nhint: kinds are {}",
            known.join(", ")
        )
    })
}

/// A target may hold a password, so it can come by stdin.
fn target_text(target: &SecretString) -> Result<SecretString> {
    if target.expose_secret() == "-" {
        return Ok(SecretString::from(
            locard_app::read_text(Path::new("-"))?.trim(),
        ));
    }
    Ok(target.clone())
}

/// A name and what it is to be.
fn pair(text: &SecretString) -> Result<(String, String)> {
    let pair = text.expose_secret().split_once('=');
    let (name, value) = pair.context("--set and --secret take NAME=VALUE")?;
    Ok((name.trim().to_owned(), value.to_owned()))
}

/// Where secrets are kept.
fn kept(given: &[SecretString]) -> Result<Secrets> {
    let place = |text| {
        let (name, place) = pair(text)?;
        let place = place
            .parse()
            .map_err(|what: String| anyhow!("--secret {name}: {what}"))?;
        Ok((name, place))
    };
    Ok(Secrets(given.iter().map(place).collect::<Result<_>>()?))
}

fn options(session: &Session, connector: &str, format: ListFormat) -> Result<()> {
    let mut list = List::new(&["name", "holds", "about"]).prose(&["holds", "about"]);
    for option in locard_app::source_options(&session.home, connector)? {
        list.row([json!(option.name), json!(option.kind), json!(option.about)]);
    }
    let mut output = session.printer.output(None)?;
    list.print(&mut output, format, "it has no options")?;
    Ok(output.finish()?)
}

async fn list(session: &Session, format: ListFormat) -> Result<()> {
    let mut list = List::new(&[
        "name",
        "connector",
        "target",
        "entities",
        "scanned at",
        "owner",
        "note",
        "max rate",
        "readers",
        "window",
    ])
    .prose(&["note"]);
    let is_table = format == ListFormat::Table;
    let mut unsaid = [true; 6];
    for source in locard_app::sources(&session.home).await? {
        list.row([
            json!(source.name),
            json!(source.connector),
            // What was never given a name is called as its target, which need not be read twice.
            json!((!is_table || source.target != source.name).then_some(&source.target)),
            json!(source.entities),
            json!(source.scanned_at),
            json!(source.owner),
            json!(source.note),
            json!(
                source
                    .limits
                    .bytes_per_second
                    .map(|rate| rate_text(rate.get()))
            ),
            json!(source.limits.readers),
            json!(source.window.as_ref().map(ToString::to_string)),
        ]);
        unsaid[0] &= source.target == source.name;
        unsaid[1] &= source.owner.is_none();
        unsaid[2] &= source.note.is_none();
        unsaid[3] &= source.limits.bytes_per_second.is_none();
        unsaid[4] &= source.limits.readers.is_none();
        unsaid[5] &= source.window.is_none();
    }
    if is_table {
        // What nobody said of any source takes no room.
        let optional = ["target", "owner", "note", "max rate", "readers", "window"];
        let named = optional.into_iter().zip(unsaid);
        let empty: Vec<&str> = named.filter(|(_, is)| *is).map(|(name, _)| name).collect();
        list.hide(&empty);
    }
    let mut output = session.printer.output(None)?;
    list.print(
        &mut output,
        format,
        "no sources; `locard sources add NAME TARGET` registers one",
    )?;
    Ok(output.finish()?)
}

async fn spare(session: &Session, args: &Spare) -> Result<()> {
    let (id, mut sparing) = locard_app::sparing_named(&session.home, &args.source).await?;
    let limits = &mut sparing.limits;
    change(&mut sparing.window, args.window.as_deref(), args.no_window);
    change(
        &mut limits.bytes_per_second,
        args.max_rate.as_ref(),
        args.no_max_rate,
    );
    change(&mut limits.readers, args.readers.as_ref(), args.no_readers);
    let said = spared(&printable(&args.source), &sparing);
    locard_app::spare_source(&session.home, &actor(), id, sparing).await?;
    session.printer.say(said);
    Ok(())
}

/// What is said goes before what was; or it is taken back.
fn change<T: Clone>(known: &mut Option<T>, said: Option<&T>, is_taken_back: bool) {
    if said.is_some() || is_taken_back {
        *known = said.cloned();
    }
}

/// How a source is spared, in a sentence.
fn spared(name: &str, sparing: &Sparing) -> String {
    let limits = &sparing.limits;
    let rate = limits.bytes_per_second;
    let said = [
        sparing
            .window
            .as_ref()
            .map(|window| format!("only in {window}")),
        rate.map(|rate| format!("at most {}", rate_text(rate.get()))),
        limits.readers.map(|readers| {
            format!(
                "by {} at a time",
                counted(readers.get() as u64, "reader", "readers")
            )
        }),
    ];
    let said: Vec<String> = said.into_iter().flatten().collect();
    if said.is_empty() {
        return format!("{name} is scanned at any time, as fast as it goes");
    }
    format!("{name} is scanned {}", said.join(", "))
}

/// A rate as it is typed: 20MB/s, or plain bytes where no unit fits.
fn rate_text(bytes: u64) -> String {
    let units = [(1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")];
    let fitting = units
        .into_iter()
        .find(|(unit, _)| bytes.is_multiple_of(*unit));
    match fitting {
        Some((unit, name)) => format!("{}{name}/s", bytes / unit),
        None => format!("{bytes}B/s"),
    }
}

async fn ingest(session: &Session, source: &str) -> Result<Outcome> {
    let report = locard_app::ingest_source(&session.home, source).await?;
    session.printer.say(format!(
        "{} listed, {} new, {} gone",
        counted(report.entities, "entity", "entities"),
        report.new,
        report.gone
    ));
    let mut output = session.printer.output(None)?;
    print_failures(&mut output, &report.failures)?;
    output.finish()?;
    Ok(if report.failures.is_empty() {
        Outcome::Done
    } else {
        Outcome::Failed
    })
}
