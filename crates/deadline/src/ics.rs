//! Deadlines as calendar entries (RFC 5545), for the feed that people subscribe to.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::Due;

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Globally unique and the same for ever: a changed entry replaces the one of that id.
    pub uid: String,
    /// The title.
    pub summary: String,
    /// What else a reader should know; may have several lines.
    pub description: String,
    /// When.
    pub when: When,
}

/// When an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// On a whole day.
    Day(Date),
    /// At an instant, for periods in hours.
    Time(Timestamp),
}

impl From<Due> for When {
    fn from(due: Due) -> Self {
        if due.whole_day {
            Self::Day(due.date)
        } else {
            Self::Time(due.until)
        }
    }
}

/// A whole calendar. `stamp` is the time at which it is made.
pub fn feed<'a>(
    name: &str,
    entries: impl IntoIterator<Item = &'a Entry>,
    stamp: Timestamp,
) -> String {
    let mut text = String::new();
    line(&mut text, "BEGIN", "VCALENDAR");
    line(&mut text, "VERSION", "2.0");
    line(&mut text, "PRODID", "-//Locard//Deadlines//EN");
    line(&mut text, "CALSCALE", "GREGORIAN");
    line(&mut text, "X-WR-CALNAME", &escaped(name));
    for entry in entries {
        text.push_str(&event(entry, stamp));
    }
    line(&mut text, "END", "VCALENDAR");
    text
}

/// One entry as it stands within a calendar. `stamp` is the time at which it is made.
pub fn event(entry: &Entry, stamp: Timestamp) -> String {
    let mut text = String::new();
    line(&mut text, "BEGIN", "VEVENT");
    line(&mut text, "UID", &escaped(&entry.uid));
    line(&mut text, "DTSTAMP", &utc(stamp));
    match entry.when {
        // Without an end an entry of a day lasts that day.
        When::Day(day) => line(
            &mut text,
            "DTSTART;VALUE=DATE",
            &day.strftime("%Y%m%d").to_string(),
        ),
        When::Time(instant) => line(&mut text, "DTSTART", &utc(instant)),
    }
    line(&mut text, "SUMMARY", &escaped(&entry.summary));
    if !entry.description.is_empty() {
        line(&mut text, "DESCRIPTION", &escaped(&entry.description));
    }
    // A deadline takes no one's time: who has one is not busy all day.
    line(&mut text, "TRANSP", "TRANSPARENT");
    line(&mut text, "END", "VEVENT");
    text
}

fn utc(at: Timestamp) -> String {
    at.strftime("%Y%m%dT%H%M%SZ").to_string()
}

/// Section 3.3.11: commas, semicolons and backslashes are escaped, ends of lines are `\n`, and nothing else that controls.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.replace("\r\n", "\n").chars() {
        match letter {
            '\\' | ',' | ';' => escaped.extend(['\\', letter]),
            '\n' | '\r' => escaped.push_str("\\n"),
            letter if letter.is_control() && letter != '\t' => {}
            letter => escaped.push(letter),
        }
    }
    escaped
}

/// Octets in a line, without its end.
const WIDTH: usize = 75;

/// Section 3.1: a long line goes on behind a line break and a blank, and no letter is cut in two.
fn line(text: &mut String, name: &str, value: &str) {
    let mut width = 0;
    for letter in name.chars().chain([':']).chain(value.chars()) {
        if width + letter.len_utf8() > WIDTH {
            text.push_str("\r\n ");
            width = 1;
        }
        text.push(letter);
        width += letter.len_utf8();
    }
    text.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn entry(summary: &str) -> Entry {
        Entry {
            uid: "7f0c-answer@locard".to_owned(),
            summary: summary.to_owned(),
            description: String::new(),
            when: When::Day(Date::constant(2026, 12, 31)),
        }
    }

    #[test]
    fn an_entry_has_what_the_standard_asks_for() {
        let stamp: Timestamp = "2026-11-29T20:30:00Z".parse().expect("a time");
        let text = feed(
            "Requests; all",
            [&entry("Answer request 17, by Erika")],
            stamp,
        );
        let expected = [
            "BEGIN:VCALENDAR",
            "VERSION:2.0",
            "PRODID:-//Locard//Deadlines//EN",
            "CALSCALE:GREGORIAN",
            r"X-WR-CALNAME:Requests\; all",
            "BEGIN:VEVENT",
            "UID:7f0c-answer@locard",
            "DTSTAMP:20261129T203000Z",
            "DTSTART;VALUE=DATE:20261231",
            r"SUMMARY:Answer request 17\, by Erika",
            "TRANSP:TRANSPARENT",
            "END:VEVENT",
            "END:VCALENDAR",
            "",
        ];
        assert_eq!(text, expected.join("\r\n"));
    }

    #[test]
    fn an_entry_of_an_hour_is_told_in_utc() {
        let at: Timestamp = "2026-01-04T10:00:00+07:00".parse().expect("a time");
        let hourly = Entry {
            when: When::Time(at),
            ..entry("x")
        };
        assert!(event(&hourly, at).contains("DTSTART:20260104T030000Z\r\n"));
    }

    #[test]
    fn a_text_cannot_make_lines_of_its_own() {
        let evil = entry("x\r\nEND:VEVENT\r\u{0}\u{b}\nATTACH:http://example.org");
        let text = event(&evil, Timestamp::UNIX_EPOCH);
        assert!(text.contains(r"SUMMARY:x\nEND:VEVENT\n\nATTACH:http://example.org"));
        assert_eq!(
            text.lines()
                .filter(|line| line.starts_with("END:VEVENT"))
                .count(),
            1
        );
    }

    proptest! {
        #[test]
        fn long_lines_are_folded_and_unfold_to_what_they_were(summary in "\\PC{0,200}") {
            let text = event(&entry(&summary), Timestamp::UNIX_EPOCH);
            prop_assert!(text.split("\r\n").all(|line| line.len() <= WIDTH));
            let expected = format!("SUMMARY:{}\r\n", escaped(&summary));
            prop_assert!(text.replace("\r\n ", "").contains(&expected));
        }
    }
}
