//! How columns write dates: `03/04/1961` is the third of April here and the fourth of March there.
//!
//! A filter is asked for every reading, since a cell does not tell. Its column mostly does: of other cells, only one
//! reading is a day. So a row bears a person out by the order of its column, and where that is open, only by dates that
//! are the person's in every order.

use std::collections::HashMap;

use locard_sketch::forms::{self, Order};

/// How often a column must tell one order for each time that it tells another.
const PLAIN: u64 = 20;

/// In which order the columns of an entity write dates, as far as some of their cells told.
#[derive(Clone, Debug, Default)]
pub struct DateOrders {
    /// Cells that told day first, month first, year first, by column.
    told: HashMap<String, [u64; 3]>,
}

/// What a cell says of a birth date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Birth {
    /// It is that day.
    Same,
    /// It is that day in one of several orders, and nothing tells which it is written in.
    Open,
    /// In the order of its column it is another day.
    Other,
}

impl DateOrders {
    /// Takes in a cell.
    pub fn add(&mut self, column: &str, text: &str) {
        let Some(order) = forms::order_told(text) else {
            return;
        };
        if !self.told.contains_key(column) {
            self.told.insert(column.to_owned(), [0; 3]);
        }
        if let Some(told) = self.told.get_mut(column) {
            told[order as usize] += 1;
        }
    }

    /// Takes in what others told.
    pub fn extend(&mut self, other: Self) {
        for (column, more) in other.told {
            let told = self.told.entry(column).or_default();
            for (known, more) in told.iter_mut().zip(more) {
                *known += more;
            }
        }
    }

    /// The order of a column, if it is plain.
    fn order(&self, column: &str) -> Option<Order> {
        let told = self.told.get(column)?;
        let orders = [Order::DayFirst, Order::MonthFirst, Order::YearFirst];
        let all: u64 = told.iter().sum();
        let mut plain = orders
            .into_iter()
            .filter(|order| told[*order as usize] > (all - told[*order as usize]) * PLAIN);
        plain.next()
    }

    /// What a cell of a column says of a birth date.
    pub(crate) fn birth(&self, wanted: &str, (column, cell): (&str, &str)) -> Birth {
        let readings = forms::readings(cell);
        if readings.is_empty() || forms::folded(wanted) == forms::folded(cell) {
            return Birth::Same;
        }
        let pointed = || forms::is_pointed(cell).then_some(Order::DayFirst);
        let order = self.order(column).or_else(pointed);
        // A cell that is no day in the order of its column is written in another.
        let order = order.filter(|order| readings.iter().any(|(of, _)| of == order));
        let days: Vec<_> = forms::dates(wanted).collect();
        let mut orders: Vec<(Order, bool)> = Vec::new();
        for (of, day) in readings {
            if order.is_some_and(|order| order != of) {
                continue;
            }
            let is_wanted = days.contains(&day);
            match orders.iter_mut().find(|(known, _)| *known == of) {
                Some((_, same)) => *same |= is_wanted,
                None => orders.push((of, is_wanted)),
            }
        }
        match orders.iter().filter(|(_, same)| *same).count() {
            0 => Birth::Other,
            same if same == orders.len() => Birth::Same,
            _ => Birth::Open,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_read_in_the_order_of_its_column_where_that_is_plain() {
        let of = |cells: &[&str]| {
            let mut orders = DateOrders::default();
            for cell in cells {
                orders.add("dob", cell);
            }
            orders
        };
        let (days, months) = (["23/04/1961", "03/04/1961"], ["04/23/1961"]);
        let mixed = ["23/04/1961", "04/23/1961"];
        for (cells, cell, expected) in [
            (&days[..], "03/04/1961", Birth::Same),
            (&days, "04/03/1961", Birth::Other),
            (&months, "04/03/1961", Birth::Same),
            (&months, "03/04/1961", Birth::Other),
            (&mixed, "03/04/1961", Birth::Open),
            (&[], "03/04/1961", Birth::Open),
            (&[], "03-04-61", Birth::Open),
            (&[], "03041961", Birth::Open),
            (&[], "03.04.1961", Birth::Same),
            (&[], "04.03.1961", Birth::Other),
            (&["04.23.1961"], "04.03.1961", Birth::Same),
            (&[], "1961-04-03", Birth::Same),
            (&days, "1961-04-03", Birth::Same),
            (&[], "3. April 1961", Birth::Same),
        ] {
            let found = of(cells).birth("1961-04-03", ("dob", cell));
            assert_eq!(found, expected, "{cells:?} {cell}");
        }
        assert_eq!(
            of(&days).birth("1961-05-05", ("dob", "05/05/1961")),
            Birth::Same
        );
        let mut many = of(&["04/23/1961"]);
        for _ in 0..30 {
            many.extend(of(&["23/04/1961"]));
        }
        assert_eq!(
            many.birth("1961-04-03", ("dob", "04/03/1961")),
            Birth::Other
        );
    }
}
