//! Elements of pages and of other marked-up texts: which of them stand within a line, and what their attributes say.

/// Elements that are no part of a line: what stands before and behind them is apart.
const BLOCKS: &str = "address article aside blockquote body br caption dd details div dl dt fieldset figcaption figure \
footer form h1 h2 h3 h4 h5 h6 head header hr html legend li main nav ol option p pre section select summary table tbody \
textarea tfoot thead title tr ul";

/// Elements within a word: what stands before and behind them is one text.
const PHRASES: &str = "a abbr acronym b bdi bdo big cite code del dfn em font i ins kbd mark q rb rp rt ruby s samp small \
span strike strong sub sup time tt u var wbr emphasis hi foreign link ulink phrase";

/// The others that pages have.
const OTHERS: &str = "area audio base button canvas center col colgroup data datalist dialog dir embed iframe img input \
label map menu meta meter noscript object optgroup output param picture progress script search slot source style svg path \
td template th track video";

/// Whether an element of a page ends the line.
pub(crate) fn is_block(name: &str) -> bool {
    has(BLOCKS, name)
}

/// Whether an element may stand within a word.
pub(crate) fn is_phrase(name: &str) -> bool {
    has(PHRASES, name)
}

/// Whether pages have such elements; those with a hyphen in their name are a page's own.
fn is_known(name: &str) -> bool {
    is_block(name) || is_phrase(name) || has(OTHERS, name) || name.contains('-')
}

fn has(names: &str, name: &str) -> bool {
    names.split(' ').any(|known| known == name)
}

/// Whether a text is a part of a page: it begins with an element, and all of them are such as pages have.
pub(crate) fn is_fragment(text: &str) -> bool {
    let (mut known, mut ends) = (0, false);
    for behind in text.split('<').skip(1) {
        let (closes, tag) = behind
            .strip_prefix('/')
            .map_or((false, behind), |tag| (true, tag));
        let length = tag
            .find(|letter: char| !(letter.is_ascii_alphanumeric() || "-_:.".contains(letter)))
            .unwrap_or(tag.len());
        let name = tag[..length].to_ascii_lowercase();
        if !name.starts_with(|first: char| first.is_ascii_alphabetic()) {
            continue;
        }
        ends |= tag[length..].contains('>');
        // The last name may be cut.
        if length == tag.len() {
            break;
        }
        if !is_known(&name) {
            return false;
        }
        known += 1;
        // What is in these are no elements.
        if !closes && matches!(name.as_str(), "script" | "style") {
            break;
        }
    }
    text.starts_with('<') && known > 0 && ends
}

/// Attributes that say something to people or machines, and the columns that they are in.
const ATTRIBUTES: &[(&str, &str)] = &[
    ("title", "title"),
    (
        "alt placeholder aria-label aria-description aria-valuetext label summary abbr",
        "alt",
    ),
    ("value", "value"),
    (
        "href src action formaction cite poster longdesc background ping srcset codebase manifest",
        "link",
    ),
];

/// Attributes about how a page looks and what it calls its own parts: nothing in them is about a person.
const LAYOUT: &str = "class style id name for form headers list type rel rev lang dir charset media sizes width height \
align valign bgcolor color border cellpadding cellspacing colspan rowspan span scope target method enctype role tabindex \
http-equiv version property itemprop itemtype itemscope typeof vocab prefix hreflang crossorigin integrity loading \
decoding fetchpriority referrerpolicy sandbox allow autocomplete inputmode maxlength minlength size step min max rows \
cols wrap shape coords face hspace vspace nonce xmlns viewbox d fill stroke stroke-width transform points x y x1 x2 y1 \
y2 cx cy r rx ry preserveaspectratio accept accept-charset kind";

/// The column of an attribute; `None` where it is about the page alone.
pub(crate) fn column(attribute: &str) -> Option<&'static str> {
    let is_in = |names: &str| {
        let mut parts = names.split_ascii_whitespace();
        parts.any(|name| name == attribute)
    };
    let known = ATTRIBUTES.iter().find(|(names, _)| is_in(names));
    match known {
        Some((_, column)) => Some(column),
        None if is_in(LAYOUT) || attribute.starts_with("xml") => None,
        None => Some("data"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_pages_are_told_from_other_documents() {
        for text in [
            "<div>Contact: a<br>or b</div>",
            "<p>Write to a or <b>call</b> us\n<a title=\"b\" href=\"x\">",
            "<TABLE><tr><td>a</table>",
            "<p>a < b</p><my-card>c</my-card>",
            "<script>if (a<b) { c }</script><p>d</p>",
        ] {
            assert!(is_fragment(text), "{text}");
        }
        for text in [
            "<note>a<p/>b</note>",
            "<section><title>a</title><para>b</para></section>",
            "a <b>b</b>",
            "<p",
            "<",
            "",
        ] {
            assert!(!is_fragment(text), "{text}");
        }
    }
}
