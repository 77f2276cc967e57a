//! The reference page: renders the document of the interface in the browser, from nothing but this server.

use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse as _, Response};

use crate::fault::Answer;

/// The page may run its own script and ask its own server, and nothing else.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const HTML: &str = include_str!("page/docs.html");
const SCRIPT: &str = include_str!("page/docs.js");
const STYLE: &str = include_str!("page/docs.css");

pub(crate) async fn docs() -> Answer {
    Ok(asset(HTML, "text/html; charset=utf-8"))
}

pub(crate) async fn script() -> Answer {
    Ok(asset(SCRIPT, "text/javascript; charset=utf-8"))
}

pub(crate) async fn style() -> Answer {
    Ok(asset(STYLE, "text/css; charset=utf-8"))
}

fn asset(text: &'static str, kind: &'static str) -> Response {
    let headers: [(HeaderName, HeaderValue); 2] = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static(POLICY),
        ),
    ];
    (headers, text).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_made_of_nothing_from_elsewhere() {
        for text in [HTML, SCRIPT, STYLE] {
            for outside in [
                "http://",
                "https://",
                "//cdn",
                "@import",
                "innerHTML",
                "eval(",
            ] {
                assert!(!text.contains(outside), "{outside}");
            }
        }
        assert!(!HTML.contains("<script>") && !HTML.contains("style="));
    }
}
