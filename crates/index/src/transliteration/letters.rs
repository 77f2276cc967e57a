//! Spelling a word by a table of letters.
//!
//! The longest letters that a table knows are taken at each place, with every way to write them there. A way costs its
//! position in its row, and the cheapest spellings are kept: the first of every row is what passports have.

use std::collections::HashMap;

use locard_sketch::forms;

/// Spellings that are kept while a word is spelled.
const MOST_BEGUN: usize = 32;

/// A table of letters, from one script to another.
pub(super) struct Letters {
    rows: HashMap<&'static str, Vec<&'static str>>,
    /// Most characters of what is replaced.
    longest: usize,
}

/// The rows of a table: what is replaced, `=`, and by what, parted by blanks.
pub(super) fn rows(table: &'static str) -> impl Iterator<Item = (&'static str, Vec<&'static str>)> {
    let lines = forms::word_list(table).into_iter();
    let parted = lines.filter_map(|line| line.split_once('='));
    parted.map(|(from, to)| (from.trim(), to.split_whitespace().collect()))
}

/// A way of a table as it is written.
fn written(way: &str) -> &str {
    if way == "_" { "" } else { way }
}

impl Letters {
    pub(super) fn new(table: &'static str) -> Self {
        let rows: HashMap<_, _> = rows(table).collect();
        let longest = rows.keys().map(|from| from.chars().count()).max();
        Self {
            rows,
            longest: longest.unwrap_or(0),
        }
    }

    /// The spellings of a folded word, the likeliest first; none where a letter of it is not in the table.
    pub(super) fn spell(&self, word: &str) -> Vec<String> {
        let marked = format!("^{word}$");
        let mut rest = marked.as_str();
        let mut begun = vec![(0, String::new())];
        while !rest.is_empty() && rest != "$" {
            let Some((length, ways)) = self.longest_of(rest) else {
                // The beginning is a mark of its own where no row asks for it.
                match rest.strip_prefix('^') {
                    Some(behind) => rest = behind,
                    None => return Vec::new(),
                }
                continue;
            };
            rest = rest.get(length..).unwrap_or_default();
            // Most letters are written in one way.
            if let [way] = ways {
                let way = written(way);
                for (_, text) in &mut begun {
                    text.push_str(way);
                }
                continue;
            }
            let with = |(cost, text): &(usize, String)| {
                let each = ways.iter().enumerate();
                let longer =
                    each.map(|(more, way)| (cost + more, [text.as_str(), written(way)].concat()));
                longer.collect::<Vec<_>>()
            };
            begun = begun.iter().flat_map(with).collect();
            begun.sort_by_key(|(cost, _)| *cost);
            begun.truncate(MOST_BEGUN);
        }
        begun.into_iter().map(|(_, text)| text).collect()
    }

    /// The longest row with which a text begins, and the length of what it replaces.
    fn longest_of(&self, text: &str) -> Option<(usize, &[&'static str])> {
        let ends = text
            .char_indices()
            .map(|(at, letter)| at + letter.len_utf8());
        let begins: Vec<usize> = ends.take(self.longest).collect();
        let mut rows = begins.iter().rev().filter_map(|end| {
            let ways = self.rows.get(text.get(..*end)?)?;
            Some((*end, ways.as_slice()))
        });
        rows.next()
    }
}
