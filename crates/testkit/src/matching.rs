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
fn matches(form: Form, wanted: &str, text: &str) -> bool {
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
fn asked(form: Form, text: &str) -> Option<String> {
    match form {
        Form::Raw => Some(text.to_owned()),
        Form::Folded | Form::Contains => Some(forms::folded(text).into_owned()),
        Form::Digits => Some(forms::digits(text)),
        Form::Tokens => forms::name_tokens(text).map(|tokens| tokens.join(" ")),
    }
}

/// Asks for every value of [`VALUES`] in a form, and compares what comes with what the engine would keep of the whole
/// column, which holds these values as `stored` gives them. Answers how many questions the server took.
///
/// # Panics
///
/// Where a record is missing, or one too many came although exactly the wanted ones were promised.
pub async fn nothing_is_lost(
    source: &dyn Source,
    all: &ScanRequest,
    (column, form): (&str, Form),
    stored: fn(&str) -> &str,
) -> usize {
    let mut taken = 0;
    for value in VALUES.iter().filter_map(|text| asked(form, text)) {
        let mut request = all.clone();
        request.matching = vec![Matching {
            column: column.into(),
            form,
            values: vec![value.clone()],
        }];
        let (plan, batches) = scan(source, &request).await;
        let came = cells(&batches, column);
        let texts = VALUES.iter().map(|text| stored(text));
        let wanted: Vec<&str> = texts.filter(|text| matches(form, &value, text)).collect();
        for text in &wanted {
            assert!(
                came.iter().any(|came| came == text),
                "{column} {form:?} {value:?} lost {text:?}: {}",
                plan.splits[0].part
            );
        }
        match plan.honoured.matching {
            Exactness::Exact => assert_eq!(came.len(), wanted.len(), "{column} {form:?} {value:?}"),
            Exactness::No => continue,
            Exactness::Superset => {}
        }
        taken += 1;
    }
    taken
}
