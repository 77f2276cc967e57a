//! Running text: tokens, words, neighbouring words, numbers that are spread over several tokens.
//!
//! What a reader gets wrong: a token is what stands between blanks and brackets (`a.b@example.org`, `118-29-3122`); a
//! word is a run of letters and digits within it.

use super::words::{NAME_WORDS, is_unspaced};
use super::{Form, LONGEST_VALUE, date, digits, words};
use crate::hash::{Domain, hash_in};
use crate::{ClassMask, hash};

/// Longest token or word that can be an id; longer ones are encoded data.
const LONGEST_TOKEN: usize = 128;

/// How many groups of digits one number may be written in: `+33 6 12 34 56 78` has six.
const GROUPS: usize = 6;

/// Most words of a name of which each makes a pair with each.
const PAIRED_WORDS: usize = 5;

/// Longest word of a script without spaces that can be a name by itself, in characters; longer runs are sentences.
const LONGEST_UNSPACED_WORD: usize = 6;

/// Fewest characters in which something can stand beside a name of two.
const FEWEST_UNSPACED: usize = 3;

/// Scratch memory of [`each`].
#[derive(Debug, Default)]
pub(super) struct Scratch {
    chain: Chain,
}

impl Scratch {
    /// Bytes in memory.
    #[cfg(test)]
    pub(super) fn memory(&self) -> usize {
        self.chain.digits.capacity() + self.chain.starts.capacity() * size_of::<usize>()
    }
}

/// The tokens of a folded text, without outer punctuation.
pub fn tokens(folded: &str) -> impl Iterator<Item = &str> {
    folded
        .split(is_gap)
        .map(trim_token)
        .filter(|token| !token.is_empty())
}

/// Gives the numbers of a folded text, as [`digits`](super::digits) writes them: one where it is nothing but a number,
/// else groups of digits that stand together, joined in every way that may be one telephone number.
pub fn numbers_in(folded: &str, give: &mut impl FnMut(&str)) {
    let class = ClassMask::of(folded);
    if !class.any(ClassMask::LOWER | ClassMask::WIDE) {
        // What a comma sets apart is no one number.
        if !class.any(ClassMask::COMMA)
            && let Some(number) = digits::run(folded, class)
        {
            give(&number);
        }
        if !digits::may_be_several(folded, class) && !is_slashed(folded, class) {
            return;
        }
    }
    pieces_at_slashes(folded, &mut |piece| {
        if let Some(number) = digits::run(piece, ClassMask::of(piece)) {
            give(&number);
        }
    });
    let mut chain = Chain::default();
    walk(folded, &mut |token, joined| {
        let class = ClassMask::of(token);
        chain.push((token, class), joined, 1, &mut |number, first| {
            // What follows other digits and is short is rather the end of a number than one.
            if first || number.len() > digits::TAIL {
                give(number);
            }
        });
    });
}

/// Forms of what stands inside a folded text of more than one token.
pub(super) fn each(
    folded: &str,
    class: ClassMask,
    scratch: &mut Scratch,
    sink: &mut impl FnMut(Form, u64),
) {
    let mut near = Neighbours::default();
    if class.only(ClassMask::LOWER | ClassMask::SPACE) {
        for word in folded.as_bytes().split(|byte| *byte == b' ') {
            if word.len() <= LONGEST_TOKEN {
                of_word(word, &mut near, sink);
            } else {
                near = Neighbours::default();
            }
        }
        return near.name(folded, class, sink);
    }
    scratch.chain.clear();
    walk(folded, &mut |token, joined| {
        let class = ClassMask::of(token);
        of_token(token, class, &mut near, sink);
        if !class.any(ClassMask::DIGIT) {
            return scratch.chain.clear();
        }
        // A single group is a token and had its forms.
        scratch
            .chain
            .push((token, class), joined, 2, &mut |number, _| {
                sink(Form::Token, hash(number.as_bytes()));
                if let Some(tail) = digits::tail_hash(number.as_bytes()) {
                    sink(Form::Tail, tail);
                }
            });
    });
    near.name(folded, class, sink);
}

