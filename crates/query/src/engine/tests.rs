//! Statements over tables in memory: what is counted, what is asked of the source, what ends them.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use arrow_array::{
    ArrayRef, BooleanArray, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
};
use async_trait::async_trait;
use futures::stream::BoxStream;
use locard_connector::{
    Batch, Description, Entity, Exactness, Filter, Honoured, Sample, ScanPlan, ScanRequest, Scope,
    Server, Source, Split,
};
use locard_connector_memory::Tables;
use locard_model::{EntityKind, EntityPath};
use tokio_util::sync::CancellationToken;

use crate::{Counts, Error, Limits, Statement, Table, count_rows, run};

/// Tables that note what is asked, and that answer nothing themselves where they are told to be `lazy`.
#[derive(Debug)]
struct Noted {
    tables: Tables,
    asked: Mutex<Vec<ScanRequest>>,
    lazy: bool,
}

#[async_trait]
impl Source for Noted {
    async fn check(&self) -> locard_connector::Result<Server> {
        self.tables.check().await
    }

    fn entities(&self, scope: &Scope) -> BoxStream<'_, locard_connector::Result<Entity>> {
        self.tables.entities(scope)
    }

    async fn describe(
        &self,
        path: &EntityPath,
        kind: EntityKind,
    ) -> locard_connector::Result<Description> {
        self.tables.describe(path, kind).await
    }

    async fn plan(&self, request: &ScanRequest) -> locard_connector::Result<ScanPlan> {
        self.asked.lock().unwrap().push(request.clone());
        let mut request = request.clone();
        if self.lazy {
            request.filter = None;
            request.sample = Sample::All;
        }
        let mut plan = self.tables.plan(&request).await?;
        if self.lazy {
            plan.honoured = Honoured {
                filter: Exactness::No,
                ..plan.honoured
            };
        }
        Ok(plan)
    }

    async fn read(
        &self,
        split: &Split,
    ) -> locard_connector::Result<BoxStream<'static, locard_connector::Result<Batch>>> {
        self.tables.read(split).await
    }
}

fn people(rows: i64) -> RecordBatch {
    let id: ArrayRef = Arc::new(Int64Array::from_iter_values(0..rows));
    let mail = (0..rows).map(|row| match row % 4 {
        0 => None,
        1 => Some(format!("broken {row}")),
        _ => Some(format!("p{row}@planted.example")),
    });
    let mail: ArrayRef = Arc::new(mail.collect::<StringArray>());
    let active: ArrayRef = Arc::new(
        (0..rows)
            .map(|row| Some(row % 2 == 0))
            .collect::<BooleanArray>(),
    );
    let seen = (0..rows).map(|row| 1_767_225_600_000_000 + row * 86_400_000_000);
    let seen: ArrayRef = Arc::new(TimestampMicrosecondArray::from_iter_values(seen));
    let columns = [
        ("id", id),
        ("Email", mail),
        ("active", active),
        ("seen", seen),
    ];
    RecordBatch::try_from_iter(columns).unwrap()
}

fn source(rows: i64, lazy: bool) -> Arc<Noted> {
    let tables = Tables::new();
    tables.put(EntityPath::new(["crm", "people"]), people(rows));
    tables.put(EntityPath::new(["crm", "orders"]), people(rows / 2));
    Arc::new(Noted {
        tables,
        asked: Mutex::default(),
        lazy,
    })
}

fn limits() -> Limits {
    Limits {
        memory: 64_000_000,
        time: Duration::from_mins(1),
        stop: CancellationToken::new(),
    }
}

async fn tables(source: &Arc<Noted>, statement: &Statement) -> Vec<Table> {
    let mut tables = Vec::new();
    for name in statement.tables() {
        let path = EntityPath::new(["crm", name.0.last().unwrap()]);
        let source = Arc::clone(source) as Arc<dyn Source>;
        tables.push(Table::open(source, path, EntityKind::Table).await.unwrap());
    }
    tables
}

