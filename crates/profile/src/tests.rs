//! The promises of a sketch: merging in any order, nothing lost in the index, nothing readable in the bytes.

use std::sync::Arc;

use arrow_array::StringViewArray;
use locard_model::LogicalType;
use locard_sketch::forms::{self, Meaning};
use locard_sketch::{Keyer, Preparer, hash};
use proptest::prelude::*;

use crate::{ColumnSketch, Extremes, MergeError, NotIndexed, Profiler};

fn keyer() -> Arc<Keyer> {
    Arc::new(Keyer::new(b"the key of tests"))
}

pub(crate) fn of_type<T: AsRef<str>>(
    declared: Option<LogicalType>,
    texts: &[Option<T>],
) -> ColumnSketch {
    let mut profiler = Profiler::new(keyer());
    let mut sketch = profiler.sketch(declared);
    let mut preparer = Preparer::new();
    for chunk in texts.chunks(1_000) {
        let array: StringViewArray = chunk
            .iter()
            .map(|text| text.as_ref().map(AsRef::as_ref))
            .collect();
        let cells = if sketch.repeats(chunk.len()) {
            preparer.prepare_grouped(&array)
        } else {
            preparer.prepare(&array)
        };
        profiler.update(&mut sketch, &cells).unwrap();
    }
    sketch
}

pub(crate) fn of<T: AsRef<str>>(texts: &[T]) -> ColumnSketch {
    let texts: Vec<Option<&str>> = texts.iter().map(|text| Some(text.as_ref())).collect();
    of_type(None, &texts)
}

fn without_checksum(texts: &[&str]) -> Vec<u8> {
    let mut bytes = of(texts).encode();
    bytes.truncate(bytes.len() - 8);
    bytes
}

fn merged(parts: &[ColumnSketch]) -> ColumnSketch {
    let mut whole = ColumnSketch::new(keyer().id(), None);
    for part in parts {
        whole.merge(part).unwrap();
    }
    whole
}

fn holds(sketch: &ColumnSketch, value: &str, meaning: Meaning) -> bool {
    let keyer = keyer();
    forms::probes(value, meaning).iter().any(|probe| {
        probe
            .all
            .iter()
            .all(|hash| sketch.may_hold(keyer.key(*hash)))
    })
}

#[test]
fn plain_figures_are_right() {
    let texts = [
        Some(" Anna "),
        None,
        Some(""),
        Some("BOB"),
        Some("bob"),
        Some("Zoë"),
    ];
    let profile = of_type(None, &texts).summary();
    assert_eq!(
        (
            profile.rows,
            profile.nulls,
            profile.blanks,
            profile.distinct
        ),
        (6, 1, 1, 3)
    );
    assert_eq!(
        (profile.narrowest, profile.widest, profile.average_length),
        (Some(3), Some(4), Some(3.25))
    );
    assert_eq!((profile.uniqueness, profile.density), (0.75, 4.0 / 6.0));
    assert_eq!(
        profile.shapes,
        [
            ("Aa+".to_owned(), 2),
            ("AAA".to_owned(), 1),
            ("a+".to_owned(), 1)
        ]
    );
    assert_eq!(profile.frequent[0].1, 2);
    assert_eq!(
        (profile.inferred, profile.indexed, profile.not_indexed),
        (LogicalType::Text, 1.0, None)
    );
}

#[test]
fn numbers_have_moments_and_extremes() {
    let sketch = of(&["1", "2.5", "-3", "x"]);
    let extremes = sketch.extremes().unwrap().clone();
    assert_eq!(
        extremes.numeric.map(|range| (range.min, range.max)),
        Some((-3.0, 2.5))
    );
    assert_eq!(
        extremes.lexical.map(|range| (range.min, range.max)),
        Some(("-3".into(), "x".into()))
    );
    let profile = of(&["1", "2", "3"]).summary();
    assert_eq!(
        (profile.mean, profile.inferred),
        (Some(2.0), LogicalType::Integer)
    );
    let dates = of(&["2024-01-31", "2023-05-01"]);
    assert_eq!(
        dates.extremes().unwrap().temporal.as_ref().unwrap().min,
        "2023-05-01"
    );
    assert_eq!(dates.summary().inferred, LogicalType::Date);
}

#[test]
fn an_empty_column_has_no_figures() {
    let profile = of::<&str>(&[]).summary();
    assert_eq!(
        (
            profile.rows,
            profile.distinct,
            profile.average_length,
            profile.mean
        ),
        (0, 0, None, None)
    );
    assert_eq!(
        (profile.indexed, profile.uniqueness, profile.density),
        (0.0, 0.0, 0.0)
    );
}

