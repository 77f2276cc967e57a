//! Statements that make tables and views: into SQLite, and into the tables of `sys`.

use rusqlite::{Connection, params};

use crate::lexer::{Word, bracketed, listed, quoted, written};
use crate::tokens::Failure;
use crate::types::Type;

/// The collation of a database that names none.
const COLLATION: &str = "SQL_Latin1_General_CP1_CI_AS";

/// SQLite's errors as the server's.
pub(crate) fn failure(error: &rusqlite::Error) -> Failure {
    let text = error.to_string();
    let number = if text.contains("no such table") {
        208
    } else if text.contains("no such column") {
        207
    } else if let Some((number, _)) = text.split_once(':')
        && let Ok(number) = number.parse()
    {
        number
    } else {
        102
    };
    // As the real one does, it quotes what it was asked.
    Failure::new(number, format!("tdskit: {text}"))
}

/// A column as it is made.
struct Column {
    name: String,
    kind: Type,
    declared: String,
    nullable: bool,
    masked: bool,
}

/// Schema and name of an object, and how many words they are.
pub(crate) fn object(words: &[Word]) -> (String, String, usize) {
    let name = |at: usize| {
        words
            .get(at)
            .and_then(Word::name)
            .unwrap_or_default()
            .to_owned()
    };
    if words.get(1).is_some_and(|word| word.is_sign(".")) {
        (name(0), name(2), 3)
    } else {
        ("dbo".to_owned(), name(0), 1)
    }
}

fn column(words: &[Word]) -> Column {
    let name = words[0].name().unwrap_or_default().to_owned();
    let mut length = 2;
    if words.get(2).is_some_and(|word| word.is_sign("(")) {
        length += bracketed(&words[2..]).1;
    }
    let declared = written(&words[1..length]);
    let rest = &words[length..];
    let has = |keyword: &str| rest.iter().position(|word| word.is(keyword));
    let mut kind = Type::parse(&declared);
    let collation = has("COLLATE").and_then(|at| rest.get(at + 1)?.name());
    let is_text = kind.name.ends_with("char") || kind.name.ends_with("text");
    if is_text {
        kind.collation = Some(collation.unwrap_or(COLLATION).to_owned());
    }
    let not_null = has("NOT").is_some() || has("PRIMARY").is_some();
    Column {
        name,
        kind,
        declared,
        nullable: !not_null,
        masked: has("MASKED").is_some(),
    }
}

/// What SQLite is told of a column: its own name for the type, under which numbers that it cannot keep stay as they are.
fn definition(column: &Column) -> String {
    let kind = &column.kind;
    let is_long = matches!(kind.name.as_str(), "money" | "smallmoney")
        || matches!(kind.name.as_str(), "decimal" | "numeric") && kind.precision() > 15;
    let declared = match (&kind.collation, is_long) {
        (_, true) => format!("blob_{}", column.declared),
        (Some(collation), _) => format!("{} COLLATE {collation}", column.declared),
        _ => column.declared.clone(),
    };
    let collate = kind
        .collation
        .as_deref()
        .map(|name| format!(" COLLATE {}", quoted(name)));
    format!(
        "{} {}{}",
        quoted(&column.name),
        quoted(&declared),
        collate.unwrap_or_default()
    )
}

/// What SQLite calls a column's type, back again; `None` for the tables of `sys`, whose columns have its own.
pub(crate) fn declared(text: &str) -> Option<Type> {
    let own = matches!(text, "TEXT" | "INTEGER");
    let text = text.trim_matches('"').trim_start_matches("blob_");
    (!own).then(|| Type::parse(text))
}

