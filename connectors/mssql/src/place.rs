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
        // Comments are for people.
        let lines = sql.lines().filter(|line| !line.starts_with("--"));
        Ok(lines
            .collect::<Vec<_>>()
            .join("\n")
            .replace("{DB}", &self.prefix())
            .replace("{DATABASE}", &database)
            .replace("{NAME}", &name)
            .replace("{READABLE}", &readable)
            .replace("{WHERE}", &narrowed))
    }

    /// Whether a relation is meant, to the letter: the server may take `Person` for `person`.
    pub(crate) fn admits(&self, schema: &str, name: &str) -> bool {
        self.relation.is_none_or(|wanted| wanted == (schema, name))
    }
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
