//! ORC files as Apache's own writer writes them (`orc/make.py`), and as nobody's does.

use locard_connector::Scope;

use super::containers::listed;
use super::shelf::{Taken, divided, first, shelf, take, take_with};

/// Three rows of every four come in more than one stripe here.
const ZLIB: &[u8] = include_bytes!("../orc/zlib.orc");
const FIRST_VERSION: &[u8] = include_bytes!("../orc/first_version.orc");
const UNION: &[u8] = include_bytes!("../orc/union.orc");
const OTHERS: [(&str, &[u8]); 4] = [
    ("uncompressed", include_bytes!("../orc/uncompressed.orc")),
    ("snappy", include_bytes!("../orc/snappy.orc")),
    ("lz4", include_bytes!("../orc/lz4.orc")),
    ("zstd", include_bytes!("../orc/zstd.orc")),
];

/// A cell, null where every so many-th is.
#[expect(clippy::needless_pass_by_value, reason = "it is written down at once")]
fn cell(row: i64, null: i64, text: impl ToString) -> String {
    if null > 0 && row % null == null - 1 {
        "(null)".to_owned()
    } else {
        text.to_string()
    }
}

/// What the cells of a row are, by the formulas of `make.py`.
fn expected(i: i64) -> Vec<(&'static str, String)> {
    let number = i as u64;
    let magnitude = (number.wrapping_mul(0x9E37_79B9_7F4A_7C15) % (1 << 62)) as i64;
    // Python multiplies without end: the remainder is the same.
    let big = if i % 2 == 0 { magnitude } else { -magnitude };
    let int = (i * 2_654_435_761).rem_euclid(1 << 32) - (1 << 31);
    let name = ["Ada Lovelace", "Grace Hopper", "Zoë Ångström"][i as usize % 3];
    let cents = i * 31 - 9_000;
    let sign = if cents < 0 { "-" } else { "" };
    let money = format!("{sign}{}.{:02}", cents.abs() / 100, cents.abs() % 100);
    let phones = vec![format!("+49 30 {i:06}"); i as usize % 3].join("|");
    let city = if i % 4 == 3 { "(null)" } else { "Berlin" };
    vec![
        ("id", (i + 1).to_string()),
        ("name", cell(i, 7, name)),
        ("email", format!("person{i}@example.org")),
        ("flag", cell(i, 11, i % 3 == 0)),
        ("tiny", cell(i, 13, i % 256 - 128)),
        ("short", (i * 37 % 60_000 - 30_000).to_string()),
        ("int", int.to_string()),
        (
            "patched",
            if i % 97 == 0 {
                1_000_000_000_000
            } else {
                i % 10
            }
            .to_string(),
        ),
        ("big", big.to_string()),
        ("down", (5_000 - 3 * i).to_string()),
        ("double", cell(i, 5, format!("{:?}", i as f64 / 8.0))),
        ("bytes", format!("{:02x}ff00", i % 256)),
        ("money", cell(i, 17, money)),
        // Python rounds to 28 digits, half of one to the even.
        (
            "huge",
            (10_i128.pow(30) + if i > 500 { 1_000 } else { 0 }).to_string(),
        ),
        ("phones[]", cell(i, 9, phones)),
        ("address.city", cell(i, 10, city)),
        ("address.zip", cell(i, 10, 10_000 + i)),
        ("extra.*#key", cell(i, 8, format!("k{}", i % 2))),
        ("extra.*", cell(i, 8, format!("v{i}"))),
    ]
}

fn assert_sound(taken: &Taken, rows: i64, what: &str) {
    assert_eq!(taken.sentences(), Vec::<String>::new(), "{what}");
    assert!(taken.errors.is_empty(), "{what}: {:?}", taken.errors);
    assert_eq!(taken.records.len() as i64, rows, "{what}");
    for (name, _) in expected(0) {
        let found = taken.column(name);
        for (row, found) in found.into_iter().enumerate() {
            let wanted = expected(row as i64);
            let wanted = wanted.iter().find(|(it, _)| *it == name);
            assert_eq!(found, wanted.unwrap().1, "{what}: {name} in row {row}");
        }
    }
    let times = taken.column("time");
    assert_eq!(times[0], "1960-01-01T12:00:00.123", "{what}");
    assert_eq!(times[100], "1965-06-23T12:00:00.123", "{what}");
    let days = taken.column("day");
    assert_eq!((days[0], days[100]), ("1950-01-01", "1954-08-28"), "{what}");
    let moments = taken.column("moment");
    assert_eq!(moments[25], "2020-01-02T13:00:00.000005Z", "{what}");
    assert_eq!(taken.column("float")[3], "0.75", "{what}");
}