/// Whether a folded text, or one in another case, is more than one token. One colon separates a label (`tel:030...`), several are part of an id.
pub(super) fn has_parts(folded: &str, class: ClassMask) -> bool {
    const GAPS: u16 = ClassMask::SPACE
        | ClassMask::COMMA
        | ClassMask::BRACKET
        | ClassMask::OTHER
        | ClassMask::WIDE;
    let gap = || class.any(GAPS) && folded.contains(is_gap);
    let label = || label_end(folded, class).is_some();
    let scripts = || {
        const LATIN: u16 = ClassMask::DIGIT | ClassMask::LOWER;
        class.any(ClassMask::WIDE) && class.any(LATIN) && folded.chars().any(is_unspaced)
    };
    gap() || label() || scripts()
}

/// Fewest separators in a cell of digits by which it is more than a number with its sign or currency.
const SEPARATORS: usize = 2;

/// Whether a folded text, or one in another case, is one token with punctuation around it that matters. The letters and
/// digits of most have a form by themselves; times, dates, addresses of machines and of pages have none.
pub(super) fn is_wrapped(text: &str, class: ClassMask) -> bool {
    const SEPARATED: u16 = ClassMask::DOT | ClassMask::DASH | ClassMask::SLASH | ClassMask::COLON;
    if !class.any(SEPARATED) || class.any(ClassMask::AT) || text.len() > LONGEST_VALUE {
        return false;
    }
    let inner = trim_token(text);
    let separates = |byte: &u8| matches!(byte, b'.' | b'-' | b'/' | b':');
    inner.len() < text.len()
        && inner.bytes().filter(|byte| separates(byte)).count() >= SEPARATORS
        && (!class.any(ClassMask::LOWER | ClassMask::WIDE) || inner.contains("//"))
        && !inner.contains(is_gap)
}

/// Forms of such a token without the punctuation.
pub(super) fn unwrapped(folded: &str, sink: &mut impl FnMut(Form, u64)) {
    let token = trim_token(folded);
    of_id(token, ClassMask::of(token), sink);
}

/// Fewest characters of an id on one side of a slash, so that dates and fractions have none.
const FEWEST_AT_SLASH: usize = 5;

/// Whether a folded text, or one in another case, may have ids that a slash sets apart: `10087987/10088`.
pub(super) fn is_slashed(text: &str, class: ClassMask) -> bool {
    class.any(ClassMask::SLASH) && class.any(ClassMask::DIGIT) && {
        let mut found = false;
        pieces_at_slashes(text, &mut |_| found = true);
        found
    }
}

/// Calls `visit` with what stands before, between and behind the slashes of each token and has digits.
fn pieces_at_slashes<'a>(text: &'a str, visit: &mut impl FnMut(&'a str)) {
    let slashed = text.split(is_gap).filter(|token| token.contains('/'));
    for piece in slashed.flat_map(|token| token.split('/')) {
        let piece = trim_token(piece);
        let fits = (FEWEST_AT_SLASH..=LONGEST_TOKEN).contains(&piece.len());
        if fits && piece.bytes().any(|byte| byte.is_ascii_digit()) {
            visit(piece);
        }
    }
}

/// Forms of these pieces as ids.
pub(super) fn slashed(folded: &str, sink: &mut impl FnMut(Form, u64)) {
    pieces_at_slashes(folded, &mut |piece| {
        let class = ClassMask::of(piece);
        of_id(piece, class, sink);
        if class.only(ClassMask::LOWER | ClassMask::DIGIT) {
            sink(Form::Word, hash_in(Domain::Word, piece.as_bytes()));
        }
    });
}

