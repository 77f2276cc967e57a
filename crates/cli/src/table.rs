//! Aligned columns for people: a header, rows, and a width that counts what a terminal shows.

use std::io;

use owo_colors::Style;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::printer::{Output, printable};

/// One cell: its text and how it looks where colour is on.
#[derive(Clone, Debug)]
pub(crate) struct Cell {
    text: String,
    style: Style,
    right: bool,
}

impl Cell {
    pub(crate) fn new(text: impl AsRef<str>) -> Self {
        Self {
            text: printable(text.as_ref()),
            style: Style::new(),
            right: false,
        }
    }

    /// A number, set to the right.
    pub(crate) fn number(text: impl AsRef<str>) -> Self {
        Self {
            right: true,
            ..Self::new(text)
        }
    }

    pub(crate) fn styled(mut self, style: Style) -> Self {
        self.style = style;
        self
    }
}

/// Rows under an optional header.
#[derive(Debug, Default)]
pub(crate) struct Table {
    header: Vec<&'static str>,
    rows: Vec<Vec<Cell>>,
    indent: usize,
}

/// No column but the last grows beyond this many terminal cells; of what is longer the middle is left out.
const WIDEST: usize = 48;

impl Table {
    pub(crate) fn new(header: &[&'static str]) -> Self {
        Self {
            header: header.to_vec(),
            rows: Vec::new(),
            indent: 0,
        }
    }

    /// Moves everything to the right, below a heading.
    pub(crate) fn indented(indent: usize) -> Self {
        Self {
            indent,
            ..Self::default()
        }
    }

    pub(crate) fn row(&mut self, cells: Vec<Cell>) {
        self.rows.push(cells);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Widths that make this table's columns as wide as another's, so that groups align below one another.
    pub(crate) fn widths(&self) -> Vec<usize> {
        let columns = self
            .rows
            .iter()
            .map(Vec::len)
            .chain([self.header.len()])
            .max()
            .unwrap_or(0);
        (0..columns)
            .map(|column| {
                let cells = self
                    .rows
                    .iter()
                    .filter_map(|row| row.get(column))
                    .map(|cell| cell.text.width().min(WIDEST));
                cells
                    .chain(self.header.get(column).map(|name| name.width()))
                    .max()
                    .unwrap_or(0)
            })
            .collect()
    }

    pub(crate) fn print(&self, output: &mut Output) -> io::Result<()> {
        self.print_with(output, &self.widths())
    }

    pub(crate) fn print_with(&self, output: &mut Output, widths: &[usize]) -> io::Result<()> {
        if !self.header.is_empty() {
            let names: Vec<Cell> = self
                .header
                .iter()
                .map(|name| Cell::new(name).styled(Style::new().dimmed()))
                .collect();
            self.line(output, &names, widths)?;
        }
        self.rows
            .iter()
            .try_for_each(|row| self.line(output, row, widths))
    }

    fn line(&self, output: &mut Output, cells: &[Cell], widths: &[usize]) -> io::Result<()> {
        let mut line = " ".repeat(self.indent);
        for (i, cell) in cells.iter().enumerate() {
            let last = i + 1 == cells.len();
            let text = if last {
                cell.text.clone()
            } else {
                shorten(&cell.text, WIDEST)
            };
            let pad = " ".repeat(
                widths
                    .get(i)
                    .copied()
                    .unwrap_or(0)
                    .saturating_sub(text.width()),
            );
            let shown = output.style(cell.style, &text);
            match (cell.right, last) {
                (true, _) => line.extend([pad.as_str(), &shown]),
                (false, true) => line.push_str(&shown),
                (false, false) => line.extend([shown.as_str(), &pad]),
            }
            if !last {
                line.push_str("  ");
            }
        }
        output.line(line.trim_end())
    }
}

/// The text in at most so many terminal cells; the middle is left out, since both ends of a path tell most.
fn shorten(text: &str, widest: usize) -> String {
    if text.width() <= widest {
        return text.to_owned();
    }
    let keep = |chars: &mut dyn Iterator<Item = char>, room: usize| {
        let mut used = 0;
        chars
            .take_while(|c| {
                used += c.width().unwrap_or(0);
                used <= room
            })
            .collect::<Vec<_>>()
    };
    let head: String = keep(&mut text.chars(), widest / 3).into_iter().collect();
    let tail: String = keep(&mut text.chars().rev(), widest - widest / 3 - 1)
        .into_iter()
        .rev()
        .collect();
    format!("{head}…{tail}")
}

/// A count with thousands separated, as people read it.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A count with its noun.
pub(crate) fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(number), if number == 1 { one } else { many })
}

/// Bytes in the unit that gives three digits.
pub(crate) fn bytes(number: u64) -> String {
    let mut value = number as f64;
    for unit in ["B", "KiB", "MiB", "GiB", "TiB"] {
        if value < 1024.0 || unit == "TiB" {
            return if unit == "B" {
                format!("{number} B")
            } else {
                format!("{value:.1} {unit}")
            };
        }
        value /= 1024.0;
    }
    unreachable!("the last unit takes every value")
}

/// A duration as people say it.
pub(crate) fn duration(seconds: f64) -> String {
    match seconds {
        s if s < 10.0 => format!("{s:.1} s"),
        s if s < 120.0 => format!("{s:.0} s"),
        s if s < 7200.0 => format!("{:.0} min", s / 60.0),
        s => format!("{:.1} h", s / 3600.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_grouped() {
        assert_eq!(
            ["0", "999", "1,000", "1,234,567"],
            [count(0), count(999), count(1000), count(1_234_567)]
                .each_ref()
                .map(String::as_str)
        );
    }

    #[test]
    fn long_text_keeps_both_ends() {
        let text = shorten(
            "a/very/long/path/that/nobody/reads/to/the/end/customers.csv",
            30,
        );
        assert!(
            text.width() <= 30 && text.starts_with("a/very") && text.ends_with("customers.csv"),
            "{text}"
        );
    }

    #[test]
    fn wide_characters_count_twice() {
        let mut table = Table::default();
        table.row(vec![Cell::new("顧客"), Cell::new("x")]);
        assert_eq!(table.widths(), [4, 1]);
    }

    #[test]
    fn sizes_have_one_decimal() {
        assert_eq!(
            [bytes(512), bytes(1536), bytes(5 << 30)],
            ["512 B", "1.5 KiB", "5.0 GiB"]
        );
    }
}
