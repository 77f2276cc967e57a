//! JSON as events, fed piece by piece: no document is ever held as a tree, so its size does not matter.
//!
//! The one thing a reader gets wrong: [`Parser::feed`] takes back what it did not consume. A token that is cut at the
//! end of a piece is left over, and the caller feeds it again in front of the next piece.

use std::fmt;

/// What a parser tells. Numbers come as the exact text that was written.
pub trait Events {
    /// An object begins where a value is expected.
    fn enter_object(&mut self);
    /// The next value in the innermost object belongs to this key.
    fn key(&mut self, key: &str);
    /// The innermost object ends.
    fn leave_object(&mut self);
    /// A list begins where a value is expected.
    fn enter_list(&mut self);
    /// The innermost list ends.
    fn leave_list(&mut self);
    /// A string, number or boolean.
    fn value(&mut self, text: &str);
    /// A null.
    fn null(&mut self);
    /// The innermost list holds records, the first of which begins: what was told of the document so far is another.
    fn enter_records(&mut self) {}
    /// One record of a document that goes on is complete.
    fn end_record(&mut self) {}
    /// One document is complete: a record, or the rest of one that held records.
    fn end_document(&mut self);
    /// An element of the outermost list is complete, which is a document by itself.
    fn end_element(&mut self) {
        self.end_document();
    }
}

/// Takes events and does nothing: for checking whether text is JSON.
#[derive(Debug, Default)]
pub struct Ignore {
    /// Documents that ended so far.
    pub documents: u64,
}

impl Events for Ignore {
    fn enter_object(&mut self) {}
    fn key(&mut self, _key: &str) {}
    fn leave_object(&mut self) {}
    fn enter_list(&mut self) {}
    fn leave_list(&mut self) {}
    fn value(&mut self, _text: &str) {}
    fn null(&mut self) {}
    fn end_document(&mut self) {
        self.documents += 1;
    }
}

/// Why text is not JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Syntax {
    /// Something else stands where this was expected.
    Expected(&'static str),
    /// A backslash sequence that JSON does not have.
    Escape,
    /// The text ends in the middle of a document.
    Truncated,
    /// More levels than any honest document has.
    Depth,
}

impl fmt::Display for Syntax {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expected(what) => write!(f, "{what} was expected"),
            Self::Escape => f.write_str("a string holds an unknown escape"),
            Self::Truncated => f.write_str("the text ends in the middle of a document"),
            Self::Depth => write!(f, "the document is nested deeper than {MAX_DEPTH} levels"),
        }
    }
}

impl std::error::Error for Syntax {}

/// Deeper nesting is refused; the parser itself would only spend a byte a level.
const MAX_DEPTH: usize = 10_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Frame {
    Object,
    List,
    /// The outermost list whose elements are records.
    Records,
    /// A list in a document whose elements are records.
    Wrapped,
}

/// What a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Records {
    /// A document.
    Documents,
    /// A document, or an element of an outermost list.
    Elements,
    /// As [`Records::Elements`], and an element of a list of objects that no other list holds: answers of programs put
    /// their records below a key, as in `{"data": [{…}, {…}], "next": 7}`.
    Wrapped,
}

/// Records stand below so few keys.
const MAX_WRAPPERS: usize = 4;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Value,
    FirstValue,
    FirstKey,
    Key,
    Colon,
    After,
}

/// A push parser for a run of JSON documents, with white space between them or none.
#[derive(Debug)]
pub struct Parser {
    stack: Vec<Frame>,
    state: State,
    records: Records,
    scratch: String,
}

/// A token that is not complete in this piece, or an error.
enum Stop {
    Partial,
    Wrong(Syntax),
}

impl Parser {
    /// A parser at the start of a document.
    pub fn new(records: Records) -> Self {
        Self {
            stack: Vec::new(),
            state: State::Value,
            records,
            scratch: String::new(),
        }
    }

    /// Whether no document is open.
    pub fn is_idle(&self) -> bool {
        self.stack.is_empty() && self.state == State::Value
    }

    /// Whether a key is the next thing that can stand here.
    pub fn wants_key(&self) -> bool {
        matches!(self.state, State::FirstKey | State::Key)
    }

    /// Forgets the document at hand; the next text starts a new one.
    pub fn reset(&mut self) {
        self.stack.clear();
        self.state = State::Value;
    }

