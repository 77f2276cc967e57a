//! Pieces of a file together are the file.

use proptest::prelude::*;

use super::formats::parquet;
use super::shelf::{divided, shelf, take, take_planned, take_with};

fn table(rows: usize) -> String {
    let mut text = "id,name,note\r\n".to_owned();
    for row in 0..rows {
        let note = match row % 5 {
            0 => "\"line\nbreak, and \"\"quotes\"\"\"",
            1 => "",
            2 => "plain",
            3 => "\"\"",
            _ => "\"ümlaut\"",
        };
        text.push_str(&format!("{row},name {row},{note}\r\n"));
        if row % 97 == 0 {
            text.push_str("\r\n");
        }
    }
    text
}

#[tokio::test]
async fn pieces_of_a_csv_file_give_every_record_once_with_its_number_and_line() {
    let text = table(5_000);
    let whole = take("a.csv", text.as_str()).await;
    assert_eq!(whole.records.len(), 5_000);
    for pieces in [2, 3, 7, 40] {
        let taken = take_with(&shelf("a.csv", text.as_str()), "a.csv", divided(pieces))
            .await
            .unwrap();
        assert!(
            taken.splits > 1 && taken.splits <= pieces,
            "{} splits",
            taken.splits
        );
        assert_eq!(taken.records, whole.records);
        assert_eq!(taken.lines, whole.lines);
    }
}

#[tokio::test]
async fn an_estimate_reads_no_more_than_the_beginning() {
    use locard_connector::{ScanRequest, Source};
    use locard_model::{EntityKind, EntityPath};
    let source = shelf("head.csv", table(100_000));
    let mut request = ScanRequest::all(EntityPath::new(["head.csv"]), EntityKind::File);
    divided(4)(&mut request);
    assert!(
        source.plan(&request).await.is_err(),
        "dividing it means to read it"
    );
    request.estimate = true;
    assert_eq!(source.plan(&request).await.unwrap().splits.len(), 4);
}

#[tokio::test]
async fn planned_rows_add_up() {
    use locard_connector::{ScanRequest, Source};
    use locard_model::{EntityKind, EntityPath};
    let source = shelf("a.csv", table(5_000));
    let mut request = ScanRequest::all(EntityPath::new(["a.csv"]), EntityKind::File);
    divided(8)(&mut request);
    let plan = source.plan(&request).await.unwrap();
    assert_eq!(
        plan.splits
            .iter()
            .map(|split| split.rows.unwrap())
            .sum::<u64>(),
        5_000
    );
    // A split travels as data.
    for split in &plan.splits {
        let text = serde_json::to_string(split).unwrap();
        assert_eq!(
            &serde_json::from_str::<locard_connector::Split>(&text).unwrap(),
            split
        );
    }
}

#[tokio::test]
async fn pieces_of_ndjson_give_every_record_once() {
    let text: String = (0..5_000)
        .map(|row| format!("{{\"id\":{row},\"s\":\"a\\nb\"}}\n"))
        .collect();
    let whole = take("a.ndjson", text.as_str()).await;
    let taken = take_with(&shelf("a.ndjson", text.as_str()), "a.ndjson", divided(9))
        .await
        .unwrap();
    assert!(taken.splits > 1);
    assert_eq!((taken.records.len(), taken.records), (5_000, whole.records));
    assert_eq!(taken.lines, whole.lines);
}

#[tokio::test]
async fn row_groups_are_shared_out() {
    let group = |from: i64| {
        let column = arrow_array::Int64Array::from_iter_values(from..from + 100);
        arrow_array::RecordBatch::try_from_iter([(
            "id",
            std::sync::Arc::new(column) as arrow_array::ArrayRef,
        )])
        .unwrap()
    };
    let bytes = parquet(
        &(0..10)
            .map(|number| group(number * 100))
            .collect::<Vec<_>>(),
    );
    for pieces in [1, 3, 10, 50] {
        let taken = take_with(
            &shelf("a.parquet", bytes.clone()),
            "a.parquet",
            divided(pieces),
        )
        .await
        .unwrap();
        assert!(
            taken.splits <= pieces && taken.splits >= pieces.min(10) / 2,
            "{} for {pieces}",
            taken.splits
        );
        assert_eq!(
            taken.column("id"),
            (0..1_000).map(|id| id.to_string()).collect::<Vec<_>>()
        );
    }
}

