//! What statements of a dump say: of which table they give columns or rows.

use locard_containers::{File, Result};

use super::lexer::{Lexer, Token, escaped, text};

/// The beginning of a statement.
pub(super) enum Statement {
    /// Names the columns of a table. Its text comes next.
    Table { name: String, columns: Vec<String> },
    /// Rows follow: [`Statements::row`] gives them.
    Rows {
        name: String,
        /// Their columns, where the statement says them.
        columns: Vec<String>,
        /// Where it begins.
        start: u64,
    },
    /// Anything else.
    Text(String),
}

/// How the rows are written that come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rows {
    None,
    /// `(1, 'a'), (2, 'b');`, of which some may have been read.
    Values {
        any: bool,
    },
    /// Lines with tabs up to `\.`.
    Lines,
}

/// Where something stands among the rows of a statement that is no row.
pub(super) struct Malformed {
    /// The line of the dump.
    pub(super) line: u64,
    /// What stands there, as far as no row has it.
    pub(super) text: String,
}

/// The statements of a dump.
pub(super) struct Statements {
    lexer: Lexer,
    start: u64,
    is_open: bool,
    end: u64,
    rows: Rows,
    /// The text of a definition that was told already.
    pending: Option<String>,
    /// The first word of a statement that was read behind one without an end, and where it stands.
    ahead: Option<(u64, Token)>,
    malformed: Option<Malformed>,
    /// It ended before a statement did.
    is_cut: bool,
}

impl Statements {
    pub(super) fn new(file: Box<dyn File>, start: u64) -> Self {
        Self {
            lexer: Lexer::new(file),
            start,
            is_open: false,
            end: u64::MAX,
            rows: Rows::None,
            pending: None,
            ahead: None,
            malformed: None,
            is_cut: false,
        }
    }

    /// Only those that begin before that place.
    pub(super) fn until(mut self, end: u64) -> Self {
        self.end = end;
        self
    }

    /// Where what was read ends.
    pub(super) fn at(&self) -> u64 {
        let ahead = self.ahead.as_ref().map(|(start, _)| *start);
        ahead.unwrap_or_else(|| self.lexer.at())
    }

    /// What among the rows that were passed was no row.
    pub(super) fn malformed(&mut self) -> Option<Malformed> {
        self.malformed.take()
    }

    pub(super) fn is_cut(&self) -> bool {
        self.is_cut || self.lexer.is_cut
    }

    /// The next statement, whose rows must be passed first.
    pub(super) fn next(&mut self) -> Result<Option<Statement>> {
        if !self.is_open {
            self.is_open = true;
            self.lexer
                .go(self.start, self.end.saturating_sub(self.start))?;
        }
        if let Some(text) = self.pending.take() {
            return Ok(Some(Statement::Text(text)));
        }
        let Some((start, first)) = self.first()? else {
            return Ok(None);
        };
        let word = match &first {
            Token::Word(word) => word.to_ascii_uppercase(),
            _ => String::new(),
        };
        let found = match word.as_str() {
            "INSERT" | "REPLACE" => self.insert(start)?,
            "COPY" => self.copy(start)?,
            "CREATE" => self.create()?,
            _ => Found::Nothing(Some(first)),
        };
        let last = match found {
            Found::Statement(statement) => return Ok(Some(statement)),
            Found::Nothing(last) => last,
        };
        self.pass(last)?;
        Ok(Some(Statement::Text(self.kept())))
    }

    /// Where the next statement begins, and its first word.
    fn first(&mut self) -> Result<Option<(u64, Token)>> {
        // Scripts for SQL Server have such a line between statements.
        let is_go =
            |token: &Token| matches!(token, Token::Word(word) if word.eq_ignore_ascii_case("GO"));
        if let Some(ahead) = self.ahead.take().filter(|(_, token)| !is_go(token)) {
            return Ok(Some(ahead));
        }
        loop {
            self.lexer.kept.clear();
            let start = self.lexer.at();
            let first = self.lexer.next()?;
            if !first.as_ref().is_some_and(is_go) {
                return Ok(first.map(|first| (start, first)));
            }
        }
    }

