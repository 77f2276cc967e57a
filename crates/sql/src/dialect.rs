//! How one family of servers spells things.
//!
//! Values are written into statements as literals, since COPY takes no parameters; so quoting here is what stands
//! between data and SQL, and every literal goes through [`Dialect::literal`].

use crate::LONGEST_VALUE;

/// Writes that some element of a list satisfies a predicate over an expression.
pub type AnyElement = fn(list: &str, predicate: &dyn Fn(&str) -> String) -> String;

/// The spelling of one SQL server family, as a value.
///
/// Functions take and give expressions. They must resolve to the server's own functions whatever the account's search
/// path holds, so they qualify names and cast arguments.
#[derive(Clone, Copy, Debug)]
pub struct Dialect {
    /// The stable name: `postgres`, `sqlite`, `mysql`, `mssql`, `hana`, `odbc`.
    pub name: &'static str,
    /// Opens a quoted identifier.
    pub open: char,
    /// Closes a quoted identifier; doubled inside.
    pub close: char,
    /// A value as the text that a reader gets of it.
    pub text: fn(&str) -> String,
    /// Text in the form nearest to folded that the server can make: at least ASCII lower case.
    pub folded: fn(&str) -> String,
    /// Whether a text holds what `folded` may have left undone: there the server cannot tell, so the record must come.
    pub unsure: fn(&str) -> String,
    /// Whether the server's text of a value may differ from the text that a reader gets.
    pub uncertain: Option<fn(&str) -> String>,
    /// A short way for plain texts, where the server's general one is slow.
    pub plain: Option<Plain>,
    /// Trimmed, inner blanks run to one where the server can; `unsure` covers the rest.
    pub collapsed: fn(&str) -> String,
    /// Text without its apostrophes, which words do not hold.
    pub unquoted: fn(&str) -> String,
    /// The digits of a text without leading zeros; `None` where the server cannot, then patterns serve.
    pub digits: Option<fn(&str) -> String>,
    /// Text compared byte by byte.
    pub bytewise: fn(&str) -> String,
    /// Whether some element of a list satisfies a predicate over an expression; `None`: lists are not supported.
    pub any_element: Option<AnyElement>,
    /// What is never and what is always so.
    pub constants: [&'static str; 2],
    /// The truth values, as a column is compared with them.
    pub booleans: [&'static str; 2],
    /// Whether a literal must be marked to hold more than the letters of the server's own language.
    pub national: bool,
    /// Whether a text equals a literal of so many UTF-16 units to the letter; `None`: comparing byte by byte tells, and
    /// orders texts too.
    pub equality: Option<fn(text: &str, literal: &str, units: usize) -> String>,
    /// Whether the number of wanted records stands before the columns.
    pub top: bool,
    /// A text literal of a given type: (quoted literal, type name).
    pub typed: fn(&str, &str) -> String,
    /// Whether a text there can hold a NUL of which no predicate of ours knows.
    pub holds_nul: bool,
    /// Whether texts can be asked for in other forms than their own.
    pub forms: bool,
    /// How many values one IN list holds.
    pub list_limit: usize,
    /// How many patterns one statement may hold before filtering is left to the engine.
    pub pattern_limit: usize,
}

/// How plain texts are told, and folded: those of printable ASCII without what folding changes but case. Most texts are,
/// and what is done to all of them decides what a look-up costs the server.
#[derive(Clone, Copy, Debug)]
pub struct Plain {
    /// Whether a text is one.
    pub test: fn(&str) -> String,
    /// Such a text folded, but for blanks around it.
    pub folded: fn(&str) -> String,
    /// Such a text folded.
    pub trimmed: fn(&str) -> String,
    /// Whether any other text is so long that folding it there costs more than sending it.
    pub long: fn(&str) -> String,
    /// Whether a text is so long that the server can do nothing with it: its place is read instead.
    pub giant: fn(&str) -> String,
}

/// Latin letters with the usual marks, each beside what it is without them. Only letters that decompose to an ASCII
/// letter plus combining marks stand here, so that the server's translation is what folding does too. White space and
/// the backtick stand first.
const MARKED: &str = "\t\n\r`àáâãäåāăąǎçćĉċčďèéêëēĕėęěĝğġģĥìíîïĩīĭįǐĵķĺļľñńņňòóôõöōŏőǒŕŗřśŝşšţťùúûüũūŭůűųǔŵýÿŷźżžÀÁÂÃÄÅĀĂĄǍÇĆĈĊČĎÈÉÊËĒĔĖĘĚĜĞĠĢĤÌÍÎÏĨĪĬĮǏĴĶĹĻĽÑŃŅŇÒÓÔÕÖŌŎŐǑŔŖŘŚŜŞŠŢŤÙÚÛÜŨŪŬŮŰŲǓŴÝŸŶŹŻŽ";
/// What they are without; the apostrophe is doubled, as a literal needs it.
const PLAIN: &str = "   ''aaaaaaaaaacccccdeeeeeeeeegggghiiiiiiiiijklllnnnnooooooooorrrssssttuuuuuuuuuuuwyyyzzzaaaaaaaaaacccccdeeeeeeeeegggghiiiiiiiiijklllnnnnooooooooorrrssssttuuuuuuuuuuuwyyyzzz";

/// A quoted literal in one of MySQL's types. A number stands bare: in quotes it would be compared as an approximation.
fn mysql_typed(literal: &str, kind: &str) -> String {
    let bare = literal.trim_matches('\'');
    let moment = |text: &str| match text.strip_prefix('-') {
        // No time there is before the year 0.
        Some(_) => "TIMESTAMP '0000-01-01 00:00:00'".to_owned(),
        None => format!("TIMESTAMP '{text}'"),
    };
    match kind {
        "numeric" if is_number(bare) => bare.to_owned(),
        "date" => format!("DATE {literal}"),
        "timestamp" => moment(bare),
        "timestamptz" => moment(&bare.trim_end_matches('Z').replace('T', " ")),
        _ => literal.to_owned(),
    }
}

/// A quoted literal in one of SQL Server's types. A number stands bare, and one that is too long for any equals none.
fn mssql_typed(literal: &str, kind: &str) -> String {
    /// Digits of the longest number.
    const DIGITS: usize = 38;
    let bare = literal.trim_matches('\'');
    let digits = bare.bytes().filter(u8::is_ascii_digit).count();
    match kind {
        "numeric" if is_number(bare) && digits <= DIGITS => bare.to_owned(),
        "numeric" => "NULL".to_owned(),
        "date" => format!("CAST({literal} AS date)"),
        "uuid" => format!("CAST({literal} AS uniqueidentifier)"),
        "timestamp" => format!("CAST('{}' AS datetime2(7))", moment(bare)),
        "timestamptz" => format!("CAST('{}+00:00' AS datetimeoffset(7))", moment(bare)),
        _ => literal.to_owned(),
    }
}

/// A quoted literal in one of HANA's types.
fn hana_typed(literal: &str, kind: &str) -> String {
    let bare = literal.trim_matches('\'');
    match kind {
        "numeric" if is_number(bare) => bare.to_owned(),
        "numeric" => "NULL".to_owned(),
        "date" => format!("CAST({literal} AS DATE)"),
        "timestamp" | "timestamptz" => format!("CAST('{}' AS TIMESTAMP)", moment(bare)),
        _ => literal.to_owned(),
    }
}

/// A quoted literal as ODBC's escapes write it, for the driver to translate.
fn odbc_typed(literal: &str, kind: &str) -> String {
    let bare = literal.trim_matches('\'');
    match kind {
        "numeric" if is_number(bare) => bare.to_owned(),
        "numeric" => "NULL".to_owned(),
        "date" => format!("{{d {literal}}}"),
        "timestamp" | "timestamptz" => format!("{{ts '{}'}}", moment(bare)),
        _ => literal.to_owned(),
    }
}

/// A time without a zone, in the years that servers have.
fn moment(text: &str) -> String {
    // No time there is before the year 1.
    if text.starts_with(['-', '+']) {
        return "0001-01-01 00:00:00".to_owned();
    }
    let text = text.trim_end_matches('Z').replace('T', " ");
    shortened(&text).to_owned()
}

/// A time with as much of its fraction as servers take.
fn shortened(time: &str) -> &str {
    const LONGEST: usize = "2024-01-31 10:00:00.1234567".len();
    time.get(..LONGEST).unwrap_or(time)
}

fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    digits.starts_with(|c: char| c.is_ascii_digit())
        && digits
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'.')
}

