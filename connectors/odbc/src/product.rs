//! Products as data: one file below `dialects/` says how a server is known, asked, read and blamed.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use locard_connector::{Error, ErrorKind, Result};
use locard_model::EntityPath;
use locard_odbc::Decode;
use locard_sql::{Class, Dialect};
use serde::Deserialize;

/// What is known of a product.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Product {
    /// The name of its file; set when it is read.
    #[serde(skip)]
    pub(crate) name: &'static str,
    /// What people call it.
    pub(crate) title: String,
    /// How the names that servers give themselves begin, in lower case.
    #[serde(default)]
    products: Vec<String>,
    /// What the names of its drivers hold, in lower case.
    #[serde(default)]
    drivers: Vec<String>,
    /// The dialect of `locard-sql` that predicates are written in.
    dialect: String,
    /// Whether its drivers keep values in braces together.
    #[serde(default)]
    pub(crate) braces: bool,
    /// Whether no value is longer than its drivers say of the column.
    #[serde(default)]
    pub(crate) bounded: bool,
    /// Whether letters are UTF-8 to its drivers where `attributes` are as they stand.
    #[serde(default)]
    pub(crate) utf8: bool,
    /// Whether cells may be of other types than their column, so that all are read as text.
    #[serde(default)]
    pub(crate) dynamic: bool,
    /// What qualifies the name of a table.
    #[serde(default)]
    pub(crate) levels: Levels,
    /// The rest of dividing `{a}` by `{b}`.
    pub(crate) modulo: String,
    /// Statements that run at the beginning of each transaction: that it only reads, above all.
    #[serde(default)]
    pub(crate) begin: Vec<String>,
    /// Schemas of the server's own, left out of listings; `*` at the end stands for anything.
    #[serde(default)]
    own_schemas: Vec<String>,
    /// The statement that lets `{user}` read `{table}`.
    #[serde(default)]
    grant: String,
    /// Keywords of the connection string that reading needs.
    #[serde(default)]
    pub(crate) attributes: BTreeMap<String, String>,
    /// Statements over its own catalog; without them ODBC's functions serve.
    pub(crate) catalog: Option<Catalog>,
    /// How types are read, by the server's words for them.
    #[serde(default)]
    pub(crate) types: BTreeMap<String, Type>,
    /// What its numbers of errors mean.
    #[serde(default)]
    errors: Vec<Meaning>,
}

/// What qualifies the name of a table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Levels {
    /// The schema, where there is one.
    #[default]
    Schema,
    /// The catalog.
    Catalog,
}

/// Statements over a server's catalog; the comments of `hana.toml` name their columns.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Catalog {
    pub(crate) version: String,
    pub(crate) relations: String,
    pub(crate) columns: String,
    pub(crate) keys: String,
    pub(crate) references: String,
    pub(crate) views: String,
    pub(crate) usage: String,
    /// The condition for one table, with `{schema}` and `{table}`.
    pub(crate) r#where: String,
    /// The same for a view, in `views`.
    pub(crate) where_view: String,
}

/// How a type is read.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Type {
    /// How its cells come.
    pub(crate) decode: Decode,
    /// How it compares.
    #[serde(deserialize_with = "class")]
    pub(crate) class: Class,
    /// The expression that is selected, with `{column}` for its quoted name.
    pub(crate) select: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Meaning {
    numbers: Vec<i32>,
    kind: String,
    sentence: String,
    hint: String,
}

fn class<'de, D: serde::Deserializer<'de>>(from: D) -> std::result::Result<Class, D::Error> {
    let word = String::deserialize(from)?;
    Ok(match word.as_str() {
        "text" => Class::Text,
        "loose-text" => Class::LooseText,
        "integer" => Class::Integer,
        "decimal" => Class::Decimal,
        "float" => Class::Float,
        "boolean" => Class::Boolean,
        "date" => Class::Date,
        "timestamp" => Class::Timestamp,
        "uuid" => Class::Uuid,
        "opaque" => Class::Opaque,
        _ => return Err(serde::de::Error::custom("no such class")),
    })
}

/// Every product, by name and text.
const FILES: &[(&str, &str)] = &[
    ("hana", include_str!("../dialects/hana.toml")),
    ("mssql", include_str!("../dialects/mssql.toml")),
    ("mysql", include_str!("../dialects/mysql.toml")),
    ("postgres", include_str!("../dialects/postgres.toml")),
    ("sqlite", include_str!("../dialects/sqlite.toml")),
];

/// A test sees to it that none is missing.
static PRODUCTS: LazyLock<Vec<Product>> = LazyLock::new(|| {
    let read = |(name, text): &(&'static str, &str)| {
        let product: Product = toml::from_str(text).ok()?;
        Some(Product { name, ..product })
    };
    FILES.iter().filter_map(read).collect()
});

/// A product of which nothing is known.
static UNKNOWN: LazyLock<Product> = LazyLock::new(|| Product {
    name: "odbc",
    title: "the server".to_owned(),
    products: Vec::new(),
    drivers: Vec::new(),
    dialect: "odbc".to_owned(),
    braces: false,
    bounded: false,
    utf8: false,
    dynamic: false,
    levels: Levels::Schema,
    modulo: "{fn MOD({a}, {b})}".to_owned(),
    begin: Vec::new(),
    own_schemas: ["information_schema", "sys", "system"]
        .map(str::to_owned)
        .to_vec(),
    grant: String::new(),
    attributes: BTreeMap::new(),
    catalog: None,
    types: BTreeMap::new(),
    errors: Vec::new(),
});