/// Calls `visit` with every token and whether it directly follows the one before, with blanks or round brackets
/// between them at most.
fn walk<'a>(folded: &'a str, visit: &mut impl FnMut(&'a str, bool)) {
    if folded.is_ascii() {
        return walk_ascii(folded, visit);
    }
    let mut joined = false;
    let mut start = 0;
    let mut last = ' ';
    for (at, c) in folded.char_indices().chain([(folded.len(), ' ')]) {
        let gap = is_gap(c);
        if gap || changes_script(last, c) {
            let raw = folded.get(start..at).unwrap_or_default();
            let token = trim_token(raw);
            if !token.is_empty() {
                visit(token, joined);
                // "12, 34" and "12. 34" are two things, "12 34" may be one.
                joined = raw.ends_with(token);
            }
            joined &= matches!(c, ' ' | '(' | ')');
            start = if gap { at + c.len_utf8() } else { at };
        }
        last = c;
    }
}

/// As [`walk`], where each byte is a character and all are of one script.
fn walk_ascii<'a>(folded: &'a str, visit: &mut impl FnMut(&'a str, bool)) {
    let mut joined = false;
    let mut start = 0;
    for (at, byte) in folded.bytes().chain([b' ']).enumerate() {
        if !is_gap(byte as char) {
            continue;
        }
        if start < at {
            let raw = folded.get(start..at).unwrap_or_default();
            let token = trim_token(raw);
            if !token.is_empty() {
                visit(token, joined);
                joined = raw.ends_with(token);
            }
        }
        joined &= matches!(byte, b' ' | b'(' | b')');
        start = at + 1;
    }
}

/// Whether a number or a Latin word touches a script without spaces.
fn changes_script(a: char, b: char) -> bool {
    a.is_ascii_alphanumeric() && is_unspaced(b) || is_unspaced(a) && b.is_ascii_alphanumeric()
}

fn of_token(
    token: &str,
    class: ClassMask,
    near: &mut Neighbours,
    sink: &mut impl FnMut(Form, u64),
) {
    if token.len() <= LONGEST_TOKEN {
        if class.only(ClassMask::LOWER) {
            return of_word(token.as_bytes(), near, sink);
        }
        of_id(token, class, sink);
        if let Some(value) = label_end(token, class).and_then(|end| token.get(end..)) {
            let value = trim_token(value);
            sink(Form::Token, hash(value.as_bytes()));
            of_id(value, ClassMask::of(value), sink);
        }
    }
    for piece in words::pieces(token) {
        let word = words::clean(piece);
        if word.len() > LONGEST_TOKEN || is_sentence(&word) {
            *near = Neighbours::default();
        } else if !word.is_empty() {
            of_word(word.as_bytes(), near, sink);
        }
    }
}

fn of_word(word: &[u8], near: &mut Neighbours, sink: &mut impl FnMut(Form, u64)) {
    let hash = hash_in(Domain::Word, word);
    sink(Form::Word, hash);
    near.push(hash, word.len() == 1, sink);
}

/// Forms of a token as an id: with its punctuation, without, as a number or date. All of them are forms of a part.
fn of_id(token: &str, class: ClassMask, sink: &mut impl FnMut(Form, u64)) {
    let letters = class.any(ClassMask::LOWER | ClassMask::WIDE);
    let part = &mut |form, hash| {
        let form = if form == Form::Tail {
            form
        } else {
            Form::Token
        };
        sink(form, hash);
    };
    if !class.only(ClassMask::LOWER | ClassMask::DIGIT | ClassMask::WIDE) {
        part(Form::Token, hash(token.as_bytes()));
        if letters {
            words::each(token, class, part);
        }
    }
    if !letters && class.any(ClassMask::DIGIT) && !date::each(token, class, part) {
        digits::each(token, class, part);
    }
}

/// The words before the current one.
#[derive(Default)]
struct Neighbours {
    /// The last word, and whether it is a single letter.
    last: Option<(u64, bool)>,
    /// The word before the last.
    before: Option<u64>,
    /// The first words.
    first: [u64; *NAME_WORDS.end()],
    /// How many words there are.
    count: usize,
}

