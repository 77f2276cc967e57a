//! Which part of a server a statement of the catalog is about, and how it is named there.

use locard_connector::{Error, ErrorKind, Result};
use locard_model::{EntityKind, EntityPath};
use locard_sql::Dialect;
use tiberius::Row;

use crate::session::Session;
use crate::settings::Settings;

/// A database, or one relation of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'a> {
    /// `None`: the one that the session is in.
    pub(crate) database: Option<&'a str>,
    /// Schema and name; `None`: all.
    relation: Option<(&'a str, &'a str)>,
}

const DIALECT: Dialect = Dialect::MSSQL;

impl<'a> Place<'a> {
    /// Everything of a database.
    pub(crate) fn all(database: Option<&'a str>) -> Self {
        Self {
            database,
            relation: None,
        }
    }

    /// One relation.
    pub(crate) fn of_names(database: Option<&'a str>, schema: &'a str, name: &'a str) -> Self {
        Self {
            database,
            relation: Some((schema, name)),
        }
    }

    /// The relation that an entity's path names.
    pub(crate) fn of(path: &'a EntityPath, settings: &Settings) -> Result<Self> {
        let (database, schema, name) = match (path.segments(), &settings.database) {
            ([schema, name], Some(_)) => (None, schema, name),
            ([database, schema, name], None) => (Some(database.as_str()), schema, name),
            _ => return Err(missing(path)),
        };
        Ok(Self::of_names(database, schema, name))
    }

    /// The quoted database with the dot behind it, or nothing.
    pub(crate) fn prefix(&self) -> String {
        self.database
            .map(|name| format!("{}.", DIALECT.identifier(name)))
            .unwrap_or_default()
    }

    /// The relation as statements name it.
    pub(crate) fn qualified(&self) -> String {
        let (schema, name) = self.relation.unwrap_or_default();
        DIALECT.qualified(self.database.into_iter().chain([schema, name]))
    }

    /// A statement of ours about this place.
    fn fill(&self, sql: &str) -> Result<String> {
        let literal = |name: &str| {
            DIALECT.quote(name).ok_or_else(|| {
                Error::new(ErrorKind::NotFound, "nothing can have such a name there")
            })
        };
        let database = match self.database {
            Some(name) => literal(name)?,
            None => "DB_NAME()".to_owned(),
        };
        let name =
            format!("QUOTENAME({database}) + '.' + QUOTENAME(s.name) + '.' + QUOTENAME(o.name)");
        let (narrowed, readable) = match self.relation {
            Some((schema, relation)) => (
                format!(
                    " AND s.name = {} AND o.name = {}",
                    literal(schema)?,
                    literal(relation)?
                ),
                format!("HAS_PERMS_BY_NAME({name}, 'OBJECT', 'SELECT', c.name, 'COLUMN')"),
            ),
            None => (String::new(), "1".to_owned()),
        };
        let prefix = self.prefix();
        let put = |place: &str| match place {
            "DB" => Some(prefix.as_str()),
            "DATABASE" => Some(database.as_str()),
            "NAME" => Some(name.as_str()),
            "READABLE" => Some(readable.as_str()),
            "WHERE" => Some(narrowed.as_str()),
            _ => None,
        };
        Ok(filled(sql, put))
    }

    /// Whether a relation is meant, to the letter: the server may take `Person` for `person`.
    pub(crate) fn admits(&self, schema: &str, name: &str) -> bool {
        self.relation.is_none_or(|wanted| wanted == (schema, name))
    }
}

/// A statement with something put in each of its places, in one pass: what is put in may look like a place itself.
fn filled<'a>(sql: &str, put: impl Fn(&str) -> Option<&'a str>) -> String {
    // Comments are for people.
    let lines = sql.lines().filter(|line| !line.starts_with("--"));
    let sql = lines.collect::<Vec<_>>().join("\n");
    let mut parts = sql.split('{');
    let mut whole = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (place, rest) = part.split_once('}').unwrap_or((part, ""));
        whole.push_str(put(place).unwrap_or_default());
        whole.push_str(rest);
    }
    whole
}

/// The error of a relation that is not there.
pub(crate) fn missing(path: &EntityPath) -> Error {
    Error::new(
        ErrorKind::NotFound,
        "there is no such table or view (any more), or the login may not see it",
    )
    .entity(path.resource(EntityKind::Table))
    .hint("entities are named schema.table, or database.schema.table of a whole server; list the source to see them")
}

/// Rows of one of the statements in `catalog`.
pub(crate) async fn query(
    session: &mut Session,
    sql: &'static str,
    place: Place<'_>,
) -> Result<Vec<Row>> {
    let sql = place.fill(sql)?;
    session.rows(&sql, "reading the catalog").await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_looks_like_a_place_of_a_statement_stays_a_name() {
        let place = Place::of_names(Some("{DATABASE}\"x"), "{WHERE}", "it's {NAME}");
        let sql = "-- for people\nSELECT 1 FROM {DB}sys.objects o WHERE o.x = {DATABASE}{WHERE}";
        assert_eq!(
            place.fill(sql).unwrap(),
            "SELECT 1 FROM \"{DATABASE}\"\"x\".sys.objects o WHERE o.x = '{DATABASE}\"x' AND s.name = '{WHERE}' \
             AND o.name = 'it''s {NAME}'"
        );
    }
}
