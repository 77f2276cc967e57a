//! What agreeing on a value says about a person, and how its identifier is to be read.

use locard_model::{Attribute, Identifier, Role, Strength};
use locard_sketch::forms::Meaning;

use crate::keys;
use crate::numbers::is_no_id;
use crate::query::Value;

/// The role of an identifier where no rules are at hand, as our own rules have it. Identifiers that they do not know are of
/// the user's own making: ids of one person.
pub fn builtin_role(identifier: &Identifier) -> Role {
    match identifier.as_str() {
        "PERSON" | "FIRST_NAME" | "LAST_NAME" | "DATE_OF_BIRTH" => Role::Weak,
        "PHONE_NUMBER" | "FAX_NUMBER" | "STREET_ADDRESS" | "LICENSE_PLATE" | "IP_ADDRESS"
        | "GEO_COORDINATES" | "AU_ABN" | "UK_SORT_CODE" => Role::Shared,
        "AGE" | "GENDER" | "COUNTRY" | "CITY" | "REGION" | "POSTAL_CODE" | "NATIONALITY"
        | "ETHNICITY" | "RELIGION" | "MARITAL_STATUS" | "JOB_TITLE" | "BLOOD_TYPE"
        | "CRIMINAL_RECORD" | "DISABILITY" | "POLITICAL_OPINION" | "SEXUAL_ORIENTATION"
        | "TRADE_UNION" | "MEDICAL_DIAGNOSIS" | "SWIFT_CODE" | "ABA_ROUTING_NUMBER"
        | "CARD_EXPIRY" | "CARD_SECURITY_CODE" | "PASSWORD" | "PASSWORD_HASH" | "API_KEY"
        | "AWS_ACCESS_KEY" | "CONNECTION_STRING" | "GITHUB_TOKEN" | "GOOGLE_API_KEY"
        | "JSON_WEB_TOKEN" | "PRIVATE_KEY" | "SLACK_TOKEN" | "STRIPE_KEY" => Role::None,
        _ => Role::Unique,
    }
}

pub(crate) fn meaning(identifier: &Identifier) -> Meaning {
    match identifier.as_str() {
        "PERSON" => Meaning::Name,
        "FIRST_NAME" | "LAST_NAME" => Meaning::NamePart,
        "PHONE_NUMBER" | "FAX_NUMBER" => Meaning::Phone,
        "DATE_OF_BIRTH" => Meaning::Date,
        _ => Meaning::Value,
    }
}

/// Whether the identifier is a date, and the value none that can be read.
pub fn is_no_date(identifier: &Identifier, value: &str) -> bool {
    meaning(identifier) == Meaning::Date && locard_sketch::forms::dates(value).next().is_none()
}

/// Whether values of that identifier are persons' names or parts of them.
pub fn is_name(identifier: &Identifier) -> bool {
    matches!(meaning(identifier), Meaning::Name | Meaning::NamePart)
}

/// Fewest letters and digits of an id that says something wherever it stands; a shorter one must stand in a column
/// that is called like it.
const SPEAKING: usize = 5;

/// Whether a value of that identifier is so short that it is looked for only in columns that are called like it. No
/// address is, since its punctuation speaks.
fn needs_name(identifier: &Identifier, value: &str) -> bool {
    let squeezed = locard_sketch::forms::alphanumerics(value);
    let is_address = || value.contains('@') || value.trim().parse::<std::net::IpAddr>().is_ok();
    matches!(meaning(identifier), Meaning::Value | Meaning::Phone)
        && squeezed.chars().count() < SPEAKING
        && !is_address()
}

/// What agreeing on an attribute says, where the rules know so much of its identifier. An identifier that nobody knows is
/// an id of one person; a word without any digit is not, whatever it is called.
pub fn role_of(attribute: &Attribute, known: Option<Role>) -> Role {
    let is_word = || {
        !attribute
            .value
            .contains(|c: char| c.is_numeric() || c == '@')
    };
    match known.unwrap_or_else(|| builtin_role(&attribute.identifier)) {
        Role::Unique if known.is_none() && is_word() => Role::Weak,
        role => role,
    }
}

/// Whether a value says something in a column of that name: a customer number 42 does not, except under a header like
/// `customer_id` or `Kunden-Nr`, or `id` in a table `customers`, unless it is looked for everywhere.
pub(crate) fn speaks(value: &Value, table: &str, column: &str) -> bool {
    value.everywhere
        || !needs_name(&value.identifier, &value.text)
        || is_called(&value.identifier, table, column)
}

/// Most digits of a number of which others are all over the world: amounts, postcodes, numbers of orders.
const COMMON: usize = 8;

/// What agreeing on a value in a column says of a person: of a short number, nothing certain where nothing is called like
/// it, and of a longer one where the column is called like numbers of another kind.
pub(crate) fn strength_of(
    (identifier, role): (&Identifier, Role),
    value: &str,
    table: &str,
    column: &str,
) -> Strength {
    let squeezed = locard_sketch::forms::alphanumerics(value);
    let is_number = squeezed.bytes().all(|byte| byte.is_ascii_digit());
    let is_common = is_number && (squeezed.len() <= COMMON || is_no_id(column));
    let is_read = meaning(identifier) == Meaning::Value;
    let says_little = is_read && is_common || needs_name(identifier, value);
    if says_little && !is_called(identifier, table, column) {
        Strength::Weak
    } else {
        role.strength()
    }
}

/// How names of columns with ids end.
const ENDINGS: [&str; 7] = ["id", "no", "nr", "number", "key", "num", "code"];

/// Whether a column is called like an identifier or numbers of its kind, or like any id in a table that is.
fn is_called(identifier: &Identifier, table: &str, column: &str) -> bool {
    is_spelt(identifier, table, column) || keys::is_of_kind(identifier, table, column)
}

/// Whether the name of a column holds that of the identifier, or any id in a table whose name does.
fn is_spelt(identifier: &Identifier, table: &str, column: &str) -> bool {
    let squeezed = locard_sketch::forms::alphanumerics;
    let (identifier, table, column) = (
        squeezed(identifier.as_str()),
        squeezed(table),
        squeezed(column),
    );
    let stems = ENDINGS
        .iter()
        .filter_map(|ending| identifier.strip_suffix(ending))
        .filter(|stem| !stem.is_empty());
    let is_plain = ENDINGS.contains(&column.as_str());
    column.contains(&identifier)
        || stems
            .clone()
            .any(|stem| column.contains(stem) || is_plain && table.contains(stem))
}