async fn counted(source: &Arc<Noted>, sql: &str, limits: &Limits) -> Result<[u64; 3], Error> {
    let statement = Statement::parse(sql)?;
    let tables = tables(source, &statement).await;
    let counts = run(&statement, &tables, limits).await?;
    let Counts {
        total,
        scope,
        non_compliant,
        unread,
    } = counts;
    assert_eq!(unread, 0);
    Ok([total, scope, non_compliant])
}

/// Three counts of one table under a condition.
fn three(condition: &str) -> String {
    format!(
        "SELECT count(*) AS total_count, count(email) AS scopeCount, \
        sum(CASE WHEN EMAIL LIKE 'broken%' THEN 1 ELSE 0 END) AS nonCompliant FROM people {condition}"
    )
}

#[tokio::test]
async fn the_same_is_counted_whatever_the_source_answers_itself() {
    for lazy in [false, true] {
        let source = source(1_000, lazy);
        for (sql, expected) in [
            (three(""), [1_000, 750, 250]),
            (three("WHERE id < 100 AND active"), [50, 25, 0]),
            (three("WHERE id BETWEEN 10 AND 19 OR email = 'broken 1'"), [11, 9, 3]),
            (three("WHERE email IN ('broken 1', 'broken 5', 'nobody')"), [2, 2, 2]),
            (three("WHERE NOT (email IS NULL OR id >= 500)"), [375, 375, 125]),
            (three("WHERE seen >= TIMESTAMP '2026-01-11 00:00:00' AND seen < '2026-01-21'"), [10, 8, 2]),
            (three("AS p WHERE p.id % 2 = 0 AND lower(p.email) LIKE '%@planted.example'"), [250, 250, 0]),
            (
                "WITH twice AS (SELECT Email FROM people WHERE email LIKE 'p%' GROUP BY Email HAVING count(*) > 1) \
                SELECT count(*) total_count, count(DISTINCT p.email) scope_count, \
                count(*) FILTER (WHERE t.email IS NOT NULL) non_compliant FROM people p LEFT JOIN twice t ON t.email = p.email"
                    .to_owned(),
                [1_000, 750, 0],
            ),
            (
                "SELECT (SELECT count(*) FROM people) AS total_count, count(*) AS scopeCount, \
                coalesce(sum(CASE WHEN o.id IS NULL THEN 1 ELSE 0 END), 0) AS nonCompliant \
                FROM crm.people LEFT JOIN crm.orders AS o ON people.id = o.id WHERE people.id >= 400"
                    .to_owned(),
                [1_000, 600, 500],
            ),
            (three("WHERE id < 0"), [0, 0, 0]),
        ] {
            let found = counted(&source, &sql, &limits()).await;
            assert_eq!(found.unwrap(), expected, "{sql}");
        }
    }
}

#[tokio::test]
async fn a_source_is_asked_for_what_is_needed_only() {
    let source = source(10, false);
    let sql = three("WHERE id >= 2 AND abs(id) < 9 AND email IS NOT NULL");
    counted(&source, &sql, &limits()).await.unwrap();
    let asked = source.asked.lock().unwrap().pop().unwrap();
    let mut columns = asked.columns.unwrap();
    columns.sort();
    assert_eq!(columns, ["Email", "id"]);
    let Some(Filter::All(parts)) = asked.filter else {
        panic!("{:?}", asked.filter);
    };
    let told = format!("{parts:?}");
    assert!(
        told.contains("GreaterOrEqual") && told.contains("IsNull"),
        "{told}"
    );
    assert_eq!(
        parts.len(),
        2,
        "what only the engine can tell stays there: {told}"
    );
    // Where records are counted only, one narrow column is read.
    let statement = Statement::parse("SELECT count(*) FROM people").unwrap();
    let table = tables(&source, &statement).await.remove(0);
    assert_eq!(count_rows(&table, &limits()).await.unwrap(), (10, 0));
    let asked = source.asked.lock().unwrap().pop().unwrap();
    assert_eq!(
        (asked.columns.unwrap(), asked.filter),
        (vec!["id".to_owned()], None)
    );
    let limited = "SELECT count(*) AS total_count, count(*) AS scopeCount, 0 AS nonCompliant \
        FROM (SELECT id FROM people LIMIT 3) AS few";
    assert_eq!(
        counted(&source, limited, &limits()).await.unwrap(),
        [3, 3, 0]
    );
    let asked = source.asked.lock().unwrap().pop().unwrap();
    assert_eq!(asked.sample, Sample::First(3));
}

