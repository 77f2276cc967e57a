//! The tokens of an answer (MS-TDS 2.2.7), but for rows and their columns.

/// Severity of an error that ends a statement, and of one that ends the connection.
pub(crate) const STATEMENT: u8 = 16;
pub(crate) const CONNECTION: u8 = 20;
/// Bits of the status of DONE.
pub(crate) const MORE: u16 = 0x1;
pub(crate) const FAILED: u16 = 0x2;
pub(crate) const COUNTED: u16 = 0x10;
pub(crate) const ATTENTION: u16 = 0x20;

/// An error of the server's: number, severity, sentence.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    pub(crate) number: i32,
    pub(crate) severity: u8,
    pub(crate) sentence: String,
}

impl Failure {
    pub(crate) fn new(number: i32, sentence: impl Into<String>) -> Self {
        Self {
            number,
            severity: STATEMENT,
            sentence: sentence.into(),
        }
    }
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// A text with its length in one byte.
pub(crate) fn short(text: &str) -> Vec<u8> {
    let units = text.encode_utf16().count();
    let mut bytes = vec![u8::try_from(units).expect("names are short")];
    bytes.extend(utf16(text));
    bytes
}

/// A text with its length in two bytes.
pub(crate) fn long(text: &str) -> Vec<u8> {
    let units = u16::try_from(text.encode_utf16().count()).expect("sentences are short");
    let mut bytes = units.to_le_bytes().to_vec();
    bytes.extend(utf16(text));
    bytes
}

/// A token whose length stands in front of it.
fn sized(token: u8, body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(body.len()).expect("tokens are short");
    let mut bytes = vec![token];
    bytes.extend(length.to_le_bytes());
    bytes.extend_from_slice(body);
    bytes
}

/// DONE.
pub(crate) fn done(status: u16, rows: u64) -> Vec<u8> {
    let mut bytes = vec![0xFD];
    bytes.extend(status.to_le_bytes());
    bytes.extend(0xC1_u16.to_le_bytes());
    bytes.extend(rows.to_le_bytes());
    bytes
}

/// ERROR.
pub(crate) fn error(failure: &Failure) -> Vec<u8> {
    let mut body = failure.number.to_le_bytes().to_vec();
    body.extend([1, failure.severity]);
    body.extend(long(&failure.sentence));
    body.extend(short("tdskit"));
    body.extend(short(""));
    body.extend(1_u32.to_le_bytes());
    sized(0xAA, &body)
}

/// ENVCHANGE of the database.
fn database(name: &str) -> Vec<u8> {
    let mut body = vec![1];
    body.extend(short(name));
    body.extend(short("master"));
    sized(0xE3, &body)
}

/// What is answered to whoever may come in.
pub(crate) fn welcome(name: &str) -> Vec<u8> {
    let mut body = vec![1];
    // TDS 7.4, as it stands there in the order of the network.
    body.extend(0x7400_0004_u32.to_be_bytes());
    body.extend(short("Microsoft SQL Server"));
    body.extend([16, 0, 0x10, 0x09]);
    let mut bytes = database(name);
    bytes.extend(sized(0xAD, &body));
    let mut size = vec![4];
    size.extend(short("4096"));
    size.extend(short("4096"));
    bytes.extend(sized(0xE3, &size));
    bytes.extend(done(0, 0));
    bytes
}

/// ENVCHANGE that leads to another server.
pub(crate) fn routing(host: &str, port: u16) -> Vec<u8> {
    let mut place = vec![0];
    place.extend(port.to_le_bytes());
    place.extend(long(host));
    let length = u16::try_from(place.len()).expect("a host's name is short");
    let mut body = vec![20];
    body.extend(length.to_le_bytes());
    body.extend(place);
    body.extend([0, 0]);
    sized(0xE3, &body)
}
