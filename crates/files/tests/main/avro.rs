//! Avro files as nobody's library writes them.

use std::io::Write;

use locard_connector::ErrorKind;

use super::shelf::{Taken, shelf, take, take_with};

const TEXT: &str =
    r#"{"type": "record", "name": "r", "fields": [{"name": "a", "type": "string"}]}"#;
const MARKER: [u8; 16] = *b"0123456789abcdef";

fn number(value: i64) -> Vec<u8> {
    let mut rest = (value << 1) as u64 ^ (value >> 63) as u64;
    let mut bytes = Vec::new();
    while rest > 0x7f {
        bytes.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    bytes.push(rest as u8);
    bytes
}

fn text(text: &[u8]) -> Vec<u8> {
    [number(text.len() as i64), text.to_vec()].concat()
}

fn header(schema: &str, codec: &str) -> Vec<u8> {
    let pairs = [("avro.schema", schema), ("avro.codec", codec)];
    let pairs = pairs.map(|(name, value)| [text(name.as_bytes()), text(value.as_bytes())].concat());
    [
        b"Obj\x01".to_vec(),
        number(2),
        pairs.concat(),
        number(0),
        MARKER.to_vec(),
    ]
    .concat()
}

fn block(records: i64, bytes: &[u8]) -> Vec<u8> {
    [number(records), text(bytes), MARKER.to_vec()].concat()
}

/// The records `n0`, `n1` and so on.
fn names(range: std::ops::Range<u32>) -> Vec<u8> {
    range
        .flat_map(|n| text(format!("n{n}").as_bytes()))
        .collect()
}

async fn taken(blocks: &[Vec<u8>]) -> Taken {
    take("a.avro", [header(TEXT, "null"), blocks.concat()].concat()).await
}

#[tokio::test]
async fn a_block_with_another_number_of_records_than_it_says_costs_only_its_rest() {
    let cases = [
        (
            9,
            9,
            "record 10: a block has more in it than the records that it tells of (1)",
        ),
        (
            0,
            0,
            "record 1: a block has more in it than the records that it tells of (1)",
        ),
        (11, 10, "record 11: a block ends before its last record (1)"),
        (
            1 << 60,
            10,
            "record 11: a block ends before its last record (30)",
        ),
    ];
    for (says, gives, sentence) in cases {
        let taken = taken(&[block(says, &names(0..10)), block(5, &names(10..15))]).await;
        assert_eq!(taken.sentences(), [sentence]);
        assert!(taken.errors.is_empty(), "{:?}", taken.errors);
        let found = taken.column("a");
        let expected: Vec<String> = (0..gives).chain(10..15).map(|n| format!("n{n}")).collect();
        assert_eq!(found, expected, "{says}");
    }
}

#[tokio::test]
async fn damage_within_a_block_is_told_and_the_other_blocks_are_read() {
    let wrong = [names(0..2), number(-7), names(3..6)].concat();
    let taken = taken(&[block(6, &wrong), block(1, &names(6..7))]).await;
    assert_eq!(taken.column("a"), ["n0", "n1", "n6"]);
    assert_eq!(
        taken.sentences(),
        ["record 3: a record is damaged, and what follows in its block was left out (4)"]
    );
}

#[tokio::test]
async fn a_value_that_cannot_be_decoded_costs_one_record() {
    let bytes = [names(0..2), text(b"\xff\xfe"), names(3..6)].concat();
    let taken = taken(&[block(6, &bytes)]).await;
    assert_eq!(taken.column("a"), ["n0", "n1", "n3", "n4", "n5"]);
    assert_eq!(
        taken.sentences(),
        ["record 3: values of a record are damaged (1)"]
    );
    assert!(taken.errors.is_empty(), "{:?}", taken.errors);
}

#[tokio::test]
async fn a_block_whose_size_cannot_be_ends_the_file() {
    for size in [number(-100), vec![0xff; 12]] {
        let bytes = [block(2, &names(0..2)), number(10), size, vec![b'x'; 100]];
        let taken = taken(&bytes).await;
        assert_eq!(taken.column("a"), ["n0", "n1"]);
        assert_eq!(taken.errors[0].kind(), ErrorKind::Malformed);
        assert_eq!(taken.errors[0].place_name(), Some("after record 2"));
    }
}

#[tokio::test]
async fn records_without_a_byte_are_counted_as_far_as_that_can_be() {
    let nulls = r#"{"type": "record", "name": "r", "fields": [{"name": "a", "type": "null"}]}"#;
    let file = |blocks: &[Vec<u8>]| [header(nulls, "null"), blocks.concat()].concat();
    let sound = take("a.avro", file(&[block(20_000, b"")])).await;
    assert_eq!((sound.records.len(), sound.faults.len()), (20_000, 0));
    for bytes in [&b""[..], b"\0"] {
        let taken = take("a.avro", file(&[block(1 << 31, bytes), block(2, b"")])).await;
        assert_eq!(taken.records.len(), 2);
        assert_eq!(
            taken.sentences(),
            ["record 1: a block says that it has more empty records than are read (1)"]
        );
    }
}

#[tokio::test]
async fn elements_without_a_byte_are_not_counted_for_ever() {
    let schema = r#"{"type": "record", "name": "r", "fields": [
        {"name": "a", "type": {"type": "array", "items": "null"}}, {"name": "b", "type": "string"}]}"#;
    let endless = [number(1 << 40), number(0), text(b"Eve")].concat();
    let empty = [number(0), text(b"Ada")].concat();
    let record = [empty.clone(), endless, empty].concat();
    let taken = take(
        "a.avro",
        [header(schema, "null"), block(3, &record)].concat(),
    )
    .await;
    assert_eq!(taken.column("b"), ["Ada"], "{:?}", taken.sentences());
    assert_eq!(taken.faults[0].records, 2);
    assert_eq!(taken.faults[0].place, "record 2");
}