impl Product {
    /// The product of that name.
    pub(crate) fn named(name: &str) -> Result<&'static Self> {
        let found = PRODUCTS.iter().find(|product| product.name == name);
        found
            .or_else(|| (name == UNKNOWN.name).then_some(&*UNKNOWN))
            .ok_or_else(|| {
                let known: Vec<&str> = PRODUCTS.iter().map(|product| product.name).collect();
                Error::new(
                    ErrorKind::Settings,
                    "`product` names no product that is known",
                )
                .hint(format!("one of {}, odbc", known.join(", ")))
            })
    }

    /// The product that a driver of this registered name is for, where the name tells.
    pub(crate) fn of_driver(driver: &str) -> Option<&'static Self> {
        let driver = driver.to_lowercase();
        let named = |product: &&Self| product.drivers.iter().any(|part| driver.contains(part));
        PRODUCTS.iter().find(named)
    }

    /// The product that calls itself so.
    pub(crate) fn of_server(product: &str) -> &'static Self {
        let name = product.to_lowercase();
        let named = |known: &&Self| known.products.iter().any(|part| name.starts_with(part));
        PRODUCTS.iter().find(named).unwrap_or(&UNKNOWN)
    }

    /// How it spells things, with the mark for identifiers that its driver tells.
    pub(crate) fn dialect(&self, quote: Option<char>) -> Dialect {
        let known = Dialect::named(&self.dialect).unwrap_or(&Dialect::ODBC);
        match quote {
            Some(quote) if known.name == Dialect::ODBC.name && !quote.is_whitespace() => {
                let close = if quote == '[' { ']' } else { quote };
                Dialect {
                    open: quote,
                    close,
                    ..*known
                }
            }
            _ => *known,
        }
    }

    /// Whether a schema is the server's own.
    pub(crate) fn owns(&self, schema: &str) -> bool {
        let schema = schema.to_lowercase();
        self.own_schemas.iter().any(|own| {
            let own = own.to_lowercase();
            match own.strip_suffix('*') {
                Some(start) => schema.starts_with(start),
                None => schema == own,
            }
        })
    }

    /// What an error of the server means: kind, sentence and hint.
    pub(crate) fn meaning(&self, number: i32) -> Option<(ErrorKind, &str, &str)> {
        let found = self
            .errors
            .iter()
            .find(|meaning| meaning.numbers.contains(&number))?;
        let kind = match found.kind.as_str() {
            "unauthenticated" => ErrorKind::Unauthenticated,
            "denied" => ErrorKind::Denied,
            "not-found" => ErrorKind::NotFound,
            "interrupted" => ErrorKind::Interrupted,
            "throttled" => ErrorKind::Throttled,
            "unreachable" => ErrorKind::Unreachable,
            _ => ErrorKind::Unexpected,
        };
        Some((kind, &found.sentence, &found.hint))
    }

    /// The statement that lets an account read a table, where there is one.
    pub(crate) fn grant(&self, path: &EntityPath, user: &str) -> Option<String> {
        let dialect = self.dialect(None);
        let table = dialect.qualified(path.segments().iter().map(String::as_str));
        let user = dialect.identifier(user);
        let grant = self
            .grant
            .replace("{table}", &table)
            .replace("{user}", &user);
        Some(grant).filter(|grant| !grant.is_empty())
    }

    /// The rest of a division.
    pub(crate) fn modulo(&self, a: &str, b: &str) -> String {
        self.modulo.replace("{b}", b).replace("{a}", a)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_read_and_says_what_can_be_done() {
        for (name, text) in FILES {
            let product: Product =
                toml::from_str(text).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert!(Dialect::named(&product.dialect).is_some(), "{name}");
            assert!(
                product.modulo.contains("{a}") && product.modulo.contains("{b}"),
                "{name}"
            );
            let known = [
                "unauthenticated",
                "denied",
                "not-found",
                "interrupted",
                "throttled",
                "unreachable",
            ];
            for meaning in &product.errors {
                assert!(
                    known.contains(&meaning.kind.as_str()),
                    "{name}: {}",
                    meaning.kind
                );
            }
            let mut numbers: Vec<_> = product.errors.iter().flat_map(|one| &one.numbers).collect();
            let count = numbers.len();
            numbers.sort_unstable();
            numbers.dedup();
            assert_eq!(numbers.len(), count, "{name}: a number has two meanings");
            for keyword in product.attributes.keys() {
                assert!(
                    crate::string::check_keyword(keyword).is_ok(),
                    "{name}: {keyword}"
                );
            }
        }
        assert_eq!(PRODUCTS.len(), FILES.len());
    }

    #[test]
    fn every_file_of_the_folder_is_a_product() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/dialects");
        let files = std::fs::read_dir(folder)
            .expect("the folder is there")
            .count();
        assert_eq!(files, FILES.len());
    }

    #[test]
    fn products_are_known_by_their_servers_and_drivers() {
        assert_eq!(Product::of_server("HDB").name, "hana");
        assert_eq!(Product::of_server("PostgreSQL").name, "postgres");
        assert_eq!(Product::of_server("Oracle").name, "odbc");
        assert_eq!(
            Product::of_driver("PostgreSQL Unicode").map(|found| found.name),
            Some("postgres")
        );
        assert!(Product::of_driver("Snowflake").is_none());
        let hana = Product::named("hana").expect("known");
        assert!(hana.owns("_SYS_BIC") && hana.owns("SYS") && !hana.owns("SALES"));
        let path = EntityPath::new(["SALES", "Kunden\"tab"]);
        assert_eq!(
            hana.grant(&path, "READER").as_deref(),
            Some("GRANT SELECT ON \"SALES\".\"Kunden\"\"tab\" TO \"READER\"")
        );
        assert_eq!(hana.modulo("x", "7"), "MOD(x, 7)");
    }
}
