//! From a request over a relation to splits: what is the same for every server.
//!
//! A table whose key begins with a whole number is cut into ranges of it; everything else is one split. The planner asks
//! nobody: [`Planner::bounds`] and [`Planner::count`] are the questions, and whoever has a connection brings the answers.

use locard_connector::{
    Error, ErrorKind, Exactness, Result, Sample, ScanPlan, ScanRequest, Snapshot, Split,
};
use locard_model::EntityKind;

use crate::part::{Decoding, Output, Part, schema};
use crate::{Column, Conditions, Dialect, Relation, RelationColumn, Select, key_ranges, project};

/// Rows below which another split costs more than it gains.
const LEAST_ROWS: u64 = 10_000;

/// Some rows of a relation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Range {
    /// What stands after FROM.
    pub from: String,
    /// Which of its rows; `None` for all.
    pub predicate: Option<String>,
    /// About how many.
    pub rows: Option<u64>,
    /// About how many bytes.
    pub bytes: Option<u64>,
    /// At most so many rows.
    pub limit: Option<u64>,
}

impl Range {
    /// One of so many ranges that it is divided into.
    #[must_use]
    pub fn share(&self, predicate: Option<String>, count: u64) -> Self {
        Self {
            predicate,
            rows: self.rows.map(|rows| rows / count),
            bytes: self.bytes.map(|bytes| bytes / count),
            ..self.clone()
        }
    }
}

/// Everything one plan is made from.
#[derive(Debug)]
pub struct Planner<'a, D> {
    dialect: &'a Dialect,
    relation: &'a Relation<D>,
    request: &'a ScanRequest,
    columns: Vec<Output<D>>,
    expressions: Vec<String>,
    conditions: Conditions,
    notes: Vec<String>,
}

impl<'a, D: Decoding> Planner<'a, D> {
    /// Prepares a plan. A column that does not exist, and one that was named and may not be read, are errors.
    pub fn new(
        dialect: &'a Dialect,
        relation: &'a Relation<D>,
        request: &'a ScanRequest,
    ) -> Result<Self> {
        let all = relation.columns.len();
        let hidden = relation.columns.iter().filter(|column| !column.readable);
        let hidden = hidden.count();
        if hidden == all && hidden > 0 {
            return Err(denied());
        }
        let known: Vec<Column> = relation
            .columns
            .iter()
            .map(RelationColumn::as_sql)
            .collect();
        let mut notes = Vec::new();
        if request.columns.is_none() && hidden > 0 {
            notes.push(format!(
                "the account may not read {hidden} of {all} columns"
            ));
        }
        if request.snapshot == Snapshot::Database {
            let sentence =
                "the server shares no snapshot between sessions, so each part is of its own moment";
            notes.push(sentence.to_owned());
        }
        let chosen = chosen(relation, request, &known)?;
        let (columns, expressions) = chosen.into_iter().unzip();
        Ok(Self {
            dialect,
            relation,
            request,
            columns,
            expressions,
            conditions: Conditions::of(dialect, &known, request)?,
            notes,
        })
    }

    /// Everything as one range.
    pub fn whole(&self) -> Range {
        Range {
            from: self.relation.from.clone(),
            predicate: None,
            rows: self.relation.rows,
            bytes: self.relation.bytes,
            limit: None,
        }
    }

    /// Tells the reader something more.
    pub fn note(&mut self, sentence: String) {
        self.notes.push(sentence);
    }

    /// The columns that come.
    pub fn columns(&self) -> &[Output<D>] {
        &self.columns
    }

    /// How many splits are wanted at most.
    pub fn wanted(&self) -> usize {
        self.request.max_splits.get()
    }

    /// Whether the request may be divided.
    pub fn is_divided(&self) -> bool {
        self.wanted() > 1 && self.relation.kind != EntityKind::View
    }

    /// What asks for the `least` and the `most` key, where the request is divided by keys. `written` is how the server is
    /// asked for a number.
    pub fn bounds(&self, written: impl Fn(String) -> String) -> Option<String> {
        let key = self.relation.whole_number_key();
        let (key, _) = key.filter(|_| self.is_divided())?;
        let key = &key.expression;
        let [least, most] = ["least", "most"].map(|name| self.dialect.identifier(name));
        let [smallest, largest] = ["MIN", "MAX"].map(|of| written(format!("{of}({key})")));
        let from = &self.relation.from;
        Some(format!(
            "SELECT {smallest} AS {least}, {largest} AS {most} FROM {from}"
        ))
    }

    /// Ranges of the key between these bounds.
    pub fn ranges(&self, least: i64, most: i64) -> Vec<Range> {
        let whole = self.whole();
        let Some((key, is_unique)) = self.relation.whole_number_key() else {
            return vec![whole];
        };
        let width = most.abs_diff(least).saturating_add(1);
        let records = match whole.rows {
            Some(rows) if is_unique => width.min(rows.saturating_mul(2).saturating_add(LEAST_ROWS)),
            Some(rows) => rows,
            // Where nobody counts rows, the width of the keys is all that is known.
            None => width,
        };
        let wanted = self.wanted();
        let parts = usize::try_from(records / LEAST_ROWS).unwrap_or(wanted);
        let ranges = key_ranges(least, most, parts.clamp(1, wanted));
        let count = ranges.len() as u64;
        let ranges = ranges
            .into_iter()
            .map(|range| whole.share(range.predicate(&key.expression), count));
        ranges.collect()
    }

