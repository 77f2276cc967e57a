//! Names of characters in pages, and addresses in links.

/// The names that are met in texts of persons: accents, dashes, quotes. Others stay as they are written.
const NAMES: &str = "nbsp\u{a0} iexcl¡ cent¢ pound£ yen¥ sect§ uml¨ copy© ordfª laquo« reg® deg° plusmn± sup2² sup3³ acute´ micro\u{b5} para¶ \
middot· sup1¹ ordmº raquo» frac14¼ frac12½ frac34¾ iquest¿ AgraveÀ AacuteÁ AcircÂ AtildeÃ AumlÄ AringÅ AEligÆ CcedilÇ EgraveÈ EacuteÉ \
EcircÊ EumlË IgraveÌ IacuteÍ IcircÎ IumlÏ ETHÐ NtildeÑ OgraveÒ OacuteÓ OcircÔ OtildeÕ OumlÖ times× OslashØ UgraveÙ UacuteÚ UcircÛ UumlÜ \
YacuteÝ THORNÞ szligß agraveà aacuteá acircâ atildeã aumlä aringå aeligæ ccedilç egraveè eacuteé ecircê eumlë igraveì iacuteí icircî iumlï \
ethð ntildeñ ograveò oacuteó ocircô otildeõ oumlö divide÷ oslashø ugraveù uacuteú ucircû uumlü yacuteý thornþ yumlÿ OEligŒ oeligœ ScaronŠ \
scaronš YumlŸ Zcaron\u{17d} zcaron\u{17e} Ccaron\u{10c} ccaron\u{10d} Lstrok\u{141} lstrok\u{142} nacute\u{144} sacute\u{15b} zacute\u{17a} \
zdot\u{17c} eogon\u{119} aogon\u{105} ndash– mdash— lsquo‘ rsquo’ sbquo‚ ldquo“ rdquo” bdquo„ dagger† bull• hellip… permil‰ lsaquo‹ \
rsaquo› euro€ trade™ minus− amp& lt< gt> quot\" apos' commat@ period. num# lowbar_ hyphen- colon: sol/";

/// A text with the names and numbers of characters replaced.
pub(crate) fn unescape(text: &str) -> String {
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        match character(rest) {
            Some((text, length)) => {
                out.push_str(&text);
                rest = &rest[length..];
            }
            None => out.push('&'),
        }
    }
    out.push_str(rest);
    out
}

/// The character whose name or number a text begins with, and the length of that.
fn character(text: &str) -> Option<(String, usize)> {
    if let Some(number) = text.strip_prefix('#') {
        let (digits, radix, mark) = match number.strip_prefix(['x', 'X']) {
            Some(digits) => (digits, 16, 2),
            None => (number, 10, 1),
        };
        let length = digits
            .bytes()
            .take(8)
            .take_while(|byte| char::from(*byte).is_digit(radix))
            .count();
        let letter = char::from_u32(u32::from_str_radix(&digits[..length], radix).ok()?)?;
        let semicolon = usize::from(digits[length..].starts_with(';'));
        return Some((letter.to_string(), mark + length + semicolon));
    }
    let length = text
        .bytes()
        .take(8)
        .take_while(u8::is_ascii_alphanumeric)
        .count();
    let name = text[..length].to_owned();
    // Without its end it may be a part of an address: `?a=1&copy=2`.
    if name.is_empty() || !text[length..].starts_with(';') {
        return None;
    }
    let known = NAMES.split(' ').find_map(|entry| {
        let letter = entry.strip_prefix(name.as_str())?;
        let mut letters = letter.chars();
        (letters.next().is_some() && letters.next().is_none()).then(|| letter.to_owned())
    });
    known.map(|letter| (letter, length + 1))
}

/// Whether two texts that stand side by side would become one word, although they are apart.
pub(crate) fn touch(before: &str, behind: &str) -> bool {
    before.ends_with(char::is_alphanumeric)
        && behind.starts_with(|first: char| first.is_alphanumeric() || "+_".contains(first))
}

/// An address with its escapes replaced, where it names a person rather than a page.
pub(crate) fn decoded(link: &str) -> String {
    let begin = link.get(..7).unwrap_or(link).to_ascii_lowercase();
    if !begin.starts_with("mailto:") && !begin.starts_with("tel:") {
        return link.to_owned();
    }
    let (mut bytes, mut rest) = (Vec::with_capacity(link.len()), link.as_bytes());
    while let Some((first, behind)) = rest.split_first() {
        let escaped = behind.get(..2).filter(|_| *first == b'%');
        let byte = escaped
            .and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        bytes.push(byte.unwrap_or(*first));
        rest = &behind[if byte.is_some() { 2 } else { 0 }..];
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_characters_are_replaced() {
        for (text, wanted) in [
            ("M&uuml;ller &amp; S&ouml;hne", "Müller & Söhne"),
            ("&#74;os&#xE9;&#233", "Joséé"),
            ("a?b=1&copy=2 &unknown; & &;", "a?b=1&copy=2 &unknown; & &;"),
            ("&#1114112; &#x;", "&#1114112; &#x;"),
        ] {
            assert_eq!(unescape(text), wanted);
        }
    }

    #[test]
    fn addresses_of_persons_are_decoded() {
        assert_eq!(
            decoded("mailto:ada%40example.org%"),
            "mailto:ada@example.org%"
        );
        assert_eq!(decoded("http://x/a%40b"), "http://x/a%40b");
    }
}