    /// Parses as much as possible and returns how many bytes were used; `last` says that nothing follows.
    ///
    /// # Errors
    /// The byte at which the text stops being JSON, and why. Events up to there were told.
    pub fn feed(
        &mut self,
        text: &str,
        last: bool,
        events: &mut impl Events,
    ) -> Result<usize, (usize, Syntax)> {
        let mut at = 0;
        loop {
            at += blank(&text.as_bytes()[at..]);
            if at == text.len() {
                return if last && !self.is_idle() {
                    Err((at, Syntax::Truncated))
                } else {
                    Ok(at)
                };
            }
            match self.token(&text[at..], last, events) {
                Ok(length) => at += length,
                Err(Stop::Partial) if last => return Err((at, Syntax::Truncated)),
                Err(Stop::Partial) => return Ok(at),
                Err(Stop::Wrong(syntax)) => return Err((at, syntax)),
            }
        }
    }

    fn token(&mut self, text: &str, last: bool, events: &mut impl Events) -> Result<usize, Stop> {
        let first = text.as_bytes()[0];
        match (self.state, first) {
            (State::FirstKey, b'}') | (State::FirstValue, b']') | (State::After, b'}' | b']') => {
                self.close(first, events)
            }
            (State::FirstKey | State::Key, b'"') => {
                let (length, key) = string(text, &mut self.scratch)?;
                events.key(key);
                self.state = State::Colon;
                Ok(length)
            }
            (State::FirstKey | State::Key, _) => {
                Err(Stop::Wrong(Syntax::Expected("a key in quotes")))
            }
            (State::Colon, b':') => {
                self.state = State::Value;
                Ok(1)
            }
            (State::Colon, _) => Err(Stop::Wrong(Syntax::Expected("a colon"))),
            (State::After, b',') => {
                self.state = if self.stack.last() == Some(&Frame::Object) {
                    State::Key
                } else {
                    State::Value
                };
                Ok(1)
            }
            (State::After, _) => Err(Stop::Wrong(Syntax::Expected("a comma or closing bracket"))),
            (State::Value | State::FirstValue, _) => self.value(text, last, events),
        }
    }

    fn value(&mut self, text: &str, last: bool, events: &mut impl Events) -> Result<usize, Stop> {
        let length = match text.as_bytes()[0] {
            b'{' => {
                self.meet_records(events);
                self.open(Frame::Object)?;
                events.enter_object();
                return Ok(1);
            }
            b'[' if self.stack.is_empty() && self.records != Records::Documents => {
                self.open(Frame::Records)?;
                return Ok(1);
            }
            b'[' => {
                self.open(Frame::List)?;
                events.enter_list();
                return Ok(1);
            }
            b'"' => {
                let (length, value) = string(text, &mut self.scratch)?;
                events.value(value);
                length
            }
            _ => scalar(text, last, events)?,
        };
        self.done(events);
        Ok(length)
    }

    /// An object begins: where it is the first element of a list below keys only, the list may hold records.
    fn meet_records(&mut self, events: &mut impl Events) {
        if self.records != Records::Wrapped || self.state != State::FirstValue {
            return;
        }
        if let Some((list @ Frame::List, keys)) = self.stack.split_last_mut()
            && keys.len() <= MAX_WRAPPERS
            && keys.iter().all(|frame| *frame == Frame::Object)
        {
            *list = Frame::Wrapped;
            events.enter_records();
        }
    }

    fn open(&mut self, frame: Frame) -> Result<(), Stop> {
        if self.stack.len() >= MAX_DEPTH {
            return Err(Stop::Wrong(Syntax::Depth));
        }
        self.state = if frame == Frame::Object {
            State::FirstKey
        } else {
            State::FirstValue
        };
        self.stack.push(frame);
        Ok(())
    }

    fn close(&mut self, bracket: u8, events: &mut impl Events) -> Result<usize, Stop> {
        match (self.stack.last(), bracket) {
            (Some(Frame::Object), b'}') => events.leave_object(),
            (Some(Frame::List | Frame::Wrapped), b']') => events.leave_list(),
            (Some(Frame::Records), b']') => {
                self.reset();
                return Ok(1);
            }
            _ => return Err(Stop::Wrong(Syntax::Expected("the other closing bracket"))),
        }
        self.stack.pop();
        self.done(events);
        Ok(1)
    }

    /// A value is complete: what may follow, and whether it was a record.
    fn done(&mut self, events: &mut impl Events) {
        match self.stack.last() {
            None => {
                self.state = State::Value;
                events.end_document();
            }
            Some(Frame::Records) => {
                self.state = State::After;
                events.end_element();
            }
            Some(Frame::Wrapped) => {
                self.state = State::After;
                events.end_record();
            }
            Some(_) => self.state = State::After,
        }
    }
}

