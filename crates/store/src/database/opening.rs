//! Opening the seals of many rows: side by side, and not on the runtime, which has others to serve.

use std::future::Future;
use std::sync::Arc;

use tokio::task::JoinSet;

use crate::sql::Row;
use crate::vault::Vault;
use crate::{Error, ErrorKind, Result};

/// Rows that are opened where they are: handing fewer to other threads costs more than it saves.
const FEW: usize = 128;

tokio::task_local! {
    static HERE: ();
}

/// What a future reads of the store is opened on the thread that runs it, however many rows that are: for a caller that
/// chose the thread, as one that gives way to others.
pub async fn opened_here<T>(reading: impl Future<Output = T>) -> T {
    HERE.scope((), reading).await
}

/// What rows hold, in their order.
pub(super) async fn opened<T: Send + 'static>(
    rows: Vec<Row>,
    vault: &Arc<Vault>,
    open: impl Fn(&Row, &Vault) -> Result<T> + Copy + Send + 'static,
) -> Result<Vec<T>> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    if rows.len() <= FEW || HERE.try_with(|()| ()).is_ok() {
        return rows.iter().map(|row| open(row, vault)).collect();
    }
    let share = rows.len().div_ceil(threads).max(FEW / 2);
    let (mut rows, mut shares) = (rows.into_iter(), JoinSet::new());
    for place in 0.. {
        let some: Vec<Row> = rows.by_ref().take(share).collect();
        if some.is_empty() {
            break;
        }
        let vault = Arc::clone(vault);
        let opening = move || some.iter().map(|row| open(row, &vault)).collect();
        shares.spawn_blocking(move || (place, opening()));
    }
    let mut found: Vec<(usize, Result<Vec<T>>)> = Vec::new();
    while let Some(done) = shares.join_next().await {
        let gone = |_| Error::new(ErrorKind::Io, "reading the store ended in the middle");
        found.push(done.map_err(gone)?);
    }
    found.sort_unstable_by_key(|(place, _)| *place);
    let found: Result<Vec<Vec<T>>> = found.into_iter().map(|(_, some)| some).collect();
    Ok(found?.into_iter().flatten().collect())
}
