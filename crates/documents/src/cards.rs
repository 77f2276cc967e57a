//! Contacts (vCard) and calendars (iCalendar): each card and each event a record, its properties columns.
//!
//! The one thing a reader gets wrong: lines are folded, and where. A name may go on in the next line in two ways, and what
//! looks like the next property may be a part of this one.

use std::borrow::Cow;
use std::collections::HashSet;
use std::io::Read;

use locard_containers::{Format, Item, Look, Place, Reads, Record, Records, Result};

use crate::names;
use crate::properties::{LONGEST, Lines, Property, parts, unescape};

/// vCard.
pub(crate) const VCARD: Format = Format::new("vcard", "a file of contacts", |look| {
    Ok(begins(look, "BEGIN:VCARD"))
})
.reading(Reads::Text(|text| Ok(Box::new(Cards::new(text, "card")))));

/// iCalendar.
pub(crate) const CALENDAR: Format = Format::new("icalendar", "a calendar", |look| {
    Ok(begins(look, "BEGIN:VCALENDAR"))
})
.reading(Reads::Text(|text| {
    Ok(Box::new(Cards::new(text, "component")))
}));

fn begins(look: &Look<'_>, wanted: &str) -> bool {
    let begin = look.text.get(..wanted.len());
    begin.is_some_and(|begin| begin.eq_ignore_ascii_case(wanted))
}

/// More columns than this are one: their names are values.
const COLUMNS: usize = 1_000;

/// What is no record by itself, but a part of what it is in.
const PARTS: &[&str] = &["valarm", "standard", "daylight"];

/// Names of columns that say more than those of properties.
const MEANINGS: &[(&str, &str)] = &[
    ("fn", "full_name"),
    ("tel", "telephone"),
    ("adr", "address"),
    ("bday", "birthday"),
    ("org", "organization"),
    ("url", "link"),
];

/// The parts of a name.
const NAME: &[&str] = &[
    "last_name",
    "first_name",
    "middle_name",
    "name_prefix",
    "name_suffix",
];

/// What is told of a value and not of a person.
const ASIDE: &[&str] = &[
    "type",
    "encoding",
    "charset",
    "value",
    "pref",
    "language",
    "role",
    "partstat",
    "rsvp",
    "cutype",
    "tzid",
    "altid",
    "pid",
    "mediatype",
    "index",
    "related",
    "fmttype",
    "schedule-agent",
];

struct Cards {
    lines: Lines,
    /// What is counted, and how many there were.
    counted: &'static str,
    number: u64,
    record: Record,
    held: usize,
    columns: HashSet<String>,
    /// A record behind a fault.
    waiting: Option<Item>,
    ended: bool,
}

impl Cards {
    fn new(text: Box<dyn Read + Send>, counted: &'static str) -> Self {
        Self {
            lines: Lines::new(text),
            counted,
            number: 1,
            record: Record::default(),
            held: 0,
            columns: HashSet::new(),
            waiting: None,
            ended: false,
        }
    }

    fn add(&mut self, column: &str, text: &str) {
        self.held += text.len();
        if self.columns.len() >= COLUMNS && !self.columns.contains(column) {
            return self.record.add("*", text);
        }
        if !self.columns.contains(column) {
            self.columns.insert(column.to_owned());
        }
        self.record.add(column.to_owned(), text);
    }

    fn take(&mut self) -> Option<Item> {
        self.held = 0;
        let mut record = std::mem::take(&mut self.record);
        record.place = Some(Place {
            key: self.counted,
            value: self.number.to_string(),
        });
        (!record.cells.is_empty()).then_some(Item::Record(record))
    }

    /// Takes a property in.
    fn property(&mut self, property: &Property<'_>) {
        let name = property.name.as_str();
        let meaning = MEANINGS.iter().find(|(known, _)| *known == name);
        let column = meaning.map_or(name, |(_, column)| column);
        for (parameter, value) in &property.parameters {
            match parameter.as_str() {
                "" => {}
                "cn" => self.add(&format!("{column}_name"), &unescape(value)),
                aside if ASIDE.contains(&aside) => {}
                other => self.add(&format!("{column}_{other}"), &address(&unescape(value))),
            }
        }
        // Pictures, sounds and keys are not read.
        if property.is_binary() {
            return;
        }
        match name {
            "version" => self.lines.keep_blanks(property.value.trim() == "2.1"),
            "n" => {
                let parts = parts(property);
                for (at, part) in parts.iter().enumerate() {
                    self.add(NAME.get(at).unwrap_or(&"name"), part);
                }
            }
            "adr" | "org" | "gender" | "request-status" => {
                let mut parts = parts(property);
                parts.retain(|part| !part.trim().is_empty());
                self.add(column, &parts.join(", "));
            }
            _ => self.add(column, &address(&unescape(&property.decoded()))),
        }
    }

    /// What follows on a line, if a record is complete with it.
    fn line(&mut self, line: &str) -> Option<Item> {
        let Some(property) = Property::of(line) else {
            self.add("text", line);
            return None;
        };
        let component = property.value.trim().to_ascii_lowercase();
        match property.name.as_str() {
            "begin" | "end" if PARTS.contains(&component.as_str()) => None,
            "begin" => self.take(),
            "end" => {
                let item = self.take();
                self.number += u64::from(item.is_some());
                item
            }
            _ => {
                self.property(&property);
                (self.held > LONGEST).then(|| self.take()).flatten()
            }
        }
    }
}

