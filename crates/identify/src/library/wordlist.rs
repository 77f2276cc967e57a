//! One word list as it is written: header lines `# source: …`, `# licence: …`, `# note: …`, then one term per line.
//!
//! The build script includes this file too, so it leans on nothing but the hash and the folded form.

/// A parsed list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct WordList {
    pub(crate) source: String,
    pub(crate) licence: String,
    /// Hashes of the folded terms: sorted, unique.
    pub(crate) hashes: Vec<u64>,
}

/// Reads the text of a list. What a list must have is asked by `check`, not here.
pub(crate) fn parse(text: &str) -> WordList {
    let mut list = WordList::default();
    for line in text.lines() {
        let line = line.trim();
        if let Some(comment) = line.strip_prefix('#') {
            read_header(&mut list, comment);
        } else if !line.is_empty() {
            list.hashes.push(term_hash(line));
        }
    }
    list.hashes.sort_unstable();
    list.hashes.dedup();
    list
}

fn read_header(list: &mut WordList, comment: &str) {
    let Some((key, value)) = comment.split_once(':') else {
        return;
    };
    let field = match key.trim() {
        "source" => &mut list.source,
        "licence" => &mut list.licence,
        _ => return,
    };
    if !field.is_empty() {
        field.push_str("; ");
    }
    field.push_str(value.trim());
}

/// The hash under which a term, or a cell that may be one, is known.
pub(crate) fn term_hash(term: &str) -> u64 {
    locard_sketch::hash(fold(term).as_bytes())
}

/// The folded form.
pub(crate) fn fold(text: &str) -> std::borrow::Cow<'_, str> {
    locard_sketch::forms::folded(text)
}
