//! Brings a store's tables up to date, in one transaction: either all missing steps are done or none.

use sha2::{Digest as _, Sha256};

use crate::sql::{Session, Statement};
use crate::{Error, ErrorKind, Result};

/// One step. Its text never changes once it was released.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Migration {
    version: i64,
    name: &'static str,
    text: &'static str,
}

/// The steps of both databases, oldest first, one a line.
macro_rules! migrations {
    ($($version:literal $file:literal;)+) => {
        /// The steps of a SQLite store, oldest first.
        pub(crate) const MIGRATIONS_SQLITE: &[Migration] = &[$(Migration {
            version: $version,
            name: $file,
            text: include_str!(concat!("../migrations/sqlite/", $file, ".sql")),
        }),+];

        /// The steps of a PostgreSQL store, oldest first; the same versions as for SQLite.
        pub(crate) const MIGRATIONS_POSTGRES: &[Migration] = &[$(Migration {
            version: $version,
            name: $file,
            text: include_str!(concat!("../migrations/postgres/", $file, ".sql")),
        }),+];
    };
}

migrations! {
    20_261_122_000_000 "20261122_000000_start";
    20_261_129_000_000 "20261129_000000_allowed";
    20_261_129_000_001 "20261129_000001_failures";
    20_261_129_000_002 "20261129_000002_failure_sources";
    20_261_129_000_003 "20261129_000003_orders";
    20_261_129_000_004 "20261129_000004_serve";
    20_261_129_000_005 "20261129_000005_allowed_values";
    20_261_129_171_500 "20261129_171500_schedules";
    20_261_129_172_500 "20261129_172500_collections";
    20_261_129_173_500 "20261129_173500_usage";
    20_261_129_210_000 "20261129_210000_dsar";
    20_261_129_211_500 "20261129_211500_relations";
    20_261_129_233_000 "20261129_233000_dsar_records";
    20_261_130_000_000 "20261130_000000_requests";
    20_261_130_010_000 "20261130_010000_deaths";
    20_261_130_010_010 "20261130_010010_business_rules";
    20_261_130_010_020 "20261130_010020_webhooks";
    20_261_130_011_000 "20261130_011000_filled";
    20_261_130_020_000 "20261130_020000_annotations";
    20_261_130_105_000 "20261130_105000_tellings";
    20_261_130_150_000 "20261130_150000_changes";
    20_261_130_190_000 "20261130_190000_append_only";
    20_261_130_190_010 "20261130_190010_dsar_holds";
    20_261_130_210_000 "20261130_210000_own_rules";
}

const TABLE: &str = "create table if not exists migrations (
    version bigint primary key, name text not null, checksum text not null, applied_at bigint not null
)";

/// Does what is missing.
pub(crate) async fn migrate(mut session: Box<dyn Session>, migrations: &[Migration]) -> Result<()> {
    session.script(TABLE).await?;
    let done = applied(&mut *session, migrations).await?;
    for migration in migrations
        .iter()
        .filter(|migration| !done.contains(&migration.version))
    {
        session.script(migration.text).await?;
        let now = session.now().await?;
        let statement = Statement::new(
            "insert into migrations (version, name, checksum, applied_at) values ($1, $2, $3, $4)",
        );
        let statement = statement
            .bind(migration.version)
            .bind(migration.name)
            .bind(checksum(migration.text))
            .bind(now);
        session.run(statement).await?;
    }
    session.commit().await
}

/// Refuses a store that lacks a step: whoever holds it is of another version, and its tables are not ours to change.
pub(crate) async fn migrated(session: &mut dyn Session, migrations: &[Migration]) -> Result<()> {
    if applied(session, migrations).await?.len() == migrations.len() {
        return Ok(());
    }
    Err(
        Error::new(ErrorKind::Locked, "the home is in use by an older locard")
            .hint("wait until it has ended"),
    )
}

