//! A cell of a row, and the record of a document that it belongs to.

/// A cell as it was read.
#[derive(Clone, Copy, Debug)]
pub struct Cell<'a> {
    /// The path of its column.
    pub column: &'a str,
    /// Its text.
    pub text: &'a str,
    /// Where the object stands that it is a field of, `users.u3` or `items[2]`; `None` where only the column tells.
    pub record: Option<&'a str>,
}

impl<'a> From<(&'a str, &'a str)> for Cell<'a> {
    fn from((column, text): (&'a str, &'a str)) -> Self {
        Self {
            column,
            text,
            record: None,
        }
    }
}

/// The object around an object; `None` where that holds several of its like: it is the element of a list, or stands under
/// a key that is a value, which is quoted, or under any key of a map.
pub(crate) fn above(record: &str) -> Option<&str> {
    if record.ends_with([']', '*']) {
        return None;
    }
    Some(record.rsplit_once('.').map_or("", |(above, _)| above))
}

#[cfg(test)]
mod tests {
    use super::above;

    #[test]
    fn what_is_one_of_several_is_no_part_of_what_is_around_it() {
        for (record, expected) in [
            ("customer", Some("")),
            ("order.customer", Some("order")),
            ("items[2].address", Some("items[2]")),
            ("items[2]", None),
            ("items[]", None),
            ("users.*", None),
            ("users[\"a@x.org\"]", None),
        ] {
            assert_eq!(above(record), expected, "{record}");
        }
    }
}
