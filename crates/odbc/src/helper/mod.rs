//! The helper itself: a thread that listens, and one that works.
//!
//! When standard input ends, whatever the server does is cancelled and the program ends: nobody waits for it any more.

mod answer;
mod bound;
mod cancel;
mod cells;
mod column;
mod connect;
mod fault;

use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};

use locard_odbc::{
    About, BATCH, Catalog, Failure, JSON, Oddity, Query, Reply, Request, read_frame, write_frame,
};
use odbc_api::Connection;
use odbc_api::handles::{AsStatementRef as _, Statement as _};

use answer::answer;
use cancel::Canceller;
use fault::failure;

/// What both threads say when they cannot go on.
type Result<T, E = Failure> = std::result::Result<T, E>;

/// Where answers go.
pub(crate) struct Output {
    to: Box<dyn Write>,
}

impl Output {
    /// Says something.
    pub(crate) fn say(&mut self, reply: &Reply) -> io::Result<()> {
        write_frame(&mut self.to, JSON, &serde_json::to_vec(reply)?)
    }

    /// Hands a batch over.
    pub(crate) fn batch(&mut self, odd: Vec<Oddity>, stream: &[u8]) -> io::Result<()> {
        if !odd.is_empty() {
            self.say(&Reply::Odd(odd))?;
        }
        write_frame(&mut self.to, BATCH, stream)
    }
}

/// Serves whoever started us until standard input ends.
pub(crate) fn run() -> ExitCode {
    let Ok(to) = own_output() else {
        return ExitCode::FAILURE;
    };
    // A panic is told as a failure of the driver; its words may hold data.
    std::panic::set_hook(Box::new(|_| {}));
    let canceller = Arc::new(Canceller::default());
    let (sender, receiver) = sync_channel(1);
    let listener = canceller.clone();
    std::thread::spawn(move || {
        let mut input = io::stdin().lock();
        while let Ok(Some((JSON, payload))) = read_frame(&mut input) {
            let Ok(request) = serde_json::from_slice(&payload) else {
                break;
            };
            if sender.send(request).is_err() {
                break;
            }
        }
        listener.cancel();
    });
    match serve(&receiver, &canceller, &mut Output { to }) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

/// Standard output, taken away from drivers that print there.
#[cfg(unix)]
fn own_output() -> io::Result<Box<dyn Write>> {
    let own = nix::unistd::dup(io::stdout())?;
    let nowhere = std::fs::OpenOptions::new().write(true).open("/dev/null")?;
    nix::unistd::dup2_stdout(nowhere)?;
    Ok(Box::new(std::fs::File::from(own)))
}

#[cfg(not(unix))]
fn own_output() -> io::Result<Box<dyn Write>> {
    Ok(Box::new(io::stdout()))
}

fn serve(
    requests: &Receiver<Request>,
    canceller: &Canceller,
    output: &mut Output,
) -> io::Result<()> {
    let mut connection = None;
    while let Ok(request) = requests.recv() {
        let work = || act(&mut connection, request, canceller, output);
        // Drivers are held to what the standard says by assertions of the library that calls them.
        let done = catch_unwind(AssertUnwindSafe(work));
        match done.unwrap_or_else(|_| Ok(Err(broken(connection.as_ref()))))? {
            Ok(reply) => output.say(&reply)?,
            Err(failure) => output.say(&Reply::Failed(failure))?,
        }
    }
    Ok(())
}

/// Does what is asked. The outer error is that nobody listens.
fn act(
    connection: &mut Option<Connection<'static>>,
    request: Request,
    canceller: &Canceller,
    output: &mut Output,
) -> io::Result<Result<Reply>> {
    match (request, connection.as_ref()) {
        (Request::Connect(how), None) => Ok(connect::connect(&how).map(|(made, server)| {
            *connection = Some(made);
            Reply::Connected(server)
        })),
        (Request::Query(query), Some(connection)) => {
            finished(query_all(connection, &query, canceller, output))
        }
        (Request::Catalog(what), Some(connection)) => {
            finished(look_up(connection, &what, canceller, output))
        }
        _ => Ok(Err(Failure::of(About::Unknown))),
    }
}

/// Why an answer ended early.
pub(crate) enum Ended {
    /// The driver failed.
    Failed(Failure),
    /// Nobody listens.
    Unheard(io::Error),
}

impl From<odbc_api::Error> for Ended {
    fn from(error: odbc_api::Error) -> Self {
        Self::Failed(failure(&error))
    }
}

impl From<io::Error> for Ended {
    fn from(error: io::Error) -> Self {
        Self::Unheard(error)
    }
}

fn finished(result: Result<(), Ended>) -> io::Result<Result<Reply>> {
    match result {
        Ok(()) => Ok(Ok(Reply::Done)),
        Err(Ended::Failed(failure)) => Ok(Err(failure)),
        Err(Ended::Unheard(error)) => Err(error),
    }
}

fn query_all(
    connection: &Connection<'static>,
    query: &Query,
    canceller: &Canceller,
    output: &mut Output,
) -> Result<(), Ended> {
    let result = query_once(connection, query, query.bounded, canceller, output);
    let result = match result {
        // The driver said of a column that it is shorter than it is. Nothing was handed over yet, so it begins again.
        Err((Ended::Failed(failure), false)) if failure.about == About::Truncated => {
            let _ = connection.rollback();
            query_once(connection, query, false, canceller, output)
        }
        result => result,
    };
    let result = result.map_err(|(ended, _)| ended);
    // Ends the transaction; a driver that cannot has none.
    let is_over = connection.rollback().is_ok();
    let is_dead = connection.is_dead().unwrap_or(false);
    match result {
        // Some drivers take a lost connection for the end of the rows, or fail without a word.
        Ok(()) if is_dead => Err(Ended::Failed(lost())),
        Err(Ended::Failed(failure)) if failure.about == About::Driver && (is_dead || !is_over) => {
            Err(Ended::Failed(lost()))
        }
        result => result,
    }
}

/// The failure of a driver that broke the rules: where the connection is gone, many do.
fn broken(connection: Option<&Connection<'static>>) -> Failure {
    let is_gone = |connection: &Connection<'static>| {
        connection.rollback().is_err() || connection.is_dead().unwrap_or(true)
    };
    let is_lost = |connection| catch_unwind(AssertUnwindSafe(|| is_gone(connection)));
    if connection.is_some_and(|connection| is_lost(connection).unwrap_or(true)) {
        lost()
    } else {
        Failure::of(About::Driver)
    }
}