impl Neighbours {
    /// Pairs a word with the one before it, and over a single letter with the one before that: in `Brian M. Frank`
    /// first and last name are neighbours.
    fn push(&mut self, word: u64, single: bool, sink: &mut impl FnMut(Form, u64)) {
        if let Some(place) = self.first.get_mut(self.count) {
            *place = word;
        }
        self.count += 1;
        if let Some((last, initial)) = self.last {
            sink(Form::Pair, words::pair(last, word));
            if let Some(before) = self.before.filter(|_| initial) {
                sink(Form::Pair, words::pair(before, word));
            }
            self.before = Some(last);
        }
        self.last = Some((word, single));
    }

    /// The form of all words together, where an ASCII cell may be a name, and the pairs of words that are no neighbours:
    /// who asks for Anna Schmidt is Anna Maria Schmidt in some systems. That of two words is their pair.
    fn name(&mut self, folded: &str, class: ClassMask, sink: &mut impl FnMut(Form, u64)) {
        if folded.len() <= LONGEST_VALUE
            && words::may_be_name(class)
            && !class.any(ClassMask::WIDE)
            && self.count > 2
            && let Some(words) = self.first.get_mut(..self.count)
        {
            // With more commas it is a list of several.
            let is_one = folded.bytes().filter(|byte| *byte == b',').count() <= 1;
            if words.len() <= PAIRED_WORDS && is_one {
                for (at, first) in words.iter().enumerate() {
                    for other in words.iter().skip(at + 2) {
                        sink(Form::Pair, words::pair(*first, *other));
                    }
                }
            }
            sink(Form::Tokens, words::unordered(words));
        }
    }
}

/// Groups of digits that stand together, and the numbers they may be.
#[derive(Debug, Default)]
struct Chain {
    /// Digits of the last groups, of each only so many that too many are told.
    digits: String,
    /// Where each group starts in `digits`.
    starts: Vec<usize>,
    /// Digits of the groups before these, which no number begins in any more.
    gone: usize,
    /// Whether the first group began with a plus sign, so that no number begins after it.
    international: bool,
}

impl Chain {
    fn clear(&mut self) {
        self.digits.clear();
        self.starts.clear();
        self.gone = 0;
        self.international = false;
    }

    /// Appends a group of digits, and forgets the one that is too far back.
    fn append(&mut self, group: &str) {
        const TOO_MANY: usize = *digits::PHONE_DIGITS.end() + 1;
        self.starts.push(self.digits.len());
        let digits = group.chars().filter(char::is_ascii_digit);
        self.digits.extend(digits.take(TOO_MANY));
        if self.starts.len() > GROUPS {
            self.starts.remove(0);
            let end = self.starts.first().copied().unwrap_or_default();
            self.digits.drain(..end);
            self.starts.iter_mut().for_each(|start| *start -= end);
            self.gone = self.gone.saturating_add(end);
        }
    }

    /// Takes the next token; gives each run of at least so many groups that ends in it and has as many digits as a
    /// telephone number, and whether nothing stands before it.
    fn push(
        &mut self,
        (token, class): (&str, ClassMask),
        joined: bool,
        groups: usize,
        give: &mut impl FnMut(&str, bool),
    ) {
        if !joined {
            self.clear();
        }
        let bare = label_end(token, class)
            .and_then(|end| token.get(end..))
            .unwrap_or(token);
        // A plus sign begins a number.
        if bare.starts_with('+') {
            self.clear();
            self.international = true;
        }
        // An extension behind the number: `4567x89`.
        let extension = class.any(ClassMask::LOWER).then(|| bare.split_once('x'));
        let group = extension.flatten().map_or(bare, |(number, _)| number);
        let is_group = |c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.' | '/');
        if !group.contains(|c: char| c.is_ascii_digit()) || !group.chars().all(is_group) {
            self.clear();
            return;
        }
        let whole = group.len() == token.len();
        self.append(group);
        // So many digits are more than one number.
        self.international &= self.gone + self.digits.len() <= *digits::PHONE_DIGITS.end();
        // Either as many groups as asked for, or one with something behind it.
        let fewest = if whole { groups } else { 1 };
        let latest = (self.starts.len() + 1).saturating_sub(fewest);
        let latest = match (self.international, self.gone) {
            (false, _) => latest,
            (true, 0) => latest.min(1),
            (true, _) => 0,
        };
        for start in self.starts.get(..latest).unwrap_or_default() {
            let run = self.digits.get(*start..).unwrap_or_default();
            let number = run.trim_start_matches('0');
            if run.len() <= *digits::PHONE_DIGITS.end()
                && number.len() >= *digits::PHONE_DIGITS.start()
            {
                give(number, *start == 0 && self.gone == 0);
            }
        }
        if group.len() < bare.len() {
            self.clear();
        }
    }
}

