//! Documents in the cells of a table.

use std::sync::Arc;

use arrow_array::cast::AsArray as _;
use arrow_array::{Array, ArrayRef, BinaryArray, BinaryViewArray, Int64Array, RecordBatch};
use async_trait::async_trait;
use futures::StreamExt as _;
use futures::stream::{self, BoxStream};
use locard_connector::{
    Batch, Description, Entity, Fault, Result, ScanPlan, ScanRequest, Scope, Server, Source, Split,
};
use locard_containers::testing::{gzip, zip};
use locard_documents::testing::{msg, pdf};
use locard_files::InCells;
use locard_model::{EntityKind, EntityPath};
use locard_office::testing::{docx, xlsx};
use serde_json::Value;

/// A table with one batch.
#[derive(Debug)]
struct Table(Batch);

#[async_trait]
impl Source for Table {
    async fn check(&self) -> Result<Server> {
        unimplemented!("nobody asks")
    }

    fn entities(&self, _: &Scope) -> BoxStream<'_, Result<Entity>> {
        stream::empty().boxed()
    }

    async fn describe(&self, _: &EntityPath, _: EntityKind) -> Result<Description> {
        unimplemented!("nobody asks")
    }

    async fn plan(&self, _: &ScanRequest) -> Result<ScanPlan> {
        unimplemented!("nobody asks")
    }

    async fn read(&self, _: &Split) -> Result<BoxStream<'static, Result<Batch>>> {
        Ok(stream::iter([Ok(self.0.clone())]).boxed())
    }
}

async fn read(batch: Batch) -> Vec<Batch> {
    let split = Split {
        path: EntityPath::new(["main", "files"]),
        kind: EntityKind::Table,
        rows: None,
        bytes: None,
        version: None,
        snapshot: None,
        part: Value::Null,
    };
    let source = InCells::new(Arc::new(Table(batch)));
    let batches = source.read(&split).await.unwrap();
    batches.map(Result::unwrap).collect().await
}

/// A table of documents, with their numbers.
fn table(cells: &[&[u8]]) -> Batch {
    let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values(1..=cells.len() as i64));
    let cells: ArrayRef = Arc::new(BinaryViewArray::from_iter_values(cells));
    Batch::new(RecordBatch::try_from_iter([("id", numbers), ("file", cells)]).unwrap())
}

/// The documents that cells became, and what was told of them.
async fn documents(cells: &[&[u8]]) -> (Vec<Value>, Vec<Fault>) {
    let (mut texts, mut faults) = (Vec::new(), Vec::new());
    for batch in read(table(cells)).await {
        let column = batch.records.column_by_name("file").unwrap();
        let column = column.as_binary_view();
        texts.extend(
            (0..column.len())
                .map(|row| serde_json::from_slice(column.value(row)).unwrap_or(Value::Null)),
        );
        faults.extend(batch.faults);
    }
    (texts, faults)
}

fn holds(document: &Value, field: &str, text: &str) -> bool {
    let records = document.as_array().unwrap();
    let mut cells = records.iter().filter_map(|record| record[field].as_str());
    cells.any(|cell| cell.contains(text))
}

#[tokio::test]
async fn documents_become_their_records() {
    let rows: &[&[&str]] = &[&["id", "email"], &["1", "ada@example.org"]];
    let letter = docx(&["Dear Ada", "yours"], "Bob Author", "x");
    let files: [(&str, &[u8]); 2] = [
        ("people.csv", b"id,name\n1,Ada\n"),
        ("letter.docx", &letter),
    ];
    let message =
        "From: bob@example.org\r\nTo: ada@example.org\r\nSubject: Hello\r\n\r\nDear Ada\r\n";
    let (documents, faults) = documents(&[
        &pdf(&[&["Dear Ada"], &["second page"]], "Bob Author", false),
        &letter,
        &xlsx(&[("People", rows)], "Bob Author"),
        &zip(&files),
        &msg("Hello", "Dear Ada", ("p.csv", b"id,name\n1,Grace\n")).unwrap(),
        message.as_bytes(),
        b"{\\rtf1\\ansi Dear Ada\\par}",
        &gzip(b"id,name\n1,Ada\n"),
    ])
    .await;
    assert!(faults.is_empty(), "{faults:?}");
    assert!(holds(&documents[0], "text", "Dear Ada") && holds(&documents[0], "page", "2"));
    assert!(
        holds(&documents[1], "text", "Dear Ada") && holds(&documents[1], "author", "Bob Author")
    );
    assert!(holds(&documents[2], "email", "ada@example.org"));
    assert!(holds(&documents[2], "member", "People"), "{}", documents[2]);
    assert!(holds(&documents[3], "name", "Ada") && holds(&documents[3], "text", "Dear Ada"));
    assert!(
        holds(&documents[3], "member", "document!/people.csv"),
        "{}",
        documents[3]
    );
    assert!(holds(&documents[4], "text", "Dear Ada") && holds(&documents[4], "name", "Grace"));
    assert!(
        holds(&documents[5], "to", "ada@example.org"),
        "{}",
        documents[5]
    );
    assert!(holds(&documents[6], "text", "Dear Ada"));
    // Too little to tell a table by, without a name.
    assert!(documents[7].to_string().contains("Ada"), "{}", documents[7]);
}