fn packed(codec: &str, bytes: &[u8]) -> Vec<u8> {
    match codec {
        "deflate" => {
            let mut writer =
                flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
            writer.write_all(bytes).unwrap();
            writer.finish().unwrap()
        }
        "snappy" => {
            let mut packed = snap::raw::Encoder::new().compress_vec(bytes).unwrap();
            let mut crc = flate2::Crc::new();
            crc.update(bytes);
            packed.extend(crc.sum().to_be_bytes());
            packed
        }
        "zstandard" => zstd::encode_all(bytes, 1).unwrap(),
        "bzip2" => {
            let mut writer =
                bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::default());
            writer.write_all(bytes).unwrap();
            writer.finish().unwrap()
        }
        "xz" => {
            let mut writer = liblzma::write::XzEncoder::new(Vec::new(), 1);
            writer.write_all(bytes).unwrap();
            writer.finish().unwrap()
        }
        _ => bytes.to_vec(),
    }
}

const CODECS: [&str; 6] = ["null", "deflate", "snappy", "zstandard", "bzip2", "xz"];

#[tokio::test]
async fn every_codec_is_read_and_no_damage_in_it_passes_in_silence() {
    for codec in CODECS {
        let block = |range: std::ops::Range<u32>| {
            let records = i64::from(range.end - range.start);
            block(records, &packed(codec, &names(range)))
        };
        let (head, first) = (header(TEXT, codec), block(0..50_000));
        let sound = [head.clone(), first.clone(), block(50_000..50_010)].concat();
        let whole = take("a.avro", sound.clone()).await;
        assert_eq!(
            (whole.records.len(), whole.faults.len()),
            (50_010, 0),
            "{codec}"
        );
        assert_eq!(whole.column("a")[50_009], "n50009", "{codec}");
        if codec == "null" {
            continue;
        }
        let mut damaged = sound;
        damaged[head.len() + first.len() / 2] ^= 0x55;
        let taken = take("a.avro", damaged).await;
        // Deflate has no checksum: what it makes of damage may look like records.
        let told = !taken.faults.is_empty() || codec == "deflate";
        assert!(
            told && taken.errors.is_empty(),
            "{codec}: {:?}",
            taken.errors
        );
        assert_eq!(taken.column("a").last(), Some(&"n50009"), "{codec}");
    }
}

#[tokio::test]
async fn a_block_larger_than_memory_is_left_out() {
    let mut writer = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
    writer.write_all(&text(b"Ada")).unwrap();
    writer.write_all(&number(3 << 30)).unwrap();
    let zeros = vec![0; 1 << 20];
    for _ in 0..100 {
        writer.write_all(&zeros).unwrap();
    }
    let bomb = writer.finish().unwrap();
    let blocks = [block(2, &bomb), block(1, &packed("deflate", &names(0..1)))];
    let taken = take(
        "a.avro",
        [header(TEXT, "deflate"), blocks.concat()].concat(),
    )
    .await;
    assert_eq!(taken.column("a"), ["Ada", "n0"]);
    assert_eq!((taken.faults.len(), taken.faults[0].records), (1, 1));
    assert!(
        taken.faults[0]
            .sentence
            .starts_with("a record is longer than 64 MiB"),
        "{}",
        taken.faults[0].sentence
    );
}

#[tokio::test]
async fn what_is_not_read_is_not_called_damaged() {
    let itself = r#"{"type": "record", "name": "r", "fields": [
        {"name": "a", "type": "string"}, {"name": "next", "type": ["null", "r"]}]}"#;
    let sentences = [
        (
            header(itself, "null"),
            "the Avro schema has a type within itself, which makes no columns",
        ),
        (
            header(TEXT, "lzma"),
            "the Avro file is compressed in a way that is not read",
        ),
    ];
    for (header, sentence) in sentences {
        let source = shelf("a.avro", [header, block(1, &names(0..1))].concat());
        let error = take_with(&source, "a.avro", |_| {}).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert_eq!(error.sentence(), sentence);
        assert!(error.hint_text().is_some());
    }
}