#[tokio::test]
async fn misplaced_quotes_are_read_as_one_piece_and_lose_nothing() {
    let mut text = "id,size\n".to_owned();
    for row in 0..2_000 {
        text.push_str(&format!("{row},5\" disk\n"));
    }
    let taken = take_with(&shelf("a.csv", text), "a.csv", divided(8))
        .await
        .unwrap();
    assert_eq!((taken.splits, taken.records.len()), (1, 2_000));
    assert_eq!(taken.column("size")[1_999], "5\" disk");
}

/// A plan made of one state of a file, read from another.
async fn read_later(planned: &str, later: &str) -> super::shelf::Taken {
    use locard_connector::{ScanRequest, Source};
    use locard_model::{EntityKind, EntityPath};
    let mut request = ScanRequest::all(EntityPath::new(["a.csv"]), EntityKind::File);
    divided(8)(&mut request);
    let plan = shelf("a.csv", planned).plan(&request).await.unwrap();
    assert!(plan.splits.len() > 1);
    take_planned(&shelf("a.csv", later), &plan).await.unwrap()
}

#[tokio::test]
async fn a_file_that_grows_is_read_up_to_where_it_was_planned() {
    let text = table(5_000);
    let whole = take("a.csv", text.as_str()).await;
    let grown = read_later(&text, &format!("{text}5000,later,\r\n")).await;
    assert_eq!(grown.records, whole.records);
    assert!(grown.errors.is_empty());
    assert_eq!(
        grown.sentences(),
        [format!(
            "byte {}: the file grew while it was read; what came later is not in this scan (0)",
            text.len()
        )]
    );
}

#[tokio::test]
async fn a_file_that_changed_in_another_way_is_refused() {
    let text = table(5_000);
    let (head, tail) = text.split_at(text.len() / 2);
    for later in [
        text.replacen("id,name,note", "id,nome,note,", 1),
        format!("{head}9,\r\n{tail}"),
        head.to_owned(),
    ] {
        let taken = read_later(&text, &later).await;
        assert!(taken.records.is_empty());
        assert_eq!(
            taken.errors[0].sentence(),
            "the file changed after the scan was planned"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn cells_come_back_as_the_csv_crate_wrote_and_reads_them(
        rows in proptest::collection::vec(proptest::collection::vec("[a-z\",;\n\r é日]{0,12}", 3), 1..60),
        pieces in 1_usize..6,
    ) {
        let mut writer = csv::WriterBuilder::new().quote_style(csv::QuoteStyle::Always).from_writer(Vec::new());
        writer.write_record(["first_id", "second_id", "third_id"]).unwrap();
        for row in &rows {
            writer.write_record(row).unwrap();
        }
        let bytes = writer.into_inner().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let taken = runtime.block_on(take_with(&shelf("a.csv", bytes), "a.csv", divided(pieces))).unwrap();
        prop_assert_eq!(&taken.columns, &["first_id", "second_id", "third_id"]);
        for (column, name) in taken.columns.iter().enumerate() {
            let expected: Vec<&str> = rows.iter().map(|row| row[column].as_str()).collect();
            prop_assert_eq!(taken.column(name), expected);
        }
    }

    #[test]
    fn unquoted_files_are_read_as_the_csv_crate_reads_them(
        rows in proptest::collection::vec(proptest::collection::vec("[a-z]{1,3}[a-z\" é日]{0,14}", 4), 2..80),
    ) {
        let text: String = rows.iter().map(|row| row.join(",") + "\n").collect();
        let text = format!("a_id,b_id,c_id,d_id\n{text}");
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
        let expected: Vec<Vec<String>> =
            reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let taken = runtime.block_on(take("a.csv", text));
        prop_assert!(taken.faults.is_empty());
        for (number, cells) in taken.records.values().enumerate() {
            let values: Vec<&str> = cells.iter().map(|cell| cell.split_once('=').unwrap().1).collect();
            let filled: Vec<&str> = expected[number].iter().map(String::as_str).filter(|cell| !cell.is_empty()).collect();
            prop_assert_eq!(values.into_iter().filter(|cell| !cell.is_empty()).collect::<Vec<_>>(), filled);
        }
    }
}
