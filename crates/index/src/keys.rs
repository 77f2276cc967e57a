//! Numbers under which organisations keep persons, by what columns with them are called in many languages.
//!
//! `CUSTOMER_ID`, `Kunden-Nr` and `no_client` are of one kind: whoever looks for a customer's number knows it by one name,
//! and each system by another.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use locard_model::Identifier;
use locard_sketch::forms;

use crate::person::words;

/// The kinds and their words, and behind them the words for numbers.
static LISTS: LazyLock<Vec<(&str, Vec<String>)>> = LazyLock::new(|| {
    let lines = forms::word_list(include_str!("words/keys.txt")).into_iter();
    let list = |line: &'static str| {
        let (kind, words) = line.split_once(':')?;
        let words = words.split_whitespace().map(forms::alphanumerics);
        Some((kind, words.collect()))
    };
    lines.filter_map(list).collect()
});

/// The list of words for numbers.
const NUMBER: &str = "number";

/// What may stand between the two parts of one word: `Mitglied|s|nummer`.
const LINKS: [&str; 5] = ["", "s", "n", "en", "es"];

/// Letters of a word that is taken for the beginning of a longer one.
const LONG: usize = 4;

/// The kinds of persons whose numbers a name tells of: of `Kunden-Nr` customers, of `customer_name` nobody.
fn kinds(name: &str) -> BTreeSet<&'static str> {
    let words = words(name);
    let is_numbered = words.iter().any(|word| is_number(word));
    let squeezed = forms::alphanumerics(name);
    let tells = |stem: &String, stems: &[String]| {
        // Some of these words are of numbers by themselves: `matricule`, `matricule_salarie`.
        let is_all = || words.iter().all(|word| stems.contains(word));
        words.contains(stem) && (is_numbered || is_all())
            || words.iter().any(|word| is_compound(word, stem))
            || !stem.is_ascii() && squeezed.contains(stem.as_str()) && !is_spaced(stem)
            || squeezed.strip_suffix(stem.as_str()).is_some_and(is_number)
            || is_compound(&squeezed, stem)
    };
    let lists = persons().filter(|(_, stems)| stems.iter().any(|stem| tells(stem, stems)));
    lists.map(|(kind, _)| kind).collect()
}

fn persons() -> impl Iterator<Item = (&'static str, &'static [String])> {
    let lists = LISTS.iter().filter(|(kind, _)| *kind != NUMBER);
    lists.map(|(kind, words)| (*kind, words.as_slice()))
}

fn is_number(word: &str) -> bool {
    let mut lists = LISTS.iter();
    lists.any(|(kind, words)| *kind == NUMBER && words.iter().any(|of| of == word))
}

/// Whether a word is the stem and a word for numbers: `kundennummer`, `custid`.
fn is_compound(word: &str, stem: &str) -> bool {
    let rest = word.strip_prefix(stem);
    rest.is_some_and(|rest| {
        let mut links = LINKS.iter();
        links.any(|link| rest.strip_prefix(link).is_some_and(is_number))
    })
}

/// Whether words of that script are written apart, so that a stem within a longer word is none.
fn is_spaced(stem: &str) -> bool {
    let is_together = |c: char| matches!(c, '\u{e00}'..='\u{e7f}' | '\u{3040}'..='\u{d7ff}');
    !stem.chars().any(is_together)
}

/// Whether an identifier is the number of a person in some system, whatever it is called there.
pub fn is_key(identifier: &Identifier) -> bool {
    !kinds(identifier.as_str()).is_empty()
}