/// The failure of a connection that is gone.
fn lost() -> Failure {
    Failure {
        state: "08S01".to_owned(),
        ..Failure::of(About::Unknown)
    }
}

/// Runs a query. The error says also whether some of the answer was handed over.
fn query_once(
    connection: &Connection<'static>,
    query: &Query,
    bounded: bool,
    canceller: &Canceller,
    output: &mut Output,
) -> Result<(), (Ended, bool)> {
    let early = |error: odbc_api::Error| (Ended::from(error), false);
    for sql in &query.before {
        connection.execute(sql, (), None).map(drop).map_err(early)?;
    }
    let mut statement = connection.preallocate().map_err(early)?;
    // A driver without limits is ended by whoever waits for it.
    let _ = statement.set_query_timeout_sec(query.timeout);
    let _armed = canceller.arm(statement.as_stmt_ref().as_sys());
    match statement.execute(&query.sql, ()).map_err(early)? {
        Some(cursor) => answer(cursor, query, bounded, output),
        None => Ok(()),
    }
}

fn look_up(
    connection: &Connection<'static>,
    what: &Catalog,
    canceller: &Canceller,
    output: &mut Output,
) -> Result<(), Ended> {
    let mut statement = connection.preallocate()?;
    let armed = canceller.arm(statement.as_stmt_ref().as_sys());
    let catalog = connect::catalog(connection);
    let cursor = match what {
        Catalog::Tables(None) => statement.tables_cursor(&catalog, "", "", "")?,
        Catalog::Tables(Some(table)) => {
            let [schema, name] = [&table.schema, &table.name].map(|name| pattern(name));
            statement.tables_cursor(&table.catalog, &schema, &name, "")?
        }
        Catalog::Columns(table) => {
            let [schema, name] = [&table.schema, &table.name].map(|name| pattern(name));
            statement.columns_cursor(&table.catalog, &schema, &name, "")?
        }
        Catalog::PrimaryKey(table) => {
            let [catalog, schema] = [&table.catalog, &table.schema]
                .map(|name| Some(name.as_str()).filter(|name| !name.is_empty()));
            statement.primary_keys_cursor(catalog, schema, &table.name)?
        }
        Catalog::ForeignKeys(table) => {
            statement.foreign_keys_cursor("", "", "", &table.catalog, &table.schema, &table.name)?
        }
    };
    let query = Query {
        before: Vec::new(),
        sql: String::new(),
        timeout: 0,
        columns: Vec::new(),
        bounded: false,
        utf8: false,
        longest: 1 << 20,
    };
    answer(cursor, &query, false, output).map_err(|(ended, _)| ended)?;
    drop(armed);
    drop(statement);
    let _ = connection.rollback();
    Ok(())
}

/// A name as a pattern that is only that name, for drivers that take patterns; whoever asks compares what comes.
fn pattern(name: &str) -> String {
    // Drivers differ in what escapes; `_` for any letter finds the name in all of them.
    name.chars()
        .map(|c| if matches!(c, '%' | '\\') { '_' } else { c })
        .collect()
}
