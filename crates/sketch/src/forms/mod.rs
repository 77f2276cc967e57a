//! Canonical forms: what makes two spellings of one value meet.
//!
//! [`Former::forms`] gives the forms of a stored value, [`probes`] the questions about a wanted one; both go through
//! the same code, so a stored value is found whenever any of its forms is a form of the wanted one. Every form is a
//! function of the *folded* text alone, so of two cells that fold alike only one must be looked at.
//!
//! What a reader gets wrong: most forms share one space of hashes on purpose. "118-29-3122", "118293122" and the
//! integer 118293122 must meet whatever form each of them is in. Apart live the words inside text, groups of words,
//! and the tails of telephone numbers.
//! `docs/decisions/canonical-forms.md` has the table and the reasons.

mod address;
mod date;
mod digits;
mod fold;
mod probe;
mod spelling;
mod text;
mod words;

pub use date::{Day, Order, dates, is_date, is_pointed, is_timestamp, order_told, readings};
pub use digits::{digits, is_number, number, phone_tail, same_phone};
pub(crate) use fold::{Fold, fold_onto};
pub use fold::{fold_into, folded, trimmed};
pub use probe::{MOST_NAME_WORDS, Meaning, Probe, name_spellings, probes};
pub use text::{label_end, numbers_in, tokens};
pub use words::{alphanumerics, name_tokens, word_list, words};

use crate::{Cells, ClassMask, hash};

/// Version of the set of forms. It changes when a stored value would get other forms than before: sketches of another
/// version must be made anew.
pub const FORMS_VERSION: u8 = 4;

/// Cells of more bytes than this are running text: they have words, pairs and numbers, but no form as a whole besides
/// the folded one.
pub const LONGEST_VALUE: usize = 128;

/// One canonical form. The declaration order is of no meaning and never stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    /// The folded cell.
    Folded,
    /// Letters and digits only: `AB-12 34` is `ab1234`.
    Alphanumerics,
    /// The digits of a cell without letters, leading zeros (and with them the prefix `00`) stripped.
    Digits,
    /// The last eight digits of what may be a telephone number; kept apart from all other forms.
    Tail,
    /// A number in its shortest notation: `+12.50` is `12.5`.
    Number,
    /// A date as `2024-01-31`, for each way in which its notation may be read.
    Date,
    /// The two to six words of what may be a name, in any order.
    Tokens,
    /// A run between white space and brackets inside text (an e-mail address, an id), in each form that it would have
    /// as a cell.
    Token,
    /// One word of several.
    Word,
    /// Two neighbouring words, in any order.
    Pair,
    /// An address or a number in its own notation, of a cell in which it has another; kept apart from all other forms. Of
    /// a wanted value, whatever a source that is asked for the value itself would not return.
    Notation,
    /// Two neighbouring characters of a script without spaces between words.
    Gram,
}

/// Makes the forms of stored values; owns the scratch memory.
#[derive(Debug, Default)]
pub struct Former {
    text: text::Scratch,
}

impl Former {
    /// A former without memory yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in the hash of every form of cell `i`, except that of its folded form, which [`Cells::folded`] holds already.
    /// Whenever as many wait as [`Forms`] should hold, `full` is given them to take out: one cell of running text may have
    /// tens of millions.
    pub fn forms(
        &mut self,
        cells: &Cells<'_>,
        i: usize,
        out: &mut Forms,
        full: &mut impl FnMut(&mut Forms),
    ) {
        // Most cells end here, and without their text.
        if is_plain(cells.classes[i]) {
            return;
        }
        let (folded, class) = (cells.folded_text(i), cells.folded_class(i));
        let outline = match cells.look(i) {
            Some(look) if look.fold != Fold::Other => look.outline,
            _ => Outline::of(folded, class),
        };
        of_folded(folded, class, outline, &mut self.text, &mut |form, hash| {
            match form {
                Form::Word | Form::Token | Form::Tail | Form::Gram | Form::Notation => {
                    out.parts.push(hash);
                }
                _ => out.wholes.push(hash),
            }
            if out.parts.len().max(out.wholes.len()) >= MOST_FORMS {
                full(out);
            }
        });
    }
}

/// Hashes of either kind after which [`Forms`] are full: half a megabyte.
const MOST_FORMS: usize = 1 << 16;

