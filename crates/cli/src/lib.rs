//! The command line: argument types, one file per command, printing, progress bars.
//!
//! stdout is data, stderr is talk and progress. Exit status: 0 done (finding nobody included), 1 a `--fail-on`
//! threshold was crossed, 2 something failed, which outranks 1. A closed pipe is a success.

mod args;
mod beside;
mod commands;
mod lists;
mod log;
pub mod panics;
mod passed;
mod printer;
mod progress;
mod report;
mod sarif;
mod settings;
mod table;
mod terminal;
mod width;

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::pin::Pin;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Result;
use clap::{ArgMatches, CommandFactory, FromArgMatches};
use locard_app::{CancellationToken, Connector, ErrorKind, Home, HomeOptions};

use crate::args::{Cli, Command, Completions};
use crate::commands::{Outcome, Session};
use crate::printer::{Printer, is_closed_pipe};

pub use commands::serve::Serving;

/// Told where the server listens.
pub type Ready = Box<dyn FnOnce(SocketAddr) + Send>;

/// What serves the programming interface until the token fires. It stands beside this crate, so whoever wires both hands
/// it in.
pub type Service = fn(
    Arc<Home>,
    Serving,
    CancellationToken,
    Ready,
) -> Pin<Box<dyn Future<Output = std::io::Result<()>> + Send>>;

/// Runs one command line and answers the exit status.
pub async fn run(
    line: Vec<OsString>,
    connectors: &'static [&'static dyn Connector],
    service: Service,
) -> ExitCode {
    let cli = match parse(&line) {
        Ok(cli) => cli,
        Err(code) => return code,
    };
    let printer = Printer::new(&cli.global);
    log::begin(cli.global.verbose, cli.command.log());
    let status = match Box::pin(dispatch(cli, printer, connectors, service)).await {
        Ok(Outcome::Done) => 0,
        Ok(Outcome::Crossed) => 1,
        Ok(Outcome::Failed) => 2,
        Err(error) if is_closed_pipe(&error) => 0,
        Err(error) => {
            explain_error(printer, &error);
            2
        }
    };
    ExitCode::from(panics::status(status))
}

/// Parses the line over the settings file and the environment.
fn parse(line: &[OsString]) -> Result<Cli, ExitCode> {
    let early = Cli::command()
        .ignore_errors(true)
        .try_get_matches_from(line)
        .ok();
    let path = |name: &str| {
        early.as_ref().and_then(|matches: &ArgMatches| {
            matches.try_get_one::<PathBuf>(name).ok().flatten().cloned()
        })
    };
    let said = |variable: &str| {
        let value = std::env::var_os(variable).filter(|value| !value.is_empty());
        value.map(PathBuf::from)
    };
    let home = path("home")
        .or_else(|| said("LOCARD_HOME"))
        .or_else(locard_app::default_home);
    let named = path("config").or_else(|| said("LOCARD_CONFIG"));
    let command = settings::load(named.as_deref(), home.as_deref())
        .and_then(|table| settings::apply(Cli::command(), &table))
        .map_err(|error| {
            eprint_plain(&error);
            ExitCode::from(2)
        })?;
    command
        .try_get_matches_from(line)
        .and_then(|matches| Cli::from_arg_matches(&matches))
        .map_err(|error| refused(error, line))
}

/// Tells why a line is not understood, or prints what it asked for. What is typed is judged by itself: a usage line that
/// shows what variables say would look like one of options that are missing.
fn refused(error: clap::Error, line: &[OsString]) -> ExitCode {
    let mut told = error;
    if told.use_stderr() {
        match Cli::command().try_get_matches_from(line) {
            Ok(line) => {
                if let Some(error) = settings::misfit(&line) {
                    eprint_plain(&error);
                    return ExitCode::from(2);
                }
            }
            Err(typed) => told = typed,
        }
    }
    // clap prints help and version to stdout, faults to stderr; nobody reads along when that fails.
    let _ = told.print();
    ExitCode::from(u8::try_from(told.exit_code()).unwrap_or(2))
}

/// Before the arguments are known there is no printer to ask.
fn eprint_plain(error: &anyhow::Error) {
    explain_error(Printer::plain(), error);
}

