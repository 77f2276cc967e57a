//! Aligned columns for people: a header, rows, and a width that counts what a terminal shows.

use std::io;

pub(crate) use locard_app::{bytes, count, counted};
use owo_colors::Style;
use unicode_width::UnicodeWidthStr;

use crate::printer::{Output, printable};
use crate::width::{shorten, wrap, wrap_path};

/// One cell: its text and how it looks where colour is on.
#[derive(Clone, Debug)]
pub(crate) struct Cell {
    text: String,
    style: Style,
    right: bool,
    /// Terminal cells to which it may be shortened.
    least: usize,
}

impl Cell {
    pub(crate) fn new(text: impl AsRef<str>) -> Self {
        Self {
            text: printable(text.as_ref()),
            style: Style::new(),
            right: false,
            least: NARROWEST,
        }
    }

    /// A place, or a name that is typed back: cut short it leads nowhere.
    pub(crate) fn whole(text: impl AsRef<str>) -> Self {
        Self {
            least: usize::MAX,
            ..Self::new(text)
        }
    }

    /// Words for people, which say nothing any more where only a few letters are left of them.
    pub(crate) fn prose(text: impl AsRef<str>) -> Self {
        Self {
            least: READABLE,
            ..Self::new(text)
        }
    }

    /// A number, set to the right.
    pub(crate) fn number(text: impl AsRef<str>) -> Self {
        Self {
            right: true,
            ..Self::whole(text)
        }
    }

    /// How wide it would like to be.
    fn width(&self) -> usize {
        self.text.width()
    }

    /// How wide it must be.
    fn least(&self) -> usize {
        self.least.min(self.width())
    }