/// Hashes of forms of stored cells. One may be there more than once.
#[derive(Debug, Default)]
pub struct Forms {
    /// Of the whole cell, and of neighbouring words: hardly two cells have one in common.
    pub wholes: Vec<u64>,
    /// Of parts of the cell, which many cells may have in common.
    pub parts: Vec<u64>,
}

impl Forms {
    /// Forgets all hashes and keeps the memory.
    pub fn clear(&mut self) {
        self.wholes.clear();
        self.parts.clear();
    }
}

/// Whether the folded form is certainly the only one: a single ASCII word with letters, or nothing.
const fn is_plain(class: ClassMask) -> bool {
    const LETTERS: u16 = ClassMask::LOWER | ClassMask::UPPER;
    class.0 == 0 || class.only(LETTERS | ClassMask::DIGIT) && class.any(LETTERS)
}

/// Whether digits have no form besides themselves.
fn is_short_number(digits: &str) -> bool {
    digits.len() < *digits::PHONE_DIGITS.start() && !digits.starts_with('0')
}

/// Whether no other text has a form that is this folded one: letters, digits and the signs of numbers and dates are what
/// other spellings are brought to.
pub fn is_one_spelling(folded: &str) -> bool {
    folded
        .chars()
        .any(|c| !c.is_alphanumeric() && !matches!(c, '-' | '.' | '+' | ':'))
}

/// Calls `sink` with every form of a cell, the folded one first.
pub fn of_value(text: &str, sink: &mut impl FnMut(Form, u64)) {
    let folded = folded(text);
    if !folded.is_empty() {
        sink(Form::Folded, hash(folded.as_bytes()));
        let class = ClassMask::of(&folded);
        let outline = Outline::of(&folded, class);
        of_folded(&folded, class, outline, &mut text::Scratch::default(), sink);
    }
}

/// What can be told of a value by which characters are where, ASCII letters and digits aside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Outline {
    /// It may be a date or a point in time.
    pub(crate) dated: bool,
    /// It is one id in groups, which has no parts.
    grouped: bool,
    /// There may be something inside it.
    parts: bool,
    /// There may be an id in it as soon as the punctuation around it is gone.
    wrapped: bool,
    /// There may be ids in it before and behind a slash.
    slashed: bool,
    /// There may be e-mail addresses in it besides itself.
    mails: bool,
    /// The same of addresses of machines.
    machines: bool,
    /// There may be dates with the name of a month in it.
    spelled: bool,
}

impl Outline {
    /// Of a text, folded or but for its case, and the classes of the folded one.
    pub(crate) fn of(text: &str, class: ClassMask) -> Self {
        // One word has no parts, grouped or not, and columns of encoded data are full of different ones.
        if class.only(ClassMask::LOWER | ClassMask::DIGIT) {
            return Self::default();
        }
        Self {
            dated: date::may_look_like(text, class),
            grouped: words::is_grouped_id(text, class),
            parts: if is_numeric(text, class) {
                digits::may_be_several(text, class)
            } else {
                text::has_parts(text, class)
            },
            wrapped: text::is_wrapped(text, class),
            slashed: text::is_slashed(text, class),
            mails: address::may_have_mails(text, class),
            machines: address::may_have_machines(text, class),
            spelled: is_lettered(class) && date::may_be_inside(text),
        }
    }
}

/// Whether there are digits and letters.
const fn is_lettered(class: ClassMask) -> bool {
    const LETTERS: u16 = ClassMask::LOWER | ClassMask::WIDE;
    class.any(ClassMask::DIGIT) && class.any(LETTERS)
}

/// Whether a folded text, or one in another case, has digits and no letters and is no running text.
fn is_numeric(text: &str, class: ClassMask) -> bool {
    const LETTERS: u16 = ClassMask::LOWER | ClassMask::WIDE;
    text.len() <= LONGEST_VALUE && !class.any(LETTERS) && class.any(ClassMask::DIGIT)
}