    fn kept(&self) -> String {
        text(&self.lexer.kept)
    }

    /// Goes behind the end of the statement; `last` is the part that was read last.
    fn pass(&mut self, mut last: Option<Token>) -> Result<()> {
        while let Some(token) = last {
            if token == Token::Mark(b';') {
                return Ok(());
            }
            last = self.lexer.next()?;
        }
        self.is_cut = true;
        Ok(())
    }

    /// `INSERT INTO name (a, b) VALUES`.
    fn insert(&mut self, start: u64) -> Result<Found> {
        let mut last = self.lexer.next()?;
        while let Some(Token::Word(word)) = &last {
            let is_into = word.eq_ignore_ascii_case("INTO");
            last = self.lexer.next()?;
            if is_into {
                break;
            }
        }
        let (name, mut last) = self.name(last)?;
        let mut columns = Vec::new();
        if last == Some(Token::Mark(b'(')) {
            columns = self.names()?;
            last = self.lexer.next()?;
        }
        // Some say how ids are overridden.
        while let Some(Token::Word(word)) = &last {
            if word.eq_ignore_ascii_case("VALUES") && !name.is_empty() {
                self.rows = Rows::Values { any: false };
                return Ok(Found::Statement(Statement::Rows {
                    name,
                    columns,
                    start,
                }));
            }
            if !["OVERRIDING", "SYSTEM", "USER", "VALUE"]
                .iter()
                .any(|known| word.eq_ignore_ascii_case(known))
            {
                break;
            }
            last = self.lexer.next()?;
        }
        Ok(Found::Nothing(last))
    }

    /// `COPY name (a, b) FROM stdin;`.
    fn copy(&mut self, start: u64) -> Result<Found> {
        let last = self.lexer.next()?;
        let (name, mut last) = self.name(last)?;
        let mut columns = Vec::new();
        if last == Some(Token::Mark(b'(')) {
            columns = self.names()?;
            last = self.lexer.next()?;
        }
        let mut is_here = false;
        while let Some(token) = last {
            match token {
                Token::Mark(b';') if is_here => {
                    self.lexer.line()?;
                    self.rows = Rows::Lines;
                    return Ok(Found::Statement(Statement::Rows {
                        name,
                        columns,
                        start,
                    }));
                }
                Token::Mark(b';') => return Ok(Found::Nothing(Some(token))),
                Token::Word(word) => is_here |= word.eq_ignore_ascii_case("STDIN"),
                _ => {}
            }
            last = self.lexer.next()?;
        }
        Ok(Found::Nothing(None))
    }

    /// `CREATE TABLE IF NOT EXISTS name (a int, b text, PRIMARY KEY (a))`.
    fn create(&mut self) -> Result<Found> {
        let mut last = self.lexer.next()?;
        let mut is_table = false;
        while let Some(Token::Word(word)) = &last {
            let word = word.to_ascii_uppercase();
            is_table |= word == "TABLE";
            let passed = [
                "TABLE",
                "IF",
                "NOT",
                "EXISTS",
                "TEMPORARY",
                "TEMP",
                "UNLOGGED",
                "GLOBAL",
                "LOCAL",
            ];
            if !passed.contains(&word.as_str()) {
                break;
            }
            last = self.lexer.next()?;
        }
        if !is_table {
            return Ok(Found::Nothing(last));
        }
        let (name, last) = self.name(last)?;
        if last != Some(Token::Mark(b'(')) {
            return Ok(Found::Nothing(last));
        }
        let columns = self.columns()?;
        self.pending = Some(self.kept());
        Ok(Found::Statement(Statement::Table { name, columns }))
    }

