//! Letters to the person, from templates: one file for each kind and language, which an organisation may replace.
//!
//! What a reader gets wrong: a letter is a draft. Nothing is sent, and whoever sends it reads it first.

use std::path::Path;

use jiff::civil::Date;
use locard_deadline::{Duty, Event, What};

use crate::clock::answer;
use crate::code::{Code, Fault, Result};
use crate::desk::{Desk, Opened};
use crate::record::Record;

/// Kinds of letters.
pub const LETTERS: [&str; 4] = ["acknowledge", "extend", "refuse", "cover"];

/// Languages that come with the program.
pub const LANGUAGES: [&str; 6] = ["en", "de", "fr", "es", "it", "nl"];

/// Bytes of a template.
const LARGEST: u64 = 100_000;

macro_rules! letters {
    ($($language:literal),+) => {
        &[$(
            ($language, "acknowledge", include_str!(concat!("../letters/", $language, "/acknowledge.txt"))),
            ($language, "extend", include_str!(concat!("../letters/", $language, "/extend.txt"))),
            ($language, "refuse", include_str!(concat!("../letters/", $language, "/refuse.txt"))),
            ($language, "cover", include_str!(concat!("../letters/", $language, "/cover.txt"))),
        )+]
    };
}

const BUILTIN: &[(&str, &str, &str)] = letters!("en", "de", "fr", "es", "it", "nl");

