//! Words of `dictionaries/words` that mean the same whatever the identifier: what they do in column names, which
//! cells say nothing, and which words stand before names. The build script embeds them; a folder laid over the
//! dictionaries does not change them.

include!(concat!(env!("OUT_DIR"), "/words.rs"));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_list_is_there_and_folded() {
        let lists = [
            ATTRIBUTES,
            CUES,
            HEADS,
            LEADS,
            NEUTRAL,
            PLACEHOLDERS,
            SALUTATIONS,
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