/// An address without the word that says what it is.
fn address(text: &str) -> Cow<'_, str> {
    let scheme = text.split_once(':').map_or("", |(scheme, _)| scheme);
    let is_address = ["mailto", "tel"]
        .iter()
        .any(|known| scheme.eq_ignore_ascii_case(known));
    if !is_address {
        return text.into();
    }
    let decoded = names::decoded(text);
    let (_, address) = decoded.split_once(':').unwrap_or(("", &decoded));
    address.to_owned().into()
}

impl Records for Cards {
    fn next(&mut self) -> Result<Option<Item>> {
        if let Some(item) = self.waiting.take() {
            return Ok(Some(item));
        }
        while !self.ended {
            let Some(line) = self.lines.next()? else {
                self.ended = true;
                return Ok(self.take());
            };
            let is_cut = line.is_cut && !Property::of(&line.text).is_some_and(|it| it.is_binary());
            let item = self.line(&line.text);
            if is_cut {
                self.waiting = item;
                return Ok(Some(Item::Fault {
                    sentence: "a property is longer than 1 MiB: the rest of it is not read".into(),
                    place: format!("{} {}", self.counted, self.number),
                }));
            }
            if item.is_some() {
                return Ok(item);
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<String> {
        let text = Box::new(std::io::Cursor::new(text.to_owned().into_bytes()));
        let (mut cards, mut found) = (Cards::new(text, "card"), Vec::new());
        while let Some(item) = cards.next().unwrap() {
            let Item::Record(record) = item else {
                found.push("fault".to_owned());
                continue;
            };
            let cells = record
                .cells
                .iter()
                .map(|(column, text)| format!("{column}={text}"));
            let place = record.place.map(|place| place.value).unwrap_or_default();
            found.push(format!("{place} {}", cells.collect::<Vec<_>>().join(" ")));
        }
        found
    }

    #[test]
    fn a_card_is_a_record() {
        let text = "BEGIN:VCARD\r\nVERSION:3.0\r\nN:Lovelace;Ada;King;Lady;\r\nFN:Ada Love\r\n lace\r\n\
            item1.EMAIL;TYPE=\"work,x\":ada@example.org\r\nEMAIL:a@x.org\r\nTEL;VALUE=uri:tel:+44-20-7946-0000\r\n\
            ADR;TYPE=home:;;12 High St\\, flat 3;London;;W1;UK\r\nBDAY:1815-12-10\r\nNOTE:one\\ntwo\\; three\r\n\
            PHOTO;ENCODING=b:AAAA\r\n BBBB\r\nEND:VCARD\r\nbegin:vcard\r\nfn:Bob\r\nend:vcard\r\n";
        assert_eq!(
            read(text),
            [
                "1 last_name=Lovelace first_name=Ada middle_name=King name_prefix=Lady full_name=Ada Lovelace \
                 email=ada@example.org\na@x.org telephone=+44-20-7946-0000 address=12 High St, flat 3, London, W1, UK \
                 birthday=1815-12-10 note=one\ntwo; three",
                "2 full_name=Bob"
            ]
        );
    }

    #[test]
    fn older_cards_are_decoded() {
        let text = "BEGIN:VCARD\nVERSION:2.1\nN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:M=C3=BCller;J=\n=C3=B6rg\n\
            FN;QUOTED-PRINTABLE;CHARSET=ISO-8859-1:J=F6rg M=FCller\nNOTE:met in\n Rome\nTEL;CELL;WORK:1\nEND:VCARD";
        assert_eq!(
            read(text),
            [
                "1 last_name=Müller first_name=Jörg full_name=Jörg Müller note=met in Rome telephone=1"
            ]
        );
    }

    #[test]
    fn events_name_who_takes_part() {
        let text = "BEGIN:VCALENDAR\nX-WR-CALNAME:Ada\nBEGIN:VEVENT\nSUMMARY:Tea\n\
            ORGANIZER;CN=\"Lovelace; Ada\":mailto:ada%40example.org\nBEGIN:VALARM\nATTENDEE;ROLE=CHAIR;SENT-BY=\"MAILTO:eve@x.org\":mailto:b@x.org\n\
            END:VALARM\nEND:VEVENT\nEND:VCALENDAR\n";
        assert_eq!(
            read(text),
            [
                "1 x-wr-calname=Ada",
                "1 summary=Tea organizer_name=Lovelace; Ada organizer=ada@example.org attendee_sent-by=eve@x.org attendee=b@x.org",
            ]
        );
    }

    #[test]
    fn damaged_cards_are_read_to_their_end() {
        for (text, wanted) in [
            ("BEGIN:VCARD\nFN:Ada", "1 full_name=Ada"),
            (
                "BEGIN:VCARD\nada@x.org\n:b\nEND:VCARD",
                "1 text=ada@x.org\n:b",
            ),
            ("FN;ENCODING=QUOTED-PRINTABLE:a=", "1 full_name=a"),
            ("FN;ENCODING=QUOTED-PRINTABLE:a=Z=4", "1 full_name=a=Z=4"),
            ("FN;X=\"a:b", "1 text=FN;X=\"a:b"),
            ("NOTE:a\\", "1 note=a\\"),
            (" a\n b", "1 text=ab"),
            ("", ""),
        ] {
            assert_eq!(read(text).join("|"), wanted, "{text}");
        }
    }

    #[test]
    fn what_is_long_is_told() {
        let long = "x".repeat(3 << 20);
        assert_eq!(read(&format!("NOTE:{long}\nFN:Ada\n"))[0], "fault");
        let photo = format!("PHOTO;ENCODING=b:{long}\nFN:Ada\n");
        assert_eq!(read(&photo), ["1 full_name=Ada"]);
        let many: String = (0..3_000)
            .map(|n| format!("X-{n}:v\n"))
            .collect::<Vec<_>>()
            .concat();
        assert!(read(&many)[0].contains("*=v\nv"));
    }
}
