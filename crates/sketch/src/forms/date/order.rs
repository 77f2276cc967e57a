//! In which order the numbers of a date stand: one cell may leave it open, the others of its column tell.

use super::super::folded;
use super::{Day, dates};

/// Which number of a date comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Order {
    /// `23.04.1961`
    DayFirst,
    /// `04/23/1961`
    MonthFirst,
    /// `1961-04-23`
    YearFirst,
}

/// The days that a date in digits may be, each with the order in which it is read so. None where the name of a month, or
/// nothing, tells.
pub fn readings(text: &str) -> Vec<(Order, Day)> {
    let folded = folded(text);
    let Some(numbers) = numbers(&folded) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for day in dates(text) {
        let read = [Order::DayFirst, Order::MonthFirst, Order::YearFirst].into_iter();
        let read = read.filter(|order| numbers.iter().any(|parts| spells(parts, *order, day)));
        found.extend(read.map(|order| (order, day)));
    }
    found
}

/// The order that a date tells by itself, since it makes no day in another.
pub fn order_told(text: &str) -> Option<Order> {
    let readings = readings(text);
    let (first, _) = readings.first()?;
    readings
        .iter()
        .all(|(order, _)| order == first)
        .then_some(*first)
}

/// Whether a date is written with points and its year behind, which is done with the day in front: `03.04.1961`.
pub fn is_pointed(text: &str) -> bool {
    let folded = folded(text);
    let date = folded.split([' ', 't']).next().unwrap_or_default();
    let date = if date.matches('.').count() < 2 {
        &*folded
    } else {
        date
    };
    let parts: Vec<&str> = date.split('.').map(str::trim).collect();
    let is_number =
        |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    parts.len() == 3 && parts.iter().all(is_number) && parts[0].len() <= 2
}

/// Three numbers, in the ways in which they may stand there: eight digits have no separators.
fn numbers(folded: &str) -> Option<Vec<[&str; 3]>> {
    let mut runs = folded
        .split(|c: char| !c.is_ascii_digit())
        .filter(|run| !run.is_empty());
    let first = runs.next()?;
    if first.len() == 8 {
        let cut = |one: usize, two: usize| {
            let (head, rest) = first.split_at(one);
            let (middle, tail) = rest.split_at(two);
            [head, middle, tail]
        };
        return Some(vec![cut(4, 2), cut(2, 2)]);
    }
    Some(vec![[first, runs.next()?, runs.next()?]])
}

fn spells([first, second, third]: &[&str; 3], order: Order, day: Day) -> bool {
    let [year, month, of_month] = match order {
        Order::DayFirst => [third, second, first],
        Order::MonthFirst => [third, first, second],
        Order::YearFirst => [first, second, third],
    };
    let is = |text: &str, number: u16| text.parse() == Ok(number);
    let is_year = match year.len() {
        2 => is(year, day.year % 100),
        _ => is(year, day.year),
    };
    is_year && is(month, u16::from(day.month)) && is(of_month, u16::from(day.of_month))
}

impl Day {
    /// Whether it is another day with its month and day of the month exchanged.
    pub const fn turns(self) -> bool {
        self.of_month <= 12 && self.of_month != self.month
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_tells_its_order_where_it_makes_no_other_day() {
        for (text, expected) in [
            ("23.04.1961", Some(Order::DayFirst)),
            ("23/04/61", Some(Order::DayFirst)),
            ("04/23/1961", Some(Order::MonthFirst)),
            ("04-23-1961 00:00:00", Some(Order::MonthFirst)),
            ("1961-04-03", Some(Order::YearFirst)),
            ("23041961", Some(Order::DayFirst)),
            ("19610403", Some(Order::YearFirst)),
            ("03/04/1961", None),
            ("03041961", None),
            ("04/04/1961", None),
            ("3 April 1961", None),
            ("n/a", None),
            ("", None),
        ] {
            assert_eq!(order_told(text), expected, "{text}");
        }
        let days: Vec<_> = readings("03/04/1961")
            .into_iter()
            .map(|(order, day)| (order, day.to_string()))
            .collect();
        let expected = [
            (Order::DayFirst, "1961-04-03".to_owned()),
            (Order::MonthFirst, "1961-03-04".to_owned()),
        ];
        assert_eq!(days, expected);
        assert!(readings("3. April 1961").is_empty());
    }

    #[test]
    fn points_with_the_year_behind_are_told_from_other_notations() {
        for text in ["03.04.1961", "3. 4. 61", " 3.4.1961 "] {
            assert!(is_pointed(text), "{text}");
        }
        for text in [
            "1961.04.03",
            "03/04/1961",
            "03-04-1961",
            "3.4/1961",
            "04031961",
        ] {
            assert!(!is_pointed(text), "{text}");
        }
    }
}