fn blank(bytes: &[u8]) -> usize {
    bytes
        .iter()
        .take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n'))
        .count()
}

/// A number, boolean or null. At the end of a piece it may go on, so only `last` makes it complete there.
fn scalar(text: &str, last: bool, events: &mut impl Events) -> Result<usize, Stop> {
    let inside = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
    let length = text.bytes().take_while(|byte| inside(byte)).count();
    if length == text.len() && !last {
        return Err(Stop::Partial);
    }
    match &text[..length] {
        "null" => events.null(),
        // What some writers emit though JSON has no such numbers.
        word @ ("true" | "false" | "NaN" | "Infinity" | "-Infinity") => events.value(word),
        number if is_number(number.as_bytes()) => events.value(number),
        _ => return Err(Stop::Wrong(Syntax::Expected("a value"))),
    }
    Ok(length)
}

fn is_number(text: &[u8]) -> bool {
    let digits = |text: &[u8]| text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let text = text.strip_prefix(b"-").unwrap_or(text);
    let whole = digits(text);
    let mut rest = &text[whole..];
    if whole == 0 {
        return false;
    }
    if let Some(fraction) = rest.strip_prefix(b".") {
        let length = digits(fraction);
        if length == 0 {
            return false;
        }
        rest = &fraction[length..];
    }
    if let [b'e' | b'E', exponent @ ..] = rest {
        let exponent = exponent
            .strip_prefix(b"-")
            .or_else(|| exponent.strip_prefix(b"+"))
            .unwrap_or(exponent);
        return !exponent.is_empty() && digits(exponent) == exponent.len();
    }
    rest.is_empty()
}

/// The string that starts at `text`: its length with quotes, and what it says.
fn string<'a>(text: &'a str, scratch: &'a mut String) -> Result<(usize, &'a str), Stop> {
    let bytes = text.as_bytes();
    let Some(end) = find(bytes, 1) else {
        return Err(Stop::Partial);
    };
    if bytes[end] == b'"' {
        return Ok((end + 1, &text[1..end]));
    }
    scratch.clear();
    scratch.push_str(&text[1..end]);
    let mut at = end;
    loop {
        if bytes[at] == b'"' {
            return Ok((at + 1, scratch));
        }
        at += escape(&text[at..], scratch)?;
        let Some(end) = find(bytes, at) else {
            return Err(Stop::Partial);
        };
        scratch.push_str(&text[at..end]);
        at = end;
    }
}

fn find(bytes: &[u8], from: usize) -> Option<usize> {
    memchr::memchr2(b'"', b'\\', &bytes[from..]).map(|at| from + at)
}

/// One backslash sequence: appends what it stands for, returns its length. Half a surrogate pair becomes U+FFFD.
fn escape(text: &str, out: &mut String) -> Result<usize, Stop> {
    let bytes = text.as_bytes();
    let plain = match bytes.get(1) {
        None => return Err(Stop::Partial),
        Some(b'u') => return unicode(bytes, out),
        Some(b'"') => '"',
        Some(b'\\') => '\\',
        Some(b'/') => '/',
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b'n') => '\n',
        Some(b'r') => '\r',
        Some(b't') => '\t',
        Some(_) => return Err(Stop::Wrong(Syntax::Escape)),
    };
    out.push(plain);
    Ok(2)
}

fn unicode(bytes: &[u8], out: &mut String) -> Result<usize, Stop> {
    let unit = hex(bytes.get(2..6).ok_or(Stop::Partial)?)?;
    if !(0xD800..0xDC00).contains(&unit) {
        out.push(char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER));
        return Ok(6);
    }
    // The second half may be in the next piece: wait for it unless it is plain that there is none.
    let rest = &bytes[6..];
    let paired = rest.first().is_none_or(|&byte| byte == b'\\')
        && rest.get(1).is_none_or(|&byte| byte == b'u');
    if !paired {
        out.push(char::REPLACEMENT_CHARACTER);
        return Ok(6);
    }
    let low = hex(rest.get(2..6).ok_or(Stop::Partial)?)?;
    if (0xDC00..0xE000).contains(&low) {
        let code = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
        out.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
        return Ok(12);
    }
    out.push(char::REPLACEMENT_CHARACTER);
    Ok(6)
}

