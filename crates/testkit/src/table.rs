//! Tables with known contents, to be put into a source.

use std::sync::Arc;

use arrow_array::types::Int64Type;
use arrow_array::{
    Array, ArrayRef, BooleanArray, Date32Array, Float64Array, Int64Array, PrimitiveArray,
    RecordBatch, StringArray, TimestampMicrosecondArray,
};
use arrow_schema::{DataType, Field, Schema};

/// A table to be put into a source. Its first column is `id`, numbered from 1.
#[derive(Clone, Debug)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// Its rows.
    pub rows: RecordBatch,
}

impl Table {
    /// A table of these columns behind an `id`; every column may hold nulls.
    pub fn new(name: &str, rows: usize, columns: Vec<(&str, ArrayRef)>) -> Self {
        let ids = PrimitiveArray::<Int64Type>::from_iter_values(1..=rows as i64);
        let mut fields = vec![Field::new("id", DataType::Int64, false)];
        let mut arrays: Vec<ArrayRef> = vec![Arc::new(ids)];
        for (name, array) in columns {
            fields.push(Field::new(name, array.data_type().clone(), true));
            arrays.push(array);
        }
        let rows = RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays);
        Self {
            name: name.to_owned(),
            rows: rows.expect("the columns of a test table have one length"),
        }
    }

    /// Names of its columns.
    pub fn columns(&self) -> Vec<String> {
        self.rows
            .schema()
            .fields()
            .iter()
            .map(|field| field.name().clone())
            .collect()
    }
}

/// So many made-up persons: `id`, `name`, `email`, `city`, `age`, `joined` (a time; one a day from 2024-01-01 on).
pub fn people(name: &str, rows: usize) -> Table {
    const FIRST: [&str; 7] = ["Ada", "José", "Zoë", "Björn", "Eve", "Łukasz", "Ὀδυσσεύς"];
    const CITY: [&str; 5] = ["Köln", "Paris", "São Paulo", "Oslo", "Ulm"];
    const DAY: i64 = 86_400_000_000;
    const START: i64 = 1_704_067_200_000_000;
    let text = |make: &dyn Fn(usize) -> Option<String>| {
        Arc::new((0..rows).map(make).collect::<StringArray>()) as ArrayRef
    };
    let names = text(&|row| Some(format!("{} Example{row}", FIRST[row % 7])));
    let emails = text(&|row| (row % 4 != 3).then(|| format!("Person{row}@example.org")));
    let cities = text(&|row| Some(CITY[row % 5].to_owned()));
    let ages: ArrayRef = Arc::new(
        (0..rows)
            .map(|row| (row % 6 != 5).then_some(18 + (row % 60) as i64))
            .collect::<Int64Array>(),
    );
    let joined: ArrayRef = Arc::new(
        (0..rows)
            .map(|row| Some(START + DAY * row as i64))
            .collect::<TimestampMicrosecondArray>(),
    );
    Table::new(
        name,
        rows,
        vec![
            ("name", names),
            ("email", emails),
            ("city", cities),
            ("age", ages),
            ("joined", joined),
        ],
    )
}

/// One column of each common type, with nulls, limits, and text that needs care.
pub fn every_type(name: &str) -> Table {
    let texts = [
        "plain",
        "with, comma; and \"quotes\" and 'apostrophes'",
        "two\nlines\tand a tab",
        "ümläut 日本語 🦀 e\u{301}",
        "back\\slash % _ $1 ?",
    ];
    let integers = [0, -1, 42, i64::MAX, i64::MIN];
    let reals = [0.5, -1.25, 1e15, 3.0625, 0.0];
    let days = [0, 19_782, -7_305, 11_016, 47_482];
    let moments = [
        0,
        1_704_067_200_000_000,
        1_704_067_200_123_456,
        946_684_799_000_000,
        253_402_300_799_000_000,
    ];
    let truths = [true, false, true, false, true];
    let nothing: ArrayRef = Arc::new(StringArray::from(vec![None::<&str>; 6]));
    let columns = vec![
        ("text", with_null::<_, StringArray>(texts)),
        ("integer", with_null::<_, Int64Array>(integers)),
        ("real", with_null::<_, Float64Array>(reals)),
        ("truth", with_null::<_, BooleanArray>(truths)),
        ("day", with_null::<_, Date32Array>(days)),
        ("moment", with_null::<_, TimestampMicrosecondArray>(moments)),
        ("nothing", nothing),
    ];
    Table::new(name, 6, columns)
}

/// A column of these values and a null among them.
fn with_null<T, A: Array + From<Vec<Option<T>>> + 'static>(values: [T; 5]) -> ArrayRef {
    let mut cells: Vec<Option<T>> = values.into_iter().map(Some).collect();
    cells.insert(1, None);
    Arc::new(A::from(cells))
}

/// So many columns behind `id`, two rows.
pub fn many_columns(name: &str, columns: usize) -> Table {
    let names: Vec<String> = (0..columns)
        .map(|column| format!("field_{column}"))
        .collect();
    let array = |column: usize| {
        Arc::new(StringArray::from(vec![
            format!("a{column}"),
            format!("b{column}"),
        ])) as ArrayRef
    };
    let columns = names
        .iter()
        .enumerate()
        .map(|(column, name)| (name.as_str(), array(column)))
        .collect();
    Table::new(name, 2, columns)
}

/// The value of every column of [`odd_names`].
pub const ODD_VALUE: &str = "7\" for O'Hara; 100 % of $1";

/// Columns whose names need quoting, in tables whose names do.
pub fn odd_names() -> Vec<Table> {
    let names = [
        "two words",
        "Capitals",
        "select",
        "quo\"te",
        "apos'trophe",
        "semi;colon",
        "per%cent",
        "ünï",
        "名前",
        "back\\slash",
        "$1",
    ];
    let values: ArrayRef = Arc::new(StringArray::from(vec![Some(ODD_VALUE), None]));
    let columns: Vec<_> = names.iter().map(|name| (*name, values.clone())).collect();
    ["order", "Two Words", "it's", "Müller 名前", "crab 🦀"]
        .iter()
        .map(|name| Table::new(name, 2, columns.clone()))
        .collect()
}