/// One sentence, its causes, and the hint on a line of its own.
fn explain_error(printer: Printer, error: &anyhow::Error) {
    let mut sentences = Vec::new();
    let mut hint = None;
    for cause in error.chain() {
        if let Some(error) = cause.downcast_ref::<locard_app::Error>() {
            // What lies below may quote a driver, and a driver may quote data.
            sentences.push(error.sentence().to_owned());
            hint = hint.or_else(|| error.hint_text().map(str::to_owned));
            break;
        }
        if let Some(error) = cause.downcast_ref::<std::io::Error>() {
            sentences.push(system(error));
            hint = hint.or_else(|| system_hint(error).map(str::to_owned));
            break;
        }
        sentences.push(cause.to_string());
    }
    let text = sentences.join(": ");
    let (sentence, inline) = match text.split_once("\nhint: ") {
        Some((sentence, hint)) => (sentence.to_owned(), Some(hint.to_owned())),
        None => (text, None),
    };
    printer.error(&printer::printable(&sentence), hint.or(inline).as_deref());
}

/// What the system answered; an error of our own making is a sentence already.
fn system(error: &std::io::Error) -> String {
    match error.get_ref() {
        Some(own) if error.kind() == std::io::ErrorKind::Other => own.to_string(),
        _ => locard_app::why(error),
    }
}

fn system_hint(error: &std::io::Error) -> Option<&'static str> {
    use std::io::ErrorKind as Cause;
    match error.kind() {
        Cause::NotFound | Cause::NotADirectory => {
            Some("check the path; folders are not made on the way")
        }
        Cause::IsADirectory => Some("name a file in it"),
        Cause::PermissionDenied => Some("check who may read and write there"),
        Cause::ReadOnlyFilesystem | Cause::StorageFull => Some("choose another place"),
        _ => None,
    }
}

async fn dispatch(
    cli: Cli,
    printer: Printer,
    connectors: &'static [&'static dyn Connector],
    service: Service,
) -> Result<Outcome> {
    if let Command::Completions(Completions { shell }) = &cli.command {
        let mut script = Vec::new();
        clap_complete::generate(*shell, &mut Cli::command(), "locard", &mut script);
        let mut output = printer.output(None)?;
        std::io::Write::write_all(&mut output, &script)?;
        output.finish()?;
        return Ok(Outcome::Done);
    }
    let options = home_options(&cli, connectors);
    if let Command::Restore(args) = &cli.command {
        let home = commands::backup::restore(printer, options, args).await;
        let home = home.map_err(|error| held(error, &cli.command))?;
        warn_left_out(printer, &home);
        home.close().await?;
        return Ok(Outcome::Done);
    }
    let home = Home::open(options)
        .await
        .map_err(|error| held(error, &cli.command))?;
    if fires_often() {
        home.fire_often();
    }
    if let Some(file) = home.new_key_file() {
        printer.say(format!("made a master key in {}", file.display()));
        printer.hint("keep a copy of it elsewhere: without it nobody can open this catalog");
    }
    // The check tells all of it.
    if !matches!(cli.command, Command::Rules(args::Rules::Check { .. })) {
        warn_left_out(printer, &home);
    }
    for sentence in settings::unknown_variables() {
        printer.warn(&printer::printable(&sentence));
    }
    let cancel = CancellationToken::new();
    stop_on_interrupt(&cancel, printer);
    if let Command::Serve(_) | Command::Worker(_) = cli.command {
        return stay(home, printer, &cli.command, service, &cancel).await;
    }
    let session = Session {
        home,
        printer,
        cancel,
    };
    let outcome = command(&session, &cli.command).await;
    foremost(outcome, session.home.close().await.map_err(Into::into))
}

/// Of a home that somebody else holds, what helps with this command.
fn held(error: locard_app::Error, command: &Command) -> locard_app::Error {
    match command.held() {
        Some(hint) if error.kind() == ErrorKind::Locked => error.hint(hint),
        _ => error,
    }
}

/// The commands that end when they are told to.
async fn stay(
    home: Home,
    printer: Printer,
    command: &Command,
    service: Service,
    stop: &CancellationToken,
) -> Result<Outcome> {
    let home = Arc::new(home);
    let (telemetry, wrong) = locard_telemetry::start();
    for sentence in wrong {
        printer.warn(&sentence);
    }
    let outcome = match command {
        Command::Serve(args) => commands::serve::serve(&home, printer, args, service, stop).await,
        Command::Worker(args) => commands::serve::work(&home, printer, args, stop).await,
        _ => Ok(Outcome::Done),
    };
    telemetry.end().await;
    let closed = match Arc::try_unwrap(home) {
        Ok(home) => home.close().await,
        // A request that was cut off still holds it; the end of the process lets go.
        Err(_) => Ok(()),
    };
    foremost(outcome, closed.map_err(Into::into))
}

/// What a command says of itself goes before what closing says: a home that closes badly is rarely why it failed.
fn foremost(outcome: Result<Outcome>, closed: Result<()>) -> Result<Outcome> {
    let outcome = outcome?;
    closed?;
    Ok(outcome)
}

