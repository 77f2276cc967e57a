//! What Locard and its helper program `locard-odbc` say to each other.
//!
//! ODBC drivers are libraries of others that run in the process that loads them, so each connection has a process of its
//! own: what a driver does to that process costs one read and nothing else, and `locard` itself does not link unixODBC.
//! Requests go to the helper's standard input, answers come from its standard output, both as [frames](write_frame). The
//! connection string is part of a request, so no list of processes shows it.

use std::io::{self, Read, Write};

use serde::{Deserialize, Serialize};

/// Bytes of a frame at most. Whoever reads a longer one talks to something else.
pub const LONGEST_FRAME: usize = 1 << 30;

/// The kind of a frame that holds JSON: a [`Request`] or a [`Reply`].
pub const JSON: u8 = b'J';

/// The kind of a frame that holds a stream in Arrow's IPC format, of one batch.
pub const BATCH: u8 = b'B';

/// What the helper is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Request {
    /// Connects; the first request, and the only one of its kind. Answered by [`Reply::Connected`].
    Connect(Connect),
    /// Runs a statement. Answered by batches, then [`Reply::Done`].
    Query(Query),
    /// Asks one of ODBC's catalog functions. Answered like a query, all as text.
    Catalog(Catalog),
}

/// How to connect.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connect {
    /// The connection string, password included.
    pub string: String,
    /// The name of the driver in it; refused unless it is registered.
    pub driver: Option<String>,
    /// The name of the data source in it; refused unless it is registered.
    pub source: Option<String>,
    /// Seconds until an attempt is given up.
    pub timeout: u32,
    /// Bytes of memory that driver and helper may take together; 0 for any number.
    pub memory: u64,
}

impl std::fmt::Debug for Connect {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Connect({:?} {:?})", self.driver, self.source)
    }
}

/// A statement.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Query {
    /// What runs before it in the same transaction.
    pub before: Vec<String>,
    /// The statement, without parameters.
    pub sql: String,
    /// Seconds that the driver is told as the limit; 0 for none.
    pub timeout: usize,
    /// How each column is read; empty for all as text.
    pub columns: Vec<Decode>,
    /// Whether no value is longer than the driver says of its column, so that whole sets of rows can be fetched at once.
    pub bounded: bool,
    /// Whether letters are UTF-8 to the driver, so that such sets can be fetched as they are and not as UTF-16.
    pub utf8: bool,
    /// Bytes of a value at most; what is longer comes as null and is told.
    pub longest: usize,
}

impl std::fmt::Debug for Query {
    // A statement may hold a person's data.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Query({} columns)", self.columns.len())
    }
}

/// A catalog function.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Catalog {
    /// Tables and views of the catalog that the connection is in, or those of one name.
    Tables(Option<Table>),
    /// Columns of one table, or of all tables of a schema where no table is named.
    Columns(Table),
    /// The primary key of a table.
    PrimaryKey(Table),
    /// The references from a table to others.
    ForeignKeys(Table),
}

/// A table by the names that ODBC has for it; empty where the server has no such level.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Table {
    /// The catalog.
    pub catalog: String,
    /// The schema.
    pub schema: String,
    /// The table.
    pub name: String,
}

/// How a column of an answer is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Decode {
    /// Truth values.
    Bool,
    /// Whole numbers of 16 bits.
    Int16,
    /// Whole numbers of 32 bits.
    Int32,
    /// Whole numbers of 64 bits.
    Int64,
    /// Binary fractions of 32 bits.
    Float32,
    /// Binary fractions of 64 bits.
    Float64,
    /// Decimal numbers, as text without zeros at the end of the fraction.
    Decimal,
    /// Days.
    Date,
    /// Points in time, in microseconds.
    Timestamp,
    /// The driver's text.
    Text,
    /// Bytes.
    Bytes,
}

/// What the helper answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reply {
    /// The connection stands.
    Connected(Server),
    /// Values of the batch that comes next were left out or changed.
    Odd(Vec<Oddity>),
    /// The answer is complete.
    Done,
    /// It is not, and ends here.
    Failed(Failure),
}

/// Who answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Server {
    /// The name of the product.
    pub product: String,
    /// What opens and closes a quoted identifier; `None` where there is no such thing.
    pub quote: Option<char>,
    /// The catalog that the connection is in; empty where there are none.
    pub catalog: String,
}

/// What happened to some values of one column of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Oddity {
    /// The column, from 0.
    pub column: usize,
    /// What it is.
    pub kind: Odd,
    /// The row of the first one within the answer, from 0.
    pub row: u64,
    /// How many there are.
    pub values: u64,
}