impl Dialect {
    /// PostgreSQL 12 and later, with `standard_conforming_strings` on.
    pub const POSTGRES: Self = Self {
        name: "postgres",
        open: '"',
        close: '"',
        text: |value| format!("({value})::pg_catalog.text"),
        folded: |text| {
            format!(
                "pg_catalog.translate(pg_catalog.lower({text} COLLATE \"C\"), '{MARKED}', '{PLAIN}')"
            )
        },
        unsure: |text| format!("{text} ~ '[^\\x20-\\x7E]'"),
        uncertain: None,
        plain: Some(Plain {
            test: |text| format!("{text} !~ '[^\\x20-\\x7E]|  |`'"),
            folded: |text| format!("pg_catalog.lower({text} COLLATE \"C\")"),
            trimmed: |text| format!("pg_catalog.btrim(pg_catalog.lower({text} COLLATE \"C\"))"),
            long: |text| format!("pg_catalog.octet_length({text}) > 65536"),
            giant: |text| format!("pg_catalog.octet_length({text}) > {LONGEST_VALUE}"),
        }),
        unquoted: |text| format!("pg_catalog.replace({text}, '''', '')"),
        collapsed: |text| {
            format!("pg_catalog.btrim(pg_catalog.regexp_replace({text}, '  +', ' ', 'g'))")
        },
        // A national prefix in brackets is left out, as everywhere.
        digits: Some(|text| {
            format!(
                "pg_catalog.ltrim(pg_catalog.regexp_replace(pg_catalog.replace({text}, '(0)', '') COLLATE \"C\", \
                 '[^0-9]+', '', 'g'), '0')"
            )
        }),
        bytewise: |text| format!("{text} COLLATE \"C\""),
        any_element: Some(|list, predicate| {
            format!(
                "EXISTS (SELECT 1 FROM pg_catalog.unnest({list}) AS element(v) WHERE {})",
                predicate("element.v")
            )
        }),
        constants: ["FALSE", "TRUE"],
        booleans: ["FALSE", "TRUE"],
        national: false,
        equality: None,
        top: false,
        typed: |literal, kind| format!("{literal}::pg_catalog.{kind}"),
        holds_nul: false,
        forms: true,
        list_limit: 1_000,
        pattern_limit: 500,
    };

