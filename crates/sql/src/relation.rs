//! A table or view as a catalog describes it.

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
            let is_usable = column.readable && column.class == Class::Integer;
            is_usable.then_some((column, key.len() == 1))
        })
    }
}