/// `CREATE TABLE schema.name (…)`; partitioned by hundreds of a column where it says `ON … (column)`.
pub(crate) fn create_table(connection: &Connection, words: &[Word]) -> Result<(), Failure> {
    let failed = |error: rusqlite::Error| failure(&error);
    let (schema, name, length) = object(words);
    let (inside, inner) = bracketed(&words[length..]);
    let rest = &words[length + inner..];
    let parts = listed(inside);
    let is_constraint = |part: &&[Word]| {
        part.first().is_some_and(|word| {
            let keywords = ["PRIMARY", "UNIQUE", "FOREIGN", "CONSTRAINT"];
            keywords.iter().any(|keyword| word.is(keyword))
        })
    };
    let columns: Vec<Column> = parts
        .iter()
        .filter(|part| !is_constraint(part))
        .map(|part| column(part))
        .collect();
    let definitions: Vec<String> = columns.iter().map(definition).collect();
    let table = quoted(&format!("{schema}.{name}"));
    let sql = format!("CREATE TABLE {table} ({})", definitions.join(", "));
    connection.execute(&sql, []).map_err(failed)?;
    let id = register(connection, &schema, &name, "U ", &columns).map_err(failed)?;
    for part in &parts {
        constraint(connection, id, part).map_err(failed)?;
    }
    let partitioned = rest.first().filter(|word| word.is("ON"));
    let by = partitioned.and_then(|_| bracketed(rest.get(2..)?).0.first()?.name());
    partitions(connection, id, by).map_err(failed)
}

fn register(
    connection: &Connection,
    schema: &str,
    name: &str,
    kind: &str,
    columns: &[Column],
) -> rusqlite::Result<i64> {
    let sql = "INSERT INTO \"sys.objects\" SELECT coalesce(max(o.object_id), 100) + 1, ?2, \
               (SELECT schema_id FROM \"sys.schemas\" WHERE name = ?1), ?3, 0 FROM \"sys.objects\" o";
    connection.execute(sql, params![schema, name, kind])?;
    let id = connection.last_insert_rowid();
    for (at, column) in columns.iter().enumerate() {
        let kind = &column.kind;
        let sql = "INSERT INTO \"sys.columns\" SELECT ?1, ?2, ?3, t.system_type_id, t.user_type_id, ?4, ?5, ?6, ?7, ?8, ?9, \
                   NULL, NULL, ?10 FROM \"sys.types\" t WHERE t.name = ?11";
        let name = if kind.name == "rowversion" {
            "timestamp"
        } else {
            &kind.name
        };
        connection.execute(
            sql,
            params![
                id,
                column.name,
                at as i64 + 1,
                length(kind),
                kind.precision(),
                kind.scale(),
                kind.collation,
                column.nullable,
                column.masked,
                column.declared,
                name,
            ],
        )?;
    }
    Ok(id)
}

/// Bytes of a value at most.
fn length(kind: &Type) -> i64 {
    match kind.name.as_str() {
        _ if kind.is_max() => -1,
        "xml" | "geometry" | "geography" => -1,
        "nchar" | "nvarchar" => i64::from(kind.argument(0, 1)) * 2,
        "sysname" => 256,
        "char" | "varchar" | "binary" | "varbinary" => i64::from(kind.argument(0, 1)),
        "text" | "ntext" | "image" => 16,
        _ => 8,
    }
}

/// A key of a column or of the table.
fn constraint(connection: &Connection, id: i64, words: &[Word]) -> rusqlite::Result<()> {
    let own = words
        .first()
        .and_then(Word::name)
        .unwrap_or_default()
        .to_owned();
    let named = words.first().is_some_and(|word| word.is("CONSTRAINT"));
    let find = |keyword: &str| words.iter().position(|word| word.is(keyword));
    let names = |at: usize| -> Vec<String> {
        let from = words[at..].iter().position(|word| word.is_sign("("));
        let inside = from
            .map(|from| bracketed(&words[at + from..]).0)
            .unwrap_or_default();
        let names = listed(inside).into_iter();
        names
            .filter_map(|part| part.first()?.name().map(str::to_owned))
            .collect()
    };
    let is_table = named
        || words.first().is_some_and(|word| {
            matches!(word, Word::Bare(_))
                && ["PRIMARY", "UNIQUE", "FOREIGN"].iter().any(|k| word.is(k))
        });
    for (keyword, primary) in [("PRIMARY", true), ("UNIQUE", false)] {
        if let Some(at) = find(keyword) {
            let columns = if is_table {
                names(at)
            } else {
                vec![own.clone()]
            };
            index(connection, id, primary, &columns)?;
        }
    }
    if let Some(at) = find("REFERENCES") {
        let columns = if is_table {
            names(find("FOREIGN").unwrap_or(0))
        } else {
            vec![own]
        };
        let (schema, table, _) = object(&words[at + 1..]);
        reference(connection, id, &columns, (&schema, &table), &names(at))?;
    }
    Ok(())
}

