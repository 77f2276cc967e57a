//! What a place says of the use of a file: when it was last written, and where it notes that, last read.

use async_trait::async_trait;
use locard_connector::{Result, Usage, UsageRecord};
use locard_model::{EntityKind, EntityPath};

use crate::blob::Blobs;
use crate::partitions::is_table;
use crate::source::Files;

#[async_trait]
impl<B: Blobs> Usage for Files<B> {
    async fn of(&self, path: &EntityPath, kind: EntityKind) -> Result<UsageRecord> {
        // Of a table of many files there is no one time.
        if is_table(path) {
            return Ok(UsageRecord::default());
        }
        let wanted = path.clone();
        let times = self
            .away(path.resource(kind), move |blobs| blobs.times(&wanted))
            .await?;
        Ok(UsageRecord {
            last_read: times.read,
            last_write: times.written,
            ..UsageRecord::default()
        })
    }
}
