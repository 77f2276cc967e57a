//! `summary.html`: one page for the person, which can be printed. No script, nothing loaded, every value escaped.

use std::borrow::Cow;
use std::fmt::{self, Display};

use crate::encode::{Row, text};
use crate::report::{decided, sentence};
use crate::{Cause, Column, DecisionNote, Head, NotSearched, Reached, SectionRecord};

/// What the page tells.
pub(crate) struct Content<'a> {
    pub(crate) head: &'a Head,
    pub(crate) sections: &'a [SectionRecord],
    /// Of each section.
    pub(crate) excerpts: &'a [Excerpt],
    pub(crate) not_searched: &'a [NotSearched],
    pub(crate) warnings: &'a [String],
}

/// The first rows of a section, as text.
#[derive(Debug, Default)]
pub(crate) struct Excerpt {
    rows: Vec<Vec<String>>,
    is_full: bool,
}

/// Most letters of a cell.
const CELL: usize = 500;

impl Excerpt {
    /// Keeps a row, where there is room for it; takes what it needs of the bytes that are left for the page.
    pub(crate) fn push(&mut self, row: &Row<'_>, rows: usize, bytes: &mut usize) {
        self.is_full |= self.rows.len() >= rows;
        if self.is_full {
            return;
        }
        let cells: Vec<String> = row
            .cells
            .iter()
            .map(|cell| shortened(&text(*cell)))
            .collect();
        let size = cells.iter().map(String::len).sum::<usize>() + cells.len();
        self.is_full = size > *bytes;
        if !self.is_full {
            *bytes -= size;
            self.rows.push(cells);
        }
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(CELL) {
        Some((end, _)) => format!("{} […]", &text[..end]),
        None => text.to_owned(),
    }
}

const STYLE: &str = include_str!("page.css");

/// The page.
pub(crate) fn page(content: &Content<'_>) -> String {
    let Content { head, sections, .. } = content;
    let mut page = Page::default();
    page.raw("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    // Should anything slip through, a browser still loads and runs nothing.
    page.raw("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n");
    page.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    page.raw("<title>Your personal data</title>\n<style>\n")
        .raw(STYLE)
        .raw("</style>\n</head>\n<body>\n");
    page.raw("<h1>Your personal data</h1>\n");
    introduction(&mut page, head);
    for warning in content.warnings {
        page.element("p", warning).raw("\n");
    }
    overview(&mut page, sections);
    for (record, excerpt) in sections.iter().zip(content.excerpts) {
        section(&mut page, record, excerpt);
    }
    gaps(&mut page, content.not_searched);
    page.raw("<p class=\"small\">The complete data is in the folder <code>data</code> beside this page. ");
    page.raw("<code>manifest.json</code> lists every file with its checksum and is signed.</p>\n");
    page.raw("</body>\n</html>\n");
    page.0
}

fn introduction(page: &mut Page, head: &Head) {
    page.raw("<dl>\n");
    page.pair("For", head.subject.as_deref());
    page.pair(
        "From",
        head.controller.as_ref().map(|controller| &controller.name),
    );
    let contact = head
        .controller
        .as_ref()
        .and_then(|controller| controller.contact.as_ref());
    page.pair("Contact", contact);
    page.pair("Requested", Some(head.requested_at));
    page.pair("Made", Some(head.generated_at));
    page.pair("Reference", Some(head.bundle_id));
    page.raw("</dl>\n");
    for paragraph in &head.notice {
        page.element("p", paragraph).raw("\n");
    }
}

fn overview(page: &mut Page, sections: &[SectionRecord]) {
    page.raw("<h2>What was found</h2>\n");
    if sections.iter().all(|section| section.count == 0) {
        page.raw("<p>No personal data was found in the places that were searched.</p>\n");
    }
    if sections.is_empty() {
        return;
    }
    page.raw("<table>\n<thead><tr><th>No.</th><th>Source</th><th>Data</th><th>Rows</th></tr></thead>\n<tbody>\n");
    for record in sections {
        page.raw("<tr>");
        page.element("td", record.number);
        page.element("td", &record.section.source)
            .element("td", &record.section.entity);
        page.element("td", record.count).raw("</tr>\n");
    }
    page.raw("</tbody>\n</table>\n");
}

fn section(page: &mut Page, record: &SectionRecord, excerpt: &Excerpt) {
    let section = &record.section;
    page.raw("<section>\n<h2>")
        .text(record.number)
        .raw(". ")
        .text(&section.entity);
    page.raw(" <small>")
        .text(&section.source)
        .raw("</small></h2>\n<dl>\n");
    page.pair("Used for", section.purpose.as_ref());
    page.pair("Legal basis", section.legal_basis.as_ref());
    page.pair("Kept for", section.retention.as_ref());
    page.pair(
        "Given to",
        joined(section.recipients.iter().map(String::as_str)),
    );
    page.pair("Came from", section.origin.as_ref());
    let (label, places) = match &section.reached {
        Reached::Direct { identifiers, .. } => ("Found by", identifiers),
        Reached::Relation { over } => ("Found over", over),
    };
    page.pair(label, joined(places.iter().map(String::as_str)));
    if let Reached::Direct { spellings, .. } = &section.reached {
        page.pair("Spelled", joined(spellings.iter().map(|it| spelled(it))));
    }
    page.pair("Kinds of data", joined(identifiers(&section.columns)));
    let found = if record.total_before_filter == record.count {
        record.count.to_string()
    } else {
        format!("{} of {} found", record.count, record.total_before_filter)
    };
    page.pair("Rows", Some(found));
    page.pair("Files", joined(record.files.iter().map(String::as_str)));
    page.raw("</dl>\n");
    redactions(page, record);
    decisions(page, &record.decisions);
    table(page, &section.columns, excerpt);
    let more = record.count.saturating_sub(excerpt.rows.len() as u64);
    if more > 0 {
        page.raw("<p class=\"small\">")
            .text(more)
            .raw(" more in the files.</p>\n");
    }
    page.raw("</section>\n");
}

fn redactions(page: &mut Page, record: &SectionRecord) {
    if record.redactions.is_empty() {
        return;
    }
    page.raw("<p>Not all of it can be given to you:</p>\n<ul>\n");
    for note in &record.redactions {
        page.element("li", sentence(note)).raw("\n");
    }
    page.raw("</ul>\n");
}

/// What people decided, by number: what they wrote of it is not in the bundle.
fn decisions(page: &mut Page, notes: &[DecisionNote]) {
    if notes.is_empty() {
        return;
    }
    page.raw("<p>People looked at it and decided:</p>\n<table>\n");
    page.raw("<thead><tr><th>No.</th><th>Decision</th><th>Row</th><th>Field</th><th>Exemption</th><th>Why</th></tr></thead>\n<tbody>\n");
    for note in notes {
        page.raw("<tr>").element("td", note.number);
        page.element("td", decided(note));
        let row = note.row.map(|row| row.to_string());
        page.element("td", row.unwrap_or_default());
        for text in [&note.column, &note.exemption, &note.reason] {
            page.element("td", text.as_deref().unwrap_or_default());
        }
        page.raw("</tr>\n");
    }
    page.raw("</tbody>\n</table>\n");
}

fn table(page: &mut Page, columns: &[Column], excerpt: &Excerpt) {
    if excerpt.rows.is_empty() || columns.is_empty() {
        return;
    }
    page.raw("<div class=\"wide\"><table>\n<thead><tr>");
    for column in columns {
        page.element("th", &column.name);
    }
    page.raw("</tr></thead>\n<tbody>\n");
    for row in &excerpt.rows {
        page.raw("<tr>");
        for cell in row {
            page.element("td", cell);
        }
        page.raw("</tr>\n");
    }
    page.raw("</tbody>\n</table></div>\n");
}

fn gaps(page: &mut Page, not_searched: &[NotSearched]) {
    if not_searched.is_empty() {
        return;
    }
    page.raw("<h2>What was not searched</h2>\n<table>\n");
    page.raw("<thead><tr><th>Source</th><th>Data</th><th>Why</th></tr></thead>\n<tbody>\n");
    for gap in not_searched {
        page.raw("<tr>").element("td", &gap.source);
        page.element("td", gap.entity.as_deref().unwrap_or("all of it"));
        let detail = gap.detail.as_ref().map(|detail| format!(": {detail}"));
        page.element(
            "td",
            format!("{}{}", cause(gap.cause), detail.unwrap_or_default()),
        );
        page.raw("</tr>\n");
    }
    page.raw("</tbody>\n</table>\n");
}

fn cause(cause: Cause) -> &'static str {
    match cause {
        Cause::Unreachable => "It did not answer",
        Cause::Skipped => "It was left out",
        Cause::Stale => "It changed since it was last indexed",
        Cause::Sampled => "Only a sample of it is indexed",
        Cause::Unsupported => "It cannot be read by a program",
        Cause::Manual => "People look there",
        Cause::Failed => "Reading it failed",
        Cause::Damaged => "What is known of it is damaged",
        Cause::Partly => "Only a part of it was searched",
        Cause::NotIndexed => "Its values lead to nobody by themselves",
        Cause::NotScanned => "It was not read, or not to its end",
    }
}

/// Kinds of data of all columns, each once.
fn identifiers(columns: &[Column]) -> impl Iterator<Item = &str> {
    let mut seen = std::collections::BTreeSet::new();
    let all = columns.iter().flat_map(|column| &column.identifiers);
    all.map(String::as_str)
        .filter(move |identifier| seen.insert(*identifier))
}

/// A spelling in words.
fn spelled(spelling: &str) -> &str {
    let known = locard_model::Spelling::parse(spelling);
    known
        .and_then(locard_model::Spelling::told)
        .unwrap_or(spelling)
}

fn joined<'a>(texts: impl Iterator<Item = &'a str>) -> Option<String> {
    let texts: Vec<&str> = texts.collect();
    (!texts.is_empty()).then(|| texts.join(", "))
}

