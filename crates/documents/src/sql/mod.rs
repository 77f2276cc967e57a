//! Dumps of databases as SQL: what `mysqldump`, plain `pg_dump` and `.dump` of SQLite write.
//!
//! Every table that has rows is a member, with a line of JSON for each row; what else stands there, such as definitions, is
//! records of text. Nothing is executed. A dump is read statement by statement, and of a table only between the first and
//! the last of its rows.

mod lexer;
mod statements;

use std::collections::HashMap;
use std::io::{self, Read};

use locard_containers::{
    Container, Content, Format, Item, Look, Member, Opener, Reads, Record, Records, Result,
    few_enough, unique,
};

use statements::{Statement, Statements};

/// A dump.
pub(crate) const FORMAT: Format = Format::new("sql", "a dump of a database as SQL", |look| {
    Ok(is_dump(look))
})
.reading(Reads::File(|opener| Ok(Box::new(Texts::new(opener)?))))
.holding(|opener| Ok(Box::new(Dump::new(opener)?)));

/// Remarks with which programs begin their dumps.
const SIGNED: &[&str] = &[
    "-- PostgreSQL database dump",
    "-- PostgreSQL database cluster dump",
    "-- MySQL dump",
    "-- MariaDB dump",
    "-- phpMyAdmin SQL Dump",
    "/*M!999999\\- enable the sandbox mode */",
    "PRAGMA foreign_keys=OFF;",
];

/// Whether a text begins like a dump: with the remark of a program, or with a statement that makes or fills a table.
fn is_dump(look: &Look<'_>) -> bool {
    if look.head.contains(&0) {
        return false;
    }
    let lines = || look.text.lines().map(str::trim);
    if lines()
        .take(5)
        .any(|line| SIGNED.iter().any(|signed| line.starts_with(signed)))
    {
        return true;
    }
    let is_said =
        |line: &&str| !line.is_empty() && !line.starts_with("--") && !line.starts_with("/*");
    let upper = |line: &str| line.chars().take(200).collect::<String>().to_uppercase();
    let mut said = lines().filter(is_said).map(upper).take(100);
    let Some(first) = said.next() else {
        return false;
    };
    let opening = [
        "BEGIN",
        "START TRANSACTION",
        "SET ",
        "PRAGMA ",
        "USE ",
        "LOCK TABLES",
        "DROP TABLE",
        "CREATE DATABASE",
    ];
    let is_filling = |line: &str| {
        let is_made = line.starts_with("CREATE TABLE ")
            && (line.contains('(') || line.ends_with(" IF NOT EXISTS"));
        let is_filled =
            line.starts_with("INSERT INTO ") && (line.contains(" VALUES") || line.contains('('));
        is_made || is_filled || line.starts_with("COPY ") && line.ends_with("FROM STDIN;")
    };
    is_filling(&first)
        || opening.iter().any(|word| first.starts_with(word))
            && first.ends_with(';')
            && said.any(|line| is_filling(&line))
}

/// A table of a dump.
struct Table {
    name: String,
    /// Its columns, as far as they are named.
    columns: Vec<String>,
    /// Where the first statement begins that fills it, and where the last one ends.
    span: Option<(u64, u64)>,
}

/// The tables of a dump.
struct Dump {
    opener: Opener,
    members: Vec<Member>,
    tables: Vec<Table>,
    faults: Vec<&'static str>,
}

impl Dump {
    fn new(opener: &Opener) -> Result<Self> {
        let mut tables: Vec<Table> = Vec::new();
        let mut known: HashMap<String, usize> = HashMap::new();
        let mut statements = Statements::new(opener()?, 0);
        while let Some(statement) = statements.next()? {
            let (name, columns, filled) = match statement {
                Statement::Table { name, columns } => (name, columns, None),
                Statement::Rows {
                    name,
                    columns,
                    start,
                } => {
                    let filled = statements.skip_rows()?.then(|| (start, statements.at()));
                    (name, columns, filled)
                }
                Statement::Text(_) => continue,
            };
            let at = *known.entry(name.clone()).or_insert_with(|| {
                tables.push(Table {
                    name,
                    columns: Vec::new(),
                    span: None,
                });
                tables.len() - 1
            });
            few_enough(tables.len())?;
            let table = &mut tables[at];
            if table.columns.is_empty() {
                table.columns = columns;
            }
            if let Some((start, end)) = filled {
                let first = table.span.map_or(start, |(first, _)| first);
                table.span = Some((first, end));
            }
        }
        tables.retain(|table| table.span.is_some());
        let mut members: Vec<Member> = tables
            .iter()
            .map(|table| Member::file(&table.name.replace('/', "_"), None))
            .collect();
        unique(&mut members);
        let cut = "the dump ends within a statement";
        Ok(Self {
            opener: opener.clone(),
            members,
            tables,
            faults: statements.is_cut().then_some(cut).into_iter().collect(),
        })
    }
}