    /// SQLite 3.
    pub const SQLITE: Self = Self {
        name: "sqlite",
        open: '"',
        close: '"',
        text: |value| format!("CAST({value} AS TEXT)"),
        folded: |text| format!("lower({text})"),
        // Outside printable ASCII, or what folding would change: several blanks, a backtick.
        // Functions and patterns end at a NUL, so what stands behind one cannot be asked for.
        uncertain: Some(|value| {
            format!("(typeof({value}) IN ('real', 'blob') OR instr({value}, char(0)) > 0)")
        }),
        plain: None,
        unquoted: |text| format!("replace({text}, '''', '')"),
        unsure: |text| {
            format!("({text} GLOB '*[^ -~]*' OR {text} GLOB '*`*' OR instr({text}, '  ') > 0)")
        },
        collapsed: |text| format!("trim({text})"),
        digits: None,
        bytewise: |text| format!("{text} COLLATE BINARY"),
        any_element: None,
        constants: ["FALSE", "TRUE"],
        booleans: ["FALSE", "TRUE"],
        national: false,
        equality: None,
        top: false,
        typed: |literal, _| literal.to_owned(),
        holds_nul: false,
        forms: true,
        list_limit: 500,
        pattern_limit: 100,
    };

    /// MySQL 8 and MariaDB, in a session with `ANSI_QUOTES` and `NO_BACKSLASH_ESCAPES` and UTC as its zone.
    ///
    /// What a column is compared by may be blind for case, marks and blanks at the end, and a literal that the column's
    /// character set lacks is an error there; so texts are converted first. The collation that is named takes the marks
    /// off each of the letters above; a test asks a server whether it does.
    pub const MYSQL: Self = Self {
        name: "mysql",
        open: '"',
        close: '"',
        text: |value| format!("CONVERT({value} USING utf8mb4)"),
        folded: |text| format!("REPLACE({text}, '`', '''') COLLATE utf8mb4_general_ci"),
        unsure: |text| {
            // White space and the backtick, which stand first, are no letters.
            let letters = &MARKED[4..];
            format!("({text}) COLLATE utf8mb4_bin REGEXP '[^ -~{letters}]'")
        },
        uncertain: None,
        plain: None,
        unquoted: |text| format!("REPLACE({text}, '''', '')"),
        collapsed: |text| format!("TRIM(REGEXP_REPLACE({text}, '  +', ' '))"),
        digits: Some(|text| {
            format!(
                "TRIM(LEADING '0' FROM REGEXP_REPLACE(REPLACE({text}, '(0)', ''), '[^0-9]+', ''))"
            )
        }),
        bytewise: |text| format!("CAST({text} AS BINARY)"),
        any_element: None,
        constants: ["FALSE", "TRUE"],
        booleans: ["FALSE", "TRUE"],
        national: false,
        equality: None,
        top: false,
        typed: mysql_typed,
        holds_nul: true,
        forms: true,
        list_limit: 1_000,
        pattern_limit: 500,
    };

