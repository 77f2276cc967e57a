//! A name as it is spelled in another script.
//!
//! A stored name has the forms of the script in which it was written, and no more: so the question is asked in the other
//! scripts too. Each word of a name has a bounded list of spellings, the likeliest first, by tables of the usual
//! romanisations and by a list of names whose letters do not tell (vowels that Arabic and Hebrew do not write).
//!
//! What a reader gets wrong: a name is spelled in one script as a whole. Words of two scripts are never put together.

mod letters;

use std::collections::HashMap;
use std::sync::LazyLock;

use locard_model::Spelling;
use locard_sketch::forms;

use letters::Letters;

/// Most spellings of one word in one script.
pub(crate) const MOST_OF_WORD: usize = 24;

/// Most spellings of a name, or of a half of it, over all scripts together.
pub(crate) const MOST_OF_NAME: usize = 48;

/// Longest word that is spelled anew, in characters; what is longer is hardly a name.
const LONGEST: usize = 32;

/// A script of which the romanisations are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Script {
    Latin,
    Cyrillic,
    Greek,
    Arabic,
    Hebrew,
}

impl Script {
    /// As answers tell it.
    pub(crate) const fn spelling(self) -> Spelling {
        match self {
            Self::Latin => Spelling::Latin,
            Self::Cyrillic => Spelling::Cyrillic,
            Self::Greek => Spelling::Greek,
            Self::Arabic => Spelling::Arabic,
            Self::Hebrew => Spelling::Hebrew,
        }
    }

    /// Those in which a Latin name is asked for.
    const OTHERS: [Self; 4] = [Self::Cyrillic, Self::Greek, Self::Arabic, Self::Hebrew];

    const fn of_letter(letter: char) -> Option<Self> {
        Some(match letter {
            'a'..='z' => Self::Latin,
            '\u{370}'..='\u{3ff}' => Self::Greek,
            '\u{400}'..='\u{52f}' => Self::Cyrillic,
            '\u{590}'..='\u{5ff}' => Self::Hebrew,
            '\u{620}'..='\u{6d3}' => Self::Arabic,
            _ => return None,
        })
    }

    /// The script of all letters of folded words; `None`: there are several, or one that is not known.
    pub(crate) fn of(words: &[String]) -> Option<Self> {
        let mut letters = words.iter().flat_map(|word| word.chars());
        let script = Self::of_letter(letters.next()?)?;
        letters
            .all(|letter| Self::of_letter(letter) == Some(script))
            .then_some(script)
    }
}

/// A name in one other script: of each of its words the spellings, the likeliest first. A spelling may be of two words.
#[derive(Clone)]
pub(crate) struct Spelled {
    /// The script in which it is spelled.
    pub(crate) script: Script,
    words: Vec<Vec<String>>,
    /// Most spellings of it, or of a half of it.
    most: usize,
}

impl Spelled {
    /// How many words it has.
    pub(crate) const fn len(&self) -> usize {
        self.words.len()
    }

    /// The likeliest spellings of the name.
    pub(crate) fn whole(&self) -> Vec<String> {
        together(&self.words, self.most)
    }

    /// The likeliest spellings of its words before a place, and of those from there on.
    pub(crate) fn halves(&self, place: usize) -> (Vec<String>, Vec<String>) {
        let (before, after) = self.words.split_at(place.min(self.words.len()));
        (together(before, self.most), together(after, self.most))
    }

    /// The first word and the last, where there is one between them: many systems keep these two alone.
    pub(crate) fn ends(&self) -> Option<(Vec<String>, Vec<String>)> {
        let [first, _, last] = self.words.as_slice() else {
            return None;
        };
        let alone = |word: &Vec<String>| together(std::slice::from_ref(word), self.most);
        Some((alone(first), alone(last)))
    }
}

/// A folded name of several words in the scripts in which it is not written. Empty where its script is not known.
pub(crate) fn spelled(words: &[String]) -> Vec<Spelled> {
    let Some(own) = Script::of(words) else {
        return Vec::new();
    };
    if own != Script::Latin {
        let words = joined(words, own);
        let each = words.iter().map(|word| to_latin(word, own)).collect();
        return Vec::from_iter(spelled_in(Script::Latin, each, MOST_OF_NAME));
    }
    let most = MOST_OF_NAME / Script::OTHERS.len();
    let others = Script::OTHERS.into_iter().filter_map(|script| {
        let words = joined(words, script);
        let each = words.iter().map(|word| from_latin(word, script)).collect();
        spelled_in(script, each, most)
    });
    others.collect()
}

/// A name of which every word has a spelling. One word alone is no name.
fn spelled_in(script: Script, words: Vec<Vec<String>>, most: usize) -> Option<Spelled> {
    let is_name = words.len() > 1 && words.iter().all(|word| !word.is_empty());
    is_name.then_some(Spelled {
        script,
        words,
        most,
    })
}

/// Articles and first halves that Arabic names have in words of their own, in Latin letters.
const ARTICLES: [&str; 3] = ["al", "el", "ul"];
const SERVANT: [&str; 3] = ["abd", "abdul", "abdel"];

/// The words of a name as Arabic counts them: the article belongs to the word behind it, and so does `abd`.
fn joined(words: &[String], script: Script) -> Vec<String> {
    let mut joined: Vec<String> = Vec::with_capacity(words.len());
    if script != Script::Arabic {
        return words.to_vec();
    }
    for word in words {
        match joined.last_mut() {
            Some(last) if ARTICLES.contains(&last.as_str()) || SERVANT.contains(&last.as_str()) => {
                last.push_str(word);
            }
            // `abd al` and what follows.
            Some(last) if is_servant_of(last) => last.push_str(word),
            Some(last) if last == "عبد" && word.starts_with("ال") => {
                last.push(' ');
                last.push_str(word);
            }
            _ => joined.push(word.clone()),
        }
    }
    joined
}

