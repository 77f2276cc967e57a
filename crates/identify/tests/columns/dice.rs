//! A small deterministic generator, so that the made-up columns are the same on every machine.

/// Numbers from a linear congruential generator; its high bits are good enough for made-up values.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// A number below `sides`.
    pub(crate) fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    pub(crate) fn between(&mut self, least: u64, most: u64) -> u64 {
        least + self.roll(most - least + 1)
    }

    pub(crate) fn pick<'a>(&mut self, words: &'a str) -> &'a str {
        let words: Vec<&str> = words.split('|').collect();
        words[self.roll(words.len() as u64) as usize]
    }

    /// As the pattern says: `9` a digit, `A` and `a` a letter, `x` a hexadecimal digit, anything else itself.
    pub(crate) fn form(&mut self, pattern: &str) -> String {
        let letter = |dice: &mut Self, from: u8, of: u64| char::from(from + dice.roll(of) as u8);
        let mut out = String::new();
        for c in pattern.chars() {
            out.push(match c {
                '9' => letter(self, b'0', 10),
                'A' => letter(self, b'A', 26),
                'a' => letter(self, b'a', 26),
                'x' => char::from(b"0123456789abcdef"[self.roll(16) as usize]),
                other => other,
            });
        }
        out
    }

    pub(crate) fn hex(&mut self, digits: usize) -> String {
        self.form(&"x".repeat(digits))
    }

    pub(crate) fn date(&mut self, from: u64, to: u64) -> (u64, u64, u64) {
        (
            self.between(from, to),
            self.between(1, 12),
            self.between(1, 28),
        )
    }
}

/// The digit that makes a number pass Luhn's check.
pub(crate) fn luhn_digit(digits: &str) -> u32 {
    let sum: u32 = digits
        .bytes()
        .rev()
        .map(|byte| u32::from(byte - b'0'))
        .enumerate()
        .map(|(place, digit)| match (place % 2, digit * 2) {
            (0, double) => double / 10 + double % 10,
            _ => digit,
        })
        .sum();
    (10 - sum % 10) % 10
}

/// The check digits of an account number, ISO 13616.
pub(crate) fn iban(country: &str, account: &str) -> String {
    let rest = format!("{account}{country}00")
        .bytes()
        .fold(0_u32, |rest, byte| match byte {
            b'0'..=b'9' => (rest * 10 + u32::from(byte - b'0')) % 97,
            _ => (rest * 100 + u32::from(byte - b'A') + 10) % 97,
        });
    format!("{country}{:02}{account}", 98 - rest)
}