#[tokio::test]
async fn every_type_is_read_as_it_was_written() {
    assert_sound(&take("a", ZLIB).await, 900, "zlib");
    for (name, bytes) in OTHERS {
        assert_sound(&take(name, bytes).await, 120, name);
    }
    assert_sound(&take("a.orc", FIRST_VERSION).await, 200, "RLE 1");
}

#[tokio::test]
async fn the_variants_of_a_union_are_columns() {
    let taken = take("a.orc", UNION).await;
    assert_eq!(taken.column("either.0"), ["1", "(null)", "3", "(null)"]);
    assert_eq!(taken.column("either.1"), ["(null)", "b", "(null)", "d"]);
}

#[tokio::test]
async fn stripes_are_splits_and_only_the_columns_that_are_wanted_are_decoded() {
    let source = shelf("a.orc", ZLIB);
    let taken = take_with(&source, "a.orc", divided(8)).await.unwrap();
    assert_eq!(taken.splits, 2);
    assert_sound(&taken, 900, "divided");
    let some = take_with(&source, "a.orc", |request| {
        request.columns = Some(vec!["email".to_owned(), "address.city".to_owned()]);
    });
    let some = some.await.unwrap();
    assert_eq!(some.columns, ["email", "address.city"]);
    assert_eq!(some.column("email")[899], "person899@example.org");
    let few = take_with(&source, "a.orc", first(5)).await.unwrap();
    assert_eq!(few.column("id"), ["1", "2", "3", "4", "5"]);
    let (entities, told) = listed(&source, Scope::default()).await;
    assert_eq!(
        (entities.as_slice(), told.len()),
        (&["a.orc".to_owned()][..], 0)
    );
}

#[tokio::test]
async fn a_damaged_stripe_costs_what_of_it_cannot_be_decoded() {
    let mut bytes = ZLIB.to_vec();
    // The addresses in the first stripe.
    bytes[1_500..1_560].fill(0xa5);
    let taken = take("a.orc", bytes).await;
    assert!(taken.errors.is_empty(), "{:?}", taken.errors);
    let told = taken.sentences().join("\n");
    assert!(
        told.contains("damaged in a stripe") || told.contains("a stripe is damaged"),
        "{told}"
    );
    // The second stripe is whole, and of the first all columns but the damaged ones.
    let ids = taken.column("id");
    assert!(ids.contains(&"900") && ids.len() >= 300, "{}", ids.len());
}

#[tokio::test]
async fn a_truncated_file_is_told() {
    for length in [3, 300, ZLIB.len() / 2, ZLIB.len() - 1] {
        let source = shelf("a.orc", &ZLIB[..length]);
        let told = match take_with(&source, "a.orc", |_| {}).await {
            Ok(taken) => format!("{:?}", taken.errors),
            Err(error) => error.to_string(),
        };
        // Three bytes are a text.
        assert!(
            length == 3 || told.contains("damaged or truncated"),
            "{length}: {told}"
        );
    }
}

#[tokio::test]
async fn whatever_is_changed_nothing_panics_and_little_memory_is_taken() {
    for (_, bytes) in OTHERS.into_iter().chain([("first", FIRST_VERSION)]) {
        for at in (0..bytes.len())
            .rev()
            .take(300)
            .chain((0..bytes.len()).step_by(101))
        {
            for change in [0x01_u8, 0xff] {
                let mut damaged = bytes.to_vec();
                damaged[at] ^= change;
                let source = shelf("a.orc", damaged);
                let _ = take_with(&source, "a.orc", |_| {}).await;
            }
        }
    }
}

/// A description: fields of a number, then a value.
fn described(fields: &[(u64, &[u8])], numbers: &[(u64, u64)]) -> Vec<u8> {
    let mut out = Vec::new();
    for (field, bytes) in fields {
        varint(field << 3 | 2, &mut out);
        varint(bytes.len() as u64, &mut out);
        out.extend_from_slice(bytes);
    }
    for (field, number) in numbers {
        varint(field << 3, &mut out);
        varint(*number, &mut out);
    }
    out
}

