use proptest::prelude::*;

use super::*;

fn words(name: &str) -> Vec<String> {
    let folded = forms::folded(name);
    forms::words(&folded).map(Into::into).collect()
}

/// Every spelling of a name as a whole.
fn whole(name: &str) -> Vec<String> {
    let all = spelled(&words(name)).into_iter();
    all.flat_map(|spelled| spelled.whole()).collect()
}

#[test]
fn tables_are_folded_complete_and_of_one_script_on_each_side() {
    for (table, from, to) in [
        (
            include_str!("latin_cyrillic.txt"),
            Script::Latin,
            Script::Cyrillic,
        ),
        (
            include_str!("cyrillic_latin.txt"),
            Script::Cyrillic,
            Script::Latin,
        ),
        (
            include_str!("latin_greek.txt"),
            Script::Latin,
            Script::Greek,
        ),
        (
            include_str!("greek_latin.txt"),
            Script::Greek,
            Script::Latin,
        ),
        (
            include_str!("latin_arabic.txt"),
            Script::Latin,
            Script::Arabic,
        ),
        (
            include_str!("latin_hebrew.txt"),
            Script::Latin,
            Script::Hebrew,
        ),
    ] {
        let mut known = Vec::new();
        for (row, ways) in letters::rows(table) {
            let own = row.trim_start_matches('^').trim_end_matches('$').to_owned();
            assert_eq!(Script::of(std::slice::from_ref(&own)), Some(from), "{row}");
            assert_eq!(forms::folded(&own), own, "{row}");
            assert!(!known.contains(&row), "{row} is there twice");
            assert!((1..=6).contains(&ways.len()), "{row}");
            known.push(row);
            for way in ways.into_iter().filter(|way| *way != "_") {
                assert_eq!(Script::of(&[way.to_owned()]), Some(to), "{row} = {way}");
                assert_eq!(forms::folded(way), way, "{row} = {way}");
            }
        }
        if from == Script::Latin {
            for letter in 'a'..='z' {
                let letter = letter.to_string();
                assert!(
                    known.contains(&letter.as_str()),
                    "{letter} is missing for {to:?}"
                );
            }
        }
    }
}

#[test]
fn listed_names_are_folded_there_once_and_spelled_in_latin_letters() {
    let mut known = Vec::new();
    for (name, spellings) in letters::rows(include_str!("names.txt")) {
        assert_eq!(forms::folded(name), name);
        assert!(!known.contains(&name), "{name} is there twice");
        known.push(name);
        let words: Vec<String> = name.split(' ').map(str::to_owned).collect();
        assert!(
            Script::of(&words).is_some_and(|script| script != Script::Latin),
            "{name}"
        );
        assert!(!spellings.is_empty(), "{name}");
        for (at, spelling) in spellings.iter().enumerate() {
            assert!(
                spelling.bytes().all(|byte| byte.is_ascii_lowercase()),
                "{spelling}"
            );
            assert!(
                !spellings[..at].contains(spelling),
                "{name} = {spelling} twice"
            );
        }
    }
}

#[test]
fn names_are_spelled_in_the_other_scripts_both_ways() {
    for (latin, other) in [
        ("Sergey Ivanov", "Сергей Иванов"),
        ("Sergei Ivanov", "Сергей Иванов"),
        ("Serguei Ivanov", "Сергей Иванов"),
        ("Mikhail Gorbunov", "Михаил Горбунов"),
        ("Olga Smirnova", "Ольга Смирнова"),
        ("Tatiana Kuznetsova", "Татьяна Кузнецова"),
        ("Dmitry Shcherbakov", "Дмитрий Щербаков"),
        ("Yulia Zhukova", "Юлия Жукова"),
        ("Eleni Papadopoulou", "Ελένη Παπαδοπούλου"),
        ("Giorgos Dimitriou", "Γιώργος Δημητρίου"),
        ("Mohammed Ali", "محمد علي"),
        ("Muhammad Ali", "محمد علي"),
        ("Ahmed Hassan", "أحمد حسن"),
        ("Fatima Abdullah", "فاطمة عبد الله"),
        ("Moshe Cohen", "משה כהן"),
    ] {
        for (from, to) in [(latin, other), (other, latin)] {
            let wanted = words(to).join(" ");
            let all = whole(from);
            assert!(all.contains(&wanted), "{from} is not {to}: {all:?}");
        }
    }
    for (latin, arabic) in [
        ("Mohammed Al-Hassan", "محمد الحسن"),
        ("Mohammed El Hassan", "محمد الحسن"),
        ("Abd al-Rahman Saleh", "عبد الرحمن صالح"),
        ("Abdul Rahman Saleh", "عبد الرحمن صالح"),
    ] {
        let wanted = words(arabic).join(" ");
        assert!(
            whole(latin).contains(&wanted),
            "{latin}: {:?}",
            whole(latin)
        );
    }
    let reverse = whole("محمد الحسن");
    assert!(
        reverse.contains(&"mohammed al hassan".to_owned()),
        "{reverse:?}"
    );
}

#[test]
fn what_is_no_name_of_one_script_is_not_spelled_anew() {
    for name in [
        "",
        "Sergey",
        "Sergey Иванов",
        "山田 太郎",
        "Room 12",
        "قققق ققق",
    ] {
        assert!(whole(name).is_empty(), "{name}: {:?}", whole(name));
    }
    let others = whole("Brian Frank");
    assert!(
        others
            .iter()
            .all(|name| Script::of(&words(name)) != Some(Script::Latin))
    );
}

#[test]
fn a_long_word_is_not_spelled_letter_by_letter() {
    assert!(whole(&format!("{} ivanov", "a".repeat(LONGEST + 1))).is_empty());
}

proptest! {
    #[test]
    fn spellings_are_few_folded_and_of_one_script(
        name in prop_oneof![
            ".{0,40}",
            "[a-z]{1,40}( [a-z]{1,12}){1,4}",
            "[а-яёєіїјљњћђџґ]{1,40}( [а-я]{1,12}){1,4}",
            "[α-ωάέήίόύώ]{1,14} [α-ω]{1,14}",
            "[\u{620}-\u{64a}]{1,14} [\u{620}-\u{64a}]{1,14}",
            "(abd|al|el|abdul|abdal|عبد|ال)( (abd|al|el|rahman|عبد|ال|الله)){1,4}",
        ],
    ) {
        let words = words(&name);
        let all = spelled(&words);
        prop_assert!(all.iter().map(|spelled| spelled.whole().len()).sum::<usize>() <= MOST_OF_NAME);
        for spelled in &all {
            prop_assert!((2..=words.len()).contains(&spelled.len()));
            prop_assert!(spelled.words.iter().all(|each| (1..=MOST_OF_WORD).contains(&each.len())));
            for text in spelled.whole() {
                prop_assert_eq!(forms::folded(&text), text.as_str());
                let parts: Vec<String> = text.split(' ').map(str::to_owned).collect();
                prop_assert!(Script::of(&parts).is_some());
            }
            for place in 0..=spelled.len() {
                let (first, last) = spelled.halves(place);
                prop_assert!(first.len().max(last.len()) <= MOST_OF_NAME);
            }
        }
    }
}