#[test]
fn booleans_and_floats_are_counted_and_not_indexed() {
    let floats: Vec<Option<String>> = (0..10_000)
        .map(|i| Some(format!("{}.5", i % 5_000)))
        .collect();
    let sketch = of_type(Some(LogicalType::Float), &floats);
    let profile = sketch.summary();
    assert_eq!(
        (profile.not_indexed, profile.indexed, profile.keys),
        (Some(NotIndexed::Float), 0.0, (0, 0))
    );
    assert!(
        (profile.distinct as f64 - 5_000.0).abs() < 400.0,
        "{}",
        profile.distinct
    );
    let booleans = of_type(
        Some(LogicalType::Boolean),
        &[Some("true"), Some("false"), Some("true")],
    );
    assert_eq!(booleans.summary().distinct, 2);
    assert!(booleans.encode().len() < 100);
}

#[test]
fn many_distinct_values_are_counted_and_found() {
    let texts: Vec<String> = (0..20_000)
        .map(|i| format!("user{i}@example.org"))
        .collect();
    let sketch = of(&texts);
    assert_eq!(sketch.summary().distinct, 20_000);
    assert!(
        texts
            .iter()
            .all(|text| holds(&sketch, text, Meaning::Value))
    );
    let strangers = (0..100_000)
        .filter(|i| holds(&sketch, &format!("other{i}@example.org"), Meaning::Value))
        .count();
    assert!(strangers <= 2, "{strangers}");
}

#[test]
fn a_repeating_column_is_profiled_alike_with_and_without_grouping() {
    let texts: Vec<String> = (0..8_000).map(|i| format!("Town {}", i % 40)).collect();
    let grouped = of(&texts);
    assert!(grouped.repeats(1_000));
    let singles: Vec<ColumnSketch> = texts.chunks(500).map(of).collect();
    assert_eq!(merged(&singles).encode(), grouped.encode());
}

#[test]
fn the_key_decides_what_merges() {
    let mut sketch = of(&["a"]);
    let other = ColumnSketch::new(Keyer::new(&[1; 16]).id(), None);
    assert_eq!(sketch.merge(&other), Err(MergeError::Key));
    let array: StringViewArray = [Some("a")].into_iter().collect();
    let mut preparer = Preparer::new();
    let mut other = other;
    assert_eq!(
        Profiler::new(keyer()).update(&mut other, &preparer.prepare(&array)),
        Err(MergeError::Key)
    );
}

#[test]
fn no_hash_in_the_bytes_is_that_of_another_catalog() {
    let array: StringViewArray = (0..50).map(|i| Some(format!("value {i}"))).collect();
    let values = |key: [u8; 16]| {
        let mut profiler = Profiler::new(Arc::new(Keyer::new(&key)));
        let mut sketch = profiler.sketch(None);
        profiler
            .update(&mut sketch, &Preparer::new().prepare(&array))
            .unwrap();
        sketch
    };
    let (a, b) = (values([1; 16]), values([2; 16]));
    assert_eq!(a.values().overlap(b.values()), 0);
    assert!(
        !a.may_hold(hash(b"value 1")),
        "unkeyed hashes are not stored"
    );
    assert_eq!(a.values().overlap(values([1; 16]).values()), 50);
}

#[test]
fn dropped_extremes_stay_dropped() {
    let mut sketch = of(&["a"]);
    sketch.set_extremes(None);
    sketch.merge(&of(&["b"])).unwrap();
    assert_eq!(sketch.extremes(), None);
}

#[test]
fn typical_columns_are_small() {
    let columns = [
        (0..20_000)
            .map(|i| ["new", "paid", "shipped", "returned"][i % 4].to_owned())
            .collect::<Vec<_>>(),
        (0..20_000).map(|i| format!("Town {}", i % 50)).collect(),
        (0..200)
            .map(|i| format!("Person{i} Name{}", i * 7))
            .collect(),
        (0..20_000)
            .map(|i| format!("{:.2}", f64::from(i % 300) / 7.0))
            .collect(),
    ];
    for texts in &columns {
        let bytes = of(texts).encode().len();
        assert!(bytes < 6_000, "{bytes} bytes for {}", texts[0]);
    }
    assert!(of(&columns[0]).encode().len() < 200);
    assert!(of(&columns[1]).encode().len() < 2_048);
}