impl Container for Dump {
    fn members(&self) -> &[Member] {
        &self.members
    }

    fn open(&self, member: usize) -> Result<Content> {
        let missing = || locard_containers::Broken::damaged("there is no such table");
        let table = self.tables.get(member).ok_or_else(missing)?;
        let (start, end) = table.span.ok_or_else(missing)?;
        let statements = Statements::new((self.opener)()?, start);
        Ok(Content::Stream(Box::new(Lines {
            statements: statements.until(end),
            name: table.name.clone(),
            known: table.columns.clone(),
            columns: Vec::new(),
            within: false,
            line: Vec::new(),
            at: 0,
        })))
    }

    fn faults(&self) -> Vec<&'static str> {
        self.faults.clone()
    }
}

/// The rows of a table as lines of JSON.
struct Lines {
    statements: Statements,
    name: String,
    /// Columns of the table's definition.
    known: Vec<String>,
    /// Columns of the statement that is read.
    columns: Vec<String>,
    within: bool,
    line: Vec<u8>,
    at: usize,
}

impl Lines {
    /// The next row as a line; whether there is one.
    fn next(&mut self) -> Result<bool> {
        loop {
            if self.within {
                if let Some(row) = self.statements.row()? {
                    self.write(&row);
                    return Ok(true);
                }
                self.within = false;
            }
            match self.statements.next()? {
                None => return Ok(false),
                Some(Statement::Rows { name, columns, .. }) if name == self.name => {
                    self.columns = if columns.is_empty() {
                        self.known.clone()
                    } else {
                        columns
                    };
                    self.within = true;
                }
                Some(Statement::Rows { .. }) => drop(self.statements.skip_rows()?),
                Some(_) => {}
            }
        }
    }

    /// Writing into memory does not fail.
    fn add(&mut self, value: Option<&str>) {
        drop(serde_json::to_writer(&mut self.line, &value));
    }

    fn write(&mut self, row: &[Option<String>]) {
        self.line.clear();
        self.at = 0;
        for (at, cell) in row.iter().enumerate() {
            let number = || format!("column_{}", at + 1);
            let name = self.columns.get(at).cloned().unwrap_or_else(number);
            self.line.push(if at == 0 { b'{' } else { b',' });
            self.add(Some(&name));
            self.line.push(b':');
            self.add(cell.as_deref());
        }
        self.line.extend_from_slice(b"}\n");
    }
}

impl Read for Lines {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.at == self.line.len() && !self.next().map_err(io::Error::other)? {
            return Ok(0);
        }
        let rest = &self.line[self.at..];
        let length = rest.len().min(buffer.len());
        buffer[..length].copy_from_slice(&rest[..length]);
        self.at += length;
        Ok(length)
    }
}

/// What of a dump is no row.
struct Texts {
    statements: Statements,
    /// What stands where a fault was told.
    next: Option<Record>,
}

impl Texts {
    fn new(opener: &Opener) -> Result<Self> {
        Ok(Self {
            statements: Statements::new(opener()?, 0),
            next: None,
        })
    }

    /// Passes over rows, and tells what among them is none.
    fn pass(&mut self) -> Result<Option<Item>> {
        self.statements.skip_rows()?;
        let Some(malformed) = self.statements.malformed() else {
            return Ok(None);
        };
        let sentence = if malformed.text.is_empty() {
            "a row has no closing parenthesis: its statement was read up to the next semicolon"
        } else {
            "values are in no parentheses: the rest of their statement was read as text"
        };
        self.next = record(&malformed.text);
        Ok(Some(Item::Fault {
            sentence: sentence.into(),
            place: format!("line {}", malformed.line),
        }))
    }
}

/// A text as a record, if there is any.
fn record(text: &str) -> Option<Record> {
    let mut record = Record::default();
    record.add("text", text);
    Some(record).filter(|record| !record.cells.is_empty())
}