fn varint(mut value: u64, out: &mut Vec<u8>) {
    while value > 0x7f {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// A file with one stripe of one column, whose streams, footer and types are given.
fn made(data: &[u8], stripe: &[u8], records: u64, types: &[Vec<u8>]) -> Vec<u8> {
    let mut file = b"ORC\0".to_vec();
    let offset = file.len() as u64;
    file.extend_from_slice(data);
    file.extend_from_slice(stripe);
    let sizes = [
        (1, offset),
        (3, data.len() as u64),
        (4, stripe.len() as u64),
        (5, records),
    ];
    let stripe = described(&[], &sizes);
    let mut fields: Vec<(u64, &[u8])> = vec![(3, &stripe)];
    fields.extend(types.iter().map(|it| (4, it.as_slice())));
    let footer = described(&fields, &[(6, records)]);
    file.extend_from_slice(&footer);
    let postscript = described(
        &[(8_000, b"ORC")],
        &[(1, footer.len() as u64), (2, 0), (5, 0)],
    );
    file.extend_from_slice(&postscript);
    file.push(postscript.len() as u8);
    file
}

fn root() -> Vec<u8> {
    described(&[(2, &[1]), (3, b"a")], &[(1, 12)])
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "each file is made in place")]
async fn claims_take_no_memory() {
    let stream = |kind, column, length| described(&[], &[(1, kind), (2, column), (3, length)]);
    let encoding = |kind, words| described(&[], &[(1, kind), (2, words)]);
    // Runs of 512 lengths of 2^40 bytes each: by the second version, equal numbers.
    let mut lengths = vec![0xc1, 0xff];
    varint(1 << 40, &mut lengths);
    lengths.push(0);
    let length = lengths.len() as u64;
    let text = described(&[], &[(1, 7)]);
    let direct = described(
        &[
            (1, &stream(2, 1, length)),
            (2, &encoding(0, 0)),
            (2, &encoding(2, 0)),
        ],
        &[],
    );
    let words = described(
        &[
            (1, &stream(2, 1, length)),
            (2, &encoding(0, 0)),
            (2, &encoding(3, u64::from(u32::MAX))),
        ],
        &[],
    );
    // A list whose elements are as many as a run of bits says.
    let list = described(&[(2, &[2])], &[(1, 10)]);
    let mut many = vec![0xc1, 0xff];
    varint(1 << 21, &mut many);
    many.push(0);
    let listed = described(
        &[
            (1, &stream(2, 1, many.len() as u64)),
            (2, &encoding(0, 0)),
            (2, &encoding(2, 0)),
            (2, &encoding(2, 0)),
        ],
        &[],
    );
    let long = described(&[], &[(1, 4)]);
    let cases = [
        (
            "texts",
            made(&lengths, &direct, 512, &[root(), text.clone()]),
        ),
        (
            "words",
            made(&lengths, &words, 512, &[root(), text.clone()]),
        ),
        ("elements", made(&many, &listed, 512, &[root(), list, long])),
        (
            "records",
            made(&[], &direct[..0], 1 << 50, &[root(), text.clone()]),
        ),
    ];
    for (what, bytes) in cases {
        let source = shelf("a.orc", bytes);
        match take_with(&source, "a.orc", |_| {}).await {
            Ok(taken) => {
                let told = taken.sentences().join("\n");
                assert!(
                    told.contains("a stripe"),
                    "{what}: {told} {:?}",
                    taken.errors
                );
                assert!(taken.records.is_empty(), "{what}");
            }
            Err(error) => assert!(error.to_string().contains("ORC"), "{what}: {error}"),
        }
    }
}

#[tokio::test]
async fn what_is_not_read_is_told_by_name() {
    let mut lzo = made(&[], &[], 0, &[root(), described(&[], &[(1, 7)])]);
    let postscript = lzo.len() - 1 - usize::from(*lzo.last().unwrap());
    // The compression stands where `(2, 0)` was written.
    let at = (postscript..lzo.len())
        .find(|at| lzo[*at..].starts_with(&[0x10, 0]))
        .unwrap();
    lzo[at + 1] = 3;
    let error = take_with(&shelf("a.orc", lzo), "a.orc", |_| {})
        .await
        .err()
        .unwrap();
    assert!(error.to_string().contains("LZO"), "{error}");
}