/// Every way in which a number may be written down, to look for it in bytes.
fn spellings(text: &str) -> Vec<Vec<u8>> {
    let number: f64 = text.parse().unwrap();
    let mut all = vec![text.as_bytes().to_vec()];
    for bytes in [number.to_le_bytes(), number.to_be_bytes()] {
        all.push(bytes.to_vec());
    }
    let short = number as f32;
    all.extend([short.to_le_bytes().to_vec(), short.to_be_bytes().to_vec()]);
    if let Ok(whole) = text.parse::<i64>() {
        all.extend([whole.to_le_bytes().to_vec(), whole.to_be_bytes().to_vec()]);
        for packed in [whole as u64, (whole << 1 ^ whole >> 63) as u64] {
            let mut bytes = Vec::new();
            locard_sketch::put_number(&mut bytes, packed);
            all.push(bytes);
        }
        if let Ok(half) = u32::try_from(whole) {
            all.extend([half.to_le_bytes().to_vec(), half.to_be_bytes().to_vec()]);
        }
    }
    all
}

#[test]
fn a_single_number_is_in_the_sealed_bytes_only() {
    let has = |bytes: &[u8], part: &[u8]| bytes.windows(part.len()).any(|window| window == part);
    for text in ["118293122", "4111111111111111", "-40277", "5551234.25"] {
        for rows in 1..3 {
            let sketch = of(&vec![text; rows]);
            let (open, sealed) = (sketch.encode(), sketch.extremes().unwrap().encode());
            for spelling in spellings(text) {
                assert!(!has(&open, &spelling), "{text} as {spelling:?}");
            }
            let number: f64 = text.parse().unwrap();
            assert!(has(&sealed, &number.to_le_bytes()));
            let decoded = ColumnSketch::decode(&open).unwrap().summary();
            assert_eq!((decoded.mean, decoded.deviation), (None, None));
            assert_eq!(sketch.summary().mean, Some(number));
        }
    }
}

#[test]
fn numbers_of_one_shape_differ_in_keyed_hashes_only() {
    let under = |key: [u8; 16], text: &str| {
        let mut profiler = Profiler::new(Arc::new(Keyer::new(&key)));
        let mut sketch = profiler.sketch(None);
        let array: StringViewArray = [Some(text)].into_iter().collect();
        profiler
            .update(&mut sketch, &Preparer::new().prepare(&array))
            .unwrap();
        (sketch.counts, sketch.shapes, sketch.declared)
    };
    assert_eq!(under([1; 16], "118293122"), under([1; 16], "923847566"));
}

/// A pass with room for so many keys in a set.
fn of_at_most(most: usize, texts: &[String]) -> ColumnSketch {
    let mut profiler = Profiler::new(keyer());
    profiler.most = most;
    let mut sketch = profiler.sketch(None);
    let mut preparer = Preparer::new();
    for chunk in texts.chunks(4) {
        let array: StringViewArray = chunk.iter().map(Some).collect();
        profiler
            .update(&mut sketch, &preparer.prepare(&array))
            .unwrap();
    }
    sketch
}

fn merged_at_most(most: usize, a: &ColumnSketch, b: &ColumnSketch) -> ColumnSketch {
    let mut both = a.clone();
    both.merge_at_most(b, most).unwrap();
    both
}

#[test]
fn beyond_the_most_keys_coverage_is_lowered_and_distinct_values_are_still_counted() {
    let name = |i: usize| format!("user{i}");
    let texts: Vec<String> = (0..3_000).map(name).collect();
    let whole = of_at_most(1_000, &texts);
    assert!(whole.values.len() <= 1_000);
    assert!((0.2..0.4).contains(&whole.summary().indexed));
    let parts: Vec<_> = texts
        .chunks(700)
        .map(|part| of_at_most(1_000, part))
        .collect();
    let pieces = parts.iter().skip(1).fold(parts[0].clone(), |sum, part| {
        merged_at_most(1_000, &sum, part)
    });
    assert!(pieces.values.len() <= 1_000 && pieces.forms.len() <= 1_000);
    assert!((0.2..0.4).contains(&pieces.summary().indexed));
    assert!(of_at_most(3_000, &texts).keeps_every_value());
    for sketch in [&whole, &pieces] {
        assert!(!sketch.keeps_every_value());
        let distinct = sketch.summary().distinct;
        assert!((2_700..=3_000).contains(&distinct), "{distinct}");
    }
    assert_eq!(
        whole.distinct().estimate().to_bits(),
        pieces.distinct().estimate().to_bits()
    );
    let mut same = whole.clone();
    same.merge_at_most(&ColumnSketch::new(keyer().id(), None), 10)
        .unwrap();
    assert_eq!(
        same.encode(),
        whole.encode(),
        "nothing is lost to an empty part"
    );
}

