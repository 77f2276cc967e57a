use super::*;

fn rule(id: &str, names: &[&str], not: &[&str]) -> Rule {
    let list = |words: &[&str]| {
        words
            .iter()
            .map(|word| format!("{word:?}"))
            .collect::<Vec<_>>()
            .join(",")
    };
    let text = format!(
        "id = '{id}'\nidentifier = '{}'\ntitle = 't'\ncategory = 'text'\nsensitivity = 'low'\nrole = 'none'\n\
         prior = 0.1\n[column]\nnames = [{}]\nnot = [{}]\n",
        id.to_uppercase(),
        list(names),
        list(not)
    );
    toml::from_str(&text).unwrap()
}

fn phrases() -> Phrases {
    let rules = [
        rule(
            "email",
            &["email", "email address", "correo electrónico"],
            &["email subject"],
        ),
        rule("street", &["address", "street address", "straße"], &[]),
        rule(
            "birth",
            &["birth date", "date of birth", "geburtsdatum", "生年月日"],
            &[],
        ),
        rule("ip", &["ip", "ip address"], &[]),
    ];
    let everyday = ["regime", "garden"].map(|word| locard_sketch::hash(word.as_bytes()));
    Phrases::new(&rules, &everyday)
}

fn name(header: &str, rule: usize) -> Option<Reading> {
    phrases()
        .read(header)
        .reading(rule)
        .copied()
        .filter(|reading| reading.kind == Kind::Name)
}

#[test]
fn a_name_is_recognised_however_it_is_written() {
    for header in [
        "email",
        "E_MAIL".replace('_', "").as_str(),
        "customerEmail",
        "EMAIL_ADDR",
        "emailaddress",
        "eml_1",
    ] {
        let reading = name(header, 0);
        assert!(
            reading.is_some_and(|reading| !reading.about && reading.covers > 0.9),
            "{header}: {reading:?}"
        );
    }
    for header in [
        "dob",
        "DateOfBirth",
        "dt_of_birth",
        "birth_dt",
        "Geburtsdatum",
        "生年月日",
    ] {
        assert!(
            name(header, 2).is_some_and(|reading| reading.covers > 0.9),
            "{header}"
        );
    }
    assert!(name("Correo Electronico", 0).is_some());
    assert!(name("Strasse", 1).is_some());
}

#[test]
fn a_phrase_within_a_longer_one_of_another_identifier_does_not_count() {
    let header = phrases().read("ip_address");
    assert!(header.reading(1).is_some_and(|reading| reading.within));
    assert!(
        header
            .reading(3)
            .is_some_and(|reading| !reading.within && reading.covers > 0.9)
    );
}

#[test]
fn words_around_a_name_can_make_it_a_fact_about_the_thing() {
    for header in [
        "email_template_id",
        "is_email",
        "address_type",
        "email_sent_count",
        "email_count",
        "count_of_emails",
        "email_verified",
        "address_valid",
        "tipo_email",
        "street_address_risk",
        "Email Anzahl",
    ] {
        let read = phrases().read(header);
        let about = |rule| {
            read.reading(rule)
                .is_some_and(|reading: &Reading| reading.about)
        };
        assert!(about(0) || about(1), "{header}");
    }
}

#[test]
fn a_word_is_a_head_by_where_it_stands() {
    for (header, is_about) in [
        ("present_address", false),
        ("address_present", true),
        ("source_ip", false),
        ("ip_source", true),
        ("email 2", false),
    ] {
        let read = phrases().read(header);
        let about = (0..4).any(|rule| read.reading(rule).is_some_and(|reading| reading.about));
        assert_eq!(about, is_about, "{header}");
    }
}

#[test]
fn a_phrase_that_speaks_against_wins() {
    assert_eq!(
        phrases()
            .read("email_subject")
            .reading(0)
            .map(|reading| reading.kind),
        Some(Kind::Not)
    );
}

#[test]
fn a_name_without_a_known_word_is_opaque() {
    assert_eq!(phrases().read("c07").clarity, Clarity::Opaque);
    assert_eq!(phrases().read("xqz_17").clarity, Clarity::Opaque);
    assert_eq!(phrases().read("order_status").clarity, Clarity::Clear);
    assert!(phrases().read("order_status").thing);
}

#[test]
fn words_that_were_cut_off_are_completed_where_one_identifier_alone_begins_so() {
    for header in ["GEBURT", "geburtsd", "BIRTH_GEBURTS"] {
        assert!(name(header, 2).is_some(), "{header}");
    }
    // Too short; the beginning of two identifiers' words; an everyday word.
    let of_two = [
        rule("a", &["gardenia"], &[]),
        rule("b", &["kartonage", "lokality"], &[]),
        rule("c", &["lokalisation"], &[]),
    ];
    let everyday = ["karton", "garden"].map(|word| locard_sketch::hash(word.as_bytes()));
    let phrases = Phrases::new(&of_two, &everyday);
    for header in ["lokali", "garden", "karton", "kartona"] {
        let header_read = phrases.read(header);
        let spoken = (0..3).any(|rule| header_read.reading(rule).is_some());
        assert_eq!(spoken, header == "kartona", "{header}");
    }
}

#[test]
fn everyday_words_are_not_taken_apart() {
    let rules = [rule("name", &["ime"], &[]), rule("wort", &["wort"], &[])];
    let read = |everyday: &[u64]| {
        let phrases = Phrases::new(&rules, everyday);
        phrases.read("wortime").reading(0).is_some()
    };
    assert!(read(&[]));
    assert!(!read(&[locard_sketch::hash(b"wortime")]));
}