fn index(
    connection: &Connection,
    id: i64,
    primary: bool,
    columns: &[String],
) -> rusqlite::Result<()> {
    let sql = "INSERT INTO \"sys.indexes\" SELECT ?1, coalesce(max(index_id), 0) + 1, 'key' || (count(*) + 1), ?2, 1, 0, 0, 1 \
               FROM \"sys.indexes\" WHERE object_id = ?1";
    connection.execute(sql, params![id, primary])?;
    for (at, column) in columns.iter().enumerate() {
        let sql = "INSERT INTO \"sys.index_columns\" SELECT ?1, (SELECT max(index_id) FROM \"sys.indexes\" WHERE object_id = ?1), \
                   column_id, ?3, 0 FROM \"sys.columns\" WHERE object_id = ?1 AND name = ?2";
        connection.execute(sql, params![id, column, at as i64 + 1])?;
    }
    Ok(())
}

fn reference(
    connection: &Connection,
    id: i64,
    columns: &[String],
    (schema, table): (&str, &str),
    targets: &[String],
) -> rusqlite::Result<()> {
    let sql = "INSERT INTO \"sys.foreign_keys\" SELECT count(*) + 90000, 'fk' || count(*), ?1 FROM \"sys.foreign_keys\"";
    connection.execute(sql, params![id])?;
    for (at, (column, target)) in columns.iter().zip(targets).enumerate() {
        let sql = "INSERT INTO \"sys.foreign_key_columns\" \
                   SELECT (SELECT max(object_id) FROM \"sys.foreign_keys\"), ?1, ?2, c.column_id, o.object_id, r.column_id \
                   FROM \"sys.columns\" c, \"sys.objects\" o, \"sys.schemas\" s, \"sys.columns\" r \
                   WHERE c.object_id = ?2 AND c.name = ?3 AND s.schema_id = o.schema_id AND s.name = ?4 AND o.name = ?5 \
                   AND r.object_id = o.object_id AND r.name = ?6";
        connection.execute(
            sql,
            params![at as i64 + 1, id, column, schema, table, target],
        )?;
    }
    Ok(())
}

/// One partition, or three by a column, which is then said of its heap.
fn partitions(connection: &Connection, id: i64, by: Option<&str>) -> rusqlite::Result<()> {
    let count = if by.is_some() { 3 } else { 1 };
    for number in 1..=count {
        let partition = id * 10 + number;
        let sql = "INSERT INTO \"sys.partitions\" VALUES (?1, ?2, 0, ?3, 0)";
        connection.execute(sql, params![partition, id, number])?;
        connection.execute(
            "INSERT INTO \"sys.allocation_units\" VALUES (?1, 1)",
            params![partition],
        )?;
    }
    if let Some(column) = by {
        let sql = "INSERT INTO \"sys.indexes\" VALUES (?1, 0, NULL, 0, 0, 0, 0, 65601)";
        connection.execute(sql, params![id])?;
        let sql = "INSERT INTO \"sys.index_columns\" SELECT ?1, 0, column_id, 0, 1 FROM \"sys.columns\" \
                   WHERE object_id = ?1 AND name = ?2";
        connection.execute(sql, params![id, column])?;
    }
    Ok(())
}

/// `CREATE VIEW schema.name AS SELECT …`.
pub(crate) fn create_view(connection: &Connection, words: &[Word]) -> Result<(), Failure> {
    let failed = |error: rusqlite::Error| failure(&error);
    let (schema, name, length) = object(words);
    let query = &words[length + 1..];
    let select = crate::translate::select(query);
    let view = quoted(&format!("{schema}.{name}"));
    let sql = format!("CREATE VIEW {view} AS {}", select.sql);
    connection.execute(&sql, []).map_err(failed)?;
    let statement = connection
        .prepare(&format!("SELECT * FROM {view}"))
        .map_err(failed)?;
    let columns = statement.columns();
    let columns: Vec<Column> = columns
        .iter()
        .map(|column| {
            let kind = column.decl_type().and_then(declared);
            let kind = kind.unwrap_or_else(|| Type::parse("nvarchar(4000)"));
            Column {
                name: column.name().to_owned(),
                declared: kind.name.clone(),
                kind,
                nullable: true,
                masked: false,
            }
        })
        .collect();
    let id = register(connection, &schema, &name, "V ", &columns).map_err(failed)?;
    let text = format!("CREATE VIEW [{schema}].[{name}] AS {}", written(query));
    let sql = "INSERT INTO \"sys.sql_modules\" VALUES (?1, ?2)";
    connection.execute(sql, params![id, text]).map_err(failed)?;
    Ok(())
}