/// The versions that were applied, if all of them are known and unchanged.
async fn applied(session: &mut dyn Session, migrations: &[Migration]) -> Result<Vec<i64>> {
    let newest = migrations.last().map_or(0, |migration| migration.version);
    let mut versions = Vec::new();
    for row in session
        .rows(Statement::new(
            "select version, checksum from migrations order by version",
        ))
        .await?
    {
        let version: i64 = row.get("version")?;
        if version > newest {
            return Err(
                Error::new(ErrorKind::Newer, "the store was written by a newer locard").hint(
                    "install that version or a later one, or choose another home with --home",
                ),
            );
        }
        let known = migrations
            .iter()
            .find(|migration| migration.version == version);
        if known.is_none_or(|migration| {
            row.get::<String>("checksum")
                .is_ok_and(|sum| sum != checksum(migration.text))
        }) {
            return Err(Error::corrupt(
                "its tables were made by an unknown build of locard",
            ));
        }
        versions.push(version);
    }
    Ok(versions)
}

fn checksum(text: &str) -> String {
    // Line ends may differ between checkouts.
    hex::encode(Sha256::digest(text.replace("\r\n", "\n")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::{Backend as _, Durability};
    use crate::sqlite::Sqlite;

    const OLD: Migration = Migration {
        version: 30_000_000_000_000,
        name: "old",
        text: "create table a (x bigint)",
    };
    const NEW: Migration = Migration {
        version: 30_000_000_000_001,
        name: "new",
        text: "alter table a add y bigint; insert into a values (1, 2)",
    };

    /// Runs steps on top of the real ones.
    async fn run(store: &Sqlite, more: &[Migration]) -> Result<()> {
        let all = [MIGRATIONS_SQLITE, more].concat();
        migrate(store.write(Durability::Process).await?, &all).await
    }

    async fn store(folder: &tempfile::TempDir) -> Sqlite {
        Sqlite::open_file(&folder.path().join("store"))
            .await
            .unwrap()
    }

    #[tokio::test]
    async fn an_older_store_gets_what_is_missing_and_only_that() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(&folder).await;
        run(&store, &[OLD]).await.unwrap();
        run(&store, &[OLD, NEW]).await.unwrap();
        run(&store, &[OLD, NEW]).await.unwrap();
        let rows = store
            .read()
            .await
            .unwrap()
            .rows(Statement::new("select y from a"))
            .await
            .unwrap();
        assert_eq!(
            rows.iter()
                .map(|row| row.get::<i64>("y").unwrap())
                .collect::<Vec<_>>(),
            [2]
        );
    }

    #[tokio::test]
    async fn a_newer_store_is_refused_with_a_sentence() {
        let folder = tempfile::tempdir().unwrap();
        run(&store(&folder).await, &[OLD]).await.unwrap();
        let error = Sqlite::open_file(&folder.path().join("store"))
            .await
            .err()
            .unwrap();
        assert_eq!(error.kind(), ErrorKind::Newer);
        assert_eq!(error.sentence(), "the store was written by a newer locard");
    }

    #[tokio::test]
    async fn a_step_that_was_changed_after_its_release_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(&folder).await;
        run(&store, &[OLD]).await.unwrap();
        let changed = Migration {
            text: "create table a (x text)",
            ..OLD
        };
        assert_eq!(
            run(&store, &[changed]).await.unwrap_err().kind(),
            ErrorKind::Corrupt
        );
        let other = Migration {
            version: OLD.version - 1,
            ..NEW
        };
        assert_eq!(
            run(&store, &[other, NEW]).await.unwrap_err().kind(),
            ErrorKind::Corrupt
        );
    }

    #[tokio::test]
    async fn a_step_that_fails_undoes_all_of_them() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(&folder).await;
        let bad = Migration {
            text: "insert into nowhere values (1)",
            ..NEW
        };
        assert!(run(&store, &[OLD, bad]).await.is_err());
        run(&store, &[OLD, NEW]).await.unwrap();
    }

    #[test]
    fn both_databases_have_the_same_versions() {
        let versions = |list: &[Migration]| {
            list.iter()
                .map(|migration| migration.version)
                .collect::<Vec<_>>()
        };
        assert_eq!(versions(MIGRATIONS_SQLITE), versions(MIGRATIONS_POSTGRES));
        assert!(versions(MIGRATIONS_SQLITE).is_sorted());
    }

    /// A store made by a released build has these checksums in it and refuses others: a step that is listed here never
    /// changes. What must change is a new step, with a new line here.
    #[test]
    fn a_released_step_is_never_edited() {
        // The beginnings of the checksums, SQLite's first.
        #[rustfmt::skip]
        let released = [
            ("20261122_000000_start", "21a7e98d68aada3a", "323e81ebe26aa1b5"),
            ("20261129_000000_allowed", "805d62348ec93ed7", "b5765fe42608b3b0"),
            ("20261129_000001_failures", "b6726c65454c76a4", "b6726c65454c76a4"),
            ("20261129_000002_failure_sources", "700df8cabaa61df9", "4b01784d442e88d8"),
            ("20261129_000003_orders", "754762a4a0a23aea", "754762a4a0a23aea"),
            ("20261129_000004_serve", "40d411fd0f40cdcf", "ff282fdae93f171f"),
            ("20261129_000005_allowed_values", "afe386846b9e5742", "5878a7d589e482d2"),
            ("20261129_171500_schedules", "a03d7d6d9b4bfe49", "59ba650829b980c4"),
            ("20261129_172500_collections", "1751682223114d74", "b45eeba97fce8881"),
            ("20261129_173500_usage", "b8ac99ada37590c5", "4a8f0c76ad12d20f"),
            ("20261129_210000_dsar", "8c79fc8819b3be63", "b21827c58d602b67"),
            ("20261129_211500_relations", "e3317cc771bb642a", "065586d0f6620b06"),
            ("20261129_233000_dsar_records", "a8ff2cfdc9886ade", "3231d480c242285c"),
            ("20261130_000000_requests", "5ed398c92284e333", "e8c3e3ddaa12baac"),
            ("20261130_010000_deaths", "601c63110ab613ee", "2161bbfdbf8beacc"),
            ("20261130_010010_business_rules", "01cd8c67b04c2869", "cb5c7d376e374d8e"),
            ("20261130_010020_webhooks", "6834aaa1d1cb6e60", "16389614e5570a8c"),
            ("20261130_011000_filled", "e52554fb2aa57b9b", "7d263a5354f0b482"),
            ("20261130_020000_annotations", "f4dfabaaa47e6260", "028eedd31a485767"),
            ("20261130_105000_tellings", "cddbda17d93bab87", "708e8bb4c35f8edb"),
            ("20261130_150000_changes", "19fc3903aeac1dec", "af495fa9c94af5d6"),
            ("20261130_190000_append_only", "3c3b3d88397e6fc2", "8e0757f5a416190e"),
            ("20261130_190010_dsar_holds", "c712aedc309a8d77", "3acabe36ca69d4e8"),
            ("20261130_210000_own_rules", "d28c3eb462a9ab8d", "7e4660042febb6f1"),
        ];
        let steps = MIGRATIONS_SQLITE.iter().zip(MIGRATIONS_POSTGRES);
        let sums = steps.map(|(sqlite, postgres)| {
            assert_eq!(sqlite.name, postgres.name);
            let sum = |text| checksum(text)[..16].to_owned();
            (sqlite.name, sum(sqlite.text), sum(postgres.text))
        });
        let owned =
            released.map(|(name, sqlite, postgres)| (name, sqlite.to_owned(), postgres.to_owned()));
        assert_eq!(sums.collect::<Vec<_>>(), owned);
    }

    #[test]
    fn line_ends_do_not_count() {
        assert_eq!(checksum("a\nb"), checksum("a\r\nb"));
        assert_ne!(checksum("a"), checksum("b"));
    }
}
