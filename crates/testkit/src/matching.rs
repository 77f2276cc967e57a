//! What is asked of a server instead of filtered here: never a record too few, and exactly what was promised.

use locard_connector::{Exactness, Form, Matching, ScanRequest, Source};
use locard_sketch::forms;

use crate::reads::{cells, scan};

/// Texts that servers and readers are likely to think of differently.
pub const VALUES: &[&str] = &[
    "Müller",
    "MULLER",
    "mu\u{308}ller",
    " müller ",
    "Mueller",
    "o'Hara",
    "o`hara",
    "Jean-Luc  Picard",
    "picard,jean luc",
    "PICARD\tJEAN\nLUC",
    "ﬁnn",
    "finn",
    "Straße",
    "strasse",
    "İstanbul",
    "istanbul",
    "Иванов",
    "иванов",
    "+49 (0)30 1234567",
    "0049 30 1234567",
    "49301234567",
    "030/1234567",
    "1234567",
    "٤٢",
    "42",
    "042",
    "４２",
    "anna.b@example.org",
    "write to Anna.B@example.org today",
    "frank's",
    "frank",
    "",
    " ",
    "a\u{a0}b",
    "a b",
    "Łukasz",
    "lukasz",
    "naïve café",
    "CAFE\u{301} naive",
    "x\u{1f600}y",
];

/// Every form.
pub const FORMS: [Form; 5] = [
    Form::Raw,
    Form::Folded,
    Form::Digits,
    Form::Tokens,
    Form::Contains,
];

/// Whether a text has a wanted value, as the engine sees it.
#[must_use]
pub fn matches(form: Form, wanted: &str, text: &str) -> bool {
    match form {
        Form::Raw => wanted == text,
        Form::Folded => wanted == forms::folded(text),
        Form::Digits => forms::digits(text).contains(wanted),
        Form::Tokens => forms::name_tokens(text).is_some_and(|tokens| wanted == tokens.join(" ")),
        Form::Contains => {
            let folded = forms::folded(text);
            let words: Vec<_> = forms::words(&folded).collect();
            let wanted: Vec<_> = forms::words(wanted).collect();
            let mut runs = words.windows(wanted.len().max(1));
            !wanted.is_empty() && runs.any(|run| run == wanted.as_slice())
        }
    }
}

/// The wanted value that a stored value would be asked for by.
#[must_use]
pub fn asked(form: Form, text: &str) -> Option<String> {
    match form {
        Form::Raw => Some(text.to_owned()),
        Form::Folded | Form::Contains => Some(forms::folded(text).into_owned()),
        Form::Digits => Some(forms::digits(text)),
        Form::Tokens => forms::name_tokens(text).map(|tokens| tokens.join(" ")),
    }
}

/// A column that holds [`VALUES`].
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// A text as the column has it.
    pub stored: fn(&str) -> String,
    /// The cell that shows a stored text.
    pub shown: fn(&str) -> String,
}

impl Column {
    /// One that has the texts as they are.
    #[must_use]
    pub fn plain(name: &'static str) -> Self {
        Self::stores(name, str::to_owned)
    }

    /// One that has them otherwise.
    #[must_use]
    pub fn stores(name: &'static str, stored: fn(&str) -> String) -> Self {
        Self {
            name,
            stored,
            shown: str::to_owned,
        }
    }

    /// One that is filled up with blanks, which the source drops again.
    #[must_use]
    pub fn padded(name: &'static str) -> Self {
        Self::stores(name, |text| text.trim_end_matches(' ').to_owned())
    }
}

/// Asks for every value of [`VALUES`] in a form, and compares what comes with what the engine would keep of the whole
/// column. Answers how many questions the server took.
///
/// # Panics
///
/// Where a record is missing, or one too many came although exactly the wanted ones were promised.
pub async fn nothing_is_lost(
    source: &dyn Source,
    all: &ScanRequest,
    column: &Column,
    form: Form,
) -> usize {
    let mut taken = 0;
    for value in VALUES.iter().filter_map(|text| asked(form, text)) {
        let answer = ask(source, all, column, (form, &value)).await;
        taken += usize::from(answer != Exactness::No);
    }
    taken
}

/// The same in every form, and each question must be the server's; of a value without digits or letters nothing can be asked.
///
/// # Panics
///
/// Also where a question is left to the engine.
pub async fn nothing_is_lost_or_left(source: &dyn Source, all: &ScanRequest, column: &Column) {
    for form in FORMS {
        for value in VALUES.iter().filter_map(|text| asked(form, text)) {
            let answer = ask(source, all, column, (form, &value)).await;
            let is_asked = value.is_empty() || answer != Exactness::No;
            assert!(is_asked, "{} {form:?} {value:?} can be asked", column.name);
        }
    }
}

async fn ask(
    source: &dyn Source,
    all: &ScanRequest,
    column: &Column,
    (form, value): (Form, &str),
) -> Exactness {
    let mut request = all.clone();
    request.matching = vec![Matching {
        column: column.name.into(),
        form,
        values: vec![value.into()],
    }];
    let (plan, batches) = scan(source, &request).await;
    let came = cells(&batches, column.name);
    let stored = VALUES.iter().map(|text| (column.stored)(text));
    let wanted: Vec<String> = stored
        .filter(|text| matches(form, value, text))
        .map(|text| (column.shown)(&text))
        .collect();
    for text in &wanted {
        assert!(
            came.contains(text),
            "{} {form:?} {value:?} lost {text:?}: {}",
            column.name,
            plan.splits[0].part
        );
    }
    if plan.honoured.matching == Exactness::Exact {
        assert_eq!(
            came.len(),
            wanted.len(),
            "{} {form:?} {value:?}",
            column.name
        );
    }
    plan.honoured.matching
}