/// Whether a column is called like numbers of the same kind of persons as an identifier, or like any number in a table
/// that is called like these persons.
pub(crate) fn is_of_kind(identifier: &Identifier, table: &str, whole: &str) -> bool {
    let asked = kinds(identifier.as_str());
    if asked.is_empty() {
        return false;
    }
    // The own name of a nested column; a dot may also end a short word, as in `Pers.-Nr.`.
    let nested = whole.rsplit_once('.').map(|(_, own)| own);
    let column = nested.filter(|own| own.starts_with(char::is_alphanumeric));
    let column = column.unwrap_or(whole);
    let of_column = words(column);
    let is_plain = !of_column.is_empty() && of_column.iter().all(|word| is_number(word));
    !asked.is_disjoint(&kinds(column)) || is_plain && asked.iter().any(|kind| is_about(table, kind))
}

/// Whether a table is called like persons of that kind.
fn is_about(table: &str, kind: &str) -> bool {
    let of_table = words(table);
    let mut stems = persons()
        .filter(|(of, _)| *of == kind)
        .flat_map(|(_, stems)| stems);
    stems.any(|stem| {
        let begins = |word: &String| stem.len() >= LONG && word.starts_with(stem.as_str());
        of_table.contains(stem) || of_table.iter().any(begins)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_its_words_once() {
        assert!(LISTS.len() > 5 && LISTS.iter().any(|(kind, _)| *kind == NUMBER));
        for (kind, words) in LISTS.iter() {
            let different: BTreeSet<&String> = words.iter().collect();
            assert!(words.len() > 10 && different.len() == words.len(), "{kind}");
            assert!(!words.contains(&String::new()), "{kind}");
        }
    }

    #[test]
    fn a_persons_number_is_called_otherwise_in_each_language() {
        for (kind, columns) in [
            (
                "customer",
                "Kunden-Nr;Kundennummer;KundenNr;cust_id;custId;customer_no;no_client;id cliente;klantnr;kundnr;nr klienta;\
                 asiakasnumero;broj kupca;Müşteri No;cislo zakaznika;ügyfélszám;kunde;номер клиента;客户编号;顧客番号;고객번호;\
                 รหัสลูกค้า;mã khách hàng;מספר לקוח;Debitorennummer;IDCLIENTE;kundeId",
            ),
            (
                "employee",
                "Pers.-Nr.;PersNr;Personalnummer;Mitarbeiternummer;matricule;matricule_salarie;employee_no;emp_id;empno;\
                 num empleado;legajo;matricola;personeelsnummer;ansattnr;medarbejdernummer;osobni cislo;sicil no;\
                 табельный номер;工号;社員番号;사번",
            ),
            (
                "member",
                "mitgliedsnr;Mitgliedsnummer;member_id;memberNo;lidnummer;numero socio;no adherent;medlemsnr;会員番号;회원번호",
            ),
            ("patient", "patient_id;Patientennummer;id paciente"),
            ("student", "Matrikelnummer;student_no;学号"),
        ] {
            for column in columns.split(';') {
                assert!(kinds(column).contains(kind), "{column}");
            }
        }
    }

    #[test]
    fn other_columns_are_called_like_nobodys_number() {
        for column in [
            "customer_name",
            "custom_no",
            "personal email",
            "client_ip",
            "order_no",
            "order id",
            "id",
            "quantity",
            "postal code",
            "Kündigung",
            "Personal-Computer",
            "slide_no",
            "lid color",
            "memberships",
            "usercount",
        ] {
            assert_eq!(kinds(column), BTreeSet::new(), "{column}");
        }
    }

    #[test]
    fn any_number_counts_in_a_table_of_such_persons() {
        let customer = Identifier::new("CUSTOMER_ID");
        for (table, column) in [
            ("Kunden.csv", "Nr."),
            ("clientes", "id"),
            ("crm_customers", "no"),
        ] {
            assert!(is_of_kind(&customer, table, column), "{table} {column}");
        }
        for (table, column) in [("orders", "id"), ("Kunden.csv", "Ort"), ("members", "id")] {
            assert!(!is_of_kind(&customer, table, column), "{table} {column}");
        }
        assert!(!is_of_kind(
            &Identifier::new("ORDER_ID"),
            "orders",
            "Kunden-Nr"
        ));
    }
}