/// A name that can be one of a folder or file, and of nothing else.
fn is_plain(name: &str) -> bool {
    (1..=40).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// The template: the organisation's own in `letters/LANGUAGE/KIND.txt` of the home, else the one of this program.
fn template(home: &Path, language: &str, kind: &str) -> Result<String> {
    let missing = || {
        let message = format!("there is no letter `{kind}` in the language `{language}`");
        let known = format!(
            "known are {} in {}",
            LETTERS.join(", "),
            LANGUAGES.join(", ")
        );
        Fault::new(Code::NotFound, message).hint(known)
    };
    if !is_plain(language) || !is_plain(kind) {
        return Err(Fault::new(Code::NotFound, "there is no such letter"));
    }
    let own = home
        .join("letters")
        .join(language)
        .join(format!("{kind}.txt"));
    match std::fs::metadata(&own) {
        Ok(about) if about.len() <= LARGEST => {
            let unreadable = |error: std::io::Error| {
                let why = locard_app::why(&error);
                Fault::new(
                    Code::Runtime,
                    format!("letters/{language}/{kind}.txt cannot be read: {why}"),
                )
            };
            std::fs::read_to_string(&own).map_err(unreadable)
        }
        Ok(_) => {
            let message = format!("letters/{language}/{kind}.txt is longer than a letter");
            Err(Fault::new(Code::Invalid, message))
        }
        Err(_) => {
            let mut all = BUILTIN.iter();
            let found = all.find(|(of, name, _)| *of == language && *name == kind);
            found
                .map(|(_, _, text)| (*text).to_owned())
                .ok_or_else(missing)
        }
    }
}

/// A date as people of that language write it.
fn written(date: Date, language: &str) -> String {
    let form = match language {
        "en" => "%-d %B %Y",
        "de" => "%d.%m.%Y",
        "fr" | "es" | "it" => "%d/%m/%Y",
        "nl" => "%d-%m-%Y",
        _ => "%Y-%m-%d",
    };
    date.strftime(form).to_string()
}

/// Puts values into a template. What has no value stays visible, so that nobody sends it.
fn filled(template: &str, values: &[(&str, Option<String>)]) -> String {
    let mut text = String::with_capacity(template.len() + 200);
    let mut rest = template;
    while let Some((before, behind)) = rest.split_once("{{") {
        text.push_str(before);
        let Some((name, after)) = behind.split_once("}}") else {
            text.push_str("{{");
            rest = behind;
            continue;
        };
        let known = values.iter().find(|(known, _)| *known == name.trim());
        match known.and_then(|(_, value)| value.as_deref()) {
            Some(value) => text.push_str(value),
            None => text.extend(["[", name.trim(), "]"]),
        }
        rest = after;
    }
    text.push_str(rest);
    text
}

impl Desk<'_> {
    /// The day by which the answer will be due once the person is told now that it takes longer, by all that the law gives;
    /// `None` where it gives nothing.
    fn extended(&self, record: &Record, now: jiff::Timestamp) -> Option<Date> {
        let extended = What::Extended {
            duty: Duty::Answer,
            by: None,
            // The letter says it.
            reason: Some("it takes longer".to_owned()),
        };
        let mut clock = record.clock.clone();
        let event = Event::new(now, extended);
        clock.happened(&self.library, event).ok()?;
        let deadlines = clock.deadlines(&self.library).ok()?;
        answer(&deadlines).map(|answer| answer.statutory.due.date)
    }

    /// A draft of a letter. Blocks on reading a template.
    pub fn letter(&self, request: &Opened, kind: &str, language: &str) -> Result<String> {
        let record = request.known()?;
        let template = template(self.home.dir(), language, kind)?;
        let deadlines = request.deadlines.as_ref();
        let day = |at: jiff::Timestamp| {
            let zone = deadlines.map_or("UTC", |deadlines| deadlines.zone.as_str());
            let zoned = at.in_tz(zone).map(|at| at.date());
            zoned.ok().map(|date| written(date, language))
        };
        let due = match kind {
            "extend" if record.extensions.is_empty() => self.extended(record, request.now),
            _ => deadlines
                .and_then(answer)
                .map(|answer| answer.statutory.due.date),
        };
        let reason = match kind {
            "extend" => record
                .extensions
                .last()
                .map(|extension| extension.reason.clone()),
            "refuse" => record.refusal.as_ref().map(|refusal| {
                refusal
                    .message
                    .clone()
                    .unwrap_or_else(|| refusal.rationale.clone())
            }),
            _ => None,
        };
        let short: String = request.id.to_string().chars().take(8).collect();
        let name = record
            .requestor
            .as_ref()
            .and_then(|requestor| requestor.name.clone());
        Ok(filled(
            &template,
            &[
                ("name", name),
                ("reference", Some(short)),
                ("received", day(record.intake.received_at)),
                ("due", due.map(|date| written(date, language))),
                ("reason", reason),
                ("law", deadlines.map(|deadlines| deadlines.law.clone())),
                ("controller", None),
            ],
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 7] = [
        "name",
        "reference",
        "received",
        "due",
        "reason",
        "law",
        "controller",
    ];

    #[test]
    fn every_letter_is_there_in_every_language_and_knows_all_its_names() {
        let nowhere = Path::new("/nowhere");
        for language in LANGUAGES {
            for kind in LETTERS {
                let text = template(nowhere, language, kind).unwrap();
                let values = NAMES.map(|name| (name, Some(format!("<{name}>"))));
                let letter = filled(&text, &values);
                assert!(
                    !letter.contains("{{") && !letter.contains('['),
                    "{language}/{kind}"
                );
                assert!(
                    letter.contains("<reference>") && letter.contains("<name>"),
                    "{language}/{kind}"
                );
                let has_reason = letter.contains("<reason>");
                assert_eq!(
                    has_reason,
                    matches!(kind, "extend" | "refuse"),
                    "{language}/{kind}"
                );
            }
        }
        for (language, kind) in [
            ("xx", "cover"),
            ("en", "bill"),
            ("..", "cover"),
            ("en", "../../x"),
        ] {
            assert!(template(nowhere, language, kind).is_err());
        }
    }

    #[test]
    fn an_own_letter_goes_before_the_one_of_the_program() {
        let home = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(home.path().join("letters/en")).unwrap();
        std::fs::write(
            home.path().join("letters/en/cover.txt"),
            "Hi {{ name }}, {{odd}} {{",
        )
        .unwrap();
        let text = template(home.path(), "en", "cover").unwrap();
        let letter = filled(&text, &[("name", Some("Anna".to_owned()))]);
        assert_eq!(letter, "Hi Anna, [odd] {{");
    }
}