    /// How wide it must be at the end of a line, where its text goes on below itself: what must stay whole is not broken
    /// within.
    fn least_at_end(&self) -> usize {
        let words = || self.text.split(' ').map(UnicodeWidthStr::width).max();
        match self.least {
            _ if self.right => self.width(),
            usize::MAX => words().unwrap_or(0),
            _ => NARROWEST.min(self.width()),
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

/// Where output is as wide as it likes, no column but the last makes others keep away further than this; what is longer
/// stands there whole, and moves the rest of its line.
const WIDEST: usize = 48;

/// A column of text is not made narrower than this to fit a terminal.
const NARROWEST: usize = 10;

/// Nor a column of words for people than this.
const READABLE: usize = 20;

/// What is left for the last column, whose text goes on below, before others are made narrower for it.
const LAST: usize = 24;

/// Cells between two columns.
const GAP: usize = 2;

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
                    .map(Cell::width);
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
        let widths = self.fitted(widths, output.width());
        if !self.fits(&widths, output.width()) {
            return self
                .rows
                .iter()
                .try_for_each(|row| self.stacked(output, row));
        }
        if !self.header.is_empty() {
            let names: Vec<Cell> = self
                .header
                .iter()
                .map(|name| Cell::new(name).styled(Style::new().dimmed()))
                .collect();
            self.line(output, &names, &widths)?;
        }
        self.rows
            .iter()
            .try_for_each(|row| self.line(output, row, &widths))
    }

    /// Widths with which a line fits the terminal, as far as it can: the widest columns of text give way.
    fn fitted(&self, widths: &[usize], room: Option<usize>) -> Vec<usize> {
        let mut widths = widths.to_vec();
        let Some((last, others)) = widths.split_last_mut() else {
            return widths;
        };
        let Some(room) = room else {
            for width in others {
                *width = (*width).min(WIDEST);
            }
            return widths;
        };
        let least: Vec<usize> = (0..others.len())
            .map(|column| {
                let cells = self.rows.iter().filter_map(|row| row.get(column));
                cells.map(Cell::least).max().unwrap_or(0)
            })
            .collect();
        let last = (*last).min(LAST);
        let mut spare = (self.indent + others.iter().sum::<usize>() + GAP * others.len() + last)
            .saturating_sub(room);
        while spare > 0 {
            let texts = others.iter_mut().enumerate();
            let texts = texts.filter(|(column, width)| {
                **width > least[*column].max(self.header.get(*column).map_or(0, |it| it.width()))
            });
            let Some((_, widest)) = texts.max_by_key(|(_, width)| **width) else {
                break;
            };
            *widest -= 1;
            spare -= 1;
        }
        widths
    }

    /// Whether a line of these widths has room in a terminal.
    fn fits(&self, widths: &[usize], room: Option<usize>) -> bool {
        let (Some(room), Some((last, others))) = (room, widths.split_last()) else {
            return true;
        };
        let ends = self.rows.iter().filter_map(|row| row.get(others.len()));
        let ends = ends.map(Cell::least_at_end).max().unwrap_or(0);
        let last = (*last).min(NARROWEST).max(ends);
        self.indent + others.iter().sum::<usize>() + GAP * others.len() + last <= room
    }

    /// A row below itself, where the terminal is too narrow for columns: what it is about, and its other cells.
    fn stacked(&self, output: &mut Output, cells: &[Cell]) -> io::Result<()> {
        let Some((first, others)) = cells.split_first() else {
            return output.line("");
        };
        if !first.text.is_empty() {
            let margin = " ".repeat(self.indent);
            let room = output.width().unwrap_or(usize::MAX);
            // It may be a path, and has no blanks to break at then.
            wrap_path(&first.text, room.saturating_sub(self.indent), 0)
                .iter()
                .try_for_each(|part| output.line(&format!("{margin}{part}")))?;
        }
        let names = self
            .header
            .iter()
            .skip(1)
            .map(Some)
            .chain(std::iter::repeat(None));
        let told = others
            .iter()
            .zip(names)
            .filter(|(cell, _)| !cell.text.is_empty());
        let told = told.map(|(cell, name)| match name {
            Some(name) => format!("{name} {}", cell.text),
            None => cell.text.clone(),
        });
        let told: Vec<String> = told.collect();
        if told.is_empty() {
            return Ok(());
        }
        output.wrapped(self.indent + GAP, &told.join(" · "))
    }

    fn line(&self, output: &mut Output, cells: &[Cell], widths: &[usize]) -> io::Result<()> {
        let Some((last, others)) = cells.split_last() else {
            return output.line("");
        };
        let mut line = " ".repeat(self.indent);
        let mut used = self.indent;
        for (cell, &width) in others.iter().zip(widths) {
            let text = if cell.least == usize::MAX || output.width().is_none() {
                cell.text.clone()
            } else {
                shorten(&cell.text, width)
            };
            let pad = " ".repeat(width.saturating_sub(text.width()));
            let shown = output.style(cell.style, &text);
            if cell.right {
                line.extend([pad, shown]);
            } else {
                line.extend([shown, pad]);
            }
            line.push_str(&" ".repeat(GAP));
            used += width.max(text.width()) + GAP;
        }
        end(output, line, used, last, widths.get(others.len()).copied())
    }
}

/// Ends a line with its last cell; what does not fit beside the others goes on below itself.
fn end(
    output: &mut Output,
    mut line: String,
    used: usize,
    cell: &Cell,
    width: Option<usize>,
) -> io::Result<()> {
    if cell.right {
        let pad = width.unwrap_or(0).saturating_sub(cell.text.width());
        line.extend([" ".repeat(pad), output.style(cell.style, &cell.text)]);
        return output.line(line.trim_end());
    }
    let Some(room) = output.width() else {
        line.push_str(&output.style(cell.style, &cell.text));
        return output.line(line.trim_end());
    };
    let mut texts = wrap(&cell.text, room.saturating_sub(used).max(NARROWEST)).into_iter();
    let first = texts.next().unwrap_or_default();
    line.push_str(&output.style(cell.style, &first));
    output.line(line.trim_end())?;
    texts.try_for_each(|text| {
        let shown = output.style(cell.style, &text);
        output.line(&format!("{}{shown}", " ".repeat(used)))
    })
}

/// Bytes behind other figures, as a source stores them; some tell none.
pub(crate) fn known_bytes(number: u64) -> String {
    match number {
        0 => String::new(),
        number => format!(", {} as stored", bytes(number)),
    }
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
    fn wide_characters_count_twice() {
        let mut table = Table::default();
        table.row(vec![Cell::new("顧客"), Cell::new("x")]);
        assert_eq!(table.widths(), [4, 1]);
    }

    #[test]
    fn columns_give_way_to_a_narrow_terminal() {
        let mut table = Table::indented(2);
        table.row(vec![
            Cell::new("a/long/path/to/some/customers.csv"),
            Cell::number("1,234,567"),
            Cell::new("a sentence that is longer than what is left for it"),
        ]);
        let widths = table.widths();
        assert_eq!(table.fitted(&widths, None)[..2], [33, 9]);
        assert_eq!(table.fitted(&widths, Some(200)), widths);
        assert_eq!(table.fitted(&widths, Some(60))[..2], [21, 9]);
        assert_eq!(table.fitted(&widths, Some(20))[..2], [NARROWEST, 9]);
    }

    #[test]
    fn a_terminal_that_is_too_narrow_for_columns_is_told() {
        let mut table = Table::indented(2);
        table.row(vec![
            Cell::new("a/long/path/to/some/customers.csv"),
            Cell::number("1,234,567"),
            Cell::new("a sentence"),
        ]);
        let fits = |room| table.fits(&table.fitted(&table.widths(), room), room);
        assert!(fits(None) && fits(Some(200)) && fits(Some(35)));
        assert!(!fits(Some(34)));
    }

    #[test]
    fn only_a_terminal_cuts_what_is_long_and_a_wide_one_does_not() {
        let mut table = Table::default();
        let long = "x".repeat(100);
        table.row(vec![Cell::new(&long), Cell::new("y")]);
        let widths = table.widths();
        assert_eq!(table.fitted(&widths, None)[0], WIDEST);
        assert_eq!(table.fitted(&widths, Some(200))[0], 100);
        assert_eq!(table.fitted(&widths, Some(80))[0], 77);
    }

    #[test]
    fn a_place_is_never_cut() {
        let mut table = Table::default();
        let place = "year=2024/month=01/part-00000-of-00012.snappy.parquet, row=12";
        table.row(vec![
            Cell::new("a"),
            Cell::whole(place),
            Cell::new("strong"),
        ]);
        let widths = table.widths();
        assert_eq!(widths[1], place.len());
        assert_eq!(table.fitted(&widths, Some(40)), widths);
    }
}