fn hex(digits: &[u8]) -> Result<u32, Stop> {
    let mut code = 0;
    for &digit in digits {
        let digit = char::from(digit)
            .to_digit(16)
            .ok_or(Stop::Wrong(Syntax::Escape))?;
        code = code * 16 + digit;
    }
    Ok(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Trace(String);

    impl Events for Trace {
        fn enter_object(&mut self) {
            self.0.push('{');
        }
        fn key(&mut self, key: &str) {
            self.0.push_str(key);
            self.0.push(':');
        }
        fn leave_object(&mut self) {
            self.0.push('}');
        }
        fn enter_list(&mut self) {
            self.0.push('[');
        }
        fn leave_list(&mut self) {
            self.0.push(']');
        }
        fn value(&mut self, text: &str) {
            self.0.push_str(text);
            self.0.push(' ');
        }
        fn null(&mut self) {
            self.0.push_str("null ");
        }
        fn enter_records(&mut self) {
            self.0.push('!');
        }
        fn end_record(&mut self) {
            self.0.push(',');
        }
        fn end_document(&mut self) {
            self.0.push(';');
        }
    }

    fn trace(text: &str, records: Records) -> Result<String, (usize, Syntax)> {
        let mut events = Trace::default();
        Parser::new(records).feed(text, true, &mut events)?;
        Ok(events.0)
    }

    fn check(text: &str, expected: &str) {
        assert_eq!(
            trace(text, Records::Elements).as_deref(),
            Ok(expected),
            "{text}"
        );
    }

    #[test]
    fn documents_follow_each_other_with_or_without_blanks() {
        check(r#"{"a":1}{"a":2} {"a":[]}"#, "{a:1 };{a:2 };{a:[]};");
    }

    #[test]
    fn elements_of_an_outermost_list_are_records() {
        check(r#"[{"a":1},[2,3],4]"#, "{a:1 };[2 3 ];4 ;");
    }

    #[test]
    fn elements_of_a_list_of_objects_below_keys_are_records() {
        let check = |text: &str, expected: &str| {
            let told = trace(text, Records::Wrapped);
            assert_eq!(told.as_deref(), Ok(expected), "{text}");
        };
        check(
            r#"{"n":2,"d":[{"a":1},{"a":2}]}"#,
            "{n:2 d:[!{a:1 },{a:2 },]};",
        );
        check(
            r#"{"r":{"d":[{"a":[{"b":1}]},3]}}"#,
            "{r:{d:[!{a:[{b:1 }]},3 ,]}};",
        );
        check(r#"{"tags":["x",{"a":1}],"e":[]}"#, "{tags:[x {a:1 }]e:[]};");
        check(r#"[{"d":[{"a":1}]}]"#, "{d:[{a:1 }]};");
    }

    #[test]
    fn numbers_keep_their_text() {
        check(
            "[1.10, -0.0, 1e400, 12345678901234567890.00]",
            "1.10 ;-0.0 ;1e400 ;12345678901234567890.00 ;",
        );
    }

    #[test]
    fn escapes_are_decoded_and_half_pairs_replaced() {
        check(r#""\u00e9\n\ud83d\ude00\ud800x""#, "é\n😀\u{fffd}x ;");
    }

    #[test]
    fn what_is_not_json_is_told_with_its_place() {
        assert_eq!(
            trace(r#"{"a" 1}"#, Records::Elements),
            Err((5, Syntax::Expected("a colon")))
        );
        assert_eq!(
            trace(r#"{"a":01x}"#, Records::Elements),
            Err((5, Syntax::Expected("a value")))
        );
        assert_eq!(
            trace(r#"{"a":1"#, Records::Elements),
            Err((6, Syntax::Truncated))
        );
        assert_eq!(
            trace(r#"{"a":[1}"#, Records::Elements),
            Err((7, Syntax::Expected("the other closing bracket")))
        );
        assert_eq!(
            trace(&"[".repeat(MAX_DEPTH + 1), Records::Elements),
            Err((MAX_DEPTH, Syntax::Depth))
        );
    }

    #[test]
    fn pieces_give_the_same_events_as_the_whole() {
        let text = r#"[{"key \u00e9": ["a\\", 12.50, true, null, "\ud83d\ude00"]}, {"b": {"c": "ü"}}] {"d": 1}"#;
        let whole = trace(text, Records::Elements).unwrap();
        for size in 1..text.len() {
            let (mut parser, mut events, mut rest) = (
                Parser::new(Records::Elements),
                Trace::default(),
                String::new(),
            );
            let mut chars = text.chars();
            loop {
                let piece: String = chars.by_ref().take(size).collect();
                let last = piece.is_empty();
                rest.push_str(&piece);
                let used = parser.feed(&rest, last, &mut events).unwrap();
                rest.drain(..used);
                if last {
                    break;
                }
            }
            assert_eq!(events.0, whole, "pieces of {size}");
        }
    }
}
