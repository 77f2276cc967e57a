//! Names in running text: a first name before a family name, or a form of address before a family name. What stands
//! before them, as a key does in `user="Maria Schneider"`, tells whose name it is. Two words that no list knows are a name
//! behind a form of address, or behind what only names follow (`signed by`, `contact:`).
//!
//! What a reader gets wrong: a name ends where its quotes or brackets do, so words on both sides of one are no name.

use locard_model::Category;

use super::Scratch;
use super::words::{LONGEST_WORD, bare};
use crate::Library;
use crate::header::{GENERAL, Kind};
use crate::library::{Kinds, WordSpec, fold};
use crate::words::{CUES, KIN, SALUTATIONS, TITLES};

/// Signs between a key and its value, besides the one that makes it a key.
const AROUND: [char; 8] = [' ', '"', '\'', '\\', '“', '„', '«', '`'];
/// Signs in pairs around what belongs together.
const QUOTES: [char; 9] = ['"', '\'', '“', '”', '„', '«', '»', '(', ')'];
/// Longest key, in bytes.
const LONGEST_KEY: usize = 40;
/// Forms of address that may be written small: shorter ones are units and words of everyday life then.
const SPELT_OUT: usize = 5;
/// What behind two words makes them a company's name, folded.
const COMPANY_FORMS: [&str; 24] = [
    "gmbh", "ag", "kg", "ohg", "ug", "inc", "ltd", "llc", "llp", "plc", "corp", "co", "sa", "sas",
    "sarl", "srl", "spa", "bv", "nv", "oy", "ab", "aps", "kft", "group",
];
/// Longest word of a name, in bytes.
const LONGEST_NAME: usize = 40;
/// Keys that are remembered.
const MOST_KEYS: usize = 512;

/// What the key before a name says about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Says {
    /// The key names such values.
    Yes,
    /// The key names something else that may be called like a person.
    No,
    /// The key says nothing.
    Nothing,
}

/// What the words before make of the next one.
#[derive(Clone, Copy, Default)]
struct Before<'t> {
    /// The word that may begin a name, and the lists that hold it.
    word: &'t str,
    bits: u32,
    /// The last three tokens, the nearer first.
    tokens: [&'t str; 3],
    /// Whether the nearest is counted as a name.
    counted: bool,
}

impl Library {
    /// Counts names of two words, one in each of two lists, and family names that somebody is addressed by.
    pub(super) fn search_names(&self, text: &str, weight: u64, scratch: &mut Scratch) {
        if !has_capital(text) {
            return;
        }
        for spec in self.plan.word_specs.iter().filter(|spec| spec.embedded) {
            if let Some(beside) = spec.beside {
                self.search_names_of(spec, beside, text, weight, scratch);
            }
        }
    }

    fn search_names_of(
        &self,
        spec: &WordSpec,
        beside: u32,
        text: &str,
        weight: u64,
        scratch: &mut Scratch,
    ) {
        let mut before = Before::default();
        let mut tokens = text.split_whitespace();
        while let Some(token) = tokens.next() {
            let mut next = Before {
                tokens: [token, before.tokens[0], before.tokens[1]],
                ..Before::default()
            };
            if has_capital(token) {
                let ending = ending(token);
                let bits = self.name_bits(ending, scratch);
                let is_last = bits & beside != 0;
                // First name before family name; the other order is too often something else.
                let paired =
                    is_last && before.bits & spec.first != 0 && !is_in(SALUTATIONS, ending);
                let addressed = is_last && !paired && is_address(before.tokens);
                let related =
                    !paired && bits & spec.first != 0 && self.is_related(token, before.tokens);
                let following = tokens.clone().next().unwrap_or_default();
                let last = self::ending(following);
                let goes_on = |scratch: &mut Scratch| {
                    bits & spec.first != 0 && self.name_bits(last, scratch) & beside != 0
                };
                let near = (&before, following);
                if paired {
                    let is_open = token.ends_with(char::is_alphanumeric);
                    let following = if is_open { last } else { "" };
                    let words = [before.word, ending, before.tokens[1], following];
                    self.count_name(spec, words, text, weight, scratch);
                    next.counted = true;
                } else if (addressed || related) && !goes_on(scratch)
                    || self.is_cued(near, token, spec.first)
                {
                    if !scratch.spared.has(ending) {
                        count(spec.rule, true, weight, scratch);
                    }
                    next.counted = true;
                } else {
                    next.word = beginning(token);
                    next.bits = if next.word == ending {
                        bits
                    } else {
                        self.name_bits(next.word, scratch)
                    };
                }
            }
            before = next;
        }
    }