#[tokio::test]
async fn what_is_no_count_is_not_told() {
    let source = source(10, false);
    let first = |count: &str| {
        format!("SELECT {count} AS total_count, 0 AS scopeCount, 0 AS nonCompliant FROM people")
    };
    for sql in [
        first("max(id)"),
        first("min(id)"),
        first("sum(id)"),
        first("avg(id)"),
        first("sum(CASE WHEN active THEN id ELSE 0 END)"),
        first("count(*) * max(id)"),
        first("(SELECT max(id) FROM people)"),
        first("coalesce(max(id), 0)"),
        "SELECT id AS total_count, id AS scopeCount, id AS nonCompliant FROM people LIMIT 1".to_owned(),
        "SELECT m AS total_count, 0 AS scopeCount, 0 AS nonCompliant FROM (SELECT max(id) AS m FROM people) AS x".to_owned(),
        "SELECT id AS total_count, 0 AS scopeCount, 0 AS nonCompliant FROM people GROUP BY id".to_owned(),
        "SELECT count(*) AS total_count, count(*) AS scopeCount FROM people".to_owned(),
        "SELECT * FROM people".to_owned(),
    ] {
        let found = counted(&source, &sql, &limits()).await;
        assert!(matches!(found, Err(Error::Refused(_))), "{sql}: {found:?}");
    }
    for sql in [
        "SELECT count(*) AS total_count, count(*) AS scopeCount, 0 AS nonCompliant FROM people GROUP BY active",
        "SELECT 1 AS total_count, count(*) AS scopeCount, 0 AS nonCompliant FROM people",
        "SELECT count(phone) AS total_count, 0 AS scopeCount, 0 AS nonCompliant FROM people",
        "SELECT count(*) AS total_count, 0 AS scopeCount, 0 AS nonCompliant FROM people WHERE CAST(email AS INT) > 0",
        "SELECT count(*) AS total_count, 0 AS scopeCount, 0 AS nonCompliant FROM people WHERE 1 / (id - id) > 0",
    ] {
        let found = counted(&source, sql, &limits()).await;
        let Err(Error::Unfit(told)) = found else {
            panic!("{sql}: {found:?}");
        };
        assert!(
            !told.contains("broken") && !told.contains("planted"),
            "{told}"
        );
    }
}

#[tokio::test]
async fn a_statement_ends_at_its_limits() {
    let source = source(20_000, false);
    let large = "SELECT count(DISTINCT email) AS total_count, 0 AS scopeCount, 0 AS nonCompliant FROM people";
    let little = Limits {
        memory: 100_000,
        ..limits()
    };
    let found = counted(&source, large, &little).await;
    assert!(matches!(found, Err(Error::TooLarge(100_000))), "{found:?}");
    // All of one table meet all of the other, and then some.
    let endless = "SELECT count(*) AS total_count, 0 AS scopeCount, 0 AS nonCompliant FROM people a \
        JOIN people b ON a.active = b.active JOIN people c ON b.active = c.active WHERE a.id + b.id + c.id < 0";
    let short = Limits {
        time: Duration::from_millis(200),
        // Not what it ends at first.
        memory: 4_000_000_000,
        ..limits()
    };
    let found = counted(&source, endless, &short).await;
    assert!(matches!(found, Err(Error::TooLong(_))), "{found:?}");
    let product = "SELECT count(*) AS total_count, 0 AS scopeCount, 0 AS nonCompliant FROM people a, people b WHERE a.id < b.id";
    let found = counted(&source, product, &limits()).await;
    assert!(matches!(found, Err(Error::Refused(_))), "{found:?}");
    let stopped = limits();
    stopped.stop.cancel();
    let found = counted(&source, endless, &stopped).await;
    assert!(matches!(found, Err(Error::Stopped)), "{found:?}");
}
