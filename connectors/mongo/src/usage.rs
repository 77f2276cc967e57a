//! What the server counted about the use of a collection since it started, for accounts that may ask.

use async_trait::async_trait;
use locard_connector::{Result, Usage, UsageRecord};
use locard_model::{EntityKind, EntityPath};
use mongodb::bson::{Document, doc};

use crate::catalog::names;
use crate::client::number;
use crate::source::Mongo;

#[async_trait]
impl Usage for Mongo {
    async fn of(&self, path: &EntityPath, _kind: EntityKind) -> Result<UsageRecord> {
        let (database, name) = names(path)?;
        let asked = self.session().try_ask("admin", doc! { "top": 1 }).await?;
        // Only who may watch the whole server is told.
        let record = asked
            .ok()
            .and_then(|answer| record(&answer, &format!("{database}.{name}")));
        Ok(record.unwrap_or_default())
    }
}

fn record(answer: &Document, name: &str) -> Option<UsageRecord> {
    let counted = answer
        .get_document("totals")
        .ok()?
        .get_document(name)
        .ok()?;
    let count = |event: &str| {
        let event = counted.get_document(event).ok();
        event.and_then(|event| number(event, "count"))
    };
    let writes = ["insert", "update", "remove"].into_iter().map(count);
    Some(UsageRecord {
        reads: count("queries"),
        writes: writes.sum(),
        ..UsageRecord::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes_are_summed() {
        let event = |count: i32| doc! { "time": 1, "count": count };
        let counted = doc! { "queries": event(3), "insert": event(1), "update": event(2), "remove": event(0) };
        let answer = doc! { "totals": { "note": "", "a.b": counted } };
        let record = record(&answer, "a.b").unwrap();
        assert_eq!((record.reads, record.writes), (Some(3), Some(3)));
    }
}
