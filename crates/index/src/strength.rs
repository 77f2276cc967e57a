//! How firmly each hit of a row points at the person.
//!
//! A row may hold many records: the elements of a list, what stands under the keys of a map. What bears a person out in
//! one of them says nothing of the others, so strength is a hit's and not a row's.

use std::collections::{HashMap, HashSet};

use locard_model::Strength;

use crate::cell::{Cell, above};
use crate::person::are_of_one;
use crate::verify::{Hit, Says, Verifier};

/// The position of a cell among those of its column and record, and how many these are: the elements of a list have a
/// cell each.
type Element = (usize, usize);

impl Verifier<'_> {
    /// How firmly each hit points at its subject, in the order of the hits. One unique value is enough, and so is a full
    /// name with a birth date, or with a telephone number or address, beside it: each of them is many people's, but hardly
    /// ever are both. What else agrees in the same record, or in the object around or within it, is theirs too.
    pub fn strengths(&self, cells: &[Cell<'_>], hits: &[Hit]) -> Vec<Strength> {
        if hits.is_empty() {
            return Vec::new();
        }
        let records: Vec<&str> = hits
            .iter()
            .map(|hit| {
                hit.cells
                    .first()
                    .map_or("", |cell| self.record(cells, *cell))
            })
            .collect();
        let mut groups: HashMap<(usize, &str), Vec<usize>> = HashMap::new();
        for (at, hit) in hits.iter().enumerate() {
            groups
                .entry((hit.subject, records[at]))
                .or_default()
                .push(at);
        }
        let elements = self.elements(cells, hits);
        let strong: HashSet<(usize, &str)> = groups
            .iter()
            .filter(|(_, group)| {
                let is_alone = |at: &usize| hits[*at].strength == Strength::Strong;
                group.iter().any(is_alone) || self.is_borne_out(cells, (hits, group), &elements)
            })
            .map(|(key, _)| *key)
            .collect();
        let around: HashSet<(usize, &str)> = strong
            .iter()
            .flat_map(|(subject, record)| objects(record).map(|object| (*subject, object)))
            .collect();
        let is_strong = |(hit, record): (&Hit, &&str)| {
            around.contains(&(hit.subject, *record))
                || objects(record).any(|object| strong.contains(&(hit.subject, object)))
        };
        let each = hits.iter().zip(&records).map(is_strong);
        each.map(|is| if is { Strength::Strong } else { Strength::Weak })
            .collect()
    }

    /// How firmly a subject is in a row: as its firmest hit is.
    pub fn strength(&self, row: &[(&str, &str)], hits: &[Hit], subject: usize) -> Strength {
        let cells: Vec<Cell<'_>> = row.iter().map(|cell| Cell::from(*cell)).collect();
        let each = self.strengths(&cells, hits).into_iter().zip(hits);
        let of_subject = each.filter(|(_, hit)| hit.subject == subject);
        of_subject
            .map(|(strength, _)| strength)
            .max()
            .unwrap_or(Strength::Weak)
    }

    /// Whether a name stands beside something else of the same person, among hits of one record.
    fn is_borne_out(
        &self,
        cells: &[Cell<'_>],
        (hits, group): (&[Hit], &[usize]),
        elements: &HashMap<usize, Element>,
    ) -> bool {
        let of = |says: fn(Says) -> bool| {
            let group = group.iter().map(|at| &hits[*at]);
            group.filter(move |hit| says(hit.says))
        };
        let own = |cell: usize| cells.get(cell).map_or("", |cell| self.own(cell));
        let are_of_one = |(a, b): (&usize, &usize)| {
            elements.get(a) == elements.get(b) && are_of_one(own(*a), own(*b))
        };
        let bears_out = |name: &Hit, other: &Hit| {
            let apart = other.cells.iter().all(|cell| !name.cells.contains(cell));
            apart
                && name
                    .cells
                    .iter()
                    .zip(other.cells.iter().cycle())
                    .all(are_of_one)
        };
        let is_other = |says| matches!(says, Says::BirthDate | Says::Home);
        of(|says| says == Says::Name).any(|name| of(is_other).any(|other| bears_out(name, other)))
    }

    /// The elements of the cells with hits.
    fn elements(&self, cells: &[Cell<'_>], hits: &[Hit]) -> HashMap<usize, Element> {
        let wanted: HashSet<usize> = hits
            .iter()
            .flat_map(|hit| hit.cells.iter().copied())
            .collect();
        let columns: HashSet<&str> = wanted
            .iter()
            .filter_map(|cell| cells.get(*cell).map(|cell| cell.column))
            .collect();
        let mut counts: HashMap<(&str, &str), usize> = HashMap::new();
        let mut places = Vec::new();
        for (at, cell) in cells.iter().enumerate() {
            if !columns.contains(cell.column) {
                continue;
            }
            let key = (cell.column, self.record(cells, at));
            let count = counts.entry(key).or_default();
            if wanted.contains(&at) {
                places.push((at, key, *count));
            }
            *count += 1;
        }
        places
            .into_iter()
            .map(|(at, key, number)| (at, (number, counts.get(&key).copied().unwrap_or(0))))
            .collect()
    }
}

/// A record and the objects around it, up to where it is one of several.
fn objects(record: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(record), |record| {
        (!record.is_empty()).then(|| above(record)).flatten()
    })
}

#[cfg(test)]
mod tests {
    use locard_model::{Attribute, Identifier, Subject};
    use locard_sketch::Keyer;

    use super::*;
    use crate::{DateOrders, Query, role_of};

    fn query(attributes: &[(&str, &str)]) -> Query {
        let attributes = attributes.iter().map(|(identifier, value)| Attribute {
            identifier: Identifier::new(*identifier),
            value: (*value).to_owned(),
        });
        let subject = Subject {
            id: "s".to_owned(),
            attributes: attributes.collect(),
        };
        let keyer = Keyer::new(b"the key of tests");
        Query::compile(&subject, |attribute| role_of(attribute, None), &keyer)
    }

    /// The columns of the hits, with how firm they are.
    fn told<'a>(query: &Query, cells: &[Cell<'a>], dates: &DateOrders) -> Vec<(&'a str, Strength)> {
        let verifier = Verifier::new([query], "t").with_dates(dates);
        let hits = verifier.check(cells);
        let each = verifier.strengths(cells, &hits);
        let cell = |hit: &Hit| cells[hit.cells[0]].column;
        hits.iter().map(cell).zip(each).collect()
    }

    fn row<'a>(cells: &[(&'a str, &'a str)]) -> Vec<Cell<'a>> {
        cells.iter().map(|cell| Cell::from(*cell)).collect()
    }

    use Strength::{Strong, Weak};

    #[test]
    fn what_stands_under_another_key_is_another_person() {
        let hans = query(&[
            ("PERSON", "Hans Müller"),
            ("PHONE_NUMBER", "+4917012345678"),
        ]);
        let none = DateOrders::default();
        let users = row(&[
            ("users.u1.name", "Hans Müller"),
            ("users.u1.phone", "+4917099999999"),
            ("users.u2.name", "Eva Braun"),
            ("users.u2.phone", "+4917012345678"),
            ("users.u3.name", "Hans Müller"),
            ("users.u3.phone", "+4917012345678"),
        ]);
        let expected = [
            ("users.u1.name", Weak),
            ("users.u2.phone", Weak),
            ("users.u3.name", Strong),
            ("users.u3.phone", Strong),
        ];
        assert_eq!(told(&hans, &users, &none), expected);
        // In a map or list of which all columns are one, the places tell.
        let at = |column, text, record| Cell {
            column,
            text,
            record: Some(record),
        };
        let listed = [
            at("m[].name", "Hans Müller", "m[0]"),
            at("m[].name", "Hans Müller", "m[1]"),
            at("m[].phone", "+4917012345678", "m[1]"),
        ];
        let strengths: Vec<Strength> = told(&hans, &listed, &none)
            .into_iter()
            .map(|(_, strength)| strength)
            .collect();
        assert_eq!(strengths, [Weak, Strong, Strong]);
    }

    #[test]
    fn what_is_around_a_strong_value_is_strong_too() {
        let anna = query(&[
            ("EMAIL_ADDRESS", "anna@example.org"),
            ("PERSON", "Anna Muster"),
        ]);
        let cells = row(&[
            ("contact.mail", "anna@example.org"),
            ("message", "Anna Muster called"),
            ("contact.address.to", "Anna Muster"),
            ("items[].for", "Anna Muster"),
            ("agent.name", "Anna Muster"),
        ]);
        let expected = [
            ("contact.mail", Strong),
            ("message", Strong),
            ("contact.address.to", Strong),
            ("items[].for", Weak),
            ("agent.name", Weak),
        ];
        assert_eq!(told(&anna, &cells, &DateOrders::default()), expected);
    }

    #[test]
    fn a_namesake_with_day_and_month_exchanged_is_not_the_person() {
        let hans = query(&[("PERSON", "Hans Müller"), ("DATE_OF_BIRTH", "1961-04-03")]);
        let mut days = DateOrders::default();
        days.add("dob", "23/04/1961");
        let (none, name) = (DateOrders::default(), ("name", "Hans Müller"));
        let firmest = |orders: &DateOrders, date| {
            let found = told(&hans, &row(&[name, ("dob", date)]), orders);
            found.into_iter().map(|(_, strength)| strength).max()
        };
        for (orders, date, expected) in [
            (&none, "03.04.1961", Strong),
            (&none, "04.03.1961", Weak),
            (&none, "03/04/1961", Weak),
            (&none, "04/03/1961", Weak),
            (&days, "03/04/1961", Strong),
            (&days, "04/03/1961", Weak),
            (&days, "1961-04-03", Strong),
        ] {
            assert_eq!(firmest(orders, date), Some(expected), "{date}");
        }
        // Something else still bears the name out.
        let hans = query(&[
            ("PERSON", "Hans Müller"),
            ("DATE_OF_BIRTH", "1961-04-03"),
            ("PHONE_NUMBER", "+4917012345678"),
        ]);
        let cells = row(&[name, ("dob", "04/03/1961"), ("tel", "+4917012345678")]);
        assert!(
            told(&hans, &cells, &none)
                .iter()
                .all(|(_, it)| *it == Strong)
        );
    }

    #[test]
    fn east_asian_names_are_full_names() {
        for (name, cell, expected) in [
            ("佐藤太郎", "佐藤太郎", Strong),
            ("佐藤太郎", "佐藤 太郎", Strong),
            ("佐藤太郎", "佐藤太郎様", Strong),
            ("佐藤 太郎", "佐藤太郎", Strong),
            ("陈伟", "陈伟", Strong),
            ("김철수", "김철수", Strong),
            ("陈伟", "陈伟明", Weak),
            ("佐藤太郎", "佐藤太郎は東京に住んでいます", Weak),
        ] {
            let query = query(&[("PERSON", name), ("PHONE_NUMBER", "+819012345678")]);
            let cells = row(&[("name", cell), ("tel", "+819012345678")]);
            let found = told(&query, &cells, &DateOrders::default());
            let firmest = found.into_iter().map(|(_, strength)| strength).max();
            assert_eq!(firmest, Some(expected), "{name} {cell}");
        }
    }
}
