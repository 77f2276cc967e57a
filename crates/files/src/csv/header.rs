//! Whether the first record names the columns.
//!
//! Either mistake is bad: a row of data taken for a header loses a person and puts their data into column names; a
//! header taken for data leaves the columns without the words that tell what they are. Every column votes.

use std::collections::HashSet;

/// What a cell looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Look {
    Empty,
    /// A whole or decimal number, with or without sign and separators.
    Number,
    /// Digits with what separates dates, times, telephone numbers, versions.
    Digits,
    /// Letters and at least as many digits: codes, ids.
    Code,
    /// An address of a person, a machine or a page.
    Address,
    /// Words.
    Words,
    /// More words than any name of a column has.
    Text,
}

impl Look {
    fn of(cell: &str) -> Self {
        let cell = cell.trim();
        let digits = cell.bytes().filter(u8::is_ascii_digit).count();
        let letters = cell
            .chars()
            .filter(|character| character.is_alphabetic())
            .count();
        if cell.is_empty() {
            Self::Empty
        } else if cell
            .split_once('@')
            .is_some_and(|(user, host)| !user.is_empty() && host.contains('.'))
            || cell.contains("://")
        {
            Self::Address
        } else if digits > 0 && letters == 0 {
            let is_number =
                cell.parse::<f64>().is_ok() || cell.replace([',', ' '], "").parse::<f64>().is_ok();
            if is_number {
                Self::Number
            } else {
                Self::Digits
            }
        } else if digits >= letters && digits >= 3 {
            Self::Code
        } else if cell.len() > 60 || cell.split_whitespace().count() > 6 {
            Self::Text
        } else {
            Self::Words
        }
    }

    /// Whether it can only be a value.
    fn is_value(self) -> bool {
        matches!(
            self,
            Self::Number | Self::Digits | Self::Code | Self::Address | Self::Text
        )
    }
}

/// Words that name columns in many languages; a value rarely consists of them.
const NAMING: &str = "\
id key uuid guid ref code no nr num number name names title label value type kind status state date time timestamp \
year month day created updated modified deleted email mail phone tel telephone mobile fax address street city town \
zip postal postcode country region province county lat lon lng latitude longitude age sex gender birth dob birthday \
birthdate first last middle given family surname firstname lastname fullname username user login password hash token \
account iban bic card amount price total cost quantity qty count sum rate currency unit description desc text note \
notes comment comments remark remarks message subject body url link website ip host mac device company organisation \
organization department role job position salary customer client order invoice product item sku category group \
source target parent owner author active enabled flag index row column field start end from to min max avg mean \
version size length width height weight color score rank level language locale nationality religion ethnicity \
patient diagnosis doctor passport license licence ssn tax vat \
vorname nachname anrede strasse ort plz stadt land geburtsdatum telefon kunde kundennummer nummer datum betrag \
bezeichnung bemerkung geschlecht familienstand beruf \
nom prenom prénom adresse ville pays courriel téléphone sexe naissance numero numéro montant libelle libellé \
nombre apellido apellidos correo teléfono telefono direccion dirección ciudad pais país fecha sexo edad codigo código \
importe cantidad nome cognome indirizzo citta città nascita codice data cidade endereço sobrenome telemovel \
naam voornaam achternaam straat woonplaats geboortedatum telefoonnummer bedrag \
imie imię nazwisko miasto ulica kod data namn förnamn efternamn gata stad fornavn etternavn etunimi sukunimi \
имя фамилия адрес город телефон дата номер почта 姓名 名前 氏名 电话 電話 地址 住所 邮箱 城市 国 性别 性別 日期 编号 이름 주소 전화";

/// Bytes of a name. Nobody writes longer ones, and what is taken for a name is searched for nothing.
const LONGEST_NAME: usize = 1_000;

/// Whether the first record names the columns of those below it.
pub(super) fn is_header(records: &[Vec<String>]) -> bool {
    let Some((first, rest)) = records.split_first() else {
        return false;
    };
    // What follows a damage may have no line end at all, and all of it would be a name.
    if first.iter().any(|name| name.len() > LONGEST_NAME) {
        return false;
    }
    let naming: HashSet<&str> = NAMING.split_whitespace().collect();
    // A table that was pasted together repeats its header; those rows say nothing about values.
    let rows: Vec<&Vec<String>> = rest.iter().filter(|row| *row != first).collect();
    let votes: f64 = first
        .iter()
        .enumerate()
        .map(|(column, name)| vote(name, column, &rows, &naming))
        .sum();
    votes + repetition(first) + numbered(first) + years(first, rest) > 0.0
}

/// How much one column speaks for a header, or against.
fn vote(name: &str, column: usize, rows: &[&Vec<String>], naming: &HashSet<&str>) -> f64 {
    let name = name.trim();
    let look = Look::of(name);
    let values: Vec<&str> = rows
        .iter()
        .filter_map(|row| row.get(column))
        .map(|cell| cell.trim())
        .filter(|cell| !cell.is_empty())
        .collect();
    let looks: Vec<Look> = values.iter().map(|value| Look::of(value)).collect();
    let like =
        looks.iter().filter(|other| **other == look).count() as f64 / looks.len().max(1) as f64;
    let of_values =
        looks.iter().filter(|other| other.is_value()).count() as f64 / looks.len().max(1) as f64;
    if look == Look::Empty {
        return -0.2;
    }
    if look.is_value() {
        // A year or number can head a column, but not one of the same numbers.
        return if like > 0.5 { -4.0 } else { -1.5 };
    }
    let mut vote = 0.0;
    if naming_share(name, naming) >= 0.5 {
        vote += 2.0;
    }
    if is_identifier(name) {
        vote += 1.0;
    }
    if values.is_empty() {
        return vote;
    }
    vote += 2.5 * of_values;
    if values.contains(&name) {
        vote -= 3.0;
    } else if of_values < 0.5 {
        vote += style(name, &values);
    }
    vote
}