    /// What asks how many `rows` there are; `written` is how the server is asked for that.
    pub fn count(&self, written: &str) -> String {
        let rows = self.dialect.identifier("rows");
        format!("SELECT {written} AS {rows} FROM {}", self.relation.from)
    }

    /// Whether [`Planner::sampled`] needs to know how many rows there are. A plan that only estimates is content with what the
    /// catalog says.
    pub fn needs_count(&self) -> bool {
        let is_known = self.request.estimate && self.relation.rows.is_some();
        matches!(self.request.sample, Sample::Rows(..))
            && self.conditions.exact()
            && self.conditions.predicates.is_empty()
            && !is_known
    }

    /// A sample that the server takes itself, where it can: the first rows, or those that fall to a seed. `falls` is the
    /// condition that a share of the rows (0 to 1) meets by a seed, always the same ones; `None`, where nothing tells them
    /// apart.
    pub fn sampled(
        &mut self,
        count: Option<u64>,
        falls: impl FnOnce(f64, u64) -> Option<String>,
    ) -> Option<Range> {
        if self.request.sample == Sample::All || !self.conditions.exact() {
            return None;
        }
        let mut range = self.whole();
        let (share, seed, answer) = match self.request.sample {
            Sample::First(rows) => {
                self.conditions.honoured.sample = Exactness::Exact;
                range.limit = Some(rows);
                return Some(range);
            }
            Sample::Percent(percent, seed) => (percent / 100.0, seed, Exactness::Exact),
            Sample::Rows(rows, seed) => {
                let all = count
                    .or(range.rows)
                    .filter(|_| self.conditions.predicates.is_empty())?;
                range.rows = Some(all);
                // Half as many again, since chance may have it that fewer come.
                let share = 1.5 * rows as f64 / all.max(1) as f64;
                (share, seed, Exactness::Superset)
            }
            Sample::All => return None,
        };
        // Of more it is cheaper to read all.
        if !(0.0..=0.5).contains(&share) {
            return None;
        }
        range.predicate = Some(falls(share, seed)?);
        range.rows = range.rows.map(|rows| (rows as f64 * share) as u64);
        self.conditions.honoured.sample = answer;
        Some(range)
    }

    /// The plan of these ranges.
    pub fn finish(self, ranges: &[Range]) -> Result<ScanPlan> {
        let splits = ranges.iter().enumerate();
        let splits = splits.map(|(at, range)| self.split(at, range));
        Ok(ScanPlan {
            splits: splits.collect::<Result<_>>()?,
            schema: Some(schema(&self.columns)),
            honoured: self.conditions.honoured,
        })
    }

    fn split(&self, number: usize, range: &Range) -> Result<Split> {
        let predicates = range.predicate.iter().chain(&self.conditions.predicates);
        let predicates: Vec<String> = predicates.cloned().collect();
        let select = Select {
            columns: &self.expressions,
            from: &range.from,
            predicates: &predicates,
            limit: range.limit,
            top: self.dialect.top,
        };
        let part = Part {
            sql: select.sql(),
            columns: self.columns.clone(),
            number: u32::try_from(number).unwrap_or(u32::MAX),
            notes: self.notes.iter().filter(|_| number == 0).cloned().collect(),
        };
        Ok(Split {
            path: self.request.path.clone(),
            kind: self.relation.kind,
            rows: range.rows,
            bytes: range.bytes,
            version: None,
            snapshot: None,
            part: part.value()?,
        })
    }
}

/// The condition that a share of the rows meets by a seed and the rest of dividing their key, a whole number; `modulo` writes
/// the rest of a division.
pub fn falls_by_modulo(
    key: &str,
    (share, seed): (f64, u64),
    modulo: impl Fn(&str, &str) -> String,
) -> String {
    /// A prime, so that no step between keys falls in with it; small, so that nothing overflows.
    const PRIME: u64 = 10_007;
    let below = (share * PRIME as f64).ceil() as u64;
    let prime = PRIME.to_string();
    // The seed decides the factor too, else two seeds would take neighbours of each other.
    let factor = 2_003 + seed % 6_000;
    let spread = format!("{} * {factor} + {}", modulo(key, &prime), seed % PRIME);
    let rest = modulo(&format!("({spread})"), &prime);
    // The rest of a negative key is negative on most servers.
    let rest = modulo(&format!("({rest} + {prime})"), &prime);
    format!("{rest} < {below}")
}

