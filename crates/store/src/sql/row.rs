//! A row of either database, read by column name.

use jiff::Timestamp;
use sqlx::postgres::{PgRow, Postgres};
use sqlx::sqlite::{Sqlite, SqliteRow};
use sqlx::{Decode, Row as _, Type};
use uuid::Uuid;

use crate::{Error, Result};

/// A row.
pub(crate) enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

impl Row {
    /// A cell of a type that both databases know.
    pub(crate) fn get<T>(&self, column: &'static str) -> Result<T>
    where
        T: for<'r> Decode<'r, Sqlite>
            + Type<Sqlite>
            + for<'r> Decode<'r, Postgres>
            + Type<Postgres>,
    {
        let cell = match self {
            Self::Sqlite(row) => row.try_get(column),
            Self::Postgres(row) => row.try_get(column),
        };
        // The driver's own error may quote the cell.
        cell.map_err(|_| Error::corrupt(format_args!("column {column} has an unexpected type")))
    }

    /// An id.
    pub(crate) fn id(&self, column: &'static str) -> Result<Uuid> {
        self.get(column)
    }

    /// A blob.
    pub(crate) fn blob(&self, column: &'static str) -> Result<Vec<u8>> {
        self.get(column)
    }

    /// A count, hash or key id, bit for bit.
    pub(crate) fn count(&self, column: &'static str) -> Result<u64> {
        self.get(column).map(i64::cast_unsigned)
    }

    /// A small number.
    pub(crate) fn small(&self, column: &'static str) -> Result<u32> {
        u32::try_from(self.get::<i64>(column)?)
            .map_err(|_| Error::corrupt(format_args!("column {column} is out of range")))
    }

    /// A time.
    pub(crate) fn time(&self, column: &'static str) -> Result<Timestamp> {
        time(column, self.get(column)?)
    }

    /// A time or null.
    pub(crate) fn time_if(&self, column: &'static str) -> Result<Option<Timestamp>> {
        self.get::<Option<i64>>(column)?
            .map(|micros| time(column, micros))
            .transpose()
    }

    /// A word of a closed list.
    pub(crate) fn word<T>(
        &self,
        column: &'static str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<T> {
        let word: String = self.get(column)?;
        parse(&word)
            .ok_or_else(|| Error::corrupt(format_args!("column {column} holds an unknown word")))
    }
}

fn time(column: &'static str, micros: i64) -> Result<Timestamp> {
    Timestamp::from_microsecond(micros)
        .map_err(|_| Error::corrupt(format_args!("column {column} is no time")))
}