/// Every two neighbouring characters of scripts without spaces, blanks between them ignored.
pub(super) fn grams(folded: &str, sink: &mut impl FnMut(Form, u64)) {
    if folded
        .chars()
        .filter(|c| is_unspaced(*c))
        .take(FEWEST_UNSPACED)
        .count()
        < FEWEST_UNSPACED
    {
        return;
    }
    let mut last = None;
    for c in folded.chars().filter(|c| *c != ' ') {
        let current = is_unspaced(c).then_some(c);
        if let (Some(a), Some(b)) = (last, current) {
            sink(Form::Gram, gram(a, b));
        }
        last = current;
    }
}

/// The hash of two characters: that of the word they make, so that a word of just these two has it too.
pub(super) fn gram(a: char, b: char) -> u64 {
    let mut bytes = [0; 8];
    let first = a.encode_utf8(&mut bytes).len();
    let second = bytes
        .get_mut(first..)
        .map_or(0, |rest| b.encode_utf8(rest).len());
    hash_in(Domain::Word, bytes.get(..first + second).unwrap_or(&bytes))
}

fn is_sentence(word: &str) -> bool {
    word.len() > LONGEST_UNSPACED_WORD
        && word.chars().any(is_unspaced)
        && word.chars().count() > LONGEST_UNSPACED_WORD
}

/// Characters between tokens.
pub(super) const fn is_gap(c: char) -> bool {
    matches!(
        c,
        ' ' | '"'
            | '<'
            | '>'
            | '('
            | ')'
            | '['
            | ']'
            | '{'
            | '}'
            | ','
            | ';'
            | '|'
            | '='
            | '?'
            | '&'
            | '\u{3001}'
            | '\u{3002}'
            | '\u{3008}'..='\u{3011}' | '\u{60c}' | '\u{61b}' | '\u{b7}' | '\u{30fb}'
    )
}

/// Punctuation around a token says nothing; a plus sign in front of a number does.
pub(super) fn trim_token(raw: &str) -> &str {
    if let (Some(first), Some(last)) = (raw.as_bytes().first(), raw.as_bytes().last())
        && first.is_ascii_alphanumeric()
        && last.is_ascii_alphanumeric()
    {
        return raw;
    }
    raw.trim_start_matches(|c| !words::is_word(c) && c != '+')
        .trim_end_matches(|c| !words::is_word(c))
}