#[tokio::test]
async fn cells_that_are_no_documents_stay_as_they_are() {
    let picture = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    let page = b"<!doctype html><p>Ada</p>".to_vec();
    let word = b"Note: Ada was here\nand left".to_vec();
    let cells: Vec<&[u8]> = vec![b"", b"\0\x01", &picture, &page, b"plain text", &word, b"PK"];
    let before = table(&cells);
    let after = read(before.clone()).await;
    assert_eq!(after.len(), 1);
    assert_eq!(after[0].records, before.records);
    assert!(after[0].faults.is_empty(), "{:?}", after[0].faults);
}

#[tokio::test]
async fn what_cannot_be_read_is_told_by_its_place_and_costs_only_itself() {
    let sound = pdf(&[&["Dear Ada"]], "Bob", false);
    let cut = &docx(&["Secretname"], "x", "x")[..200];
    let mut batch = table(&[&sound, cut, cut, b"%PDF-1.7 Secretname", b"nothing"]);
    batch.first_row = Some(11);
    let after = read(batch).await;
    let column = after[0].records.column_by_name("file").unwrap();
    assert!(column.as_binary_view().value(0).starts_with(b"[{"));
    // What cannot be read stays what it was.
    assert_eq!(column.as_binary_view().value(1), cut);
    let faults = &after[0].faults;
    assert!(!faults.is_empty());
    assert!(
        faults[0].place.starts_with("record 12, column file"),
        "{faults:?}"
    );
    assert_eq!(faults[0].records, 2, "{faults:?}");
    assert!(
        faults
            .iter()
            .all(|fault| fault.sentence.starts_with("a document in a cell: "))
    );
    assert!(!format!("{faults:?}").contains("Secretname"));
}

#[tokio::test]
async fn bombs_in_cells_are_refused() {
    // Very many short records of very few bytes.
    let bomb = zip(&[("zeros.csv", "0,1\n".repeat(16 << 20).as_bytes())]);
    let (documents, faults) = documents(&[&bomb, &pdf(&[&["Ada"]], "x", false)]).await;
    assert!(!faults.is_empty());
    assert!(documents[0].to_string().len() < 32 << 20);
    assert!(holds(&documents[1], "text", "Ada"));
    let nested = (0..40).fold(b"id,name\n1,Ada\n".to_vec(), |inner, _| {
        zip(&[("a.zip", &inner)])
    });
    let (_, faults) = self::documents(&[&nested]).await;
    assert_eq!(faults.len(), 1, "{faults:?}");
}

#[tokio::test]
async fn many_long_documents_come_in_several_batches_with_their_rows() {
    let text = "Ada Lovelace ".repeat(400_000);
    let long = gzip(format!("id,note\n1,{text}\n").as_bytes());
    let cells = vec![long.as_slice(); 7];
    let mut batch = table(&cells);
    batch.first_row = Some(1);
    batch.lines = (11..18).collect();
    batch.notes.push(Fault {
        sentence: "odd".to_owned(),
        place: String::new(),
        records: 0,
    });
    let after = read(batch).await;
    assert!(after.len() > 1, "{}", after.len());
    let rows: Vec<usize> = after.iter().map(|batch| batch.records.num_rows()).collect();
    assert_eq!(rows.iter().sum::<usize>(), 7);
    let firsts: Vec<u64> = after.iter().filter_map(|batch| batch.first_row).collect();
    assert_eq!((firsts[0], firsts[1]), (1, 1 + rows[0] as u64));
    let lines: Vec<u64> = after.iter().flat_map(|batch| batch.lines.clone()).collect();
    assert_eq!(lines, (11..18).collect::<Vec<u64>>());
    assert_eq!(
        after.iter().map(|batch| batch.notes.len()).sum::<usize>(),
        1
    );
}

#[tokio::test]
async fn every_kind_of_binary_column_keeps_its_type() {
    let letter = pdf(&[&["Dear Ada"]], "Bob", false);
    let cells: ArrayRef = Arc::new(BinaryArray::from(vec![Some(letter.as_slice()), None]));
    let batch = Batch::new(RecordBatch::try_from_iter([("file", cells)]).unwrap());
    let after = read(batch).await;
    let column = after[0].records.column(0).as_binary::<i32>();
    assert!(column.value(0).starts_with(b"[{") && column.is_null(1));
}
