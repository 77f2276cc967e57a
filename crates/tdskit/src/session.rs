//! What a batch does, as tokens.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rusqlite::types::ValueRef;
use rusqlite::{Connection, InterruptHandle};

use crate::ddl;
use crate::engine::{Engine, OWNER};
use crate::functions::Asker;
use crate::lexer::{Word, statements, words};
use crate::tokens::{self, COUNTED, FAILED, Failure, MORE};
use crate::translate::{Select, select};
use crate::types::{self, Type};

/// Bytes of rows that are sent at a time.
const CHUNK: usize = 16 << 10;

/// Takes tokens; `false` where nobody wants more.
pub(crate) type Sink<'a> = &'a mut dyn FnMut(Vec<u8>) -> bool;

/// Somebody who is signed in.
pub(crate) struct Session {
    engine: Arc<Engine>,
    connection: Connection,
    asker: Asker,
    attached: Vec<String>,
    lock_timeout: Duration,
    /// Whether what runs is to be given up.
    pub(crate) cancelled: Arc<AtomicBool>,
}

impl Session {
    pub(crate) fn open(engine: &Arc<Engine>, asker: Asker) -> Result<Self, Failure> {
        Ok(Self {
            connection: engine.open(&asker)?,
            engine: engine.clone(),
            asker,
            attached: Vec::new(),
            lock_timeout: Duration::MAX,
            cancelled: Arc::default(),
        })
    }

    /// What ends a statement of SQLite's.
    pub(crate) fn interrupt(&self) -> InterruptHandle {
        self.connection.get_interrupt_handle()
    }

    fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::SeqCst)
    }

    /// Runs a batch to its end, or to its first error.
    pub(crate) fn run(&mut self, batch: &str, sink: Sink<'_>) {
        let words = words(batch);
        let statements = statements(&words);
        for (at, statement) in statements.iter().enumerate() {
            let more = if at + 1 < statements.len() { MORE } else { 0 };
            match self.statement(statement, sink) {
                Ok(rows) => {
                    sink(tokens::done(COUNTED | more, rows));
                }
                Err(failure) => {
                    sink(tokens::error(&failure));
                    sink(tokens::done(FAILED, 0));
                    return;
                }
            }
        }
        if statements.is_empty() {
            sink(tokens::done(0, 0));
        }
    }

    fn statement(&mut self, words: &[Word], sink: Sink<'_>) -> Result<u64, Failure> {
        let is = |at: usize, keyword: &str| words.get(at).is_some_and(|word| word.is(keyword));
        let name = |at: usize| words.get(at).and_then(Word::name).unwrap_or_default();
        match &words[0] {
            _ if is(0, "SELECT") => return self.select(&select(words), sink),
            _ if is(0, "SET") => self.set(words),
            _ if is(0, "WAITFOR") => {
                self.wait(words);
                return Ok(0);
            }
            _ if is(0, "RAISERROR") => return Err(raised(words)),
            // What follows changes something.
            _ if self.asker.login != OWNER.0 => return Err(Failure::new(262, "permission denied")),
            _ if is(0, "CREATE") && is(1, "DATABASE") => self.engine.create(name(2))?,
            _ if is(0, "DROP") && is(1, "DATABASE") => self.engine.drop_database(name(2))?,
            _ if is(0, "ALTER") && is(1, "DATABASE") => self.allow(words)?,
            _ if is(0, "CREATE") && is(1, "TABLE") => {
                ddl::create_table(&self.connection, &words[2..])?;
            }
            _ if is(0, "CREATE") && is(1, "VIEW") => {
                ddl::create_view(&self.connection, &words[2..])?;
            }
            _ if is(0, "DROP") => ddl::drop_object(&self.connection, name(1), &words[2..])?,
            _ if is(0, "INSERT") => ddl::insert(&self.connection, &words[2..])?,
            _ if is(0, "CREATE") && is(1, "SCHEMA") => {
                let sql = "INSERT INTO \"sys.schemas\" SELECT max(schema_id) + 1, ?1 FROM \"sys.schemas\"";
                self.execute(sql, &[name(2)])?;
            }
            _ if is(0, "CREATE") && is(1, "LOGIN") => {
                let password = words.iter().find_map(|word| match word {
                    Word::Text(text) => Some(text.clone()),
                    _ => None,
                });
                let login = name(2).to_owned();
                self.engine
                    .state()
                    .logins
                    .insert(login, password.unwrap_or_default());
            }
            _ if is(0, "CREATE") => {}
            _ if is(0, "GRANT") || is(0, "DENY") => self.grant(words),
            _ if is(0, "EXEC") => self.comment(words)?,
            _ => self.change(words)?,
        }
        Ok(0)
    }

    fn execute(&self, sql: &str, parameters: &[&str]) -> Result<(), Failure> {
        let parameters = rusqlite::params_from_iter(parameters);
        let done = self.connection.execute(sql, parameters);
        done.map(drop).map_err(|error| ddl::failure(&error))
    }

    /// `UPDATE`, `DELETE FROM`, which are the same in SQLite but for names.
    fn change(&mut self, words: &[Word]) -> Result<(), Failure> {
        let from = if words[0].is("DELETE") { 2 } else { 1 };
        let (schema, name, length) = ddl::object(&words[from..]);
        let rest = crate::translate::expression(&words[from + length..], &mut Vec::new());
        let verb = if from == 2 { "DELETE FROM" } else { "UPDATE" };
        let table = crate::lexer::quoted(&format!("{schema}.{name}"));
        self.execute(&format!("{verb} {table} {rest}"), &[])?;
        ddl::count(&self.connection, &schema, &name).map_err(|error| ddl::failure(&error))
    }

    fn set(&mut self, words: &[Word]) {
        if let (true, Some(Word::Number(millis))) = (words[1].is("LOCK_TIMEOUT"), words.get(2)) {
            self.lock_timeout = Duration::from_millis(millis.parse().unwrap_or(0));
        }
    }

    /// `WAITFOR DELAY '00:00:05'`.
    fn wait(&self, words: &[Word]) {
        let Some(Word::Text(time)) = words.get(2) else {
            return;
        };
        let seconds = time
            .split(':')
            .fold(0, |sum, part| sum * 60 + part.parse().unwrap_or(0));
        let end = Instant::now() + Duration::from_secs(seconds);
        while Instant::now() < end && !self.is_cancelled() {
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// `ALTER DATABASE name SET ALLOW_SNAPSHOT_ISOLATION ON`, `SET OFFLINE`.
    fn allow(&self, words: &[Word]) -> Result<(), Failure> {
        let database = words.get(2).and_then(Word::name).unwrap_or_default();
        let column = match words.get(4) {
            Some(word) if word.is("ALLOW_SNAPSHOT_ISOLATION") => "snapshot_isolation_state",
            _ => "state",
        };
        let value = words
            .last()
            .is_some_and(|word| word.is("ON") || word.is("OFFLINE"));
        let sql = format!(
            "UPDATE \"sys.databases\" SET {column} = {} WHERE name = ?1",
            u8::from(value)
        );
        self.execute(&sql, &[database])
    }

    /// `GRANT SELECT [ON schema.name] TO login`, `GRANT UNMASK TO login`; DENY takes it away again.
    fn grant(&self, words: &[Word]) {
        let login = words
            .last()
            .and_then(Word::name)
            .unwrap_or_default()
            .to_owned();
        let database = format!("[{}]", self.asker.database);
        let on = words.iter().position(|word| word.is("ON"));
        let what = match on {
            Some(at) => {
                let (schema, name, _) = ddl::object(&words[at + 1..]);
                format!("{database}.[{schema}].[{name}]")
            }
            None if words[1].is("UNMASK") => "unmask".to_owned(),
            None => database,
        };
        let is_about_values = words
            .iter()
            .any(|word| word.is("SELECT") || word.is("UNMASK"));
        if !is_about_values {
            return;
        }
        let mut state = self.engine.state();
        if words[0].is("GRANT") {
            state.grants.insert((login, what));
        } else {
            state.grants.remove(&(login, what));
        }
    }

    /// `EXEC sp_addextendedproperty N'MS_Description', N'…', 'SCHEMA', N'dbo', 'TABLE', N'people' [, 'COLUMN', N'mail']`.
    fn comment(&self, words: &[Word]) -> Result<(), Failure> {
        let texts: Vec<&str> = words
            .iter()
            .filter_map(|word| match word {
                Word::Text(text) => Some(text.as_str()),
                _ => None,
            })
            .collect();
        let [_, comment, _, schema, _, table, column @ ..] = texts.as_slice() else {
            return Err(Failure::new(102, "not understood"));
        };
        let column = column.last().copied().unwrap_or_default();
        let sql = "INSERT INTO \"sys.extended_properties\" SELECT 1, o.object_id, coalesce(c.column_id, 0), 'MS_Description', ?1 \
                   FROM \"sys.objects\" o JOIN \"sys.schemas\" s ON s.schema_id = o.schema_id AND s.name = ?2 \
                   LEFT JOIN \"sys.columns\" c ON c.object_id = o.object_id AND c.name = ?4 WHERE o.name = ?3";
        self.execute(sql, &[comment, schema, table, column])
    }

    /// Waits for locks, and sees that the login may read what it asks for.
    fn admit(&mut self, select: &Select) -> Result<(), Failure> {
        let asked = Instant::now();
        for (database, schema, name) in &select.reads {
            let database = database
                .as_deref()
                .unwrap_or(&self.asker.database)
                .to_owned();
            if !self.engine.has(&database) {
                return Err(Failure::new(911, "there is no such database"));
            }
            if database != self.asker.database && !self.attached.contains(&database) {
                let attached = self.engine.attach(&self.connection, &database, &database);
                attached.map_err(|error| ddl::failure(&error))?;
                self.attached.push(database.clone());
            }
            if schema == "sys" {
                let counted = name.starts_with("dm_") && self.asker.login != OWNER.0;
                if counted && !self.engine.may_read(&self.asker.login, "state") {
                    return Err(Failure::new(300, "VIEW SERVER STATE permission was denied"));
                }
                continue;
            }
            let object = format!("[{database}].[{schema}].[{name}]");
            if !self.engine.may_read(&self.asker.login, &object) {
                return Err(Failure::new(229, format!("SELECT was denied on '{name}'")));
            }
            while self.engine.state().locked.contains(name) {
                if self.is_cancelled() {
                    return Err(Failure::new(0, "given up"));
                }
                if asked.elapsed() > self.lock_timeout {
                    return Err(Failure::new(
                        1_222,
                        "Lock request time out period exceeded.",
                    ));
                }
                std::thread::sleep(Duration::from_millis(10));
            }
        }
        Ok(())
    }

    fn select(&mut self, select: &Select, sink: Sink<'_>) -> Result<u64, Failure> {
        self.admit(select)?;
        // A database's own name is not that of a file which is attached.
        let own = format!("{}.", crate::lexer::quoted(&self.asker.database));
        let sql = select.sql.replace(&own, "\"main\".");
        let failed = |error: rusqlite::Error| ddl::failure(&error);
        let mut statement = self.connection.prepare(&sql).map_err(failed)?;
        let known: Vec<(String, Option<Type>)> = statement
            .columns()
            .iter()
            .enumerate()
            .map(|(at, column)| {
                let said = select.types.get(at).cloned().flatten();
                (
                    column.name().to_owned(),
                    said.or_else(|| column.decl_type().and_then(ddl::declared)),
                )
            })
            .collect();
        let mut rows = statement.query([]).map_err(failed)?;
        let (mut columns, mut chunk, mut count) = (Vec::new(), Vec::new(), 0);
        loop {
            let row = rows.next().map_err(failed)?;
            if columns.is_empty() {
                let first = |at| row.and_then(|row| row.get_ref(at).ok());
                columns = known
                    .iter()
                    .enumerate()
                    .map(|(at, (name, kind))| {
                        let kind = kind.clone().filter(|kind| kind.name != "sysname");
                        (name.clone(), kind.unwrap_or_else(|| guess(first(at))))
                    })
                    .collect();
                chunk.extend(metadata(&columns));
            }
            let Some(row) = row else { break };
            let cells: Vec<ValueRef<'_>> = (0..columns.len())
                .filter_map(|at| row.get_ref(at).ok())
                .collect();
            write_row(&columns, &cells, &mut chunk);
            count += 1;
            if self.cancelled.load(Ordering::SeqCst) {
                break;
            }
            if chunk.len() > CHUNK && !sink(std::mem::take(&mut chunk)) {
                break;
            }
        }
        sink(chunk);
        Ok(count)
    }
}

/// `RAISERROR(number, severity)`, which the real one would want more for.
fn raised(words: &[Word]) -> Failure {
    let numbers: Vec<i32> = words
        .iter()
        .filter_map(|word| match word {
            Word::Number(number) => number.parse().ok(),
            _ => None,
        })
        .collect();
    let mut failure = Failure::new(numbers.first().copied().unwrap_or(50_000), "as asked");
    if let Some(severity) = numbers.get(1) {
        failure.severity = *severity as u8;
    }
    failure
}

/// The type of a column that says none, by its first value.
fn guess(value: Option<ValueRef<'_>>) -> Type {
    Type::parse(match value {
        Some(ValueRef::Integer(_)) => "bigint",
        Some(ValueRef::Real(_)) => "float",
        Some(ValueRef::Blob(_)) => "varbinary(8000)",
        _ => "nvarchar(max)",
    })
}

/// COLMETADATA.
fn metadata(columns: &[(String, Type)]) -> Vec<u8> {
    let mut bytes = vec![0x81];
    bytes.extend((columns.len() as u16).to_le_bytes());
    for (name, kind) in columns {
        bytes.extend([0; 4]);
        // Nullable.
        bytes.extend(9_u16.to_le_bytes());
        bytes.extend(types::information(kind));
        bytes.extend(tokens::short(name));
    }
    bytes
}

/// ROW, or NBCROW where several cells are null.
fn write_row(columns: &[(String, Type)], cells: &[ValueRef<'_>], into: &mut Vec<u8>) {
    let nulls = cells.iter().filter(|cell| **cell == ValueRef::Null).count();
    let is_compressed = nulls > 1;
    if is_compressed {
        into.push(0xD2);
        for cells in cells.chunks(8) {
            let bits = cells.iter().enumerate();
            let bits = bits.map(|(at, cell)| u8::from(*cell == ValueRef::Null) << at);
            into.push(bits.sum());
        }
    } else {
        into.push(0xD1);
    }
    for ((_, kind), cell) in columns.iter().zip(cells) {
        match cell {
            ValueRef::Null if is_compressed => {}
            ValueRef::Null => types::null(kind, into),
            cell => types::value(kind, *cell, into),
        }
    }
}
