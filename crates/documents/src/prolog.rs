//! What stands before the first element of a marked-up document.

/// What a document says of itself, and what follows.
pub(crate) struct Prolog<'a> {
    /// It says that it is XML.
    pub(crate) is_xml: bool,
    /// The type that it names, in small letters.
    pub(crate) kind: Option<String>,
    /// The text from its first element on; empty where that is further than anybody looked.
    pub(crate) rest: &'a str,
}

impl<'a> Prolog<'a> {
    /// Of a text that begins with it.
    pub(crate) fn of(text: &'a str) -> Self {
        let mut prolog = Self {
            is_xml: text.starts_with("<?xml "),
            kind: None,
            rest: text,
        };
        while let Some(end) = prolog.next() {
            prolog.rest = prolog.rest.get(end..).unwrap_or_default();
        }
        prolog
    }

    /// Where the next part of it ends; `None` where an element begins.
    fn next(&mut self) -> Option<usize> {
        self.rest = self.rest.trim_start();
        let rest = self.rest;
        let behind = |from: usize, mark: &str| {
            let found = rest.get(from..).and_then(|rest| rest.find(mark));
            found.map_or(rest.len(), |at| from + at + mark.len())
        };
        if rest.starts_with("<!--") {
            return Some(behind(4, "-->"));
        }
        if rest.starts_with("<?") {
            return Some(behind(2, "?>"));
        }
        let begin = rest.get(..9)?;
        if !begin.eq_ignore_ascii_case("<!doctype") {
            return None;
        }
        let name = rest[9..].trim_start();
        let is_end = |letter: char| letter.is_whitespace() || matches!(letter, '>' | '[');
        let name = &name[..name.find(is_end).unwrap_or(name.len())];
        self.kind = Some(name.to_ascii_lowercase());
        // It may declare what it uses.
        let (end, declares) = (behind(9, ">"), rest.find('['));
        Some(match declares {
            Some(at) if at < end => behind(behind(at, "]"), ">"),
            _ => end,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_before_the_first_element_is_passed() {
        for (text, kind, rest) in [
            ("<!DOCTYPE r><r>", Some("r"), "<r>"),
            (
                "<!-- <a> -->\n<!doctype r [<!ENTITY b \"c\">]>\n<r>",
                Some("r"),
                "<r>",
            ),
            ("<?xml version=\"1.0\"?> <r>", None, "<r>"),
            ("<!DOCTYPE html", Some("html"), ""),
            ("<!-- é", None, ""),
            ("<é>", None, "<é>"),
            ("x", None, "x"),
        ] {
            let prolog = Prolog::of(text);
            assert_eq!(
                (prolog.kind.as_deref(), prolog.rest),
                (kind, rest),
                "{text}"
            );
        }
    }
}