fn text() -> impl Strategy<Value = Option<String>> {
    prop::option::of(prop_oneof![
        "[a-c]{1,2}",
        "[A-Z][a-z]{2,5} [A-Z][a-z]{2,5}",
        "[0-9]{1,9}",
        "-?[0-9]{1,4}\\.[0-9]{1,3}",
        "20[0-2][0-9]-0[1-9]-[0-2][1-8]",
        " {0,2}",
        any::<String>(),
    ])
}

fn column() -> impl Strategy<Value = Vec<Option<String>>> {
    prop::collection::vec(text(), 0..15)
}

proptest! {
    #[test]
    fn merging_is_associative_and_commutative_and_equals_one_pass(a in column(), b in column(), c in column()) {
        let parts = [&a, &b, &c].map(|texts| of_type(None, texts));
        let forward = merged(&parts);
        let mut tail = parts[2].clone();
        tail.merge(&parts[1]).unwrap();
        tail.merge(&parts[0]).unwrap();
        prop_assert_eq!(forward.encode(), tail.encode());
        prop_assert_eq!(forward.extremes(), tail.extremes());
        let whole = of_type(None, &[a, b, c].concat());
        prop_assert_eq!(forward.encode(), whole.encode());
        prop_assert_eq!(forward.extremes(), whole.extremes());
        prop_assert_eq!(forward.summary(), whole.summary());
    }

    #[test]
    fn beyond_the_most_keys_merging_commutes_and_coverage_never_says_too_much(
        parts in prop::collection::vec(prop::collection::vec("[a-z]{1,2}", 1..20), 2..6), most in 4usize..40,
    ) {
        let sketches: Vec<_> = parts.iter().map(|texts| of_at_most(most, texts)).collect();
        let mut sum = sketches[0].clone();
        for part in &sketches[1..] {
            let (there, back) = (merged_at_most(most, &sum, part), merged_at_most(most, part, &sum));
            prop_assert_eq!(there.encode(), back.encode());
            sum = there;
        }
        let all = parts.concat();
        let found = all.iter().filter(|text| holds(&sum, text, Meaning::Value)).count();
        prop_assert!(sum.counts.indexed <= found as u64);
        // One pass stops within a batch, so a set may exceed the limit by one.
        prop_assert!(sum.values.len().max(sum.forms.len()) <= most + 16);
        let whole = of_at_most(1_000, &all);
        prop_assert_eq!(sum.distinct(), whole.distinct());
    }

    #[test]
    fn decoding_gives_what_was_encoded(texts in column()) {
        let mut sketch = of_type(None, &texts);
        sketch.seal();
        let mut decoded = ColumnSketch::decode(&sketch.encode()).unwrap();
        decoded.set_extremes(Some(Extremes::decode(&sketch.extremes().unwrap().encode()).unwrap()));
        prop_assert_eq!(&decoded, &sketch);
        let (values, forms) = sketch.sizes();
        let keys = decoded.keys();
        prop_assert_eq!(keys.len(), values + forms);
        prop_assert!(keys.iter().all(|key| sketch.may_hold(*key)));
    }

    #[test]
    fn every_stored_value_is_found(texts in column(), meaning in prop::sample::select(vec![
        Meaning::Name, Meaning::NamePart, Meaning::Phone, Meaning::Date, Meaning::Value,
    ])) {
        let sketch = ColumnSketch::decode(&of_type(None, &texts).encode()).unwrap();
        for text in texts.iter().flatten().filter(|text| !forms::folded(text).is_empty()) {
            prop_assert!(holds(&sketch, text, meaning), "{:?} as {:?}", text, meaning);
        }
    }

    #[test]
    fn hostile_bytes_are_an_error_or_a_sketch(mut bytes in Just(without_checksum(&["Ann Lee", "42", "2024-01-31"])),
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4), cut in 0usize..40) {
        for (place, value) in flips {
            let at = place.index(bytes.len());
            bytes[at] = value;
        }
        bytes.truncate(bytes.len() - cut.min(bytes.len()));
        // As if the checksum agreed, which it hardly ever would: whoever writes such bytes can write that too.
        let sum = hash(&bytes).to_le_bytes();
        let sealed: Vec<u8> = bytes.iter().copied().chain(sum).collect();
        if let Ok(mut sketch) = ColumnSketch::decode(&sealed) {
            let _ = (sketch.summary(), sketch.encode());
            let other = sketch.clone();
            let _ = sketch.merge(&other);
        }
        let _ = Extremes::decode(&bytes);
    }
}
