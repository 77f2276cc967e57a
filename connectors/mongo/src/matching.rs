//! Which documents may hold a wanted value, as a query.
//!
//! The argument for every superset: what a text folds to differs from its lower case only where it holds something
//! beyond printable ASCII, or a grave accent. So a document is sent when its text agrees, when the server cannot be sure,
//! or when the value is of a type of which not every text can be told here. Patterns are made of letters and digits, or
//! have everything else quoted.

use locard_connector::{Form, Matching};
use locard_sketch::forms::words;
use mongodb::bson::oid::ObjectId;
use mongodb::bson::{Bson, Decimal128, Document, doc};

use crate::project::fields;

/// Patterns in one query, at most: each is tried on every document.
const MOST_PATTERNS: usize = 200;
/// Values in one list, at most: a query has a limit of 16 MiB.
const MOST_VALUES: usize = 20_000;

/// A text in which folding may do more than to make lower case.
const UNSURE: &str = r"[^\x20-\x5f\x61-\x7e]";

/// Types whose texts are left to the engine.
const OTHERS: [&str; 7] = [
    "binData",
    "date",
    "timestamp",
    "regex",
    "javascript",
    "symbol",
    "javascriptWithScope",
];

/// A query for all of `wanted`, OR-ed; `None` where some column cannot be asked for.
pub(crate) fn query(wanted: &[Matching]) -> Option<Document> {
    let values: usize = wanted.iter().map(|matching| matching.values.len()).sum();
    if wanted.is_empty() || values > MOST_VALUES {
        return None;
    }
    let patterns = wanted.iter().filter(|matching| matching.form != Form::Raw);
    let patterns: usize = patterns.map(|matching| matching.values.len()).sum();
    if patterns > MOST_PATTERNS {
        return None;
    }
    let mut any = Vec::new();
    for matching in wanted {
        any.extend(of_column(matching)?);
    }
    Some(doc! { "$or": any })
}

fn of_column(matching: &Matching) -> Option<Vec<Bson>> {
    // What has no digits, or no words at all.
    if matching.values.iter().any(String::is_empty) {
        return None;
    }
    let fields = fields(&matching.column)?;
    let path = fields.join(".");
    let on = |condition: Bson| Bson::Document(doc! { &path: condition });
    let mut any = vec![on(Bson::Document(doc! { "$type": OTHERS.to_vec() }))];
    let mut listed = Vec::new();
    for value in &matching.values {
        any.extend(text(matching.form, value).map(&on));
        listed.extend(listed_values(matching.form, value));
    }
    if matching.form != Form::Raw {
        any.push(on(Bson::Document(doc! { "$regex": UNSURE })));
    }
    if matching.form == Form::Digits {
        any.push(on(Bson::Document(doc! { "$type": ["objectId", "number"] })));
    } else if matching
        .values
        .iter()
        .any(|value| may_be_in_fraction(matching.form, value))
    {
        any.push(on(Bson::Document(doc! { "$type": ["double", "decimal"] })));
    }
    if !listed.is_empty() {
        any.push(on(Bson::Document(doc! { "$in": listed })));
    }
    any.extend(in_text(&fields));
    any.extend(otherwise_named(&fields));
    Some(any)
}

/// The pattern of the texts that have one value; `None` where a list does.
fn text(form: Form, value: &str) -> Option<Bson> {
    let pattern = match form {
        Form::Raw => return None,
        _ if value.contains('\0') => return None,
        Form::Folded => {
            let words: Vec<String> = value.split(' ').map(quoted).collect();
            format!("^ *{} *$", words.join(" +"))
        }
        Form::Digits => spaced(value)?,
        Form::Tokens | Form::Contains => every_word(value)?,
    };
    Some(Bson::Document(doc! { "$regex": pattern, "$options": "i" }))
}

