//! Words of `dictionaries/words` that mean the same whatever the identifier: what they do in column names, which
//! cells say nothing, and which words stand before names. The build script embeds them; a folder laid over the
//! dictionaries does not change them.

use std::sync::LazyLock;

include!(concat!(env!("OUT_DIR"), "/words.rs"));

/// The hashes of the words of sentences, sorted.
static SPEECH_HASHES: LazyLock<Vec<u64>> = LazyLock::new(|| {
    let hashes = SPEECH
        .iter()
        .map(|word| locard_sketch::hash(word.as_bytes()));
    let mut hashes: Vec<u64> = hashes.collect();
    hashes.sort_unstable();
    hashes
});

/// Whether a folded word of this hash makes those around it a sentence.
pub(crate) fn is_speech(hash: u64) -> bool {
    SPEECH_HASHES.binary_search(&hash).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_list_is_there_and_folded() {
        let lists = [
            ATTRIBUTES,
            CUES,
            HEADS,
            KIN,
            LEADS,
            MAILBOXES,
            NEUTRAL,
            PLACEHOLDERS,
            SALUTATIONS,
            SPEECH,
            THINGS,
            VALUES,
        ];
        for list in lists {
            assert!(list.len() > 20, "{list:?}");
            for word in list {
                assert_eq!(crate::library::fold(word), *word, "is compared folded");
            }
        }
        assert!(SAME.contains(&("dob", "birth date")));
        assert!(
            PLACEHOLDERS.contains(&"#n/a"),
            "no comment, a cell of spreadsheets"
        );
    }
}
