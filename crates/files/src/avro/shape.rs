//! Where a record ends: Avro does not say, so its schema is followed.

use std::collections::HashMap;
use std::sync::Arc;

use locard_connector::{Error, ErrorKind, Result};
use serde_json::{Map, Value};

use crate::columnar::MOST_ELEMENTS;
use crate::input::LONGEST_RECORD;

/// Types within types, at most: what decodes them goes down as deep.
const DEEPEST: u32 = 64;

/// Columns of a schema, at most: a few names that stand for each other make any number of them.
const MOST_LEAVES: u64 = 100_000;

/// A type of a schema, as far as it tells how long its values are.
#[derive(Debug)]
pub(super) struct Shape {
    kind: Kind,
    /// Cells of one value, not counting what is in its lists.
    pub(super) leaves: u64,
    depth: u32,
    /// Its values have no bytes.
    pub(super) is_nothing: bool,
}

#[derive(Debug)]
enum Kind {
    Fixed(u64),
    Number,
    /// A length and as many bytes.
    Text,
    Record(Vec<Arc<Shape>>),
    Array(Arc<Shape>),
    Map(Arc<Shape>),
    Union(Vec<Arc<Shape>>),
}

impl Shape {
    /// The shape of the records of a schema.
    pub(super) fn parse(schema: &str) -> Result<Arc<Self>> {
        let schema = serde_json::from_str(schema).map_err(|error| {
            // The one thing that is no damage has no name of its own.
            if error.to_string().starts_with("recursion limit") {
                too_deep()
            } else {
                damaged().cause(error)
            }
        })?;
        Names::default().shape(&schema, "")
    }

    fn new(kind: Kind) -> Result<Arc<Self>> {
        let of = |inner: &[Arc<Self>]| {
            let leaves = inner.iter().map(|shape| shape.leaves);
            let deepest = inner.iter().map(|shape| shape.depth).max();
            (leaves.sum::<u64>(), deepest.unwrap_or(0))
        };
        let (leaves, depth) = match &kind {
            Kind::Record(inner) | Kind::Union(inner) => of(inner),
            Kind::Array(inner) => (1, inner.depth),
            Kind::Map(inner) => (2, inner.depth),
            Kind::Fixed(_) | Kind::Number | Kind::Text => (1, 0),
        };
        let columns = match &kind {
            Kind::Array(inner) | Kind::Map(inner) => inner.leaves,
            _ => leaves,
        };
        if depth >= DEEPEST {
            return Err(too_deep());
        }
        if columns > MOST_LEAVES {
            return Err(unsupported("the Avro schema has more than 100000 columns"));
        }
        let is_nothing = match &kind {
            Kind::Fixed(length) => *length == 0,
            Kind::Record(fields) => fields.iter().all(|field| field.is_nothing),
            _ => false,
        };
        Ok(Arc::new(Self {
            kind,
            leaves: leaves.max(1),
            depth: depth + 1,
            is_nothing,
        }))
    }
}

/// The types that a schema gave names; one that is still being read has no shape yet.
#[derive(Default)]
struct Names(HashMap<String, Option<Arc<Shape>>>);

impl Names {
    fn shape(&mut self, schema: &Value, space: &str) -> Result<Arc<Shape>> {
        match schema {
            Value::String(name) => self.named(name, space),
            Value::Array(branches) => Shape::new(Kind::Union(self.all(branches.iter(), space)?)),
            Value::Object(object) => self.object(object, space),
            _ => Err(damaged()),
        }
    }

