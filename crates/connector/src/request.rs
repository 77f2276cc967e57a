//! What is asked of a source.

use std::num::NonZeroUsize;

use arrow_schema::Schema;
use locard_model::{EntityKind, EntityPath};

/// A question to one entity. Everything but `columns` is optional for the source: it answers with
/// [`Honoured`](crate::Honoured) what it does itself.
#[derive(Clone, Debug)]
pub struct ScanRequest {
    /// Which entity.
    pub path: EntityPath,
    /// What it is.
    pub kind: EntityKind,
    /// Column paths to read, always honoured; `None` reads every column.
    pub columns: Option<Vec<String>>,
    /// Only records in which at least one of these matches; empty means every record.
    pub matching: Vec<Matching>,
    /// Only records for which this holds.
    pub filter: Option<Filter>,
    /// How much of what is left; applied after `matching` and `filter`.
    pub sample: Sample,
    /// How many splits are useful at most.
    pub max_splits: NonZeroUsize,
    /// How long one consistent view lasts.
    pub snapshot: Snapshot,
    /// Whether the plan is only looked at: nothing is read or held for it, its splits are not to be read, and where they
    /// begin and how many records they have may be estimates.
    pub estimate: bool,
    /// Columns whose values identify a record; read in front of the others when set, for `locard rows`.
    pub with_keys: bool,
    /// Whether the first record of delimited text names its columns, where that is known; else the text itself tells.
    pub header: Option<bool>,
}

impl ScanRequest {
    /// Every column and record of the entity, in one split.
    pub fn all(path: EntityPath, kind: EntityKind) -> Self {
        Self {
            path,
            kind,
            columns: None,
            matching: Vec::new(),
            filter: None,
            sample: Sample::All,
            max_splits: NonZeroUsize::MIN,
            snapshot: Snapshot::Entity,
            estimate: false,
            with_keys: false,
            header: None,
        }
    }
}

/// A column whose canonical form equals one of some values.
#[derive(Clone, PartialEq, Eq)]
pub struct Matching {
    /// The column's path.
    pub column: String,
    /// How both sides are normalised before they are compared.
    pub form: Form,
    /// The wanted values, already in that form (as given for [`Form::Raw`]).
    pub values: Vec<String>,
}

impl std::fmt::Debug for Matching {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "Matching({} {:?} {} values)",
            self.column,
            self.form,
            self.values.len()
        )
    }
}

/// How a stored value is normalised for comparison; `locard-sketch` defines the forms, sources may answer with a
/// superset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    /// Byte for byte.
    Raw,
    /// Folded: compatibility-normalised, case and accents removed, trimmed.
    Folded,
    /// The value occurs inside the digits of the text, whatever stands between them: a number may be written in any
    /// groups, with any prefix, and inside other text.
    Digits,
    /// Name tokens in any order.
    Tokens,
    /// The value occurs inside the text as a run of whole words.
    Contains,
}

/// A checked expression over columns: no source ever sees text that a user wrote.
#[derive(Clone, Debug, PartialEq)]
pub enum Filter {
    /// Every one holds.
    All(Vec<Filter>),
    /// At least one holds.
    Any(Vec<Filter>),
    /// It does not hold.
    Not(Box<Filter>),
    /// A column compared with a literal.
    Compare {
        /// The column's path.
        column: String,
        /// How they are compared.
        operator: Operator,
        /// The other side.
        literal: Literal,
    },
    /// The column is null.
    IsNull(String),
}

impl Filter {
    /// The same with its columns called as the schema has them: exactly as written, or else in another case where only one
    /// column is called so. Fails with the name of the first that is none.
    pub fn fitted(&self, schema: &Schema) -> Result<Self, String> {
        let all = |parts: &[Self]| {
            let fitted = parts.iter().map(|part| part.fitted(schema));
            fitted.collect::<Result<Vec<Self>, String>>()
        };
        Ok(match self {
            Self::All(parts) => Self::All(all(parts)?),
            Self::Any(parts) => Self::Any(all(parts)?),
            Self::Not(part) => Self::Not(Box::new(part.fitted(schema)?)),
            Self::IsNull(column) => Self::IsNull(column_like(column, schema)?),
            Self::Compare {
                column,
                operator,
                literal,
            } => Self::Compare {
                column: column_like(column, schema)?,
                operator: *operator,
                literal: literal.clone(),
            },
        })
    }
}

fn column_like(written: &str, schema: &Schema) -> Result<String, String> {
    if schema.field_with_name(written).is_ok() {
        return Ok(written.to_owned());
    }
    let folded = written.to_lowercase();
    let names = schema.fields().iter().map(|field| field.name());
    let mut like = names.filter(|name| name.to_lowercase() == folded);
    match (like.next(), like.next()) {
        (Some(only), None) => Ok(only.clone()),
        _ => Err(written.to_owned()),
    }
}

/// How a column and a literal are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// Equal.
    Equal,
    /// Not equal.
    NotEqual,
    /// Less than.
    Less,
    /// Less than or equal.
    LessOrEqual,
    /// Greater than.
    Greater,
    /// Greater than or equal.
    GreaterOrEqual,
}

/// A value in a [`Filter`]. It may be a person's, so `Debug` tells only what kind of value it is.
#[derive(Clone, PartialEq)]
pub enum Literal {
    /// Text.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// A decimal number, as text so that nothing is lost.
    Decimal(String),
    /// True or false.
    Boolean(bool),
    /// A point in time.
    Timestamp(jiff::Timestamp),
}

impl std::fmt::Debug for Literal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Text(_) => "Text",
            Self::Integer(_) => "Integer",
            Self::Decimal(_) => "Decimal",
            Self::Boolean(_) => "Boolean",
            Self::Timestamp(_) => "Timestamp",
        })
    }
}

/// How many of the records are wanted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Sample {
    /// Every record.
    All,
    /// The first records, in the source's order.
    First(u64),
    /// About this share of the records, 0 to 100, chosen by seed.
    Percent(f64, u64),
    /// About this many records, chosen by seed.
    Rows(u64, u64),
}

/// How long one consistent view of the source lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Snapshot {
    /// All splits of one plan see the same state where the source can do that.
    #[default]
    Entity,
    /// All entities of one job see the same state.
    Database,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_debug_text_of_a_request_holds_no_value_of_a_person() {
        let compare = |literal| Filter::Compare {
            column: "mail".to_owned(),
            operator: Operator::Equal,
            literal,
        };
        let instant: jiff::Timestamp = "1987-06-05T00:00:00Z".parse().expect("an instant");
        let mut request = ScanRequest::all(EntityPath::new(["people"]), EntityKind::Table);
        request.matching = vec![Matching {
            column: "mail".to_owned(),
            form: Form::Raw,
            values: vec!["planted@example.org".to_owned()],
        }];
        request.filter = Some(Filter::All(vec![
            compare(Literal::Text("planted@example.org".to_owned())),
            compare(Literal::Integer(491_725)),
            compare(Literal::Decimal("491725.5".to_owned())),
            compare(Literal::Timestamp(instant)),
        ]));
        let told = format!("{request:?}");
        assert!(told.contains("column: \"mail\""), "{told}");
        for planted in ["planted", "491", "1987"] {
            assert!(!told.contains(planted), "{told}");
        }
    }
}