    /// SQL Server 2017 and later, in a session with `QUOTED_IDENTIFIER`.
    ///
    /// What a column is compared by is blind for case, blanks at the end and more, so texts are compared by code points
    /// (`BIN2`), where only blanks at the end are not seen.
    pub const MSSQL: Self = Self {
        name: "mssql",
        open: '"',
        close: '"',
        text: |value| format!("CONVERT(nvarchar(max), {value})"),
        folded: |text| {
            format!(
                "TRANSLATE(LOWER({text}) COLLATE Latin1_General_100_BIN2, N'{MARKED}', N'{PLAIN}') \
                 COLLATE Latin1_General_100_BIN2"
            )
        },
        unsure: |text| {
            format!(
                "({text} LIKE '%[^ -~]%' COLLATE Latin1_General_100_BIN2 OR {text} LIKE '%  %')"
            )
        },
        uncertain: None,
        plain: None,
        unquoted: |text| format!("REPLACE({text}, '''', '')"),
        collapsed: |text| format!("LTRIM(RTRIM({text}))"),
        digits: None,
        bytewise: |text| format!("{text} COLLATE Latin1_General_100_BIN2"),
        any_element: None,
        constants: ["1 = 0", "1 = 1"],
        booleans: ["0", "1"],
        national: true,
        equality: Some(|text, literal, units| {
            format!(
                "({text} = {literal} COLLATE Latin1_General_100_BIN2 AND DATALENGTH({text}) = {})",
                units * 2
            )
        }),
        top: true,
        typed: mssql_typed,
        holds_nul: true,
        forms: true,
        list_limit: 1_000,
        pattern_limit: 100,
    };

