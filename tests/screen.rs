//! What somebody sees on a terminal after a program wrote to it: as much of one as bars and lines need.

/// A terminal without colours.
#[derive(Debug)]
pub(crate) struct Screen {
    width: usize,
    lines: Vec<Vec<char>>,
    row: usize,
    column: usize,
}

impl Screen {
    /// A terminal so wide after all of that was written to it.
    pub(crate) fn after(width: usize, written: &str) -> Self {
        let mut screen = Self {
            width,
            lines: vec![Vec::new()],
            row: 0,
            column: 0,
        };
        let mut letters = written.chars();
        while let Some(letter) = letters.next() {
            match letter {
                '\r' => screen.column = 0,
                '\n' => screen.down(1),
                '\u{1b}' => screen.sequence(&mut letters),
                letter => screen.put(letter),
            }
        }
        screen
    }

    /// Its lines, without blanks at their ends.
    pub(crate) fn lines(&self) -> Vec<String> {
        let text = |line: &Vec<char>| line.iter().collect::<String>().trim_end().to_owned();
        self.lines.iter().map(text).collect()
    }

    fn sequence(&mut self, letters: &mut impl Iterator<Item = char>) {
        if letters.next() != Some('[') {
            return;
        }
        let mut number = String::new();
        for letter in letters {
            if !letter.is_ascii_alphabetic() {
                number.push(letter);
                continue;
            }
            let by = number.parse().unwrap_or(1);
            match letter {
                'A' => self.row = self.row.saturating_sub(by),
                'B' => self.down(by),
                'C' => self.column = (self.column + by).min(self.width - 1),
                'D' => self.column = self.column.saturating_sub(by),
                'K' => self.lines[self.row].clear(),
                _ => {}
            }
            return;
        }
    }

    fn down(&mut self, by: usize) {
        self.row += by;
        while self.lines.len() <= self.row {
            self.lines.push(Vec::new());
        }
    }

    /// A letter behind the right edge begins the next line.
    fn put(&mut self, letter: char) {
        if self.column == self.width {
            self.column = 0;
            self.down(1);
        }
        let line = &mut self.lines[self.row];
        while line.len() <= self.column {
            line.push(' ');
        }
        line[self.column] = letter;
        self.column += 1;
    }
}