    /// A name of parts with dots between them, and what stands behind it.
    fn name(&mut self, first: Option<Token>) -> Result<(String, Option<Token>)> {
        let (mut name, mut last) = (String::new(), first);
        loop {
            match last {
                Some(Token::Word(word))
                    if name.is_empty() || name.ends_with('.') || word.starts_with('.') =>
                {
                    name.push_str(&word);
                }
                Some(Token::Name(part)) if name.is_empty() || name.ends_with('.') => {
                    name.push_str(&part);
                }
                last => return Ok((name, last)),
            }
            last = self.lexer.next()?;
        }
    }

    /// The names of a list in parentheses, of which the first one is open.
    fn names(&mut self) -> Result<Vec<String>> {
        let mut names = Vec::new();
        while let Some(token) = self.lexer.next()? {
            match token {
                Token::Name(name) | Token::Word(name) => names.push(name),
                Token::Mark(b')') => break,
                _ => {}
            }
        }
        Ok(names)
    }

    /// The columns of a definition behind its open parenthesis: the first name of each entry that is no key or check. Goes
    /// behind the end of the statement, which no parenthesis outlasts.
    fn columns(&mut self) -> Result<Vec<String>> {
        let (mut columns, mut depth) = (Vec::new(), 1);
        let (mut is_first, mut doubtful) = (true, None);
        while let Some(token) = self.lexer.next()? {
            // A type behind the word makes it a column.
            if let (Some(name), Token::Word(_)) = (doubtful.take(), &token) {
                columns.push(name);
            }
            let begins = std::mem::take(&mut is_first);
            match token {
                Token::Mark(b'(') => depth += 1,
                Token::Mark(b')') => depth -= 1,
                Token::Mark(b',') => is_first = depth == 1,
                Token::Mark(b';') => return Ok(columns),
                Token::Name(name) if begins => columns.push(name),
                Token::Word(name) if begins => match entry(&name) {
                    Entry::Column => columns.push(name),
                    Entry::Doubtful => doubtful = Some(name),
                    Entry::Rule => {}
                },
                _ => {}
            }
            if depth == 0 {
                break;
            }
        }
        let last = self.lexer.next()?;
        self.pass(last)?;
        Ok(columns)
    }

    /// The next row; `None` behind the last one.
    pub(super) fn row(&mut self) -> Result<Option<Vec<Option<String>>>> {
        let row = match self.rows {
            Rows::None => None,
            Rows::Values { any } => self.values(any)?,
            Rows::Lines => self.line()?,
        };
        if row.is_none() {
            self.rows = Rows::None;
        }
        Ok(row)
    }

    /// Passes over all rows; whether there was one.
    pub(super) fn skip_rows(&mut self) -> Result<bool> {
        let mut is_any = false;
        while self.row()?.is_some() {
            is_any = true;
        }
        Ok(is_any)
    }

    /// The next row of `VALUES`; `any` says that there was one.
    fn values(&mut self, any: bool) -> Result<Option<Vec<Option<String>>>> {
        self.lexer.kept.clear();
        let start = self.lexer.at();
        let (mut last, mut is_due) = (self.lexer.next()?, !any);
        while last == Some(Token::Mark(b',')) {
            is_due = true;
            last = self.lexer.next()?;
        }
        let is_word = |word: &str, known: &str| word.eq_ignore_ascii_case(known);
        if matches!(&last, Some(Token::Word(word)) if is_due && is_word(word, "ROW")) {
            last = self.lexer.next()?;
        }
        match last {
            Some(Token::Mark(b'(')) => return self.cells(),
            None | Some(Token::Mark(b';')) => self.pass(last)?,
            Some(Token::Word(word))
                if !is_due && word.starts_with(|first: char| first.is_alphabetic()) =>
            {
                // What to do with rows that are there already; any other word begins a statement.
                let is_clause = ["ON", "AS", "RETURNING"]
                    .iter()
                    .any(|known| is_word(&word, known));
                if is_clause {
                    self.pass(Some(Token::Word(word)))?;
                } else {
                    self.ahead = Some((start, Token::Word(word)));
                }
            }
            last => {
                let line = self.lexer.on_line();
                self.pass(last)?;
                let text = self.kept();
                self.malformed = Some(Malformed { line, text });
            }
        }
        Ok(None)
    }

