//! Identifiers as people write them: a slip of the finger is told, and not answered with nothing.

use locard_identify::Library;
use locard_model::Identifier;
use locard_store::{FindingFilter, Page};

use crate::{Error, Home, Result, words};

/// The identifier that a person names: one that a rule knows, or that was found or decided about while some rule did.
pub async fn identifier_named(home: &Home, typed: &str) -> Result<Identifier> {
    let identifier = Identifier::new(typed.trim().to_ascii_uppercase());
    let library = home.engine.library();
    let by_rule = || names(library).any(|name| name == identifier.as_str());
    if by_rule() || is_in_catalog(home, &identifier).await? {
        return Ok(identifier);
    }
    Err(unknown(library, &identifier))
}

async fn is_in_catalog(home: &Home, identifier: &Identifier) -> Result<bool> {
    let filter = FindingFilter {
        identifier: Some(identifier.clone()),
        ..FindingFilter::default()
    };
    let found = home.store.findings(home.org, &filter, Page::first(1));
    if !found.await?.items.is_empty() {
        return Ok(true);
    }
    let reviews = home.store.reviews(home.org, None).await?;
    Ok(reviews
        .iter()
        .any(|review| review.identifier == *identifier))
}

/// That no rule knows it, and which one may have been meant.
pub(crate) fn unknown(library: &Library, identifier: &Identifier) -> Error {
    let meant = words::did_you_mean(identifier.as_str(), names(library));
    let hint = meant.unwrap_or_else(|| {
        "`locard rules list` shows the identifiers; rules of your own add others".to_owned()
    });
    Error::usage(format!("no rule knows {identifier}")).hint(hint)
}

/// The identifier of which this one is hardly anything but a slip.
pub(crate) fn slip(library: &Library, identifier: &Identifier) -> Option<Identifier> {
    words::slip_of(identifier.as_str(), names(library)).map(Identifier::new)
}

fn names(library: &Library) -> impl Iterator<Item = &str> {
    library.rules().iter().map(|rule| rule.identifier.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[tokio::test]
    async fn a_misspelt_identifier_is_told_with_what_was_meant() {
        let folder = tempfile::tempdir().unwrap();
        let home = testing::home(folder.path()).await;
        let known = identifier_named(&home, "email_address").await.unwrap();
        assert_eq!(known.as_str(), "EMAIL_ADDRESS");
        let error = identifier_named(&home, "EMAIL_ADRESS").await.unwrap_err();
        assert_eq!(error.sentence(), "no rule knows EMAIL_ADRESS");
        let hint = error.hint_text().unwrap_or_default();
        assert!(hint.starts_with("did you mean EMAIL_ADDRESS"), "{hint}");
        home.close().await.unwrap();
    }
}
