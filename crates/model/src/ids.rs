//! Ids as newtypes, so that one cannot be taken for another.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{EntityKind, EntityPath};

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    };
}

uuid_id!(
    /// An organisation: the owner of keys, caps, retention and audit chains.
    OrgId
);
uuid_id!(
    /// A person's legal request; ordered by time.
    RequestId
);
uuid_id!(
    /// A registered source; random at registration, derived for ad hoc targets.
    SourceId
);
uuid_id!(
    /// An entity within a source; see [`EntityId::derive`].
    EntityId
);
uuid_id!(
    /// A column or nested field of an entity; see [`ColumnId::derive`].
    ColumnId
);
uuid_id!(
    /// A relation between two entities; see [`RelationId::derive`].
    RelationId
);
uuid_id!(
    /// A piece of an entity in one state, across scans; see [`PieceId::derive`].
    PieceId
);
uuid_id!(
    /// A durable unit of work; time-ordered (UUIDv7).
    JobId
);
uuid_id!(
    /// One resumable piece of a job.
    TaskId
);

/// Names the sketch key under which hashes were made; sketches merge and join only under one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct KeyId(pub u64);

/// Namespace of ids that derive from a target's canonical text.
const TARGETS: Uuid = Uuid::from_u128(0x6c6f_6361_7264_4000_8000_7461_7267_6574);

impl OrgId {
    /// The organisation of an installation that has only one.
    pub const DEFAULT: Self = Self(Uuid::from_u128(1));
}

impl SourceId {
    /// The id of an ad hoc target: the same for the same canonical target, which must hold neither credentials nor
    /// options.
    pub fn derive(canonical_target: &str) -> Self {
        Self(Uuid::new_v5(&TARGETS, canonical_target.as_bytes()))
    }
}

impl EntityId {
    /// UUIDv5 over the source id, the kind and the length-prefixed path: the same after every re-ingest, and no two
    /// paths share an encoding whatever their segments contain.
    pub fn derive(source: SourceId, kind: EntityKind, path: &EntityPath) -> Self {
        Self(Uuid::new_v5(&source.0, &encode(kind, path.segments())))
    }
}

impl ColumnId {
    /// UUIDv5 over the entity id and the column's dotted path.
    pub fn derive(entity: EntityId, column: &str) -> Self {
        Self(Uuid::new_v5(
            &entity.0,
            &encode(EntityKind::Column, &[column.to_owned()]),
        ))
    }
}

impl RelationId {
    /// UUIDv5 over both entities and the columns on either side, so that it is the same after every scan.
    pub fn derive(parent: (EntityId, &[String]), child: (EntityId, &[String])) -> Self {
        let columns = |columns: &[String]| encode(EntityKind::Column, columns);
        let mut bytes = child.0.0.as_bytes().to_vec();
        let of_parent = columns(parent.1);
        bytes.extend((of_parent.len() as u64).to_be_bytes());
        bytes.extend(of_parent);
        bytes.extend(columns(child.1));
        Self(Uuid::new_v5(&parent.0.0, &bytes))
    }
}

impl PieceId {
    /// UUIDv5 over the entity id and whatever tells the piece from its siblings and from its own earlier states, so that
    /// pieces of two states are never put together.
    pub fn derive(entity: EntityId, piece: &[u8]) -> Self {
        Self(Uuid::new_v5(&entity.0, piece))
    }
}

fn encode(kind: EntityKind, segments: &[String]) -> Vec<u8> {
    let mut bytes = kind.as_str().as_bytes().to_vec();
    for segment in segments {
        bytes.extend((segment.len() as u64).to_be_bytes());
        bytes.extend(segment.as_bytes());
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_that_concatenate_alike_have_different_ids() {
        let source = SourceId::derive("file:///data");
        let id = |segments: &[&str]| {
            EntityId::derive(
                source,
                EntityKind::File,
                &EntityPath::new(segments.iter().copied()),
            )
        };
        assert_ne!(id(&["ab", "c"]), id(&["a", "bc"]));
        assert_eq!(id(&["ab", "c"]), id(&["ab", "c"]));
    }

    #[test]
    fn kind_is_part_of_the_id() {
        let source = SourceId::derive("file:///data");
        let path = EntityPath::new(["a"]);
        assert_ne!(
            EntityId::derive(source, EntityKind::Table, &path),
            EntityId::derive(source, EntityKind::View, &path)
        );
    }
}