/// Whether this is `abd` with an article that waits for its word.
fn is_servant_of(word: &str) -> bool {
    word.strip_prefix("abd")
        .is_some_and(|rest| ARTICLES.contains(&rest))
}

/// The likeliest spellings of words in a row. Each word's spellings are ranked; the sum of ranks orders the whole.
fn together(words: &[Vec<String>], most: usize) -> Vec<String> {
    let mut begun = vec![(0, String::new())];
    for spellings in words {
        let with = |(rank, text): &(usize, String)| {
            let blank = if text.is_empty() { "" } else { " " };
            let each = spellings.iter().take(most).enumerate();
            let longer = each.map(|(more, word)| (rank + more, format!("{text}{blank}{word}")));
            longer.collect::<Vec<_>>()
        };
        begun = begun.iter().flat_map(with).collect();
        begun.sort_by_key(|(rank, _)| *rank);
        begun.truncate(most);
    }
    let texts = begun.into_iter().map(|(_, text)| text);
    texts.filter(|text| !text.is_empty()).collect()
}

/// Names whose spellings are listed, both ways.
struct Names {
    to_latin: HashMap<&'static str, Vec<&'static str>>,
    from_latin: HashMap<&'static str, Vec<(Script, &'static str)>>,
}

static NAMES: LazyLock<Names> = LazyLock::new(|| {
    let mut names = Names {
        to_latin: HashMap::new(),
        from_latin: HashMap::new(),
    };
    for (name, spellings) in letters::rows(include_str!("names.txt")) {
        let script = name.chars().next().and_then(Script::of_letter);
        for spelling in &spellings {
            let known = names.from_latin.entry(*spelling).or_default();
            known.extend(script.map(|script| (script, name)));
        }
        names.to_latin.insert(name, spellings);
    }
    names
});

/// The Latin spellings of a word.
fn to_latin(word: &str, own: Script) -> Vec<String> {
    static CYRILLIC: LazyLock<Letters> =
        LazyLock::new(|| Letters::new(include_str!("cyrillic_latin.txt")));
    static GREEK: LazyLock<Letters> =
        LazyLock::new(|| Letters::new(include_str!("greek_latin.txt")));
    let mut all = listed(word);
    match own {
        Script::Cyrillic => all.extend(by_letters(&CYRILLIC, word)),
        Script::Greek => all.extend(by_letters(&GREEK, word)),
        // Of consonants alone nobody can tell the vowels; the article can be told.
        Script::Arabic => {
            let word = persian_is_arabic(word);
            all.extend(listed(&word));
            let behind = word.strip_prefix("ال").map(listed).unwrap_or_default();
            let with = |name: &String| {
                [
                    format!("al {name}"),
                    format!("el {name}"),
                    format!("al{name}"),
                    format!("el{name}"),
                ]
            };
            all.extend(behind.iter().flat_map(with));
        }
        Script::Hebrew | Script::Latin => {}
    }
    bounded(all)
}

/// What the list of names says of a word that is not Latin.
fn listed(word: &str) -> Vec<String> {
    let known = NAMES.to_latin.get(word).into_iter().flatten();
    known.map(|spelling| (*spelling).to_owned()).collect()
}

/// Two letters that Persian keyboards write otherwise.
fn persian_is_arabic(word: &str) -> String {
    let letter = |letter| match letter {
        '\u{6cc}' => 'ي',
        '\u{6a9}' => 'ك',
        other => other,
    };
    word.chars().map(letter).collect()
}

/// The spellings of a Latin word in another script.
fn from_latin(word: &str, script: Script) -> Vec<String> {
    static CYRILLIC: LazyLock<Letters> =
        LazyLock::new(|| Letters::new(include_str!("latin_cyrillic.txt")));
    static GREEK: LazyLock<Letters> =
        LazyLock::new(|| Letters::new(include_str!("latin_greek.txt")));
    static ARABIC: LazyLock<Letters> =
        LazyLock::new(|| Letters::new(include_str!("latin_arabic.txt")));
    static HEBREW: LazyLock<Letters> =
        LazyLock::new(|| Letters::new(include_str!("latin_hebrew.txt")));
    let letters: &Letters = match script {
        Script::Cyrillic => &CYRILLIC,
        Script::Greek => &GREEK,
        Script::Arabic => &ARABIC,
        Script::Hebrew => &HEBREW,
        Script::Latin => return Vec::new(),
    };
    let names = |word: &str| -> Vec<&'static str> {
        let known = NAMES.from_latin.get(word).into_iter().flatten();
        let here = known.filter(|(of, _)| *of == script);
        here.map(|(_, name)| *name).collect()
    };
    let mut all: Vec<String> = names(word).into_iter().map(str::to_owned).collect();
    if script == Script::Arabic {
        let behind = ["al", "el"]
            .iter()
            .find_map(|article| word.strip_prefix(article));
        let behind = behind.map(names).unwrap_or_default();
        all.extend(behind.iter().map(|name| format!("ال{name}")));
    }
    all.extend(by_letters(letters, word));
    bounded(all)
}

fn by_letters(letters: &Letters, word: &str) -> Vec<String> {
    if word.chars().nth(LONGEST).is_some() {
        return Vec::new();
    }
    letters.spell(word)
}

/// Folded, each once, and no more than a word may have.
fn bounded(spellings: Vec<String>) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for spelling in spellings {
        let folded = forms::folded(&spelling).into_owned();
        if !folded.is_empty() && !all.contains(&folded) {
            all.push(folded);
        }
        if all.len() == MOST_OF_WORD {
            break;
        }
    }
    all
}

#[cfg(test)]
mod tests;
