//! Tables of attributes and values: the values of each attribute are shown to the rules that it names.
//!
//! What a reader gets wrong: the column of values is judged as a whole as well; this only adds what its rows say.

use std::collections::HashMap;

use arrow_array::cast::AsArray as _;
use arrow_array::{Array, RecordBatch, StringViewArray, UInt32Array};
use arrow_schema::ArrowError;
use locard_identify::{Evidence, Library};

use super::Tools;
use super::column::Scratch;
use crate::leaf::{self, Leaf};

/// Tables of attributes and values are narrow; wider ones are not asked, batch after batch.
const WIDEST: usize = 64;

/// Different names of attributes that are read; a column of more is no column of attributes.
const MOST_NAMES: usize = 512;

/// Values of one attribute that are shown to its rules in each piece.
const ENOUGH: u64 = 4_096;

/// What the attributes of one piece name.
#[derive(Debug, Default)]
pub(super) struct Attributes {
    names: HashMap<String, Named>,
}

#[derive(Debug)]
struct Named {
    rules: Vec<u32>,
    shown: u64,
}

/// Values that are named as those of some rules.
pub(super) struct Group {
    rules: Vec<u32>,
    values: StringViewArray,
}

impl Attributes {
    /// The named values of a batch, with the position of their column among its leaves.
    pub(super) fn groups(
        &mut self,
        records: &RecordBatch,
        leaves: &[Leaf],
        library: &Library,
    ) -> Result<Option<(usize, Vec<Group>)>, ArrowError> {
        if leaves.len() > WIDEST {
            return Ok(None);
        }
        let names: Vec<&str> = leaves.iter().map(|leaf| leaf.name.as_str()).collect();
        let Some((attribute, value)) = library.attributes_and_values(&names) else {
            return Ok(None);
        };
        let by_row = |leaf: usize| by_row(records, &leaves[leaf]);
        let (Some(attributes), Some(values)) = (by_row(attribute)?, by_row(value)?) else {
            return Ok(None);
        };
        if attributes.len() != values.len() {
            return Ok(None);
        }
        let mut rows: HashMap<&str, Vec<u32>> = HashMap::new();
        for row in 0..attributes.len() {
            if attributes.is_null(row) || values.is_null(row) {
                continue;
            }
            let name = attributes.value(row);
            if self.takes(name, library) {
                rows.entry(name).or_default().push(row as u32);
            }
        }
        let mut groups = Vec::with_capacity(rows.len());
        for (name, rows) in rows {
            if let Some(named) = self.names.get(name) {
                groups.push(Group {
                    rules: named.rules.clone(),
                    values: taken(&values, rows)?,
                });
            }
        }
        Ok(Some((value, groups)))
    }

    /// Whether one more value of an attribute is to be shown to rules.
    fn takes(&mut self, name: &str, library: &Library) -> bool {
        if !self.names.contains_key(name) {
            if self.names.len() >= MOST_NAMES {
                return false;
            }
            let rules = library.named_by(name);
            self.names
                .insert(name.to_owned(), Named { rules, shown: 0 });
        }
        let Some(named) = self.names.get_mut(name) else {
            return false;
        };
        named.shown += 1;
        !named.rules.is_empty() && named.shown <= ENOUGH
    }
}

impl Group {
    /// Shows the values to their rules, but for those that people allowed.
    pub(super) fn show(
        &self,
        tools: &Tools,
        evidence: &mut Evidence,
        scratch: &mut Scratch,
    ) -> Result<(), ArrowError> {
        let (preparer, rules, keyed) = scratch.for_rules();
        rules.spare(&tools.spared);
        let cells = preparer.prepare(&self.values);
        let allowed = tools.allowed.among(&tools.keyer, &cells, keyed);
        let library = &tools.library;
        if allowed.is_empty() {
            library.observe_named(&self.rules, &cells, evidence, rules);
            return Ok(());
        }
        let wanted = (0..self.values.len()).filter(|row| !allowed.contains(row));
        let values = taken(&self.values, wanted.map(|row| row as u32).collect())?;
        library.observe_named(&self.rules, &preparer.prepare(&values), evidence, rules);
        Ok(())
    }
}

/// The cells of a column row by row, also where the batch has each distinct one once; `None` for elements of lists.
pub(super) fn by_row(
    records: &RecordBatch,
    leaf: &Leaf,
) -> Result<Option<StringViewArray>, ArrowError> {
    if leaf.records.is_some() {
        return Ok(None);
    }
    if leaf.weights.is_none() {
        return Ok(Some(leaf.texts.clone()));
    }
    let Ok(column) = records.schema_ref().index_of(&leaf.name) else {
        return Ok(None);
    };
    let mut plain = leaf::leaves(&records.project(&[column])?, leaf::Cells::Records)?;
    Ok(plain.pop().map(|leaf| leaf.texts))
}

fn taken(values: &StringViewArray, rows: Vec<u32>) -> Result<StringViewArray, ArrowError> {
    let taken = arrow_select::take::take(values, &UInt32Array::from(rows), None)?;
    Ok(taken.as_string_view().clone())
}
