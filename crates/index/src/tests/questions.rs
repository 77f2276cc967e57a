//! What sources are asked, and that nothing that is stored is missed.

use super::*;

#[test]
fn sources_are_asked_only_for_what_they_can_answer() {
    let query = compile(&[
        ("PERSON", "Brian Frank"),
        ("PHONE_NUMBER", "+49 30 12345678"),
    ]);
    let wanted = |cells: &[&str]| {
        let candidate = ask(&query, &[("c", cells)]).remove(0);
        query.wanted(&candidate).map(|wanted| {
            wanted
                .into_iter()
                .map(|one| (one.form, one.values))
                .collect::<Vec<_>>()
        })
    };
    let tail = (WantedForm::Digits, vec!["12345678".to_owned()]);
    assert_eq!(wanted(&["030 12345678"]), Some(vec![tail]));
    let name = |form, text: &str| (form, vec![text.to_owned()]);
    assert_eq!(
        wanted(&["frank, brian"])
            .map(|wanted| wanted.contains(&name(WantedForm::Tokens, "brian frank"))),
        None
    );
    assert_eq!(
        wanted(&["met brian frank today"]),
        None,
        "text is read whole"
    );
}

#[test]
fn a_spelling_that_others_are_brought_to_is_not_asked_for() {
    let asked = |identifier, value: &str, cell: &str| {
        let query = compile(&[(identifier, value)]);
        let candidate = ask(&query, &[("c", &[cell])]).remove(0);
        query.wanted(&candidate)
    };
    let iban = "DE89370400440532013000";
    assert_eq!(
        asked("IBAN_CODE", iban, "DE89 3704 0044 0532 0130 00"),
        None
    );
    assert_eq!(asked("DATE_OF_BIRTH", "1980-03-07", "07.03.1980"), None);
    assert_eq!(asked("SOME_ID", "AB4711", "ab-47-11"), None);
    assert!(asked("EMAIL_ADDRESS", "a@example.org", "A@example.org").is_some());
}

#[test]
fn nothing_shows_a_value() {
    let query = compile(&[
        ("PERSON", "Brian Frank"),
        ("EMAIL_ADDRESS", "b@example.org"),
    ]);
    let text = format!("{query:?} {:?}", Verifier::new([&query], "t")).to_lowercase();
    assert!(!text.contains("brian") && !text.contains("example"));
}

proptest! {
    #[test]
    fn whoever_is_stored_is_a_candidate_and_a_hit(value in "\\PC{1,24}", kind in prop::sample::select(vec![
        "PERSON", "EMAIL_ADDRESS", "PHONE_NUMBER", "DATE_OF_BIRTH", "SOME_ID",
    ])) {
        let query = compile(&[(kind, &value)]);
        prop_assume!(!query.is_empty());
        // A short id says something only in a column of its name.
        let column = kind.to_lowercase();
        prop_assert!(!ask(&query, &[(&column, &[&value])]).is_empty());
        prop_assert!(!check(&query, &[(&column, &value)]).is_empty());
    }

    #[test]
    fn a_hit_is_always_a_candidate(wanted in "[a-c ]{1,8}|[0-9 +()-]{5,14}", stored in "[a-c ,.]{1,12}|[0-9 +()-]{5,20}",
        kind in prop::sample::select(vec!["PERSON", "PHONE_NUMBER", "SOME_ID"])) {
        let query = compile(&[(kind, &wanted)]);
        if !check(&query, &[("some_id", &stored)]).is_empty() {
            prop_assert!(!ask(&query, &[("some_id", &[&stored])]).is_empty());
        }
    }
}
