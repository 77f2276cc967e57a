//! T-SQL as words.

/// A word of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Word {
    /// A keyword or a name without quotes.
    Bare(String),
    /// A name in quotes or brackets.
    Name(String),
    /// A text.
    Text(String),
    /// A number, or bytes in hexadecimal digits.
    Number(String),
    Sign(String),
}

impl Word {
    /// Whether it is this keyword.
    pub(crate) fn is(&self, keyword: &str) -> bool {
        matches!(self, Self::Bare(word) if word.eq_ignore_ascii_case(keyword))
    }

    /// Whether it is this sign.
    pub(crate) fn is_sign(&self, wanted: &str) -> bool {
        matches!(self, Self::Sign(sign) if sign == wanted)
    }

    /// What it names, if it can.
    pub(crate) fn name(&self) -> Option<&str> {
        match self {
            Self::Bare(name) | Self::Name(name) => Some(name),
            _ => None,
        }
    }

    /// As SQLite spells it.
    pub(crate) fn sqlite(&self) -> String {
        match self {
            Self::Bare(word) | Self::Sign(word) => word.clone(),
            Self::Name(name) => quoted(name),
            Self::Text(text) => literal(text),
            Self::Number(number) => match number.strip_prefix("0x") {
                Some(digits) => format!("x'{digits}'"),
                None => number.clone(),
            },
        }
    }
}

/// A name in quotes.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A text in quotes.
pub(crate) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// The words of a batch.
pub(crate) fn words(sql: &str) -> Vec<Word> {
    let chars: Vec<char> = sql.chars().collect();
    let (mut words, mut at) = (Vec::new(), 0);
    while let Some(&c) = chars.get(at) {
        let next = chars.get(at + 1).copied();
        match (c, next) {
            _ if c.is_whitespace() => at += 1,
            ('-', Some('-')) => at += chars[at..].iter().take_while(|c| **c != '\n').count(),
            ('N', Some('\'')) => words.push(Word::Text(inside(&chars, &mut at, 1, '\''))),
            ('\'', _) => words.push(Word::Text(inside(&chars, &mut at, 0, '\''))),
            ('"', _) => words.push(Word::Name(inside(&chars, &mut at, 0, '"'))),
            ('[', _) => words.push(Word::Name(inside(&chars, &mut at, 0, ']'))),
            _ if c.is_ascii_digit() => {
                let number = |c: &&char| c.is_ascii_alphanumeric() || **c == '.';
                words.push(Word::Number(run(&chars, &mut at, number)));
            }
            _ if c.is_alphabetic() || matches!(c, '_' | '@' | '$' | '#') => {
                let part = |c: &&char| c.is_alphanumeric() || matches!(**c, '_' | '@' | '$' | '#');
                words.push(Word::Bare(run(&chars, &mut at, part)));
            }
            ('<', Some('>' | '=')) | ('>' | '!', Some('=')) => {
                words.push(Word::Sign(chars[at..at + 2].iter().collect()));
                at += 2;
            }
            _ => {
                words.push(Word::Sign(c.to_string()));
                at += 1;
            }
        }
    }
    words
}

fn run(chars: &[char], at: &mut usize, part: impl FnMut(&&char) -> bool) -> String {
    let text: String = chars[*at..].iter().take_while(part).collect();
    *at += text.chars().count();
    text
}

/// What stands between quotes; doubled ones are one.
fn inside(chars: &[char], at: &mut usize, prefix: usize, close: char) -> String {
    *at += prefix + 1;
    let mut text = String::new();
    while let Some(&c) = chars.get(*at) {
        *at += 1;
        if c == close {
            if chars.get(*at) != Some(&close) {
                break;
            }
            *at += 1;
        }
        text.push(c);
    }
    text
}

/// The statements of a batch.
pub(crate) fn statements(words: &[Word]) -> Vec<&[Word]> {
    let parts = words.split(|word| word.is_sign(";"));
    parts.filter(|part| !part.is_empty()).collect()
}

/// The parts between commas, as far as these stand in no brackets.
pub(crate) fn listed(words: &[Word]) -> Vec<&[Word]> {
    let mut depth = 0;
    words
        .split(|word| {
            depth += i32::from(word.is_sign("(")) - i32::from(word.is_sign(")"));
            depth == 0 && word.is_sign(",")
        })
        .collect()
}

/// What stands in the brackets that open here, and how many words that is with them.
pub(crate) fn bracketed(words: &[Word]) -> (&[Word], usize) {
    let mut depth = 0;
    for (at, word) in words.iter().enumerate() {
        depth += i32::from(word.is_sign("(")) - i32::from(word.is_sign(")"));
        if depth == 0 {
            return (words.get(1..at).unwrap_or_default(), at + 1);
        }
    }
    (words.get(1..).unwrap_or_default(), words.len())
}

/// Words as they may have been written.
pub(crate) fn written(words: &[Word]) -> String {
    let mut text = String::new();
    for word in words {
        match word {
            Word::Bare(part) | Word::Name(part) | Word::Number(part)
                if text.ends_with(|c: char| c.is_alphanumeric()) =>
            {
                text.push(' ');
                text.push_str(part);
            }
            Word::Bare(part) | Word::Name(part) | Word::Number(part) | Word::Sign(part) => {
                text.push_str(part);
            }
            Word::Text(part) => text.push_str(&literal(part)),
        }
    }
    text
}