/// HTML on its way. What is not `raw` is escaped, and isolated from the direction of what is around it, so that marks
/// within it reorder nothing else.
#[derive(Default)]
struct Page(String);

impl Page {
    fn raw(&mut self, html: &'static str) -> &mut Self {
        self.0.push_str(html);
        self
    }

    fn text(&mut self, value: impl Display) -> &mut Self {
        self.raw("<bdi>");
        self.0.push_str(&escaped(&value.to_string()));
        self.raw("</bdi>")
    }

    fn element(&mut self, name: &'static str, value: impl Display) -> &mut Self {
        self.raw("<")
            .raw(name)
            .raw(">")
            .text(value)
            .raw("</")
            .raw(name)
            .raw(">")
    }

    /// A term and what it is, where that is known.
    fn pair(&mut self, term: &'static str, value: Option<impl Display>) {
        if let Some(value) = value {
            self.raw("<dt>")
                .raw(term)
                .raw("</dt>")
                .element("dd", value)
                .raw("\n");
        }
    }
}

impl fmt::Debug for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Page(***)")
    }
}

/// The text as it may stand between tags and in quoted attributes. Characters that HTML forbids become U+FFFD.
fn escaped(text: &str) -> Cow<'_, str> {
    let is_special = |letter: char| {
        "&<>\"'`".contains(letter) || letter.is_control() && !matches!(letter, '\t' | '\n')
    };
    if !text.contains(is_special) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '`' => escaped.push_str("&#96;"),
            '\r' => escaped.push_str("&#13;"),
            letter if is_special(letter) => escaped.push('\u{fffd}'),
            letter => escaped.push(letter),
        }
    }
    Cow::Owned(escaped)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn markup_in_values_is_text() {
        assert_eq!(
            escaped("<script>alert('1')</script>&\"`\0"),
            "&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;&quot;&#96;\u{fffd}"
        );
        assert_eq!(escaped("a\r\nb"), "a&#13;\nb");
        assert!(matches!(escaped("plain ä"), Cow::Borrowed(_)));
    }

    proptest! {
        #[test]
        fn no_value_ends_its_element(value: String) {
            let escaped = escaped(&value);
            prop_assert!(!escaped.contains(['<', '>', '"', '\'', '\0']));
        }
    }
}
