//! Which columns may refer to which by what they are called. Names alone prove nothing: values are compared afterwards,
//! and then a person decides.

use std::collections::{BTreeSet, HashMap};

use locard_model::EntityId;
use locard_sketch::forms;

/// A column that may be a key or refer to one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyColumn {
    /// Its entity.
    pub entity: EntityId,
    /// How the entity is called, without folders and schema.
    pub table: String,
    /// Its path.
    pub column: String,
    /// Whether each record has a value of its own in it.
    pub is_unique: bool,
}

/// Positions of two columns of which the one may refer to the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Pair {
    /// The unique one.
    pub parent: usize,
    /// The one that refers to it.
    pub child: usize,
}

/// Words that say "key" and not of what.
const KEYS: [&str; 17] = [
    "id", "no", "nr", "num", "number", "nummer", "numero", "key", "code", "cod", "uid", "uuid",
    "guid", "pk", "fk", "ref", "refno",
];

/// Words that columns of anything are called by.
const PLAIN: [&str; 14] = [
    "name",
    "value",
    "type",
    "status",
    "date",
    "title",
    "label",
    "text",
    "description",
    "email",
    "mail",
    "phone",
    "line",
    "row",
];

/// Letters in which two words must agree from their beginning on, and letters in which their ends may differ: `customer`
/// and `customers`, `kunde` and `kunden`, `category` and `categories`.
const STEM: (usize, usize) = (4, 3);

/// Every pair of columns of different entities whose names fit.
pub fn pairs(columns: &[KeyColumn]) -> Vec<Pair> {
    let names: Vec<Name> = columns.iter().map(Name::of).collect();
    let mut parents: HashMap<&str, Vec<usize>> = HashMap::new();
    for (at, name) in names.iter().enumerate() {
        if columns[at].is_unique {
            for handle in name.handles() {
                parents.entry(handle).or_default().push(at);
            }
        }
    }
    let mut found = Vec::new();
    for (child, name) in names.iter().enumerate() {
        let fitting = name.words.iter().map(String::as_str).map(stem);
        let fitting = fitting.filter_map(|handle| parents.get(handle)).flatten();
        let fitting: BTreeSet<usize> = fitting.copied().collect();
        for parent in fitting {
            let is_other = columns[parent].entity != columns[child].entity;
            if is_other && name.refers_to(&names[parent]) {
                found.push(Pair { parent, child });
            }
        }
    }
    found
}

/// The beginning of a word under which it is looked up.
fn stem(word: &str) -> &str {
    let end = word.char_indices().nth(STEM.0).map(|(at, _)| at);
    end.and_then(|end| word.get(..end)).unwrap_or(word)
}

/// A column's name as words.
struct Name {
    words: Vec<String>,
    table: Vec<String>,
}

impl Name {
    fn of(column: &KeyColumn) -> Self {
        let stem = column.table.split('.').next().unwrap_or_default();
        let field = column.column.rsplit('.').next().unwrap_or_default();
        Self {
            words: words(field),
            table: words(stem),
        }
    }

    /// By what it is looked up: the words of its table and of itself.
    fn handles(&self) -> BTreeSet<&str> {
        let words = self.words.iter().chain(&self.table);
        words.map(String::as_str).map(stem).collect()
    }

    /// The words that say of what it is a key.
    fn of_what(&self) -> Vec<&str> {
        let words = self.words.iter().map(String::as_str);
        words.filter(|word| !KEYS.contains(word)).collect()
    }

    fn refers_to(&self, parent: &Self) -> bool {
        let (own, theirs) = (self.of_what(), parent.of_what());
        // `customer_no` in both, but not `id` or `name`.
        let is_telling = theirs.iter().any(|word| !PLAIN.contains(word));
        if self.words == parent.words && is_telling {
            return true;
        }
        // `customer_id`, and `id` or `customer_id` in `customers`.
        let is_key = !own.is_empty() && own.len() < self.words.len();
        let is_own_key = theirs.is_empty() || parent.is_table(&theirs);
        if is_key && is_own_key && parent.is_table(&own) {
            return true;
        }
        // `patient_mrn`, and `mrn` in `patients`.
        let rest = self.words.strip_suffix(parent.words.as_slice());
        rest.is_some_and(|rest| {
            let rest: Vec<&str> = rest.iter().map(String::as_str).collect();
            !rest.is_empty() && !parent.words.is_empty() && parent.is_table(&rest)
        })
    }

