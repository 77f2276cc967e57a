//! What the server counted about the use of a table.

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use locard_connector::{Result, Usage, UsageRecord};
use locard_model::{EntityKind, EntityPath};

use crate::catalog::{cell, names, narrowed, number};
use crate::source::Odbc;

#[async_trait]
impl Usage for Odbc {
    async fn of(&self, path: &EntityPath, _kind: EntityKind) -> Result<UsageRecord> {
        let mut lent = self.questions.borrow().await?;
        let Some(catalog) = &lent.session.product.catalog else {
            return Ok(UsageRecord::default());
        };
        let sql = narrowed(&catalog.usage, catalog, Some(names(path)?))?;
        // A site may have switched the view off, or not grant it.
        let rows = lent.session.rows(sql, "reading usage statistics").await;
        let Ok(rows) = rows else {
            return Ok(UsageRecord::default());
        };
        lent.give_back();
        let first = rows.first().map(Vec::as_slice).unwrap_or_default();
        Ok(UsageRecord {
            writes: number(first, 0),
            last_write: cell(first, 1).and_then(|text| moment(&text)),
            ..UsageRecord::default()
        })
    }
}

/// A time of the server's, which HANA keeps in UTC unless it was told otherwise.
fn moment(text: &str) -> Option<Timestamp> {
    let time: DateTime = text.trim().replace(' ', "T").parse().ok()?;
    let zoned = time.to_zoned(TimeZone::UTC).ok()?;
    Some(zoned.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_drivers_write_them() {
        let read = moment("2024-01-31 10:00:00.1234567").map(|time| time.to_string());
        assert_eq!(read.as_deref(), Some("2024-01-31T10:00:00.1234567Z"));
        assert_eq!(moment("soon"), None);
    }
}