/// `DROP TABLE schema.name`, or a view.
pub(crate) fn drop_object(
    connection: &Connection,
    kind: &str,
    words: &[Word],
) -> Result<(), Failure> {
    let (schema, name, _) = object(words);
    let sql = format!("DROP {kind} {}", quoted(&format!("{schema}.{name}")));
    connection
        .execute(&sql, [])
        .map_err(|error| failure(&error))?;
    let sql = "DELETE FROM \"sys.objects\" WHERE name = ?2 AND schema_id = (SELECT schema_id FROM \"sys.schemas\" WHERE name = ?1)";
    connection
        .execute(sql, params![schema, name])
        .map_err(|error| failure(&error))?;
    Ok(())
}

/// `INSERT INTO schema.name [(columns)] VALUES …`, each value in its column's type.
pub(crate) fn insert(connection: &Connection, words: &[Word]) -> Result<(), Failure> {
    let failed = |error: rusqlite::Error| failure(&error);
    let (schema, name, length) = object(words);
    let values = words
        .iter()
        .position(|word| word.is("VALUES"))
        .unwrap_or(words.len());
    let named = listed(bracketed(&words[length..values]).0);
    let named: Vec<&str> = named
        .iter()
        .filter_map(|part| part.first()?.name())
        .collect();
    let sql = "SELECT c.name, c.declared FROM \"sys.columns\" c JOIN \"sys.objects\" o ON o.object_id = c.object_id \
               JOIN \"sys.schemas\" s ON s.schema_id = o.schema_id WHERE s.name = ?1 AND o.name = ?2 ORDER BY c.column_id";
    let mut known = connection.prepare(sql).map_err(failed)?;
    let known = known.query_map([&schema, &name], |row| Ok((row.get(0)?, row.get(1)?)));
    let known: Vec<(String, String)> = known
        .map_err(failed)?
        .collect::<Result<_, _>>()
        .map_err(failed)?;
    let wanted: Vec<&(String, String)> = if named.is_empty() {
        known.iter().collect()
    } else {
        let find = |name: &&str| known.iter().find(|(known, _)| known == name);
        named.iter().filter_map(find).collect()
    };
    if wanted.is_empty() {
        // A table of `sys`, which tests fill by themselves.
        let rows = crate::translate::expression(&words[values..], &mut Vec::new());
        let sql = format!("INSERT INTO {} {rows}", quoted(&format!("{schema}.{name}")));
        return connection.execute(&sql, []).map(drop).map_err(failed);
    }
    let names: Vec<String> = wanted.iter().map(|(name, _)| quoted(name)).collect();
    let cast = |(at, (_, kind)): (usize, &&(String, String))| {
        format!(
            "tsql_cast(column{}, {})",
            at + 1,
            crate::lexer::literal(kind)
        )
    };
    let casts: Vec<String> = wanted.iter().enumerate().map(cast).collect();
    let sql = format!(
        "INSERT INTO {} ({}) SELECT {} FROM ({})",
        quoted(&format!("{schema}.{name}")),
        names.join(", "),
        casts.join(", "),
        crate::translate::expression(&words[values..], &mut Vec::new())
    );
    connection.execute(&sql, []).map_err(failed)?;
    count(connection, &schema, &name).map_err(failed)
}

/// Keeps count of a table's rows, as the real one does.
pub(crate) fn count(connection: &Connection, schema: &str, name: &str) -> rusqlite::Result<()> {
    let table = quoted(&format!("{schema}.{name}"));
    let sql = format!(
        "UPDATE \"sys.partitions\" SET rows = (SELECT count(*) FROM {table}) / (SELECT count(*) FROM \"sys.partitions\" p \
         WHERE p.object_id = \"sys.partitions\".object_id) WHERE object_id = (SELECT o.object_id FROM \"sys.objects\" o \
         JOIN \"sys.schemas\" s ON s.schema_id = o.schema_id WHERE s.name = ?1 AND o.name = ?2)"
    );
    connection.execute(&sql, [schema, name]).map(drop)
}
