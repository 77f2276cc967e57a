use proptest::prelude::*;

use super::*;
use crate::chain::tests::{any_event, chain, event};
use crate::verify;

fn jsonl(entries: &[Entry]) -> Vec<u8> {
    let mut export = JsonlExport::new(Vec::new());
    for entry in entries {
        export.write(entry).unwrap();
    }
    export.finish().unwrap()
}

fn csv(entries: &[Entry]) -> String {
    let mut export = CsvExport::new(Vec::new());
    for entry in entries {
        export.write(entry).unwrap();
    }
    String::from_utf8(export.finish().unwrap()).unwrap()
}

#[test]
fn both_exports_say_everything() {
    let mut armed = event("bundle.downloaded");
    armed.actor = "=cmd|' /C calc'!A0".into();
    let mut head = crate::Head::genesis(crate::chain::tests::ORG);
    let entries = [armed, event("request.closed")].map(|event| head.append(event, None).unwrap());
    insta::assert_snapshot!(String::from_utf8(jsonl(&entries)).unwrap());
    insta::assert_snapshot!(csv(&entries));
}

#[test]
fn csv_is_read_by_other_programs_and_executed_by_none() {
    let mut armed = event("a,\"b\"\n=c");
    armed.purpose = "+1".into();
    let text = csv(&chain(vec![armed]).0);
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    assert_eq!(reader.headers().unwrap().len(), 14);
    let record = reader.records().next().unwrap().unwrap();
    assert_eq!((&record[4], &record[5]), ("a,\"b\"\n'=c", "'+1"));
}

proptest! {
    #[test]
    fn the_lines_verify_like_the_log(events in prop::collection::vec(any_event(), 0..4)) {
        let (entries, head) = chain(events);
        let read: Vec<Entry> = read_jsonl(&*jsonl(&entries)).collect::<Result<_>>().unwrap();
        prop_assert_eq!(&read, &entries);
        prop_assert_eq!(verify(read, &head), Ok(head));
    }

    /// Either the line is refused, or the entry that it gives does not verify.
    #[test]
    fn any_change_of_one_byte_of_a_file_is_found(
        events in prop::collection::vec(any_event(), 1..3), byte: prop::sample::Index, by in 1_u8..,
    ) {
        let (entries, head) = chain(events);
        let mut file = jsonl(&entries);
        let at = byte.index(file.len());
        file[at] ^= by;
        if let Ok(read) = read_jsonl(&*file).collect::<Result<Vec<Entry>>>() {
            // The last line's end is no content.
            prop_assert!(verify(&read, &head).is_err() || read == entries && at + 1 == file.len());
        }
    }
}

#[test]
fn lines_that_were_not_written_here_are_errors_with_their_number() {
    let good = String::from_utf8(jsonl(&chain(vec![event("x")]).0)).unwrap();
    let upper = good.replace("\"hash\":\"", "\"hash\":\"A");
    for (text, number) in [
        (format!("{good}{{}}\n"), 2),
        ("null\n".to_owned(), 1),
        (upper, 1),
        (good.replace("\"org\"", " \"org\""), 1),
        (good.replace("\"hold\"", "\"more\":1,\"hold\""), 1),
        (good.replace("user:7", "user\\u003a7"), 1),
    ] {
        let error = read_jsonl(text.as_bytes()).find_map(Result::err).unwrap();
        assert!(
            matches!(error, Error::Malformed(line) if line == number),
            "{error}"
        );
    }
}