/// What may be odd about a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Odd {
    /// It was too long and is null.
    TooLong,
    /// It was no UTF-16; what could not be read was replaced.
    Repaired,
    /// It was no day of the calendar and is null.
    NoDate,
}

/// What went wrong, without any of the driver's words: they may quote data, or the password.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Five letters of the standard; empty where it was not the driver who failed.
    pub state: String,
    /// The server's own number.
    pub native: i32,
    /// What it is about, as far as the driver's words tell.
    pub about: About,
    /// Names of what is registered, where something is not.
    pub registered: Vec<String>,
}

/// What a failure is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum About {
    /// Nothing that could be told.
    Unknown,
    /// The driver is not registered.
    NoDriver,
    /// The data source is not registered.
    NoSource,
    /// The driver's library could not be loaded.
    NoLibrary,
    /// A host name that stands for no address.
    Host,
    /// An encrypted connection could not be agreed on.
    Tls,
    /// User or password.
    Credentials,
    /// A right that is missing.
    Rights,
    /// Memory that the driver was refused.
    Memory,
    /// A value was longer than the driver had said.
    Truncated,
    /// The answer has other columns than were planned.
    Columns,
    /// The driver broke what the standard says.
    Driver,
}

impl Failure {
    /// A failure that no driver reported.
    pub fn of(about: About) -> Self {
        Self {
            state: String::new(),
            native: 0,
            about,
            registered: Vec::new(),
        }
    }
}

/// Writes a frame: its kind, four bytes of length (the least first), and what it holds.
pub fn write_frame(to: &mut impl Write, kind: u8, payload: &[u8]) -> io::Result<()> {
    to.write_all(&header(kind, payload.len())?)?;
    to.write_all(payload)?;
    to.flush()
}

/// What stands in front of a payload of so many bytes.
pub fn header(kind: u8, length: usize) -> io::Result<[u8; 5]> {
    let fits = u32::try_from(length)
        .ok()
        .filter(|_| length <= LONGEST_FRAME);
    let [a, b, c, d] = fits.ok_or(io::ErrorKind::InvalidInput)?.to_le_bytes();
    Ok([kind, a, b, c, d])
}

/// The kind and length that a header tells.
pub fn parse_header(header: [u8; 5]) -> io::Result<(u8, usize)> {
    let [kind, a, b, c, d] = header;
    let length = u32::from_le_bytes([a, b, c, d]) as usize;
    if !matches!(kind, JSON | BATCH) || length > LONGEST_FRAME {
        return Err(io::ErrorKind::InvalidData.into());
    }
    Ok((kind, length))
}

/// Reads a frame; `None` at the end.
pub fn read_frame(from: &mut impl Read) -> io::Result<Option<(u8, Vec<u8>)>> {
    let mut header = [0; 5];
    match from.read_exact(&mut header) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        read => read?,
    }
    let (kind, length) = parse_header(header)?;
    let mut payload = vec![0; length];
    from.read_exact(&mut payload)?;
    Ok(Some((kind, payload)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_come_as_they_went() {
        let mut wire = Vec::new();
        write_frame(&mut wire, JSON, b"{}").expect("a vector takes all");
        write_frame(&mut wire, BATCH, &[7; 300]).expect("a vector takes all");
        let mut from = wire.as_slice();
        let mut next = || read_frame(&mut from).expect("well formed");
        assert_eq!(next(), Some((JSON, b"{}".to_vec())));
        assert_eq!(next(), Some((BATCH, vec![7; 300])));
        assert_eq!(next(), None);
    }

    #[test]
    fn what_is_no_frame_is_refused() {
        for wire in [
            &[b'X', 0, 0, 0, 0][..],
            &[JSON, 255, 255, 255, 255],
            &[JSON, 9, 0, 0, 0, 1],
        ] {
            assert!(read_frame(&mut &*wire).is_err(), "{wire:?}");
        }
    }

    #[test]
    fn no_request_prints_what_it_holds() {
        let connect = Request::Connect(Connect {
            string: "PWD=hush".into(),
            driver: Some("SQLite3".into()),
            source: None,
            timeout: 1,
            memory: 0,
        });
        let query = Request::Query(Query {
            before: Vec::new(),
            sql: "SELECT 'hush'".into(),
            timeout: 0,
            columns: Vec::new(),
            bounded: false,
            utf8: false,
            longest: 1,
        });
        assert!(!format!("{connect:?} {query:?}").contains("hush"));
    }
}
