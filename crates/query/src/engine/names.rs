//! Names in a statement as the sources have them: people write them in any case.

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;

use sqlparser::ast::{
    Expr, Ident, ObjectName, Query, TableAlias, TableFactor, VisitMut as _, VisitorMut,
};

use crate::statement::{Statement, TableName, words};

/// The statement with its tables called as [`local`] says, and its columns as they are.
pub(crate) fn fitted<'a>(
    statement: &Statement,
    columns: impl Iterator<Item = &'a str>,
) -> Box<Query> {
    let mut known = Columns::default();
    columns.for_each(|column| known.add(column));
    let tables = statement.tables().iter().cloned().enumerate();
    let mut fit = Fit {
        columns: known,
        tables: tables.map(|(at, name)| (name, at)).collect(),
    };
    let mut query = statement.query.clone();
    // It never breaks.
    let _: ControlFlow<()> = query.visit(&mut fit);
    query
}

/// What the table at that place is called for the engine.
pub(crate) fn local(at: usize) -> String {
    format!("table_{at}")
}

#[derive(Default)]
struct Columns {
    /// By name in lower case; `None` where several have it.
    folded: HashMap<String, Option<String>>,
    exact: HashSet<String>,
}

impl Columns {
    fn add(&mut self, name: &str) {
        if !self.exact.insert(name.to_owned()) {
            return;
        }
        self.folded
            .entry(name.to_lowercase())
            .and_modify(|several| *several = None)
            .or_insert_with(|| Some(name.to_owned()));
    }

    /// The column that is meant.
    fn find(&self, written: &Ident) -> Option<String> {
        if self.exact.contains(&written.value) {
            return Some(written.value.clone());
        }
        let folded = || self.folded.get(&written.value.to_lowercase());
        let is_plain = written.quote_style.is_none();
        is_plain.then(folded).flatten().cloned().flatten()
    }
}

struct Fit {
    columns: Columns,
    tables: HashMap<TableName, usize>,
}

impl VisitorMut for Fit {
    type Break = ();

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<()> {
        if let TableFactor::Table { name, alias, .. } = factor
            && let Some((at, last)) = self.table(name)
        {
            *name = ObjectName::from(vec![Ident::new(local(at))]);
            alias.get_or_insert_with(|| TableAlias {
                explicit: true,
                name: last,
                columns: Vec::new(),
                at: None,
            });
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        match expr {
            Expr::Identifier(name) => self.column(name),
            Expr::CompoundIdentifier(names) => {
                let whole: Vec<&str> = names.iter().map(|name| name.value.as_str()).collect();
                let whole = whole.join(".");
                if self.columns.exact.contains(&whole) {
                    *expr = Expr::Identifier(Ident::with_quote('"', whole));
                    return ControlFlow::Continue(());
                }
                // Tables are known by their last word.
                let excess = names.len().saturating_sub(2);
                names.drain(..excess);
                if let Some(last) = names.last_mut() {
                    self.column(last);
                }
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }
}

impl Fit {
    fn table(&self, name: &ObjectName) -> Option<(usize, Ident)> {
        let words = words(name).ok()?;
        let last = name.0.last()?.as_ident()?.clone();
        Some((*self.tables.get(&TableName(words))?, last))
    }

    fn column(&self, name: &mut Ident) {
        if let Some(found) = self.columns.find(name) {
            *name = Ident::with_quote('"', found);
        }
    }
}