    /// SAP HANA 2.0 and Cloud.
    ///
    /// Texts are compared by code points there. Only what PostgreSQL takes too is written (three functions of HANA's
    /// made there), so that tests run these very statements.
    pub const HANA: Self = Self {
        name: "hana",
        open: '"',
        close: '"',
        text: |value| format!("TO_NVARCHAR({value})"),
        folded: |text| format!("LOWER({text})"),
        // What takes more bytes than letters is beyond ASCII.
        unsure: |text| {
            let odd = ["`", "  ", "\t", "\n", "\u{b}", "\u{c}", "\r"];
            let odd = odd.map(|odd| format!(" OR {text} LIKE '%{odd}%'"));
            format!(
                "(LENGTH(TO_BINARY({text})) <> LENGTH({text}){})",
                odd.concat()
            )
        },
        uncertain: None,
        plain: None,
        unquoted: |text| format!("REPLACE({text}, '''', '')"),
        collapsed: |text| format!("TRIM({text})"),
        digits: None,
        bytewise: str::to_owned,
        any_element: None,
        constants: ["1 = 0", "1 = 1"],
        booleans: ["FALSE", "TRUE"],
        national: false,
        equality: None,
        top: false,
        typed: hana_typed,
        holds_nul: true,
        forms: true,
        list_limit: 1_000,
        pattern_limit: 100,
    };

    /// A server of which nothing is known but that it keeps to the standard, behind a driver that translates the escapes
    /// of ODBC.
    pub const ODBC: Self = Self {
        name: "odbc",
        open: '"',
        close: '"',
        text: str::to_owned,
        folded: str::to_owned,
        unsure: |_| "1 = 1".to_owned(),
        uncertain: None,
        plain: None,
        unquoted: str::to_owned,
        collapsed: str::to_owned,
        digits: None,
        bytewise: str::to_owned,
        any_element: None,
        constants: ["1 = 0", "1 = 1"],
        booleans: ["0", "1"],
        national: false,
        equality: None,
        top: false,
        typed: odbc_typed,
        holds_nul: true,
        forms: false,
        list_limit: 500,
        pattern_limit: 0,
    };

    /// Every dialect.
    pub const ALL: [&'static Self; 6] = [
        &Self::POSTGRES,
        &Self::SQLITE,
        &Self::MYSQL,
        &Self::MSSQL,
        &Self::HANA,
        &Self::ODBC,
    ];

