//! Whether a store's file is sound, looked at whenever it is opened.
//!
//! SQLite itself misses most damage: an index that lost rows gives fewer of them without a word, and an answer with half
//! of the findings passes for the whole. Checking all pages takes 0.1 s for a file of 90 MB, and 20 s for half a million
//! findings (docs/decisions/store.md), so it is given up after a while.

use std::time::{Duration, Instant};

use sqlx::{Row as _, SqlitePool};

use super::errors::DAMAGED;
use super::translate;
use crate::{Error, Result};

/// So long an opening may take for it.
const PATIENCE: Duration = Duration::from_millis(300);

/// A file with more bytes would never be through in that time.
pub(super) const LARGEST: u64 = 512 << 20;

/// Steps after which the time is looked at.
const STEPS: i32 = 100;

/// What SQLite answers where it was told to stop.
const INTERRUPTED: &str = "9";

/// Refuses what is damaged, as far as that is seen in time.
pub(super) async fn look(pool: &SqlitePool) -> Result<()> {
    look_until(pool, Instant::now() + PATIENCE).await
}

async fn look_until(pool: &SqlitePool, end: Instant) -> Result<()> {
    let mut connection = pool.acquire().await.map_err(translate)?;
    let goes_on = move || Instant::now() < end;
    connection
        .lock_handle()
        .await
        .map_err(translate)?
        .set_progress_handler(STEPS, goes_on);
    let answer = sqlx::query("pragma integrity_check(1)")
        .fetch_one(&mut *connection)
        .await;
    connection
        .lock_handle()
        .await
        .map_err(translate)?
        .remove_progress_handler();
    match answer {
        Ok(row) => match row.try_get::<&str, _>(0).map_err(translate)? {
            "ok" => Ok(()),
            _ if !goes_on() => Ok(()),
            _ => Err(Error::corrupt("its file is damaged").hint(DAMAGED)),
        },
        Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some(INTERRUPTED) => Ok(()),
        Err(error) => Err(translate(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{FILE, Home, Sqlite};
    use super::*;
    use crate::ErrorKind;
    use crate::sql::Backend as _;

    /// A home whose store has an index that misses a row.
    async fn damaged(folder: &tempfile::TempDir) {
        let store = Sqlite::open(Home::lock(folder.path()).unwrap()).await;
        let store = store.unwrap();
        store
            .maintain(
                "insert into organisations (id, sealed, generation, created_at) values (x'01', x'07', 0, 0); \
                 create index own on organisations (generation) where generation > 0; \
                 pragma writable_schema = on; \
                 update sqlite_master set sql = 'create index own on organisations (generation)' where name = 'own'; \
                 pragma writable_schema = off"
                    .to_owned(),
            )
            .await
            .unwrap();
        store.close_file().await;
    }

    #[tokio::test]
    async fn a_store_whose_index_misses_rows_is_not_opened() {
        let folder = tempfile::tempdir().unwrap();
        damaged(&folder).await;
        let opened = Sqlite::open(Home::lock(folder.path()).unwrap()).await;
        for opened in [opened, Sqlite::open_beside(folder.path()).await] {
            let error = opened.err().expect("it is damaged");
            assert_eq!(error.kind(), ErrorKind::Corrupt);
            assert!(error.hint_text().unwrap().contains("locard restore"));
        }
    }

    #[tokio::test]
    async fn no_more_time_is_spent_than_there_is() {
        let folder = tempfile::tempdir().unwrap();
        damaged(&folder).await;
        let store = Sqlite::open_file(&folder.path().join(FILE)).await.unwrap();
        look_until(&store.writer, Instant::now()).await.unwrap();
        // And what comes then has all the time it needs.
        store.check().await.unwrap_err();
        assert!(look(&store.writer).await.is_err());
    }
}
