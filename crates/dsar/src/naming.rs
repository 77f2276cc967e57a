//! What the names of columns say.

/// The words of a column's name: `orderDate` and `order_date` have two.
pub(crate) fn words(path: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut was_small = false;
    for letter in path.chars() {
        let begins = letter.is_uppercase() && was_small;
        was_small = letter.is_lowercase();
        if !letter.is_alphanumeric() || begins {
            words.push(String::new());
        }
        if letter.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.extend(letter.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// What a column is called that holds who dealt with a row, and not whom it is about.
const STAFF: [&str; 16] = [
    "advisor",
    "adviser",
    "agent",
    "assigned",
    "assignee",
    "clerk",
    "consultant",
    "handler",
    "operator",
    "rep",
    "representative",
    "sales",
    "salesman",
    "salesperson",
    "seller",
    "technician",
];

/// Whether a column holds who dealt with a row: `agent_name`, `created_by`. Whom the row is about it does not say.
pub(crate) fn is_of_staff(column: &str) -> bool {
    let words = words(column);
    let is_by = words.len() > 1 && words.last().is_some_and(|last| last == "by");
    is_by || words.iter().any(|word| STAFF.contains(&word.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_told_apart_by_signs_and_by_letters() {
        assert_eq!(words("orderDate"), ["order", "date"]);
        assert_eq!(words("ORDER_DATE"), ["order", "date"]);
        assert_eq!(words("crm.orders.made-at"), ["crm", "orders", "made", "at"]);
        assert!(words("__").is_empty());
    }

    #[test]
    fn who_dealt_with_a_row_is_not_whom_it_is_about() {
        for staff in [
            "agent_name",
            "AgentName",
            "created_by",
            "sales_rep",
            "ticket.assignee",
        ] {
            assert!(is_of_staff(staff), "{staff}");
        }
        for other in ["name", "contact_name", "student_name", "by", "agenda"] {
            assert!(!is_of_staff(other), "{other}");
        }
    }
}