    /// The dialect of that name.
    pub fn named(name: &str) -> Option<&'static Self> {
        Self::ALL.into_iter().find(|dialect| dialect.name == name)
    }

    /// An identifier, quoted whatever it is made of.
    pub fn identifier(&self, name: &str) -> String {
        let mut quoted = String::with_capacity(name.len() + 2);
        quoted.push(self.open);
        for character in name.chars() {
            quoted.push(character);
            if character == self.close {
                quoted.push(character);
            }
        }
        quoted.push(self.close);
        quoted
    }

    /// A path of identifiers: `"schema"."table"`.
    pub fn qualified<'a>(&self, segments: impl IntoIterator<Item = &'a str>) -> String {
        segments
            .into_iter()
            .map(|segment| self.identifier(segment))
            .collect::<Vec<_>>()
            .join(".")
    }

    /// A text literal that keeps every letter there; `None` for text with a NUL.
    pub fn quote(&self, text: &str) -> Option<String> {
        let literal = Self::literal(text)?;
        Some(if self.national && !text.is_ascii() {
            format!("N{literal}")
        } else {
            literal
        })
    }

    /// A text literal; `None` for text with a NUL, which no server takes in a statement.
    pub fn literal(text: &str) -> Option<String> {
        (!text.contains('\0')).then(|| format!("'{}'", text.replace('\'', "''")))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_the_server_translates_is_what_folding_makes_of_it() {
        let plain: Vec<char> = PLAIN.replace("''", "'").chars().collect();
        assert_eq!(MARKED.chars().count(), plain.len());
        for (marked, plain) in MARKED.chars().zip(plain) {
            let folded = locard_sketch::forms::folded(&format!("a{marked}b")).into_owned();
            assert_eq!(folded, format!("a{plain}b"), "{marked:?}");
        }
    }

    #[test]
    fn a_quote_inside_an_identifier_is_doubled() {
        assert_eq!(Dialect::POSTGRES.identifier("a\"b"), "\"a\"\"b\"");
        assert_eq!(
            Dialect::POSTGRES.qualified(["My Schema", "таблица"]),
            "\"My Schema\".\"таблица\""
        );
    }

    #[test]
    fn text_with_a_nul_has_no_literal() {
        assert_eq!(Dialect::literal("a\0b"), None);
    }

    #[test]
    fn numbers_of_mysql_are_bare_and_times_have_its_own_words() {
        let typed = Dialect::MYSQL.typed;
        assert_eq!(typed("'42.50'", "numeric"), "42.50");
        assert_eq!(typed("'-1'", "numeric"), "-1");
        assert_eq!(typed("'1 OR 1'", "numeric"), "'1 OR 1'");
        assert_eq!(typed("'2024-01-31'", "date"), "DATE '2024-01-31'");
        assert_eq!(
            typed("'2024-01-31T10:00:00Z'", "timestamptz"),
            "TIMESTAMP '2024-01-31 10:00:00'"
        );
        assert_eq!(
            typed("'-000001-01-31 10:00:00'", "timestamp"),
            "TIMESTAMP '0000-01-01 00:00:00'"
        );
    }

    #[test]
    fn sql_server_is_told_in_its_own_words() {
        let typed = Dialect::MSSQL.typed;
        assert_eq!(typed("'42.50'", "numeric"), "42.50");
        assert_eq!(typed("'1 OR 1'", "numeric"), "NULL");
        assert_eq!(typed(&format!("'{}'", "9".repeat(39)), "numeric"), "NULL");
        assert_eq!(
            typed("'2024-01-31T10:00:00.123456789Z'", "timestamptz"),
            "CAST('2024-01-31 10:00:00.1234567+00:00' AS datetimeoffset(7))"
        );
        assert_eq!(
            typed("'-000001-01-31 10:00:00'", "timestamp"),
            "CAST('0001-01-01 00:00:00' AS datetime2(7))"
        );
        assert_eq!(Dialect::MSSQL.quote("it's").as_deref(), Some("'it''s'"));
        assert_eq!(Dialect::MSSQL.quote("Köln").as_deref(), Some("N'Köln'"));
        assert_eq!(Dialect::POSTGRES.quote("Köln").as_deref(), Some("'Köln'"));
    }

    #[test]
    fn hana_and_drivers_are_told_in_their_own_words() {
        let typed = Dialect::HANA.typed;
        assert_eq!(typed("'42.50'", "numeric"), "42.50");
        assert_eq!(typed("'1 OR 1'", "numeric"), "NULL");
        assert_eq!(
            typed("'2024-01-31T10:00:00.123456789Z'", "timestamptz"),
            "CAST('2024-01-31 10:00:00.1234567' AS TIMESTAMP)"
        );
        let typed = Dialect::ODBC.typed;
        assert_eq!(typed("'2024-01-31'", "date"), "{d '2024-01-31'}");
        assert_eq!(
            typed("'-000001-01-31 10:00:00'", "timestamp"),
            "{ts '0001-01-01 00:00:00'}"
        );
        assert_eq!(Dialect::named("hana").map(|found| found.name), Some("hana"));
        assert!(Dialect::named("").is_none());
    }

    proptest! {
        #[test]
        fn no_text_ends_its_own_literal(text in "[^\0]*") {
            let literal = Dialect::literal(&text).unwrap();
            let inner = &literal[1..literal.len() - 1];
            prop_assert_eq!(inner.replace("''", "\u{0}").contains('\''), false);
            prop_assert_eq!(inner.replace("''", "'"), text);
        }
    }
}
