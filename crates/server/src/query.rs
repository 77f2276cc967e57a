//! What may stand in the query of a request. A filter that is misspelt must not read as one that lets everything through.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use crate::fault::Fault;

/// Refuses what nothing of the route heeds. Clients of the reference send what they always sent: theirs is not looked at.
pub(crate) async fn heeded(
    State(known): State<&'static [&'static str]>,
    request: Request,
    next: Next,
) -> Response {
    let unknown = request
        .uri()
        .query()
        .and_then(|query| unheeded(query, known));
    match unknown {
        Some(fault) => fault.into_response(),
        None => next.run(request).await,
    }
}

fn unheeded(query: &str, known: &[&str]) -> Option<Fault> {
    let mut names = url::form_urlencoded::parse(query.as_bytes()).map(|(name, _)| name);
    let name = names.find(|name| !known.contains(&name.as_ref()))?;
    let shown: String = name.chars().take(40).collect();
    let hint = match known {
        [] => "nothing may stand in the query here".to_owned(),
        known => format!("these are known here: {}", known.join(", ")),
    };
    Some(Fault {
        hint: Some(hint),
        ..Fault::field(&shown, "there is no such parameter")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_misspelt_is_named_with_what_would_be_right() {
        let known = ["limit", "cursor"];
        assert_eq!(unheeded("", &known), None);
        assert_eq!(unheeded("limit=1&cursor=&limit=2", &known), None);
        let fault = unheeded("limit=1&curs%6fR=SECRET", &known).expect("it is unknown");
        assert_eq!(fault.field.as_deref(), Some("cursoR"));
        assert_eq!(
            fault.hint.as_deref(),
            Some("these are known here: limit, cursor")
        );
        assert!(!fault.message.contains("SECRET"), "{}", fault.message);
        assert!(unheeded("x", &[]).is_some());
    }
}
