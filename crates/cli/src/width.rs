//! How wide output may be: as the terminal, where there is one.

use std::io::IsTerminal;

use terminal_size::{Width, terminal_size_of};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Narrower than this nothing can be set in columns.
const LEAST: usize = 20;

/// The terminal's width in cells; `None` where output goes elsewhere and may be as wide as it likes. `COLUMNS` in the
/// environment decides over both.
pub(crate) fn of_stdout() -> Option<usize> {
    let asked = std::env::var("COLUMNS").ok();
    let asked = asked.and_then(|columns| columns.trim().parse().ok());
    let stdout = std::io::stdout();
    let terminal = || {
        let size = terminal_size_of(&stdout).filter(|_| stdout.is_terminal());
        size.map(|(Width(width), _)| usize::from(width))
    };
    asked.or_else(terminal).map(|width| width.max(LEAST))
}

/// The text in at most so many terminal cells; the middle is left out, since both ends of a path tell most.
pub(crate) fn shorten(text: &str, widest: usize) -> String {
    if text.width() <= widest {
        return text.to_owned();
    }
    let head = head(text.chars(), widest / 3);
    let tail = head_of_reversed(text, widest.saturating_sub(widest / 3 + 1));
    format!("{head}…{tail}")
}

fn head_of_reversed(text: &str, room: usize) -> String {
    head(text.chars().rev(), room).chars().rev().collect()
}

fn head(chars: impl Iterator<Item = char>, room: usize) -> String {
    let mut used = 0;
    chars
        .take_while(|c| {
            used += c.width().unwrap_or(0);
            used <= room
        })
        .collect()
}

/// The text in lines of at most so many terminal cells, broken between words, and within those that are longer.
pub(crate) fn wrap(text: &str, widest: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut used = 0;
    for word in text.split(' ') {
        let gap = usize::from(used > 0);
        if used > 0 && used + gap + word.width() > widest {
            lines.push(String::new());
            used = 0;
        } else if gap > 0 {
            push(&mut lines, ' ', &mut used, widest);
        }
        for c in word.chars() {
            push(&mut lines, c, &mut used, widest);
        }
    }
    lines
}

/// A path in lines of at most so many terminal cells, less the margin from the second on; broken behind the signs that
/// end its parts, and within parts that are longer.
pub(crate) fn wrap_path(path: &str, widest: usize, margin: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut used = 0;
    for part in path.split_inclusive(['/', '.', ' ']) {
        let room = |lines: &[String]| {
            let margin = if lines.len() > 1 { margin } else { 0 };
            widest.saturating_sub(margin).max(1)
        };
        if used > 0 && used + part.width() > room(&lines) {
            lines.push(String::new());
            used = 0;
        }
        for c in part.chars() {
            let room = room(&lines);
            push(&mut lines, c, &mut used, room);
        }
    }
    lines
}

fn push(lines: &mut Vec<String>, c: char, used: &mut usize, widest: usize) {
    let width = c.width().unwrap_or(0);
    if *used > 0 && *used + width > widest {
        lines.push(String::new());
        *used = 0;
    }
    if let Some(line) = lines.last_mut() {
        line.push(c);
    }
    *used += width;
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn a_path_breaks_behind_its_folders() {
        let path = "exports/2024/customers-of-the-north.csv";
        let lines = wrap_path(path, 24, 4);
        assert_eq!(lines, ["exports/2024/", "customers-of-the-nor", "th.csv"]);
        assert_eq!(lines.concat(), path);
        assert_eq!(wrap_path("a/b.csv", 24, 4), ["a/b.csv"]);
    }

    #[test]
    fn lines_break_between_words_and_within_long_ones() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("abcdefgh x", 3), ["abc", "def", "gh", "x"]);
        assert_eq!(wrap("顧客顧客", 5), ["顧客", "顧客"]);
        assert_eq!(wrap("", 5), [""]);
    }
}