/// Share of a name's words that name columns.
fn naming_share(name: &str, naming: &HashSet<&str>) -> f64 {
    let mut spaced = String::new();
    let mut previous_lower = false;
    for character in name.chars() {
        if character.is_uppercase() && previous_lower {
            spaced.push(' ');
        }
        previous_lower = character.is_lowercase();
        spaced.extend(
            if character.is_alphabetic() {
                character
            } else {
                ' '
            }
            .to_lowercase(),
        );
    }
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let known = words.iter().filter(|word| naming.contains(**word)).count();
    known as f64 / words.len().max(1) as f64
}

/// `first_name`, `firstName`, `customer.id`: how programs name columns and people name nothing.
fn is_identifier(name: &str) -> bool {
    let bytes = name.as_bytes();
    let joined = bytes.windows(3).any(|three| {
        three[0].is_ascii_alphanumeric()
            && matches!(three[1], b'_' | b'.')
            && three[2].is_ascii_alphanumeric()
    });
    let humps = bytes
        .windows(2)
        .any(|two| two[0].is_ascii_lowercase() && two[1].is_ascii_uppercase());
    !name.contains(' ') && (joined || humps)
}

/// Names and values of words differ in case or in length; values among themselves less so.
fn style(name: &str, values: &[&str]) -> f64 {
    let case = |text: &str| {
        let mut letters = text.chars().filter(|character| character.is_alphabetic());
        let first_upper = letters.next().is_some_and(char::is_uppercase);
        (first_upper, letters.next().is_some_and(char::is_uppercase))
    };
    let alike = values
        .iter()
        .filter(|value| case(value) == case(name))
        .count() as f64
        / values.len() as f64;
    let (shortest, longest) = values
        .iter()
        .map(|value| value.chars().count())
        .fold((usize::MAX, 0), |(low, high), length| {
            (low.min(length), high.max(length))
        });
    let length = name.chars().count();
    let outside = if (shortest..=longest).contains(&length) {
        -0.3
    } else {
        0.4
    };
    // Few values that repeat (codes, choices) and the name is none of them.
    let distinct = values.iter().collect::<HashSet<_>>().len();
    let repeats = if values.len() >= 10 && distinct * 4 <= values.len() {
        0.8
    } else {
        0.0
    };
    (0.5 - alike) + outside + repeats
}

/// A header seldom says the same twice; a row of data often does.
fn repetition(first: &[String]) -> f64 {
    let filled: Vec<&str> = first
        .iter()
        .map(|name| name.trim())
        .filter(|name| !name.is_empty())
        .collect();
    let distinct = filled.iter().collect::<HashSet<_>>().len();
    -0.5 * (filled.len() - distinct) as f64
}

/// `c1, c2, c3`: the same stem with rising numbers.
fn numbered(first: &[String]) -> f64 {
    let parts = |name: &String| {
        let stem = name
            .trim()
            .trim_end_matches(|character: char| character.is_ascii_digit());
        let number = name.trim()[stem.len()..].parse::<u64>().ok()?;
        (!stem.is_empty()).then(|| (stem.to_owned(), number))
    };
    let numbered: Vec<(String, u64)> = first.iter().filter_map(parts).collect();
    let rising = numbered
        .windows(2)
        .filter(|two| two[0].0 == two[1].0 && two[0].1 + 1 == two[1].1)
        .count();
    3.0 * rising as f64
}

/// `2019, 2020, 2021` above values that are something else.
fn years(first: &[String], rest: &[Vec<String>]) -> f64 {
    let rising = |record: &[String]| {
        let years = record.iter().map(|cell| {
            cell.trim()
                .parse::<u16>()
                .ok()
                .filter(|year| (1900..2100).contains(year))
        });
        let years: Vec<Option<u16>> = years.collect();
        years
            .windows(2)
            .filter(|two| two[0].is_some_and(|year| two[1] == Some(year + 1)))
            .count()
    };
    let here = rising(first);
    if here < 2 || rest.first().is_some_and(|row| rising(row) > 0) {
        0.0
    } else {
        6.0 * here as f64
    }
}

#[cfg(test)]
mod tests {
    use super::is_header;

    fn check(text: &str, expected: bool) {
        let records: Vec<Vec<String>> = text
            .lines()
            .map(|line| line.split(',').map(str::to_owned).collect())
            .collect();
        assert_eq!(is_header(&records), expected, "{text}");
    }

    #[test]
    fn names_above_values_are_a_header() {
        check("id,name\n1,Ada\n2,Bob", true);
        check("first_name,last_name\nAda,Lovelace\nBob,Smith", true);
        check("Vorname,Ort\nJürgen,Köln\nAnke,Bonn", true);
        check(
            "xq,zz\n2024-01-01,ada@example.org\n2024-01-02,bob@example.org",
            true,
        );
        check("c1,c2,c3\nAda,Lovelace,London\nBob,Smith,Paris", true);
        check(
            "Region,2019,2020,2021\nNorth,1.5,2.5,3.5\nSouth,4,5,6",
            true,
        );
        check("id,name,email", true);
    }

    #[test]
    fn a_row_of_data_is_no_header() {
        check("1,Ada,ada@example.org\n2,Bob,bob@example.org", false);
        check(
            "Ada,Lovelace,London\nBob,Smith,Paris\nEve,Miller,Rome",
            false,
        );
        check("ada@example.org\nbob@example.org", false);
        check("Ada,2024-01-01\nBob,2024-01-02", false);
        check("yes,no\nno,yes\nyes,yes", false);
        check("Ada,36,+49 30 901820", false);
    }
}