    /// The cells of a row behind its open parenthesis.
    fn cells(&mut self) -> Result<Option<Vec<Option<String>>>> {
        let line = self.lexer.on_line();
        self.rows = Rows::Values { any: true };
        let (mut row, mut cell, mut depth) = (Vec::new(), Cell::default(), 1);
        while let Some(token) = self.lexer.next()? {
            match token {
                Token::Mark(b'(') => depth += 1,
                Token::Mark(b')') => depth -= 1,
                Token::Mark(b',') if depth == 1 => {
                    row.push(std::mem::take(&mut cell).value());
                    continue;
                }
                Token::Mark(b';') => {
                    // The row was not closed: its statement ends here, whatever is open.
                    self.rows = Rows::None;
                    let text = String::new();
                    self.malformed = Some(Malformed { line, text });
                    depth = 0;
                }
                _ => {}
            }
            if depth == 0 {
                row.push(cell.value());
                return Ok(Some(row).filter(|_| !self.lexer.is_cut));
            }
            cell.add(token);
        }
        self.is_cut = true;
        Ok(None)
    }

    fn line(&mut self) -> Result<Option<Vec<Option<String>>>> {
        let Some(line) = self.lexer.line()? else {
            self.is_cut = true;
            return Ok(None);
        };
        if line == b"\\." {
            return Ok(None);
        }
        let cell = |cell: &[u8]| (cell != b"\\N").then(|| text(&plain(cell)));
        Ok(Some(line.split(|byte| *byte == b'\t').map(cell).collect()))
    }
}

/// A statement, or the last part that was read of one that is something else.
enum Found {
    Statement(Statement),
    Nothing(Option<Token>),
}

/// What an entry of a definition is.
enum Entry {
    Column,
    Rule,
    /// A rule, or a column that is called like one.
    Doubtful,
}

/// By its first word, which stands in no quotes.
fn entry(word: &str) -> Entry {
    match word.to_ascii_uppercase().as_str() {
        "PRIMARY" | "UNIQUE" | "CONSTRAINT" | "FOREIGN" | "CHECK" | "EXCLUDE" | "FULLTEXT"
        | "SPATIAL" => Entry::Rule,
        "KEY" | "INDEX" | "LIKE" | "PERIOD" => Entry::Doubtful,
        _ => Entry::Column,
    }
}

/// A cell of a line without its escapes.
fn plain(cell: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(cell.len());
    let mut bytes = cell.iter();
    while let Some(byte) = bytes.next() {
        plain.push(match byte {
            b'\\' => bytes.next().copied().map_or(b'\\', escaped),
            other => *other,
        });
    }
    plain
}

/// A value as it is put together from parts.
#[derive(Default)]
struct Cell {
    words: String,
    texts: Vec<String>,
}

impl Cell {
    fn add(&mut self, token: Token) {
        match token {
            // Some texts are put in for others.
            Token::Text(text) if self.texts.len() < 8 => self.texts.push(text),
            Token::Word(word) | Token::Name(word) if self.texts.is_empty() => {
                self.words.push_str(&word);
            }
            Token::Mark(mark) if self.texts.is_empty() => self.words.push(char::from(mark)),
            _ => {}
        }
    }

    /// The first text in it, wherever it stands; else its words. Bytes are no text.
    fn value(mut self) -> Option<String> {
        let is = |words: &str| self.words.eq_ignore_ascii_case(words);
        let is_long = self.words.starts_with("0x") && self.words.len() > 18;
        if is("x") || is("b") || is_long || self.texts.is_empty() && (is("null") || is("")) {
            return None;
        }
        if self.texts.is_empty() {
            return Some(self.words);
        }
        let mut text = self.texts.remove(0);
        // SQLite writes `replace('a\nb','\n',char(10))`.
        if self.words.starts_with("replace(") {
            for (sign, end) in [("\\r", "\r"), ("\\n", "\n")] {
                if self.texts.iter().any(|text| text == sign) {
                    text = text.replace(sign, end);
                }
            }
        }
        Some(text)
    }
}