    fn all<'a>(
        &mut self,
        schemas: impl Iterator<Item = &'a Value>,
        space: &str,
    ) -> Result<Vec<Arc<Shape>>> {
        schemas.map(|schema| self.shape(schema, space)).collect()
    }

    fn named(&self, name: &str, space: &str) -> Result<Arc<Shape>> {
        let kind = match name {
            "null" => Kind::Fixed(0),
            "boolean" => Kind::Fixed(1),
            "int" | "long" => Kind::Number,
            "float" => Kind::Fixed(4),
            "double" => Kind::Fixed(8),
            "bytes" | "string" => Kind::Text,
            _ => {
                let known = self.0.get(&full(name, space)).or_else(|| self.0.get(name));
                return match known {
                    Some(Some(shape)) => Ok(shape.clone()),
                    Some(None) => Err(unsupported(
                        "the Avro schema has a type within itself, which makes no columns",
                    )),
                    None => Err(damaged()),
                };
            }
        };
        Shape::new(kind)
    }

    fn object(&mut self, object: &Map<String, Value>, space: &str) -> Result<Arc<Shape>> {
        let part = |name: &str| object.get(name).ok_or_else(damaged);
        let Value::String(kind) = part("type")? else {
            return self.shape(part("type")?, space);
        };
        match kind.as_str() {
            "array" => Shape::new(Kind::Array(self.shape(part("items")?, space)?)),
            "map" => Shape::new(Kind::Map(self.shape(part("values")?, space)?)),
            "enum" => self.define(object, space, |_, _| Ok(Kind::Number)),
            "fixed" => self.define(object, space, |_, _| {
                let length = part("size")?.as_u64().ok_or_else(damaged)?;
                Ok(Kind::Fixed(length))
            }),
            "record" | "error" => self.define(object, space, |names, space| {
                let fields = part("fields")?.as_array().ok_or_else(damaged)?;
                let types = fields.iter().map(|field| field.get("type"));
                let types = types.collect::<Option<Vec<_>>>().ok_or_else(damaged)?;
                Ok(Kind::Record(names.all(types.into_iter(), space)?))
            }),
            name => self.named(name, space),
        }
    }

    /// Takes up a type with a name; what is in it belongs to the name's space.
    fn define(
        &mut self,
        object: &Map<String, Value>,
        space: &str,
        kind: impl FnOnce(&mut Self, &str) -> Result<Kind>,
    ) -> Result<Arc<Shape>> {
        let text = |part: &str| object.get(part).and_then(Value::as_str);
        let name = full(
            text("name").ok_or_else(damaged)?,
            text("namespace").unwrap_or(space),
        );
        self.0.insert(name.clone(), None);
        let space = name.rsplit_once('.').map_or("", |(space, _)| space);
        let shape = Shape::new(kind(self, space)?)?;
        self.0.insert(name, Some(shape.clone()));
        Ok(shape)
    }
}

fn full(name: &str, space: &str) -> String {
    if name.contains('.') || space.is_empty() {
        name.to_owned()
    } else {
        format!("{space}.{name}")
    }
}

fn damaged() -> Error {
    Error::new(ErrorKind::Malformed, "the Avro file's schema is damaged")
}

fn unsupported(sentence: &str) -> Error {
    Error::new(ErrorKind::Unsupported, sentence)
        .hint("write the file again with a schema of plain columns")
}

fn too_deep() -> Error {
    unsupported("the Avro schema has types within types, deeper than is read")
}

/// Why the end of a record is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// More bytes are needed.
    Short,
    /// No record looks like this.
    Wrong,
    /// It takes more memory than a record may.
    TooLarge,
}

/// A way through the bytes of a record.
#[derive(Debug)]
pub(super) struct Walk<'a> {
    bytes: &'a [u8],
    pub(super) at: usize,
    pub(super) cells: u64,
}

