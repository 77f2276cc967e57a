//! By which spelling a value stands in a cell, so that an answer can say why a place is one.

use std::collections::HashSet;

use locard_model::Spelling;
use locard_sketch::forms;

use crate::query::Value;

/// By which spelling a value stands in a cell in which it agrees.
pub(crate) fn spelling(value: &Value, cell: &str) -> Spelling {
    value
        .script
        .unwrap_or_else(|| own_script(value.identifier.as_str() == "PERSON", &value.text, cell))
}

/// The same, where no other script is asked for.
fn own_script(is_name: bool, given: &str, cell: &str) -> Spelling {
    let (given, cell) = (forms::folded(given), forms::folded(cell));
    if cell.contains(given.as_ref()) {
        return Spelling::AsGiven;
    }
    let there: HashSet<_> = forms::words(&cell).collect();
    if is_name && forms::words(&given).all(|word| there.contains(&word)) {
        return Spelling::OtherOrder;
    }
    Spelling::OtherNotation
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plainest_spelling_is_told() {
        for (given, cell, spelling) in [
            ("Anna Muster", "ANNA  MUSTER", Spelling::AsGiven),
            (
                "Anna Müller",
                "please call Anna Muller back",
                Spelling::AsGiven,
            ),
            ("Anna Muster", "Muster, Anna", Spelling::OtherOrder),
            ("Anna Muster", "Anna B. Muster", Spelling::OtherOrder),
            ("Anna Müller", "Anna Mueller", Spelling::OtherNotation),
        ] {
            assert_eq!(own_script(true, given, cell), spelling, "{cell}");
        }
        for (given, cell, spelling) in [
            ("a@example.org", "A@Example.org", Spelling::AsGiven),
            ("+49 30 5550001", "030 / 555 00 01", Spelling::OtherNotation),
            ("1980-02-03", "03.02.1980", Spelling::OtherNotation),
        ] {
            assert_eq!(own_script(false, given, cell), spelling, "{cell}");
        }
    }
}
