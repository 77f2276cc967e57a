//! What the name of a column says that its numbers are of.
//!
//! Digits alone are no one's: a customer's number may be somebody's telephone number, and the other way round. Where the
//! name of the column says that they are of another kind, agreeing on them points at nobody.

use locard_sketch::forms;

use crate::person::words;

/// Words of columns with telephone numbers, and what names of such columns hold.
const PHONES: ([&str; 4], [&str; 6]) = (
    ["cell", "fax", "sms", "tel"],
    ["cellular", "handy", "mobil", "phone", "telef", "whatsapp"],
);

/// What names of columns hold whose numbers count or name things: orders, contracts, sums.
const THINGS: [&str; 20] = [
    "account", "amount", "artikel", "auftrag", "bestell", "betrag", "contract", "customer",
    "invoice", "konto", "kunden", "order", "preis", "price", "quantity", "rechnung", "serial",
    "ticket", "total", "vertrag",
];

/// What names of columns hold whose numbers are sums.
const SUMS: [&str; 6] = ["amount", "betrag", "preis", "price", "quantity", "total"];

fn holds(column: &str, any: &[&str]) -> bool {
    let folded = forms::folded(column);
    any.iter().any(|part| folded.contains(part))
}

/// Whether a column is called like telephone numbers.
fn is_of_phones(column: &str) -> bool {
    let (whole, parts) = PHONES;
    holds(column, &parts)
        || words(column)
            .iter()
            .any(|word| whole.contains(&word.as_str()))
}

fn is_bare(text: &str) -> bool {
    let text = text.trim();
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether bare digits in that column are no telephone number by its name.
pub(crate) fn is_no_phone(column: &str, cell: &str) -> bool {
    is_bare(cell) && holds(column, &THINGS) && !is_of_phones(column)
}

/// Whether digits in that column are no id by its name.
pub(crate) fn is_no_id(column: &str) -> bool {
    is_of_phones(column) || holds(column, &SUMS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_columns_tell_telephones_from_numbers_of_things() {
        for column in [
            "phone",
            "Telefonnummer",
            "tel_no",
            "mobilePhone",
            "customer_phone",
            "FAX",
        ] {
            assert!(
                is_no_id(column) && !is_no_phone(column, "4917012345678"),
                "{column}"
            );
        }
        for column in ["order_no", "customer_id", "Kundennummer", "invoice number"] {
            assert!(
                is_no_phone(column, "4917012345678") && !is_no_id(column),
                "{column}"
            );
        }
        // Whoever writes a number as people dial it means one.
        assert!(!is_no_phone("order_no", "+49 170 12345678"));
        for column in ["contact", "hotel", "ref", "id"] {
            assert!(
                !is_no_id(column) && !is_no_phone(column, "4917012345678"),
                "{column}"
            );
        }
        assert!(is_no_id("total_amount"));
    }
}
