//! Folders whose names are values: many files, one table.

use std::sync::Arc;

use arrow_array::{ArrayRef, Int32Array, RecordBatch};
use futures::{StreamExt as _, TryStreamExt as _};
use locard_connector::{ErrorKind, ScanRequest, Scope, Source};
use locard_files::Files;
use locard_model::{EntityKind, EntityPath};

use super::formats::parquet;
use super::shelf::{Shelf, Taken, divided, shelves, take_with};

const SALES: &str = "sales/year=*/month=*/*.csv";

fn piece(first: usize, rows: usize) -> Vec<u8> {
    let rows: String = (first..first + rows)
        .map(|id| format!("{id},{id}@example.org\n"))
        .collect();
    format!("id,mail\n{rows}").into_bytes()
}

/// Twenty records in four files, and what lies beside them.
fn sales() -> Files<Shelf> {
    shelves([
        ("plain.csv", piece(100, 1)),
        ("sales/_SUCCESS", Vec::new()),
        ("sales/year=2023/month=12/a.csv", piece(0, 5)),
        ("sales/year=2024/month=01/a.csv", piece(5, 5)),
        ("sales/year=2024/month=01/b.csv", piece(10, 5)),
        (
            "sales/year=2024/month=__HIVE_DEFAULT_PARTITION__/a.csv",
            piece(15, 5),
        ),
        (
            "sales/year=2024/month=01/_notes.txt",
            b"a few words".to_vec(),
        ),
    ])
}

async fn listed(source: &Files<Shelf>, scope: &Scope) -> Vec<String> {
    let entities: Vec<_> = source.entities(scope).try_collect().await.unwrap();
    let mut names: Vec<_> = entities
        .iter()
        .map(|entity| entity.path.resource(EntityKind::File))
        .collect();
    names.sort();
    names
}

fn sorted(taken: &Taken, column: &str) -> Vec<String> {
    let mut values: Vec<String> = taken
        .column(column)
        .into_iter()
        .map(str::to_owned)
        .collect();
    values.sort();
    values
}

#[tokio::test]
async fn the_files_of_a_table_are_one_entity() {
    let source = sales();
    let names = listed(&source, &Scope::default()).await;
    assert_eq!(
        names,
        [
            "plain.csv",
            "sales/_SUCCESS",
            SALES,
            "sales/year=2024/month=01/_notes.txt"
        ]
    );
    let entities: Vec<_> = source
        .entities(&Scope::default())
        .try_collect()
        .await
        .unwrap();
    let table = entities
        .iter()
        .find(|entity| entity.path.name() == "*.csv")
        .unwrap();
    assert_eq!(
        table.bytes,
        Some((0..4).map(|at| piece(at * 5, 5).len() as u64).sum())
    );
}

#[tokio::test]
async fn a_piece_of_another_format_costs_only_itself() {
    let picture = || [&[0x89][..], b"PNG\r\n", &[0; 64]].concat();
    let folders = ["s/y=1/a.csv", "s/y=2/a.csv", "s/y=3/a.csv"];
    for bad in 0..folders.len() {
        let file = |at: usize| {
            let bytes = if at == bad {
                picture()
            } else {
                piece(at * 5, 5)
            };
            (folders[at], bytes)
        };
        let files = (0..folders.len()).map(file);
        let source = shelves(<[_; 3]>::try_from(files.collect::<Vec<_>>()).unwrap());
        assert_eq!(listed(&source, &Scope::default()).await, ["s/y=*/*.csv"]);
        let taken = take_with(&source, "s/y=*/*.csv", |_| {}).await.unwrap();
        assert_eq!(taken.column("id").len(), 10, "{bad}");
        assert_eq!(taken.faults.len() + taken.errors.len(), 1, "{bad}");
    }
    // Where no piece can be read, one sentence says so.
    let source = shelves(folders.map(|file| (file, picture())));
    let entities: Vec<_> = source.entities(&Scope::default()).collect().await;
    assert_eq!(entities.len(), 1);
    assert_eq!(
        entities[0].as_ref().unwrap_err().kind(),
        ErrorKind::Unsupported
    );
}

#[tokio::test]
async fn every_record_comes_once_with_what_its_folders_say() {
    let source = sales();
    for splits in [1, 2, 3, 9] {
        let taken = take_with(&source, SALES, divided(splits)).await.unwrap();
        assert!(taken.splits <= splits && taken.errors.is_empty() && taken.faults.is_empty());
        assert!(splits == 1 || taken.splits > 1);
        assert_eq!(taken.columns, ["id", "mail", "year", "month"]);
        let mut ids: Vec<u32> = taken
            .column("id")
            .iter()
            .map(|id| id.parse().unwrap())
            .collect();
        ids.sort_unstable();
        assert_eq!(ids, (0..20).collect::<Vec<_>>());
        let years = sorted(&taken, "year");
        assert_eq!(years.iter().filter(|year| *year == "2023").count(), 5);
        assert_eq!(
            sorted(&taken, "month")
                .iter()
                .filter(|month| *month == "(null)")
                .count(),
            5
        );
    }
}