/// The columns that are read, keys first where they are wanted, with what selects them.
fn chosen<D: Decoding>(
    relation: &Relation<D>,
    request: &ScanRequest,
    known: &[Column],
) -> Result<Vec<(Output<D>, String)>> {
    let wanted = project(known, request.columns.as_deref())?;
    let asked = |column: &RelationColumn<D>, key| (column.output(key), column.select.clone());
    let keys = relation.key();
    let keys = keys.into_iter().filter(|_| request.with_keys);
    let mut chosen: Vec<_> = keys.map(|column| asked(column, true)).collect();
    for column in &relation.columns {
        let is_wanted = wanted.iter().any(|wanted| wanted.name == column.name);
        if !is_wanted || chosen.iter().any(|(known, _)| known.name == column.name) {
            continue;
        }
        if column.readable {
            chosen.push(asked(column, false));
        } else if request.columns.is_some() {
            return Err(denied().place(format!("column {}", column.name)));
        }
    }
    Ok(chosen)
}

/// The error of what may not be read.
pub fn denied() -> Error {
    Error::new(ErrorKind::Denied, "the account may not read this")
}

#[cfg(test)]
mod tests {
    use arrow_schema::DataType;
    use locard_model::EntityPath;
    use serde::{Deserialize, Serialize};

    use super::*;
    use crate::Class;

    #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
    struct Plain;

    impl Decoding for Plain {
        fn data_type(self) -> DataType {
            DataType::Utf8View
        }
    }

    fn column(name: &str, class: Class, readable: bool) -> RelationColumn<Plain> {
        RelationColumn {
            name: name.into(),
            native: "x".into(),
            decode: Plain,
            class,
            select: format!("\"{name}\""),
            expression: format!("\"{name}\""),
            whole_number: class == Class::Integer,
            readable,
            nullable: false,
            comment: None,
        }
    }

    fn relation() -> Relation<Plain> {
        let path = EntityPath::new(["S", "T"]);
        let mut relation = Relation::new(path, "\"S\".\"T\"".into(), EntityKind::Table);
        relation.columns = vec![
            column("NAME", Class::Text, true),
            column("ID", Class::Integer, true),
            column("SALARY", Class::Decimal, false),
        ];
        relation.primary_key = vec!["ID".into()];
        relation
    }

    fn request() -> ScanRequest {
        ScanRequest::all(EntityPath::new(["S", "T"]), EntityKind::Table)
    }

    fn modulo(a: &str, b: &str) -> String {
        format!("MOD({a}, {b})")
    }

    #[test]
    fn a_key_is_cut_where_there_is_enough_of_it() {
        let (relation, mut request) = (relation(), request());
        request.max_splits = 4.try_into().expect("not zero");
        let planner = Planner::new(&Dialect::HANA, &relation, &request).expect("a plan");
        let bounds = planner.bounds(|number| number).expect("it has a key");
        assert_eq!(
            bounds,
            "SELECT MIN(\"ID\") AS \"least\", MAX(\"ID\") AS \"most\" FROM \"S\".\"T\""
        );
        assert_eq!(planner.ranges(1, 1_000_000).len(), 4);
        assert_eq!(planner.ranges(1, 25_000).len(), 2);
        assert_eq!(planner.ranges(1, 10), [planner.whole()]);
    }

    #[test]
    fn keys_come_first_and_what_may_not_be_read_is_told() {
        let (relation, mut request) = (relation(), request());
        request.with_keys = true;
        let planner = Planner::new(&Dialect::HANA, &relation, &request).expect("a plan");
        let whole = planner.whole();
        let plan = planner.finish(&[whole]).expect("a plan");
        let part = Part::<Plain>::parse(&plan.splits[0].part, |_| true).expect("ours");
        assert_eq!(part.sql, "SELECT \"ID\", \"NAME\" FROM \"S\".\"T\"");
        assert_eq!(part.notes, ["the account may not read 1 of 3 columns"]);
        request.columns = Some(vec!["SALARY".into()]);
        let error = Planner::new(&Dialect::HANA, &relation, &request).expect_err("not readable");
        assert_eq!(error.kind(), ErrorKind::Denied);
    }

    #[test]
    fn a_sample_falls_to_the_seed_and_a_statement_of_others_is_refused() {
        let (relation, mut request) = (relation(), request());
        request.sample = Sample::Percent(10.0, 3);
        let mut planner = Planner::new(&Dialect::HANA, &relation, &request).expect("a plan");
        let falls = |share, seed| Some(falls_by_modulo("\"ID\"", (share, seed), modulo));
        let range = planner.sampled(None, falls).expect("by its key");
        let plan = planner.finish(&[range]).expect("a plan");
        assert_eq!(plan.honoured.sample, Exactness::Exact);
        let sql = plan.splits[0].part["sql"].as_str().expect("text");
        let spread = "MOD((MOD(\"ID\", 10007) * 2006 + 3), 10007)";
        assert!(
            sql.ends_with(&format!("WHERE MOD(({spread} + 10007), 10007) < 1001")),
            "{sql}"
        );
        assert_eq!(
            relation.readable_primary_key().expect("it has one").len(),
            1
        );
        let mut part = plan.splits[0].part.clone();
        part["sql"] = "SELECT 1; DROP TABLE T".into();
        assert!(Part::<Plain>::parse(&part, |_| true).is_err());
    }
}
