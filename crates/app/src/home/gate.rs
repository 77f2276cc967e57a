//! Sources that somebody named over a network are judged whenever they are opened, and not only when they are named: a
//! host may stand for another address by then.

use async_trait::async_trait;

/// Who judges them.
#[async_trait]
pub trait Gate: Send + Sync {
    /// Whether a source at this canonical target may be opened now.
    ///
    /// # Errors
    /// Why it may not, in a sentence.
    async fn admit(&self, canonical: &str) -> Result<(), String>;
}
