//! Names that no list knows, as most of the world's are: the table they stand in tells whose they are.

use locard_identify::{ColumnJudgement, Evidence, Library};

use super::dice::Dice;
use super::{ROWS, Seen, judge_beside, sentence};

/// Syllables of no language in particular.
const ONSETS: &str = "Tsk|Gvr|Mkh|Zh|Ngw|Kh|Ts|Dzh|Bx|Qw|Vr|Xh|Lh|Yz";
const CODAS: &str = "avrok|ezhu|ilakhu|obikwex|udzhev|atxur|enkwilo|ixhavu|yrgath|ozekhu";

fn word(dice: &mut Dice) -> String {
    let (onset, coda) = (dice.pick(ONSETS), dice.pick(CODAS));
    format!("{onset}{coda}{}", dice.pick("|n|li|shvi|dze"))
}

fn stranger(dice: &mut Dice) -> String {
    format!("{} {}", word(dice), word(dice))
}

fn column(library: &Library, seed: u64, make: impl Fn(&mut Dice) -> String) -> Seen {
    let mut dice = Dice::new(seed);
    let cells: Vec<String> = (0..ROWS).map(|_| make(&mut dice)).collect();
    Seen::of(library, &cells)
}

fn birth_date(dice: &mut Dice) -> String {
    let (year, month, day) = dice.date(1945, 2003);
    format!("{year}-{month:02}-{day:02}")
}

/// Judges names with the address of mail of each row beside them.
fn judge_with_mail(
    library: &Library,
    name: &str,
    make: impl Fn(&mut Dice) -> (String, String),
) -> ColumnJudgement {
    let mut dice = Dice::new(41);
    let rows: Vec<(String, String)> = (0..ROWS).map(|_| make(&mut dice)).collect();
    let (names, mails): (Vec<String>, Vec<String>) = rows.into_iter().unzip();
    let mut seen = Seen::of(library, &names);
    let mut beside = Evidence::new();
    let rows = names.iter().zip(&mails);
    let rows = rows.map(|(name, mail)| (name.as_str(), vec![mail.as_str()]));
    library.observe_holders(rows, &mut beside);
    seen.evidence.merge(&beside).unwrap();
    let others = [("mail", Seen::of(library, &mails))];
    judge_beside(library, name, &seen, &others)
}

fn is_person(judgement: &ColumnJudgement) -> bool {
    let mut found = judgement.findings.iter();
    found.any(|finding| finding.identifier.as_str() == "PERSON" && finding.confidence > 0.6)
}

#[test]
fn a_name_beside_what_persons_alone_have_is_a_persons() {
    let library = Library::builtin().unwrap();
    let seen = column(&library, 31, stranger);
    let born = || ("date_of_birth", column(&library, 32, birth_date));
    let sex = || {
        (
            "gender",
            column(&library, 33, |dice| dice.pick("female|male").into()),
        )
    };
    for header in ["Name", "name", "nombre", "naam"] {
        for others in [vec![born()], vec![sex(), born()]] {
            let judgement = judge_beside(&library, header, &seen, &others);
            assert!(
                is_person(&judgement),
                "{}",
                sentence("strangers", header, &judgement)
            );
        }
    }
    // Firms are called so as well.
    let judgement = judge_beside(&library, "name", &seen, &[]);
    assert!(
        !is_person(&judgement),
        "{}",
        sentence("strangers", "name", &judgement)
    );
}

#[test]
fn names_that_the_mailboxes_of_their_rows_are_called_like_are_persons_whatever_the_header() {
    let library = Library::builtin().unwrap();
    for header in ["", "column_7", "Name", "wer"] {
        let judgement = judge_with_mail(&library, header, |dice| {
            let (given, family) = (word(dice), word(dice));
            let mailbox = match dice.roll(3) {
                0 => format!("{}.{}", &given[..1], family),
                1 => format!("{given}{}", dice.form("99")),
                _ => format!("{family}_{given}"),
            };
            let mail = format!("{}@mail.example", mailbox.to_lowercase());
            (format!("{given} {family}"), mail)
        });
        assert!(
            is_person(&judgement),
            "{}",
            sentence("strangers", header, &judgement)
        );
    }
}

/// A name and the mail beside it.
type Row = fn(&mut Dice) -> (String, String);

#[test]
fn names_of_firms_goods_and_teams_beside_mail_are_no_persons() {
    let library = Library::builtin().unwrap();
    let things: [(&str, Row); 4] = [
        ("firms and their offices", |dice| {
            let firm = stranger(dice);
            let host = firm.to_lowercase().replace(' ', "-");
            (
                firm,
                format!("{}@{host}.example", dice.pick("info|sales|office|contact")),
            )
        }),
        ("firms with their forms", |dice| {
            let form = dice.pick("GmbH|Ltd|Inc|SARL|Oy");
            let mail = format!("{}@mail.example", dice.form("aaaaaaaa"));
            (format!("{} {form}", stranger(dice)), mail)
        }),
        ("goods of whoever", |dice| {
            let kind = dice.pick("Lamp|Table|Chair|Sofa|Shelf|Mirror");
            let mail = format!("{}@mail.example", dice.form("aaaaaaaa"));
            (
                format!("{} {kind}", dice.pick("Nordic|Urban|Classic|Deluxe|Mini")),
                mail,
            )
        }),
        ("teams", |dice| {
            let team =
                dice.pick("Platform Engineering|Customer Support|Data Services|Night Operations");
            (
                team.to_owned(),
                format!("{}@corp.example", team.to_lowercase().replace(' ', "-")),
            )
        }),
    ];
    for (what, make) in things {
        for header in ["Name", "name", ""] {
            let judgement = judge_with_mail(&library, header, make);
            assert!(
                !is_person(&judgement),
                "{}",
                sentence(what, header, &judgement)
            );
        }
    }
}
