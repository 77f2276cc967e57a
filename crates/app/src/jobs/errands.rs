//! What can be asked for again and again: a job of which what it is about is looked up when it is started, so that what came
//! into the catalog since is part of it. Each kind of job says in its file how it is asked for.

use crate::catalog::scope::{Chosen, choose};
use crate::work::order::{Accepted, Asking};
use crate::{Home, Result};

/// What is asked for, as it is kept with a schedule.
pub(crate) trait Accept {
    /// Looks up what it is about, and accepts its job for the workers.
    async fn accept(&self, home: &Home, asking: Asking) -> Result<Accepted>;
}

/// What ids, names and globs of sources and entities mean now, and the same asked about that.
pub(crate) async fn about(
    home: &Home,
    scope: &[String],
    asking: Asking,
) -> Result<(Chosen, Asking)> {
    let chosen = choose(home, scope).await?;
    let asking = Asking {
        items: chosen.items.clone(),
        ..asking
    };
    Ok((chosen, asking))
}
