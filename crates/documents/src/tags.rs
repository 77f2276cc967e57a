//! Tags of pages, of which the quotes may be anywhere.

use crate::names;

/// Whether a tag that ends with a bracket ends there: not within quotes, nor within a remark.
pub(crate) fn is_closed(tag: &str) -> bool {
    if tag.starts_with("!--") {
        return tag.len() >= 6 && tag.ends_with("-->");
    }
    let mut quote = None;
    let mut before = ' ';
    for letter in tag.chars() {
        match quote {
            Some(open) if open == letter => quote = None,
            None if matches!(letter, '"' | '\'') && before == '=' => quote = Some(letter),
            _ => {}
        }
        if !letter.is_whitespace() {
            before = letter;
        }
    }
    quote.is_none()
}

/// The attributes of a tag, their names in small letters.
pub(crate) fn attributes(mut rest: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    loop {
        rest = rest.trim_start_matches(|letter: char| letter.is_whitespace() || letter == '/');
        let end = rest
            .find(|letter: char| letter.is_whitespace() || letter == '=')
            .unwrap_or(rest.len());
        if rest.is_empty() {
            break;
        }
        let name = rest[..end].to_ascii_lowercase();
        rest = rest[end..].trim_start();
        let mut value = "";
        if let Some(behind) = rest.strip_prefix('=') {
            let behind = behind.trim_start();
            let quote = behind
                .chars()
                .next()
                .filter(|letter| matches!(letter, '"' | '\''));
            (value, rest) = if let Some(quote) = quote {
                behind[1..].split_once(quote).unwrap_or((&behind[1..], ""))
            } else {
                let end = behind.find(char::is_whitespace).unwrap_or(behind.len());
                behind.split_at(end)
            };
        } else if name.is_empty() {
            break;
        }
        found.push((name, names::unescape(value)));
    }
    found
}