    /// Whether a token and the one before it are a name for what stands before both: a form of address, or a cue that no
    /// company and no department follows.
    fn is_cued(&self, (before, following): (&Before<'_>, &str), token: &str, given: u32) -> bool {
        let [first, near, far] = before.tokens;
        let last = ending(token);
        if before.counted
            || beginning(first) != first
            || !is_name_word(first)
            || !is_name_word(last)
        {
            return false;
        }
        if is_salutation(near) {
            return !is_in(SALUTATIONS, last) && !is_in(SALUTATIONS, first);
        }
        let goes_on = token.ends_with(char::is_alphanumeric);
        let company = || goes_on && COMPANY_FORMS.contains(&&*fold(bare(following)));
        let behind = if goes_on { ending(following) } else { "" };
        is_cue(near, far)
            && !self.is_of_others(first, last, given)
            && !self.is_namesake((first, last), ("", behind))
            && !company()
    }

    /// Whether a given name stands right behind what its bearer is to somebody: `wife Maria`. Other lists hold some of
    /// these words too, and then nothing is certain.
    fn is_related(&self, token: &str, [near, far, _]: [&str; 3]) -> bool {
        let is_free =
            || !capitalised(beginning(far)) || far.ends_with(|c: char| !c.is_alphanumeric());
        near.ends_with(char::is_alphabetic)
            && is_in(KIN, near)
            && is_free()
            && !self.kinds_of(&fold(ending(token))).any(Kinds::THINGS)
    }

    /// Bits of the lists that hold a capitalised word.
    fn name_bits(&self, word: &str, scratch: &mut Scratch) -> u32 {
        if word.len() > LONGEST_WORD || !capitalised(word) {
            0
        } else if word.is_ascii() {
            let buffer = &mut scratch.text.folded;
            buffer.clear();
            buffer.extend(word.bytes().map(|byte| byte.to_ascii_lowercase()));
            self.list_bits(buffer)
        } else {
            self.list_bits(fold(word).as_bytes())
        }
    }

    /// Counts a name that reaches from the first word to the last, with those before and behind it, unless its key says that
    /// it is something else's, or the words are known as something else and nothing says that they are somebody here.
    fn count_name(
        &self,
        spec: &WordSpec,
        [first, last, before, following]: [&str; 4],
        text: &str,
        weight: u64,
        scratch: &mut Scratch,
    ) {
        let from = first.as_ptr().addr() - text.as_ptr().addr();
        let to = last.as_ptr().addr() - text.as_ptr().addr() + last.len();
        let (Some(name), Some(behind)) = (text.get(from..to), text.get(to..)) else {
            return;
        };
        if scratch.spared.has(name) {
            return;
        }
        let opened = text[..from].ends_with(QUOTES);
        let quoted = opened && behind.trim_start_matches('\\').starts_with(QUOTES);
        // What goes on within the quotes is a text about somebody, whatever the key is.
        let key = key(&text[..from]).filter(|_| quoted || !opened);
        let says = key.map_or(Says::Nothing, |key| self.says(spec.rule, key, scratch));
        let is_somebody = says == Says::Yes || stands_before_mail(behind) || is_salutation(before);
        if !is_somebody && self.is_namesake((first, last), (beginning(before), following)) {
            return;
        }
        let context = match says {
            Says::No => return,
            Says::Yes => true,
            Says::Nothing => {
                quoted && (key.is_some() || is_within_a_sentence(behind))
                    || stands_before_mail(behind)
                    || self.has_context(spec.rule, text, from)
            }
        };
        count(spec.rule, context, weight, scratch);
    }

    /// What a key says to a rule; keys come again in every line.
    fn says(&self, rule: u32, key: &str, scratch: &mut Scratch) -> Says {
        let keys = &mut scratch.text.keys;
        if let Some(&says) = keys.get(key).and_then(|rules| rules.get(&rule)) {
            return says;
        }
        let says = self.read_key(rule, key);
        if keys.len() >= MOST_KEYS {
            keys.clear();
        }
        keys.entry(key.to_owned()).or_default().insert(rule, says);
        says
    }

    fn read_key(&self, rule: u32, key: &str) -> Says {
        let header = self.phrases.read(key);
        let own = header.reading(rule as usize);
        if own.is_some_and(|own| own.kind != Kind::Not && !own.about && !own.within) {
            return Says::Yes;
        }
        let names = |(at, other): (usize, &crate::Rule)| {
            // A road is called like whom it honours.
            let of_a_thing = !other.personal
                || other.category == Category::Location
                || other.identifier.as_str() == "STREET_ADDRESS";
            let full = |reading: &crate::header::Reading| {
                reading.kind == Kind::Name && !reading.about && !reading.within
            };
            of_a_thing && header.reading(at).is_some_and(full)
        };
        let is_thing = header.thing && !GENERAL.contains(&fold(key).as_ref());
        if is_thing || self.rules.iter().enumerate().any(names) {
            Says::No
        } else {
            Says::Nothing
        }
    }
}

fn count(rule: u32, context: bool, weight: u64, scratch: &mut Scratch) {
    scratch.text.rules.add(rule);
    let sums = scratch.counts.rule(rule);
    sums.embedded += weight;
    sums.in_context += weight * u64::from(context);
}

/// Whether a sign ends what one word can be part of.
const fn is_end(c: char) -> bool {
    matches!(
        c,
        '=' | ':'
            | '"'
            | '('
            | ')'
            | '['
            | ']'
            | '{'
            | '}'
            | '<'
            | '>'
            | ','
            | ';'
            | '|'
            | '“'
            | '”'
            | '„'
            | '«'
            | '»'
    )
}

/// Whether a text or a token of it holds a capital letter: most tokens hold none.
fn has_capital(token: &str) -> bool {
    token.bytes().any(|byte| byte.is_ascii_uppercase())
        || !token.is_ascii() && token.chars().any(char::is_uppercase)
}

pub(super) fn capitalised(word: &str) -> bool {
    let mut chars = word.chars();
    chars.next().is_some_and(char::is_uppercase) && chars.next().is_some_and(char::is_lowercase)
}

/// The word with which a name may end in this token: `Schneider` of `Schneider",`. Nothing, where a sign stands before it.
fn ending(token: &str) -> &str {
    if !token.starts_with(char::is_alphanumeric) {
        return "";
    }
    let end = token.find(is_end).unwrap_or(token.len());
    bare(&token[..end])
}

/// The word with which a name may begin in this token: `Maria` of `user="Maria`. Nothing, where a sign stands behind it.
fn beginning(token: &str) -> &str {
    if !token.ends_with(char::is_alphanumeric) {
        return "";
    }
    bare(token.rsplit(is_end).next().unwrap_or(token))
}

/// Whether the last tokens, the nearer first, make the next word the name of somebody who is addressed.
fn is_address([near, far, _]: [&str; 3]) -> bool {
    let is_free = || {
        let far = beginning(far);
        !capitalised(far) || is_in(SALUTATIONS, far)
    };
    let title = || addressing(near).is_some_and(|word| is_in(TITLES, word));
    is_salutation(near) || title() && is_free()
}

fn is_salutation(token: &str) -> bool {
    addressing(token).is_some_and(|word| is_in(SALUTATIONS, word))
}

/// The word of a token that may be a form of address: it is written with a capital or spelt out, and nothing but a full
/// stop stands behind it.
fn addressing(token: &str) -> Option<&str> {
    let last = token.rsplit(is_end).next().unwrap_or(token);
    let word = bare(last);
    let is_alone = last.strip_suffix('.').unwrap_or(last) == word;
    let spelt_out = || word.chars().count() >= SPELT_OUT;
    (!word.is_empty() && is_alone && (spelt_out() || capitalised(word))).then_some(word)
}

/// Whether a name follows these tokens, the nearer first: one with the sign that ends it, or two words.
fn is_cue(near: &str, far: &str) -> bool {
    // Most pairs of capitalised words end here.
    let may_be = |cue: &&&str| cue.as_bytes().last() == near.to_ascii_lowercase().as_bytes().last();
    let mut cues = CUES.iter().filter(may_be).peekable();
    cues.peek().is_some() && {
        let (near, far) = (fold(near), fold(far));
        let near = near.trim_start_matches(|c: char| !c.is_alphanumeric());
        cues.any(|cue| match cue.split_once(' ') {
            None => near == *cue,
            Some((first, second)) => bare(&far) == first && near == second,
        })
    }
}

/// Whether a word is written as one of a name is: a capital, then small letters, and nothing but letters, hyphens and
/// apostrophes.
fn is_name_word(word: &str) -> bool {
    word.len() <= LONGEST_NAME
        && capitalised(word)
        && word
            .chars()
            .all(|c| c.is_alphabetic() || matches!(c, '-' | '\'' | '’'))
}

fn is_in(list: &[&str], word: &str) -> bool {
    list.contains(&&*fold(word))
}

/// The key that what follows is the value of: `user` before `Maria` in `user="Maria`.
fn key(before: &str) -> Option<&str> {
    let before = before.trim_end_matches(AROUND);
    let before = before
        .strip_suffix("=>")
        .or_else(|| before.strip_suffix(['=', ':']))?;
    let before = before.trim_end_matches(AROUND);
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    let begin = before.rfind(|c| !is_part(c)).map_or(0, |at| {
        at + before[at..].chars().next().map_or(0, char::len_utf8)
    });
    let key = &before[begin..];
    let tells = key.starts_with(char::is_alphabetic) && key.len() <= LONGEST_KEY;
    tells.then_some(key)
}

/// Whether a sentence goes on behind a quoted name: names of things mostly stand before other such.
fn is_within_a_sentence(behind: &str) -> bool {
    let next = behind.trim_start_matches(QUOTES).trim_start_matches('\\');
    let next = next.strip_prefix(' ').and_then(|next| next.chars().next());
    next.is_some_and(char::is_lowercase)
}

/// Whether an address of mail in angle brackets follows, as in `Jürgen Müller <j.mueller@example.org>`.
fn stands_before_mail(behind: &str) -> bool {
    let behind = behind.trim_start_matches(QUOTES).trim_start();
    let address = behind
        .strip_prefix('<')
        .and_then(|rest| rest.split('>').next());
    address.is_some_and(|address| address.contains('@'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_stands_before_an_address_in_brackets_is_its_holder() {
        assert!(stands_before_mail(" <a@example.org>, b"));
        assert!(stands_before_mail("\" <a@example.org>"));
        assert!(!stands_before_mail(" <b>bold</b> a@example.org"));
        assert!(!stands_before_mail(", a@example.org"));
    }

    #[test]
    fn a_name_ends_and_begins_where_signs_are() {
        for (token, begins, ends) in [
            ("Maria", "Maria", "Maria"),
            ("user=\"Maria", "Maria", "user"),
            ("user='Maria", "Maria", "user"),
            ("(Maria", "Maria", ""),
            ("Schneider\",\"id\":7}", "", "Schneider"),
            ("Schneider.", "", "Schneider"),
            ("Jean-Luc", "Jean-Luc", "Jean-Luc"),
            ("O'Brien's", "O'Brien's", "O'Brien's"),
            ("«Anna»", "", ""),
        ] {
            assert_eq!((beginning(token), ending(token)), (begins, ends), "{token}");
        }
    }

    #[test]
    fn a_key_is_what_stands_before_its_sign() {
        for (before, wanted) in [
            ("ok user=\"", Some("user")),
            ("user: '", Some("user")),
            (
                "{\"first_name\":\"A\",\"customer.name\": \"",
                Some("customer.name"),
            ),
            ("{\\\"owner\\\":\\\"", Some("owner")),
            ("владелец=", Some("владелец")),
            ("owner => ", Some("owner")),
            ("10:15: ", None),
            ("opened by \"", None),
            ("", None),
            ("=", None),
        ] {
            assert_eq!(key(before), wanted, "{before}");
        }
    }

    #[test]
    fn forms_of_address_are_told_from_roads_and_units() {
        for tokens in [
            ["Frau", "", ""],
            ["Mr.", "call", ""],
            ["\"Mrs", "by", ""],
            ["madame", "de", ""],
            ["Dr.", "Herr", ""],
            ["Dr.", "bei", ""],
            ["name=Mme", "", ""],
        ] {
            assert!(is_address(tokens), "{tokens:?}");
        }
        for tokens in [
            ["Dr.", "Rua", ""],
            ["Dr", "Oak", ""],
            ["Pan", "Grill", ""],
            ["ms", "35", ""],
            ["MS", "", ""],
            ["hr", "24", ""],
            ["Frau,", "", ""],
            ["Frauen", "", ""],
            ["", "", ""],
        ] {
            assert!(!is_address(tokens), "{tokens:?}");
        }
    }

    #[test]
    fn cues_are_words_with_their_signs() {
        for (near, far) in [
            ("by", "Signed"),
            ("by", "(signed"),
            ("Contact:", ""),
            ("(contact:", "x"),
            ("gez.", "x"),
            ("par", "signé"),
        ] {
            assert!(is_cue(near, far), "{far} {near}");
        }
        for (near, far) in [("by", "stand"), ("contact", "your"), ("", ""), ("by:", "x")] {
            assert!(!is_cue(near, far), "{far} {near}");
        }
    }
}