#[tokio::test]
async fn only_wanted_columns_come_and_keys_name_file_and_line() {
    let source = sales();
    let wanted = |columns: &[&str], with_keys: bool| {
        let columns: Vec<String> = columns.iter().map(|name| (*name).to_owned()).collect();
        move |request: &mut ScanRequest| {
            request.columns = Some(columns);
            request.with_keys = with_keys;
        }
    };
    let taken = take_with(&source, SALES, wanted(&["year"], false))
        .await
        .unwrap();
    assert_eq!(
        (taken.columns.join(" "), taken.records.len()),
        ("year".to_owned(), 20)
    );
    let taken = take_with(&source, SALES, wanted(&["mail"], true))
        .await
        .unwrap();
    assert_eq!(taken.columns, ["mail", "file", "line"]);
    let cells = taken
        .records
        .values()
        .find(|cells| cells[0] == "mail=12@example.org")
        .unwrap();
    assert_eq!(cells[1..], ["file=year=2024/month=01/b.csv", "line=4"]);
    // Which columns the other files have is known when they are read; a column that none has is null everywhere.
    let taken = take_with(&source, SALES, wanted(&["nothing"], false))
        .await
        .unwrap();
    assert_eq!((taken.columns.len(), taken.records.len()), (0, 20));
}

#[tokio::test]
async fn a_column_that_only_some_files_have_is_read() {
    let source = shelves([
        ("sales/year=2023/month=12/a.csv", piece(0, 5)),
        (
            "sales/year=2024/month=01/b.csv",
            b"id,phone\n9,+49 30 5550123\n".to_vec(),
        ),
    ]);
    let taken = take_with(&source, SALES, |request: &mut ScanRequest| {
        request.columns = Some(vec!["phone".to_owned()]);
    })
    .await
    .unwrap();
    assert_eq!(taken.records.len(), 6);
    let (known, nulls): (Vec<_>, Vec<_>) = sorted(&taken, "phone")
        .into_iter()
        .partition(|phone| phone != "(null)");
    assert_eq!(
        (known.join(" "), nulls.len()),
        ("+49 30 5550123".to_owned(), 5)
    );
}

#[tokio::test]
async fn a_part_of_a_table_is_its_files() {
    let scope = Scope {
        include: vec!["sales/year=2024/**".to_owned()],
        exclude: vec!["_*".to_owned()],
    };
    let names = listed(&sales(), &scope).await;
    let month = "sales/year=2024/month";
    assert_eq!(
        names,
        [
            format!("{month}=01/a.csv"),
            format!("{month}=01/b.csv"),
            format!("{month}=__HIVE_DEFAULT_PARTITION__/a.csv")
        ]
    );
    let all = Scope {
        include: vec!["*.csv".to_owned()],
        exclude: Vec::new(),
    };
    assert_eq!(listed(&sales(), &all).await, ["plain.csv", SALES]);
}

#[tokio::test]
async fn a_damaged_file_costs_only_itself() {
    let ids: ArrayRef = Arc::new(Int32Array::from_iter_values(0..100));
    let whole = parquet(&[RecordBatch::try_from_iter([("id", ids)]).unwrap()]);
    let source = shelves([
        ("t/day=1/a.parquet", whole[..whole.len() / 2].to_vec()),
        ("t/day=2/a.parquet", whole.clone()),
        ("t/day=3/a.parquet", whole),
    ]);
    let taken = take_with(&source, "t/day=*/*.parquet", |_| {})
        .await
        .unwrap();
    assert_eq!((taken.records.len(), taken.errors.len()), (200, 0));
    assert_eq!(taken.faults.len(), 1);
    assert!(
        taken.faults[0].place.starts_with("day=1/a.parquet"),
        "{:?}",
        taken.faults
    );
    assert_eq!(taken.column("day")[0], "2");
}

#[tokio::test]
async fn a_table_tells_its_columns_and_its_state() {
    let source = sales();
    let path = EntityPath::new(SALES.split('/'));
    let described = source.describe(&path, EntityKind::File).await.unwrap();
    let names: Vec<_> = described
        .schema
        .fields()
        .iter()
        .map(|field| field.name().as_str())
        .collect();
    assert_eq!(names, ["id", "mail", "year", "month"]);
    let request = ScanRequest::all(path.clone(), EntityKind::File);
    let version = async |source: &Files<Shelf>| {
        source.plan(&request).await.unwrap().splits[0]
            .version
            .clone()
    };
    let before = version(&source).await;
    assert!(before.is_some());
    assert_eq!(before, version(&sales()).await);
    let longer = shelves([("sales/year=2023/month=12/a.csv", piece(0, 6))]);
    assert_ne!(before, version(&longer).await);
    let gone = shelves([("sales/other.csv", piece(0, 1))]);
    for error in [
        gone.plan(&request).await.map(drop),
        gone.describe(&path, EntityKind::File).await.map(drop),
    ] {
        assert_eq!(error.unwrap_err().kind(), ErrorKind::NotFound);
    }
}