/// Where the value behind a label starts: `email:a@example.org`. Addresses and times have more colons or `//`.
pub fn label_end(token: &str, class: ClassMask) -> Option<usize> {
    if !class.any(ClassMask::COLON) {
        return None;
    }
    let colon = token.find(':')?;
    let value = token.get(colon + 1..)?;
    (!value.is_empty() && !value.starts_with("//") && !value.contains(':')).then_some(colon + 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{folded, of_value};
    use super::*;

    fn all_numbers(text: &str) -> Vec<String> {
        let mut found = Vec::new();
        numbers_in(&folded(text), &mut |number| found.push(number.to_owned()));
        found
    }

    #[track_caller]
    fn numbers(text: &str, expected: &[&str]) {
        let found = all_numbers(text);
        for number in expected {
            assert!(
                found.iter().any(|other| other == number),
                "{number} in {found:?}"
            );
        }
        assert!(found.len() <= 12, "{found:?}");
    }

    #[test]
    fn telephone_numbers_are_seen_inside_text() {
        numbers(
            "call 555-123-4567 or 5557654321.",
            &["5551234567", "5557654321"],
        );
        numbers("Tel: +33 6 12 34 56 78, Paris", &["33612345678"]);
        numbers("phone:(210) 952-5853x89 (home)", &["2109525853"]);
        numbers("am 2024-01-31 um 030 1234567", &["301234567"]);
        numbers("tel:+49301234567", &["49301234567"]);
        numbers("电话13812345678。", &[]);
    }

    proptest! {
        /// However many groups there are, those that are far back change nothing.
        #[test]
        fn numbers_of_many_groups_are_those_of_each_six_in_a_row(
            groups in prop::collection::vec("[0-9]{1,5}", 2..40),
        ) {
            let mut expected = Vec::new();
            for end in 1..=groups.len() {
                for start in end.saturating_sub(GROUPS)..end {
                    let run = groups[start..end].concat();
                    let number = run.trim_start_matches('0');
                    let fits = run.len() <= *digits::PHONE_DIGITS.end()
                        && number.len() >= *digits::PHONE_DIGITS.start();
                    if fits && (start == 0 || number.len() > digits::TAIL) {
                        expected.push(number.to_owned());
                    }
                }
            }
            // Behind a letter, so that the text as a whole is no number.
            let found = all_numbers(&format!("x, {}", groups.join(" ")));
            prop_assert_eq!(found, expected);
        }

        /// A number that begins with a plus sign is one, and what follows it none.
        #[test]
        fn no_number_begins_behind_a_plus_sign_until_there_are_too_many_digits(
            groups in prop::collection::vec("[1-9]", 2..15),
        ) {
            let found = all_numbers(&format!("x, +{}", groups.join(" ")));
            let whole = groups.concat();
            prop_assert!(found.iter().all(|number| whole.starts_with(number)), "{:?}", found);
        }
    }

    #[test]
    fn numbers_of_other_things_are_not_joined() {
        assert!(
            !all_numbers("12, 345, 678")
                .iter()
                .any(|number| number == "12345678")
        );
        assert!(
            !all_numbers("12 apples 345678")
                .iter()
                .any(|number| number == "12345678")
        );
    }

    #[test]
    fn tokens_lose_their_outer_punctuation() {
        let found: Vec<&str> = tokens("write to <a.b@example.org>, \"x-1\"; +49!").collect();
        assert_eq!(found, ["write", "to", "a.b@example.org", "x-1", "+49"]);
    }

    fn forms(text: &str) -> Vec<u64> {
        let mut hashes = Vec::new();
        of_value(text, &mut |_, hash| hashes.push(hash));
        hashes
    }

    #[test]
    fn text_has_a_few_forms_for_each_word() {
        let text = "The quick brown fox jumps over the lazy dog and calls a friend in the evening";
        let count = forms(text).len();
        assert!(count <= 2 * text.split(' ').count() + 4, "{count}");
        // A day has one more form, a year by itself none.
        let [year, day] = ["sold in 1971 by the mill", "sold 3 may 1971 by the mill"]
            .map(|text| (forms(text).len(), text.split(' ').count()));
        assert!(
            year.0 <= 2 * year.1 + 2 && day.0 <= 2 * day.1 + 4,
            "{year:?} {day:?}"
        );
    }

    #[test]
    fn short_cells_have_few_forms() {
        for (text, most) in [
            ("brian", 1),
            ("AB12", 1),
            ("a@b.org", 1),
            ("42", 1),
            ("2024-01-31", 1),
            ("12.5", 1),
            ("192.168.0.1", 1),
            ("2024-01-31T10:00:00Z", 1),
            ("118-29-3122", 3),
            ("12345678", 2),
            ("Brian Frank", 6),
            ("3f2504e0-4f89-41d3-9a0c-0305e82c3301", 2),
            ("00:1b:44:11:3a:b7", 2),
            ("Jean-Luc", 2),
        ] {
            let count = forms(text).len();
            assert!(count <= most, "{text} has {count}");
        }
    }

    #[test]
    fn a_number_behind_letters_of_another_script_is_a_word() {
        let word = words::word_hash("13812345678");
        assert!(forms("电话13812345678。").contains(&word));
    }
}
