//! A table or view as a catalog describes it.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_schema::Schema;
use locard_connector::{Description, Entity, ForeignKey};
use locard_model::{EntityKind, EntityPath};

use crate::part::{Decoding, Output};
use crate::{Class, Column};

/// A table or view.
#[derive(Clone, Debug)]
pub struct Relation<D> {
    /// Where it is.
    pub path: EntityPath,
    /// What stands after FROM: its quoted name.
    pub from: String,
    /// Table or view.
    pub kind: EntityKind,
    /// Its columns, in order.
    pub columns: Vec<RelationColumn<D>>,
    /// Names of the primary key's columns, in order.
    pub primary_key: Vec<String>,
    /// Sets of columns that are unique besides.
    pub unique: Vec<Vec<String>>,
    /// References to others.
    pub foreign_keys: Vec<ForeignKey>,
    /// About how many rows.
    pub rows: Option<u64>,
    /// About how many bytes.
    pub bytes: Option<u64>,
    /// The source's comment.
    pub comment: Option<String>,
    /// The text of a view.
    pub definition: Option<String>,
}

/// A column of a relation.
#[derive(Clone, Debug)]
pub struct RelationColumn<D> {
    /// As the server spells it.
    pub name: String,
    /// The server's word for its type.
    pub native: String,
    /// How its cells are read.
    pub decode: D,
    /// How it compares.
    pub class: Class,
    /// The expression that is selected.
    pub select: String,
    /// The expression that predicates are about: the quoted name, where nothing else is said.
    pub expression: String,
    /// Whether it holds whole numbers by whose ranges a table can be divided.
    pub whole_number: bool,
    /// Whether this account may read it.
    pub readable: bool,
    /// Whether it may be null.
    pub nullable: bool,
    /// The source's comment.
    pub comment: Option<String>,
}

impl<D: Decoding> RelationColumn<D> {
    /// What it is in an answer.
    pub fn output(&self, key: bool) -> Output<D> {
        Output {
            name: self.name.clone(),
            decode: self.decode,
            native: self.native.clone(),
            key,
            comment: self.comment.clone(),
        }
    }

    /// As predicates see it.
    pub fn as_sql(&self) -> Column {
        Column {
            name: self.name.clone(),
            expression: self.expression.clone(),
            class: self.class,
            list: false,
        }
    }
}

impl<D: Decoding> Relation<D> {
    /// One of which only the name is known.
    pub fn new(path: EntityPath, from: String, kind: EntityKind) -> Self {
        Self {
            path,
            from,
            kind,
            columns: Vec::new(),
            primary_key: Vec::new(),
            unique: Vec::new(),
            foreign_keys: Vec::new(),
            rows: None,
            bytes: None,
            comment: None,
            definition: None,
        }
    }

    /// The column of that name.
    pub fn column(&self, name: &str) -> Option<&RelationColumn<D>> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// As listings show it.
    pub fn entity(&self) -> Entity {
        Entity {
            path: self.path.clone(),
            kind: self.kind,
            rows: self.rows,
            bytes: self.bytes,
            comment: self.comment.clone(),
            version: None,
        }
    }

    /// Schema, keys and comments.
    pub fn description(self) -> Description {
        let field = |column: &RelationColumn<D>| {
            let field = column.output(false).field(column.decode.data_type());
            field.with_nullable(column.nullable)
        };
        let fields: Vec<_> = self.columns.iter().map(field).collect();
        Description {
            schema: Arc::new(Schema::new(fields)),
            primary_key: self.primary_key,
            unique: self.unique,
            foreign_keys: self.foreign_keys,
            definition: self.definition,
            comment: self.comment,
        }
    }

    /// What identifies a record: the primary key, else a unique one without nulls, all of it readable.
    pub fn key(&self) -> Vec<&RelationColumn<D>> {
        let full = |names: &Vec<String>, nulls: bool| {
            let columns = names.iter().map(|name| {
                let column = self.column(name)?;
                (column.readable && (nulls || !column.nullable)).then_some(column)
            });
            let key = columns.collect::<Option<Vec<_>>>();
            key.filter(|key| !key.is_empty())
        };
        full(&self.primary_key, true)
            .or_else(|| self.unique.iter().find_map(|key| full(key, false)))
            .unwrap_or_default()
    }

    /// The whole-number column that a key begins with, so that an index leads to its ranges, and whether it is the
    /// whole key.
    pub fn whole_number_key(&self) -> Option<(&RelationColumn<D>, bool)> {
        let mut keys = std::iter::once(&self.primary_key).chain(&self.unique);
        keys.find_map(|key| {
            let column = self.column(key.first()?)?;
            let is_usable = column.readable && column.whole_number;
            is_usable.then_some((column, key.len() == 1))
        })
    }

    /// The columns of a table's primary key, where all of them may be read.
    pub fn readable_primary_key(&self) -> Option<Vec<&RelationColumn<D>>> {
        let names = self.primary_key.iter();
        let key = names.map(|name| self.column(name).filter(|column| column.readable));
        let key = key.collect::<Option<Vec<_>>>()?;
        (self.kind == EntityKind::Table && !key.is_empty()).then_some(key)
    }
}

/// Relations that a catalog listed, for the statements that say more of each.
#[derive(Debug)]
pub struct Found<R> {
    /// All of them.
    pub relations: Vec<R>,
    /// Where each is, by schema and name.
    places: HashMap<(String, String), usize>,
}

impl<R> Found<R> {
    /// These, each of that schema and name.
    pub fn new(relations: Vec<R>, name: impl Fn(&R) -> (String, String)) -> Self {
        let places = relations.iter().enumerate();
        let places = places.map(|(at, relation)| (name(relation), at)).collect();
        Self { relations, places }
    }

    /// The relation of that schema and name.
    pub fn owner(&mut self, schema: Option<String>, name: Option<String>) -> Option<&mut R> {
        let place = self.places.get(&(schema?, name?))?;
        self.relations.get_mut(*place)
    }
}

/// Rows of a catalog by what they are about, such as the columns of each key, each in its own order.
pub fn grouped<R, K: Ord>(
    mut rows: Vec<R>,
    key: impl Fn(&R) -> K,
    position: impl Fn(&R) -> Option<u32>,
) -> Vec<Vec<R>> {
    rows.sort_by_cached_key(|row| (key(row), position(row)));
    let mut groups: Vec<Vec<R>> = Vec::new();
    for row in rows {
        match groups.last_mut() {
            Some(group) if group.first().map(&key) == Some(key(&row)) => group.push(row),
            _ => groups.push(vec![row]),
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_grouped_by_their_key_in_the_order_of_their_positions() {
        let rows = vec![("b", 2), ("a", 1), ("b", 1), ("c", 7)];
        let groups = grouped(rows, |row| row.0, |row| Some(row.1));
        let expected = [vec![("a", 1)], vec![("b", 1), ("b", 2)], vec![("c", 7)]];
        assert_eq!(groups, expected);
    }

    #[test]
    fn a_relation_is_found_by_schema_and_name() {
        let names = |relation: &(&str, &str)| (relation.0.to_owned(), relation.1.to_owned());
        let mut found = Found::new(vec![("s", "a"), ("s", "b"), ("t", "a")], names);
        let mut owner = |schema: &str, name: &str| {
            let owner = found.owner(Some(schema.to_owned()), Some(name.to_owned()));
            owner.copied()
        };
        assert_eq!(owner("t", "a"), Some(("t", "a")));
        assert_eq!(owner("t", "b"), None);
        assert_eq!(found.owner(None, Some("a".to_owned())), None);
    }
}