/// Everything that is neither letter nor digit with a backslash before it.
fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    for c in text.chars() {
        if c.is_ascii() && !c.is_ascii_alphanumeric() {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// Digits with anything but digits between them, save a national prefix in brackets.
fn spaced(digits: &str) -> Option<String> {
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let digits: Vec<String> = digits.chars().map(String::from).collect();
    Some(digits.join(r"[^0-9]*(?:0\)[^0-9]*)*"))
}

/// Every word of the value, in any order, with apostrophes between its letters.
fn every_word(value: &str) -> Option<String> {
    let words: Vec<_> = words(value).collect();
    let is_plain = |word: &str| word.bytes().all(|byte| byte.is_ascii_alphanumeric());
    // Words beyond ASCII are in none but the texts of which the server is unsure.
    if words.is_empty() || !words.iter().all(|word| is_plain(word)) {
        return None;
    }
    let ahead = |word: &str| {
        let letters: Vec<String> = word.chars().map(String::from).collect();
        format!(
            r"(?=[\s\S]*(?<![a-z0-9]){}(?![a-z0-9]))",
            letters.join("'*")
        )
    };
    let all: Vec<String> = words.iter().map(|word| ahead(word)).collect();
    Some(format!("^{}", all.concat()))
}

/// The values that a text stands for in every type in which not more than these can have it.
fn listed_values(form: Form, value: &str) -> Vec<Bson> {
    let mut listed = Vec::new();
    if form == Form::Raw {
        listed.push(Bson::String(value.to_owned()));
    }
    let trimmed = value.trim();
    if let Ok(number) = trimmed.parse::<f64>() {
        listed.extend([Bson::Double(number), Bson::Double(-number)]);
        if let Ok(whole) = trimmed.parse::<i64>() {
            listed.extend([Bson::Int64(whole), Bson::Int64(whole.wrapping_neg())]);
        }
        let exact = trimmed.to_ascii_uppercase().parse::<Decimal128>();
        listed.extend(exact.map(Bson::Decimal128));
    }
    if let Ok(id) = ObjectId::parse_str(trimmed) {
        listed.push(Bson::ObjectId(id));
    }
    let is_word = |word: &str| trimmed.split(' ').any(|part| part == word);
    for (word, truth) in [("true", true), ("false", false)] {
        if is_word(word) {
            listed.push(Bson::Boolean(truth));
        }
    }
    listed
}

/// Whether the value may be a part of the text of a number with a fraction or an exponent.
fn may_be_in_fraction(form: Form, value: &str) -> bool {
    matches!(form, Form::Tokens | Form::Contains)
        && value.split(' ').any(|word| {
            matches!(word, "nan" | "inf" | "infinity" | "e")
                || word.bytes().any(|byte| byte.is_ascii_digit())
        })
}

/// The column may come from JSON that stands as text in one of the fields above, or from a file that stands there in
/// binary data.
fn in_text(fields: &[&str]) -> Vec<Bson> {
    let above = (1..=fields.len()).map(|length| fields.get(..length).unwrap_or_default().join("."));
    let both = |path: String| {
        let json = Bson::Document(doc! { &path: { "$regex": r"^\s*[\[{]" } });
        [json, Bson::Document(doc! { path: { "$type": "binData" } })]
    };
    above.flat_map(both).collect()
}

/// The column may be that of a field whose name has a dot in it: `a.b` in the document itself. Such documents come.
fn otherwise_named(fields: &[&str]) -> Option<Bson> {
    let (first, rest) = fields.split_first()?;
    if rest.is_empty() {
        return None;
    }
    Some(Bson::Document(
        doc! { "$nor": [{ "$jsonSchema": named_plainly(first, rest) }] },
    ))
}

/// That no field here begins with a name and a dot, nor any below with the next.
fn named_plainly(first: &str, rest: &[&str]) -> Document {
    let mut schema =
        doc! { "patternProperties": { format!(r"^{}\.", quoted(first)): { "not": {} } } };
    if let Some((next, rest)) = rest.split_first()
        && !rest.is_empty()
    {
        let mut below = named_plainly(next, rest);
        below.insert("items", below.clone());
        schema.insert("properties", doc! { first: below });
    }
    schema
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matching(column: &str, form: Form, values: &[&str]) -> Matching {
        Matching {
            column: column.to_owned(),
            form,
            values: values.iter().map(|value| (*value).to_owned()).collect(),
        }
    }

    fn shown(column: &str, form: Form, values: &[&str]) -> String {
        query(&[matching(column, form, values)])
            .map_or_else(|| "none".to_owned(), |query| query.to_string())
    }

    #[test]
    fn raw_values_are_a_list_of_every_type_that_has_the_text() {
        let id = "507f1f77bcf86cd799439011";
        let query = shown("c", Form::Raw, &["o'hara", "42", id, "true"]);
        for part in [
            "\"o'hara\"",
            "\"42\", 42, -42, 42, -42, 42",
            "ObjectId(",
            "true",
        ] {
            assert!(query.contains(part), "{part} in {query}");
        }
    }

    #[test]
    fn patterns_quote_what_is_special() {
        let query = query(&[matching("c", Form::Folded, &["a.b+c@example.org x"])]);
        let query = format!("{query:?}");
        assert!(
            query.contains(r"^ *a\\.b\\+c\\@example\\.org +x *$"),
            "{query}"
        );
    }

    #[test]
    fn words_may_stand_anywhere_and_digits_apart() {
        assert_eq!(
            every_word("o'hara zoe").as_deref(),
            Some(concat!(
                r"^(?=[\s\S]*(?<![a-z0-9])o'*h'*a'*r'*a(?![a-z0-9]))",
                r"(?=[\s\S]*(?<![a-z0-9])z'*o'*e(?![a-z0-9]))"
            ))
        );
        assert_eq!(every_word("köln"), None);
        assert_eq!(
            spaced("493").as_deref(),
            Some(r"4[^0-9]*(?:0\)[^0-9]*)*9[^0-9]*(?:0\)[^0-9]*)*3")
        );
    }

    #[test]
    fn what_cannot_be_asked_leaves_all_of_it_to_the_engine() {
        let asked = matching("c", Form::Folded, &["x"]);
        for odd in [
            matching("c.*", Form::Folded, &["x"]),
            matching("c[][]", Form::Folded, &["x"]),
            matching("c", Form::Digits, &[""]),
        ] {
            assert_eq!(query(&[asked.clone(), odd]), None);
        }
        assert_eq!(query(&[]), None);
        let many: Vec<String> = (0..=MOST_PATTERNS).map(|n| n.to_string()).collect();
        let many = Matching {
            column: "c".to_owned(),
            form: Form::Folded,
            values: many,
        };
        assert_eq!(query(&[many]), None);
    }

    #[test]
    fn what_stands_in_files_above_comes() {
        let query = shown("file.value[].text", Form::Contains, &["ada"]);
        for path in ["file", "file.value", "file.value.text"] {
            let asked = format!("\"{path}\": {{ \"$type\": \"binData\" }}");
            assert!(query.contains(&asked), "{path} in {query}");
        }
    }

    #[test]
    fn fields_with_dots_in_their_names_come() {
        let query = shown("a.b[].c", Form::Folded, &["x"]);
        assert!(query.contains(r"^a\."), "{query}");
        assert!(query.contains(r"^b\."), "{query}");
        assert!(!shown("a", Form::Folded, &["x"]).contains("jsonSchema"));
    }
}