/// Says that own rules are left out: names that only they would mask are not masked then.
fn warn_left_out(printer: Printer, home: &Home) {
    if let Some(error) = home.rules_left_out() {
        let sentence = format!(
            "own rules and dictionaries are left out, and mask no names: {}",
            error.sentence()
        );
        printer.warn(&printer::printable(&sentence));
        error
            .hint_text()
            .into_iter()
            .for_each(|hint| printer.hint(hint));
    }
}

async fn command(session: &Session, command: &Command) -> Result<Outcome> {
    match command {
        Command::Scan(args) => commands::scan::run(session, args).await,
        Command::Find(args) => commands::find::run(session, args).await,
        Command::Collect(args) => commands::collect::run(session, args).await,
        Command::Dsar(args) => commands::dsar::run(session, args).await,
        Command::Relations(args) => commands::relations::run(session, args).await,
        Command::Explain(args) => commands::explain::run(session, args).await,
        Command::Rows(args) => commands::rows::run(session, args).await,
        Command::Findings(args) => commands::findings::run(session, args).await,
        Command::Diff(args) => commands::diff::run(session, args).await,
        Command::Duplicates(args) => commands::duplicates::run(session, args).await,
        Command::Sources(args) => commands::sources::run(session, args).await,
        Command::Rules(args) => commands::rules::run(session, args).await,
        Command::Dictionaries(args) => commands::dictionaries::run(session, args).await,
        Command::BusinessRules(args) => commands::business::run(session, args).await,
        Command::Schedules(args) => commands::schedules::run(session, args).await,
        Command::Jobs(args) => commands::jobs::run(session, args).await,
        Command::Requests(args) => commands::requests::run(session, args).await,
        Command::Audit(args) => commands::audit::run(session, args).await,
        Command::Backup(args) => commands::backup::backup(session, args).await,
        Command::RotateKey => commands::backup::rotate_key(session).await,
        Command::Restore(_) | Command::Serve(_) | Command::Worker(_) | Command::Completions(_) => {
            Ok(Outcome::Done)
        }
    }
}

fn home_options(cli: &Cli, connectors: &'static [&'static dyn Connector]) -> HomeOptions {
    HomeOptions {
        dir: cli.global.home.clone(),
        store: cli.global.store.clone(),
        access: cli.command.access(),
        key: None,
        key_file: None,
        dictionaries: cli.global.dictionaries_dir.clone(),
        judges: cli.command.judges(),
        connectors,
        threads: cli.global.threads,
        piece_bytes: small_pieces(),
    }
}

/// What tests say of the size of pieces: they kill scans inside entities of many. Only debug builds listen.
fn small_pieces() -> Option<u64> {
    let said = cfg!(debug_assertions).then(|| std::env::var("LOCARD_TEST_PIECE_BYTES").ok());
    said.flatten()?.parse().ok()
}

/// What tests say of schedules: they do not wait for minutes. Only debug builds listen.
fn fires_often() -> bool {
    cfg!(debug_assertions) && std::env::var_os("LOCARD_TEST_OFTEN").is_some()
}

/// The first Ctrl-C lets running tasks end and keeps what was found; the second ends the process at once, which the
/// catalog survives too. What asks a service to end is the same to us.
fn stop_on_interrupt(cancel: &CancellationToken, printer: Printer) {
    let cancel = cancel.clone();
    tokio::spawn(async move {
        if interrupted().await.is_err() {
            return;
        }
        // Nothing is under way yet that could be lost.
        if locard_app::waits_for_input() {
            std::process::exit(130);
        }
        cancel.cancel();
        printer.say("stopping; what is recorded so far is kept (Ctrl-C again ends at once)");
        if interrupted().await.is_ok() {
            terminal::clear();
            std::process::exit(130);
        }
    });
}

#[cfg(unix)]
async fn interrupted() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminated = signal(SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted,
        _ = terminated.recv() => Ok(()),
    }
}

#[cfg(not(unix))]
async fn interrupted() -> std::io::Result<()> {
    tokio::signal::ctrl_c().await
}

#[cfg(test)]
mod tests {
    use super::Outcome;

    #[test]
    fn a_command_that_failed_says_why_also_where_its_home_closes_badly() {
        let closed = || Err(anyhow::anyhow!("the store does not answer"));
        let said =
            |outcome, closed| super::foremost(outcome, closed).map_err(|error| error.to_string());
        let failed = Err(anyhow::anyhow!("there is no such column"));
        assert_eq!(
            said(failed, closed()),
            Err("there is no such column".to_owned())
        );
        let done = said(Ok(Outcome::Done), closed());
        assert_eq!(done, Err("the store does not answer".to_owned()));
        assert_eq!(said(Ok(Outcome::Crossed), Ok(())), Ok(Outcome::Crossed));
    }
}
