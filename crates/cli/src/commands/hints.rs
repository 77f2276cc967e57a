//! Hints below lists of what could not be read. Those that let an account read one table each are told as one for all
//! tables of a schema.

use std::collections::BTreeSet;

/// So many tables are named in one statement.
const NAMED: usize = 12;

/// A hint of the form `GRANT USAGE ON SCHEMA s TO a; GRANT SELECT ON s.t TO a;`.
#[derive(Clone, Copy)]
struct Grant<'a> {
    before: &'a str,
    table: &'a str,
    after: &'a str,
}

impl<'a> Grant<'a> {
    fn of(hint: &'a str) -> Option<Self> {
        const SELECT: &str = "; GRANT SELECT ON ";
        let (start, end) = (hint.rfind(SELECT)? + SELECT.len(), hint.rfind(" TO ")?);
        Some(Self {
            before: hint.get(..start)?,
            table: hint.get(start..end)?,
            after: hint.get(end..)?,
        })
    }
}

/// What hints have in common that are told as one.
pub(super) fn key(hint: &str) -> (&str, &str) {
    match Grant::of(hint) {
        Some(grant) => (grant.before, grant.after),
        None => (hint, ""),
    }
}

/// Hints as they are told: those of one key as one, in the order of the first of each.
pub(super) fn told<'a>(hints: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut keys: Vec<((&str, &str), BTreeSet<&str>)> = Vec::new();
    for hint in hints {
        let key = key(hint);
        let table = Grant::of(hint).map(|grant| grant.table);
        match keys.iter_mut().find(|(known, _)| *known == key) {
            Some((_, tables)) => tables.extend(table),
            None => keys.push((key, table.into_iter().collect())),
        }
    }
    let told = keys.into_iter().map(|((before, after), tables)| {
        let named: Vec<&str> = tables.iter().take(NAMED).copied().collect();
        let named = format!("{before}{}{after}", named.join(", "));
        match tables.len().saturating_sub(NAMED) {
            0 => named,
            more => format!("{named} The same for {more} more tables of the schema."),
        }
    });
    told.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant(schema: &str, table: &str) -> String {
        format!("GRANT USAGE ON SCHEMA {schema} TO r; GRANT SELECT ON {schema}.{table} TO r;")
    }

    #[test]
    fn the_tables_of_a_schema_are_granted_together() {
        let hints = [
            grant("crm", "b"),
            grant("crm", "a"),
            grant("hr", "a"),
            "see the server's log".to_owned(),
            grant("crm", "b"),
        ];
        let told = told(hints.iter().map(String::as_str));
        let expected = [
            "GRANT USAGE ON SCHEMA crm TO r; GRANT SELECT ON crm.a, crm.b TO r;",
            "GRANT USAGE ON SCHEMA hr TO r; GRANT SELECT ON hr.a TO r;",
            "see the server's log",
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn only_so_many_tables_are_named() {
        let hints: Vec<String> = (10..40).map(|n| grant("crm", &format!("t{n}"))).collect();
        let told = told(hints.iter().map(String::as_str));
        assert_eq!(told.len(), 1);
        assert!(told[0].contains("crm.t21 TO r;") && !told[0].contains("t22"));
        assert!(told[0].ends_with("The same for 18 more tables of the schema."));
    }

    #[test]
    fn statements_that_stand_alone_are_told_as_they_are() {
        let hints = [
            "GRANT SELECT ON [dbo].[a] TO [r]",
            "GRANT SELECT ON [dbo].[b] TO [r]",
        ];
        assert_eq!(told(hints), hints);
    }
}