    /// Whether these words are the name of its table, or one word of it.
    fn is_table(&self, words: &[&str]) -> bool {
        let whole = words.concat();
        is_alike(&whole, &self.table.concat())
            || self.table.iter().any(|word| is_alike(&whole, word))
    }
}

/// Whether two words differ in their endings only.
fn is_alike(a: &str, b: &str) -> bool {
    let common = a.chars().zip(b.chars()).take_while(|(a, b)| a == b).count();
    let rest = |word: &str| word.chars().count() - common;
    a == b || common >= STEM.0 && rest(a) <= STEM.1 && rest(b) <= STEM.1
}

/// The words of a name, folded: `customerId`, `customer_id` and `Customer ID` have the same. A word for "key" at the end
/// of another is one of its own: `kundennr`.
fn words(name: &str) -> Vec<String> {
    let mut spaced = String::new();
    let mut was_lower = false;
    for c in name.chars() {
        if c.is_uppercase() && was_lower {
            spaced.push(' ');
        }
        was_lower = c.is_lowercase() || c.is_numeric();
        spaced.push(if c.is_alphanumeric() { c } else { ' ' });
    }
    let folded = forms::folded(&spaced);
    let mut words = Vec::new();
    for word in folded.split_whitespace() {
        let ending = KEYS.iter().filter(|key| key.len() > 1);
        let ending = ending.filter_map(|key| Some((word.strip_suffix(key)?, *key)));
        // Of several the longest, and never so much that hardly anything is left: `valid` is a word.
        let ending = ending.filter(|(rest, _)| rest.chars().count() >= STEM.0);
        match ending.min_by_key(|(rest, _)| rest.len()) {
            Some((rest, key)) => words.extend([rest.to_owned(), key.to_owned()]),
            None => words.push(word.to_owned()),
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::super::tests::entity;
    use super::*;

    fn column(table: &str, column: &str, is_unique: bool) -> KeyColumn {
        KeyColumn {
            entity: entity(table),
            table: table.to_owned(),
            column: column.to_owned(),
            is_unique,
        }
    }

    fn fits(parent: (&str, &str), child: (&str, &str)) -> bool {
        let columns = [
            column(parent.0, parent.1, true),
            column(child.0, child.1, false),
        ];
        pairs(&columns)
            == [Pair {
                parent: 0,
                child: 1,
            }]
    }

    #[test]
    fn a_column_that_is_called_like_a_key_may_refer_to_it() {
        for (parent, child) in [
            (("customers.csv", "id"), ("orders.csv", "customer_id")),
            (("customers", "customer_id"), ("orders", "customerId")),
            (("customers", "customer_no"), ("orders", "customer_no")),
            (("crm_customers", "id"), ("orders", "Customer ID")),
            (("patients.csv", "mrn"), ("encounters.csv", "patient_mrn")),
            (
                ("kunden_de.csv", "Kundennummer"),
                ("bestellungen.csv", "kundennr"),
            ),
            (("categories", "id"), ("products", "category_id")),
        ] {
            assert!(fits(parent, child), "{child:?} -> {parent:?}");
        }
    }

    #[test]
    fn names_that_say_nothing_are_no_evidence() {
        for (parent, child) in [
            (("customers", "id"), ("orders", "id")),
            (("products", "name"), ("customers", "name")),
            (("customers", "id"), ("orders", "product_id")),
            (("contacts", "id"), ("orders", "contract_id")),
            (("customers", "id"), ("orders", "customer")),
            (("customers", "birth_no"), ("orders", "customer_id")),
        ] {
            assert!(!fits(parent, child), "{child:?} -> {parent:?}");
        }
    }

    #[test]
    fn only_unique_columns_are_referred_to_and_never_from_the_same_entity() {
        let columns = [
            column("customers", "customer_no", false),
            column("orders", "customer_no", false),
        ];
        assert_eq!(pairs(&columns), []);
        let columns = [
            column("staff", "staff_id", true),
            column("staff", "staff_no", false),
        ];
        assert_eq!(pairs(&columns), []);
    }
}