impl Records for Texts {
    fn next(&mut self) -> Result<Option<Item>> {
        if let Some(record) = self.next.take() {
            return Ok(Some(Item::Record(record)));
        }
        while let Some(statement) = self.statements.next()? {
            let found = match statement {
                Statement::Rows { .. } => self.pass()?,
                Statement::Table { .. } => None,
                Statement::Text(text) => record(&text).map(Item::Record),
            };
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;
    use std::sync::Arc;

    use super::*;

    fn opener(text: &str) -> Opener {
        let bytes = text.as_bytes().to_vec();
        Arc::new(move || Ok(Box::new(Cursor::new(bytes.clone()))))
    }

    /// The tables of a dump with their rows.
    fn tables(text: &str) -> Vec<(String, String)> {
        let dump = Dump::new(&opener(text)).unwrap();
        let members = dump.members().iter().enumerate();
        let read = |(at, member): (usize, &Member)| {
            let Ok(Content::Stream(mut stream)) = dump.open(at) else {
                panic!("it is a stream");
            };
            let mut lines = String::new();
            stream.read_to_string(&mut lines).unwrap();
            (member.path.join("/"), lines)
        };
        members.map(read).collect()
    }

    /// What of a dump is no row, faults included.
    fn texts(text: &str) -> Vec<String> {
        let mut texts = Texts::new(&opener(text)).unwrap();
        let items = std::iter::from_fn(|| texts.next().unwrap());
        let told = items.map(|item| match item {
            Item::Record(record) => record.cells[0].1.clone(),
            Item::Fault { sentence, place } => format!("{place}: {sentence}"),
        });
        told.collect()
    }

    fn is(text: &str) -> bool {
        let opener = opener(text);
        is_dump(&Look::new(text.as_bytes(), text, &opener))
    }

    const MYSQL: &str = "-- MySQL dump 10.13\n/*!40101 SET NAMES utf8 */;\nDROP TABLE IF EXISTS `users`;\n\
        CREATE TABLE `users` (\n  `id` int NOT NULL,\n  `full name` varchar(9) DEFAULT 'a,b)',\n  PRIMARY KEY (`id`),\n  KEY `k` (`id`)\n) ENGINE=InnoDB;\n\
        LOCK TABLES `users` WRITE;\nINSERT INTO `users` VALUES (1,'O\\'Hara; \\\\ x'),(-2.5,NULL),\n(3,'a''b\\nc');\nUNLOCK TABLES;\n\
        INSERT INTO `empty` SELECT 1;\nINSERT INTO `users` VALUES (4,_binary 'K\\u00f6ln');\n";

    #[test]
    fn rows_of_mysqldump_are_read() {
        assert!(is(MYSQL));
        let lines = [
            r#"{"id":"1","full name":"O'Hara; \\ x"}"#,
            r#"{"id":"-2.5","full name":null}"#,
            r#"{"id":"3","full name":"a'b\nc"}"#,
            r#"{"id":"4","full name":"Ku00f6ln"}"#,
            "",
        ];
        let lines = lines.join("\n");
        assert_eq!(tables(MYSQL), [("users".to_owned(), lines)]);
    }

    #[test]
    fn copies_and_inserts_of_pg_dump_are_read() {
        let text = "--\n-- PostgreSQL database dump\n--\n\nSET client_encoding = 'UTF8';\n\
            CREATE FUNCTION public.f() RETURNS text AS $body$ SELECT 'x; y' $body$ LANGUAGE sql;\n\
            CREATE TABLE public.people (\n    id integer NOT NULL,\n    \"Name\" text,\n    CONSTRAINT c CHECK ((id > 0))\n);\n\
            COPY public.people (id, \"Name\") FROM stdin;\n1\tAda\\tL\n2\t\\N\n3\tC:\\\\x; --\n\\.\n\n\
            INSERT INTO public.notes VALUES (1, E'it\\'s', 'C:\\', '2020-01-01'::date);\n";
        assert!(is(text));
        let people = [
            r#"{"id":"1","Name":"Ada\tL"}"#,
            r#"{"id":"2","Name":null}"#,
            r#"{"id":"3","Name":"C:\\x; --"}"#,
            "",
        ];
        let notes =
            r#"{"column_1":"1","column_2":"it's","column_3":"C:\\","column_4":"2020-01-01"}"#;
        let (people, notes) = (people.join("\n"), format!("{notes}\n"));
        let wanted = [("public.people", people), ("public.notes", notes)];
        assert_eq!(
            tables(text),
            wanted.map(|(name, lines)| (name.to_owned(), lines))
        );
    }

    #[test]
    fn dumps_of_sqlite_and_others_are_read_and_what_is_cut_is_told() {
        let text = "PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\nCREATE TABLE c(id int, name text, mail text);\n\
            INSERT INTO c VALUES(1,'Ada',replace('a\\nb','\\n',char(10)));\nINSERT INTO \"c\" (mail, id) VALUES (X'4142', 2);\nINSERT INTO c VALUES(3,'Ev";
        assert!(is(text));
        let lines = [
            r#"{"id":"1","name":"Ada","mail":"a\nb"}"#,
            r#"{"mail":null,"id":"2"}"#,
            "",
        ];
        let lines = lines.join("\n");
        assert_eq!(tables(text), [("c".to_owned(), lines)]);
        let dump = Dump::new(&opener(text)).unwrap();
        assert_eq!(dump.faults(), ["the dump ends within a statement"]);
    }

    #[test]
    fn what_is_no_row_is_text() {
        let all = texts(MYSQL).join("\n");
        assert!(all.contains("DROP TABLE IF EXISTS `users`"), "{all}");
        assert!(
            all.contains("DEFAULT 'a,b)'") && !all.contains("O'Hara"),
            "{all}"
        );
    }

    #[test]
    fn values_in_no_parentheses_are_told_and_read_as_text() {
        let text = "CREATE TABLE t (id int, mail text);\nINSERT INTO t VALUES (1,'ada');\n\
            INSERT INTO t VALUES *2,'eve');\nINSERT INTO t VALUES ,147,'x;\ny');\n\
            INSERT INTO t VALUES (3,'bob'), 4,'kim');\nINSERT INTO t VALUES (5,'joe') ON CONFLICT DO NOTHING;\n";
        let rows = [r#"{"id":"1","mail":"ada"}"#, r#"{"id":"3","mail":"bob"}"#];
        let rows = [&rows[..], &[r#"{"id":"5","mail":"joe"}"#, ""]].concat();
        assert_eq!(tables(text), [("t".to_owned(), rows.join("\n"))]);
        let told = "values are in no parentheses: the rest of their statement was read as text";
        let told = |line: u8, text: &str| [format!("line {line}: {told}"), text.to_owned()];
        let definition = "CREATE TABLE t (id int, mail text);".to_owned();
        let wanted = [
            told(3, "*2,'eve');"),
            told(4, ",147,'x;\ny');"),
            told(6, ", 4,'kim');"),
        ];
        assert_eq!(texts(text), [&[definition][..], &wanted.concat()].concat());
    }

    #[test]
    fn what_is_not_closed_ends_with_its_statement() {
        let text = "CREATE TABLE t (id int, mail text;\nINSERT INTO t VALUES (1,'ada';\nINSERT INTO t VALUES (2,'bob');\n";
        let rows = [
            r#"{"id":"1","mail":"ada"}"#,
            r#"{"id":"2","mail":"bob"}"#,
            "",
        ];
        assert_eq!(tables(text), [("t".to_owned(), rows.join("\n"))]);
        let told = "line 2: a row has no closing parenthesis: its statement was read up to the next semicolon";
        assert_eq!(texts(text), ["CREATE TABLE t (id int, mail text;", told]);
    }

    #[test]
    fn statements_without_an_end_are_read_one_by_one() {
        let text = "INSERT INTO [t] ([id]) VALUES (1)\nGO\nINSERT INTO [t] ([id]) VALUES (2), (3)\n\
            INSERT INTO t (id) VALUES ROW(4), ROW(5)\nGO\n";
        let rows = (1..6).map(|id| format!("{{\"id\":\"{id}\"}}\n"));
        assert_eq!(tables(text), [("t".to_owned(), rows.collect())]);
        assert_eq!(texts(text), Vec::<String>::new());
    }

    #[test]
    fn other_text_is_no_dump() {
        for text in [
            "SELECT * FROM users;\n",
            "Create table reservations by phone.\nThank you\n",
            "id,name\n1,INSERT INTO x VALUES (1)\n",
            "2024-01-01 INSERT INTO users VALUES (1)\n",
            "",
        ] {
            assert!(!is(text), "{text}");
        }
        assert!(is("CREATE TABLE c(id int);\nINSERT INTO c VALUES (1);\n"));
        assert!(is("INSERT INTO c (id) VALUES\n(1);\n"));
    }
}