/// The forms of a folded text besides itself.
fn of_folded(
    folded: &str,
    class: ClassMask,
    outline: Outline,
    scratch: &mut text::Scratch,
    sink: &mut impl FnMut(Form, u64),
) {
    if is_plain(class) || class.only(ClassMask::DIGIT) && is_short_number(folded) {
        return;
    }
    if is_numeric(folded, class) {
        if outline.dated && date::each(folded, class, sink) {
            return;
        }
        digits::each(folded, class, sink);
    } else if folded.len() <= LONGEST_VALUE {
        if outline.dated && date::each(folded, class, sink) {
            return;
        }
        words::each(folded, class, sink);
        digits::with_exponent(folded, class, sink);
        if outline.grouped {
            return;
        }
    }
    if outline.spelled {
        date::inside(folded, sink);
    }
    if class.any(ClassMask::WIDE) {
        text::grams(folded, sink);
    }
    if outline.parts {
        text::each(folded, class, scratch, sink);
    } else if outline.wrapped {
        text::unwrapped(folded, sink);
    }
    if outline.slashed {
        text::slashed(folded, sink);
    }
    if outline.mails {
        address::mails(folded, class, sink);
    }
    if outline.machines {
        address::machines(folded, sink);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Keyer;

    /// What is stored of a value: each form with the kept part of its hash, under a key that never changes.
    fn stored(text: &str) -> String {
        let keyer = Keyer::new(b"the key of tests");
        let mut forms = Vec::new();
        of_value(text, &mut |form, hash| {
            forms.push(format!("{form:?} {:010x}", keyer.key(hash) >> 24));
        });
        forms.join(", ")
    }

    #[test]
    fn forms_of_a_long_cell_come_in_portions_and_none_is_lost_or_there_twice() {
        let words = |i: usize| format!("w{i} {} {} ", i % 97, i % 13);
        let text: String = (0..150_000).map(words).collect();
        let texts = arrow_array::StringViewArray::from_iter_values([&text]);
        let mut preparer = crate::Preparer::new();
        let cells = preparer.prepare(&texts);
        let (mut out, mut portions, mut all) = (Forms::default(), 0, Vec::new());
        let mut former = Former::new();
        former.forms(&cells, 0, &mut out, &mut |forms| {
            assert!(forms.parts.len() <= MOST_FORMS && forms.wholes.len() <= MOST_FORMS);
            portions += 1;
            all.append(&mut forms.parts);
            all.append(&mut forms.wholes);
        });
        all.append(&mut out.parts);
        all.append(&mut out.wholes);
        assert!(portions > 3, "{portions}");
        assert!(former.text.memory() < 1_024, "what is behind is forgotten");
        let mut expected = Vec::new();
        of_value(&text, &mut |form, hash| {
            if form != Form::Folded {
                expected.push(hash);
            }
        });
        all.sort_unstable();
        expected.sort_unstable();
        assert!(all == expected, "{} of {}", all.len(), expected.len());
    }

    /// These hashes are in stored sketches. A change that alters one of them is a new [`FORMS_VERSION`]: without it,
    /// a person who is in an older sketch would be ruled out.
    #[test]
    fn the_forms_of_a_value_never_change_within_a_version() {
        assert_eq!(FORMS_VERSION, 4);
        let known = [
            ("  Zo\u{eb}  ", "Folded f9edb745f3"),
            ("AB-1234", "Folded 798e302a8b, Alphanumerics 4d91201905"),
            (
                "118-29-3122",
                "Folded 90bf6b8d30, Digits a9c5f3a7d1, Tail 5938b0e8fb",
            ),
            (
                "+49 30 901820",
                "Folded d98315859f, Digits 97ed15f94a, Tail 264c39bdf5",
            ),
            ("+12.50", "Folded 4271c4abdd, Number 1f8a561c8c"),
            ("31.01.2024", "Folded 75de39c9b0, Date e6fa6f0d5e"),
            (
                "03/04/2024",
                "Folded d46719419c, Date 35a861c57b, Date cd33d4378b",
            ),
            (
                "Wei\u{df}, Anna",
                "Folded 2eea6cdcd9, Alphanumerics 57581de394, Word c283397d0d, \
                 Word 4c7f04a576, Pair 08283aa53f",
            ),
            (
                "Anna Maria Wei\u{df}",
                "Folded 623ec1928a, Alphanumerics c7ebb5b5b2, Word 4c7f04a576, \
                 Word 1af9c71ffe, Pair fa1f22687b, Word c283397d0d, Pair 3585a164ea, \
                 Pair 08283aa53f, Tokens c64b01cb94",
            ),
            (
                "\u{6771}\u{4eac}\u{90fd}",
                "Folded a349417b55, Gram a567ab1090, Gram a417e5e80d",
            ),
        ];
        for (text, forms) in known {
            assert_eq!(stored(text), forms, "{text}");
        }
        let text = "call ann.lee@example.org or +49 30 901820 before 10:30, says Zo\u{eb} Lee (id AB-12 34)";
        assert_eq!(hash(stored(text).as_bytes()), 0x9db3_b548_fc11_0a53);
    }
}
