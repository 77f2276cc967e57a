//! Values that travel into statements. Nulls carry their type, which PostgreSQL wants to know.

use jiff::Timestamp;
use locard_model::{ColumnId, EntityId, JobId, KeyId, OrgId, PieceId, RequestId, SourceId, TaskId};
use uuid::Uuid;

use crate::{DsarId, FindingId, ScheduleId, WorkerId};

/// A parameter.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Int(Option<i64>),
    Real(Option<f64>),
    Text(Option<String>),
    Blob(Option<Vec<u8>>),
    Id(Option<Uuid>),
}

impl Value {
    /// Bytes beyond those that every value takes.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Text(Some(text)) => text.len(),
            Self::Blob(Some(blob)) => blob.len(),
            _ => 0,
        }
    }
}

macro_rules! into_value {
    ($($type:ty => $variant:ident, $convert:expr);+ $(;)?) => {$(
        impl From<$type> for Value {
            fn from(value: $type) -> Self {
                let convert: fn($type) -> _ = $convert;
                Self::$variant(Some(convert(value)))
            }
        }

        impl From<Option<$type>> for Value {
            fn from(value: Option<$type>) -> Self {
                Self::$variant(value.map($convert))
            }
        }
    )+};
}

into_value! {
    i64 => Int, |value| value;
    i32 => Int, i64::from;
    u32 => Int, i64::from;
    // Bit for bit: hashes and key ids use all 64 bits, counts never reach the sign.
    u64 => Int, u64::cast_signed;
    KeyId => Int, |key: KeyId| key.0.cast_signed();
    bool => Int, i64::from;
    Timestamp => Int, Timestamp::as_microsecond;
    f64 => Real, |value| value;
    String => Text, |value| value;
    &str => Text, str::to_owned;
    Vec<u8> => Blob, |value| value;
    Uuid => Id, |value| value;
    OrgId => Id, |id: OrgId| id.0;
    SourceId => Id, |id: SourceId| id.0;
    EntityId => Id, |id: EntityId| id.0;
    ColumnId => Id, |id: ColumnId| id.0;
    JobId => Id, |id: JobId| id.0;
    TaskId => Id, |id: TaskId| id.0;
    PieceId => Id, |id: PieceId| id.0;
    FindingId => Id, |id: FindingId| id.0;
    WorkerId => Id, |id: WorkerId| id.0;
    ScheduleId => Id, |id: ScheduleId| id.0;
    DsarId => Id, |id: DsarId| id.0;
    RequestId => Id, |id: RequestId| id.0;
}

/// The values of one row.
macro_rules! values {
    ($($value:expr),* $(,)?) => { vec![$($crate::sql::Value::from($value)),*] };
}
pub(crate) use values;