impl<'a> Walk<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            at: 0,
            cells: 0,
        }
    }

    /// Passes one record.
    pub(super) fn record(&mut self, shape: &Shape) -> Result<(), Stop> {
        self.count(1, shape.leaves)?;
        self.value(shape)
    }

    fn value(&mut self, shape: &Shape) -> Result<(), Stop> {
        match &shape.kind {
            Kind::Fixed(length) => self.skip(*length),
            Kind::Number => self.number().map(|_| ()),
            Kind::Text => self.text(),
            Kind::Record(fields) => fields.iter().try_for_each(|field| self.value(field)),
            Kind::Array(item) => self.list(item, false),
            Kind::Map(value) => self.list(value, true),
            Kind::Union(branches) => {
                let branch = usize::try_from(self.number()?).ok();
                let branch = branch.and_then(|branch| branches.get(branch));
                self.value(branch.ok_or(Stop::Wrong)?)
            }
        }
    }

    /// Runs of items, each with their number before it; none ends the list.
    fn list(&mut self, item: &Shape, has_keys: bool) -> Result<(), Stop> {
        loop {
            let run = self.number()?;
            if run == 0 {
                return Ok(());
            }
            if run < 0 {
                // The length in bytes follows, for those who want to leave it out.
                self.number()?;
            }
            self.count(run.unsigned_abs(), item.leaves + u64::from(has_keys))?;
            if item.is_nothing && !has_keys {
                continue;
            }
            for _ in 0..run.unsigned_abs() {
                if has_keys {
                    self.text()?;
                }
                self.value(item)?;
            }
        }
    }

    fn count(&mut self, values: u64, leaves: u64) -> Result<(), Stop> {
        self.cells = self.cells.saturating_add(values.saturating_mul(leaves));
        if self.cells > MOST_ELEMENTS {
            return Err(Stop::TooLarge);
        }
        Ok(())
    }

    fn text(&mut self) -> Result<(), Stop> {
        let length = u64::try_from(self.number()?).map_err(|_| Stop::Wrong)?;
        self.skip(length)
    }

    fn skip(&mut self, length: u64) -> Result<(), Stop> {
        let end = (self.at as u64).saturating_add(length);
        if end > LONGEST_RECORD as u64 {
            return Err(Stop::TooLarge);
        }
        if end > self.bytes.len() as u64 {
            return Err(Stop::Short);
        }
        self.at = end as usize;
        Ok(())
    }

    /// Seven bits a byte, the lowest first, the sign in the lowest of all.
    fn number(&mut self) -> Result<i64, Stop> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = *self.bytes.get(self.at).ok_or(Stop::Short)?;
            self.at += 1;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok((value >> 1).cast_signed() ^ -(value & 1).cast_signed());
            }
        }
        Err(Stop::Wrong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walk(schema: &str, bytes: &[u8]) -> Result<(usize, u64), Stop> {
        let shape = Shape::parse(schema).unwrap();
        let mut walk = Walk::new(bytes);
        walk.record(&shape).map(|()| (walk.at, walk.cells))
    }

    #[test]
    fn every_kind_of_value_is_passed() {
        let schema = r#"{"type": "record", "name": "n.r", "fields": [
            {"name": "a", "type": ["null", "string"]},
            {"name": "b", "type": {"type": "fixed", "name": "f", "size": 3}},
            {"name": "c", "type": {"type": "array", "items": "f"}},
            {"name": "d", "type": {"type": "map", "values": "n.f"}},
            {"name": "e", "type": {"type": "enum", "name": "e", "symbols": ["x"]}},
            {"name": "g", "type": {"type": "long", "logicalType": "timestamp-millis"}},
            {"name": "h", "type": "double"}]}"#;
        let bytes = [
            &[2, 4][..],      // the second branch, two bytes
            b"hi",            //
            b"abc",           //
            &[2],             // one item
            b"abc",           //
            &[3, 8],          // two items, of a length
            b"abcabc",        //
            &[0, 2, 2],       // no more; one entry, a key of a byte
            b"kabc",          //
            &[0, 0, 0x80, 1], // no more; the enum; a number of two bytes
            &[0, 0, 0, 0, 0, 0, 0, 0, 99],
        ]
        .concat();
        let whole = bytes.len() - 1;
        // Eight columns and a list's three elements, a map's one with its key.
        assert_eq!(walk(schema, &bytes), Ok((whole, 9 + 3 + 2)));
        for cut in 0..whole {
            assert_eq!(walk(schema, &bytes[..cut]), Err(Stop::Short), "{cut}");
        }
    }

    #[test]
    fn values_that_cannot_be_are_refused_before_they_cost_anything() {
        let text =
            r#"{"type": "record", "name": "r", "fields": [{"name": "a", "type": "string"}]}"#;
        let nulls = r#"{"type": "array", "items": "null"}"#;
        let huge = [0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7e, 0];
        assert_eq!(walk(text, &[1]), Err(Stop::Wrong), "a length below zero");
        assert_eq!(
            walk(text, &[0xff; 10]),
            Err(Stop::Wrong),
            "a number without end"
        );
        assert_eq!(walk(text, &huge), Err(Stop::TooLarge));
        assert_eq!(walk(nulls, &huge), Err(Stop::TooLarge));
        assert_eq!(
            walk(r#"["null", "int"]"#, &[4]),
            Err(Stop::Wrong),
            "no such branch"
        );
    }

    #[test]
    fn schemas_that_make_no_columns_are_not_called_damaged() {
        let kind = |schema: &str| Shape::parse(schema).unwrap_err().kind();
        let itself = r#"{"type": "record", "name": "r", "fields": [
            {"name": "next", "type": ["null", "r"]}]}"#;
        assert_eq!(kind(itself), ErrorKind::Unsupported);
        let deep = |depth: usize| {
            let (open, close) = (
                r#"{"type":"array","items":"#.repeat(depth),
                "}".repeat(depth),
            );
            format!("{open}\"null\"{close}")
        };
        assert!(Shape::parse(&deep(60)).is_ok());
        assert_eq!(kind(&deep(100)), ErrorKind::Unsupported);
        assert_eq!(kind(&deep(20_000)), ErrorKind::Unsupported);
        let doubled = (1..40).fold(r#"{"type":"fixed","name":"t0","size":1}"#.to_owned(), |all, n| {
            let m = n - 1;
            format!(
                r#"{all}, {{"type":"record","name":"t{n}","fields":[{{"name":"a","type":"t{m}"}},{{"name":"b","type":"t{m}"}}]}}"#
            )
        });
        assert_eq!(kind(&format!("[{doubled}]")), ErrorKind::Unsupported);
        assert_eq!(kind(r#"{"type": "nowhere"}"#), ErrorKind::Malformed);
        assert_eq!(kind("{"), ErrorKind::Malformed);
    }
}
