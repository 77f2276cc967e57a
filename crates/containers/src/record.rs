//! What documents give: records of text, and rows of tables.

use std::borrow::Cow;

use crate::Result;

/// Where a record stands in its document: `page` and `3`, `part` and `footnotes`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// What is counted.
    pub key: &'static str,
    /// Which of them.
    pub value: String,
}

/// One paragraph, one message, one table row, or the properties of the whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// Where it stands, where the format has such places.
    pub place: Option<Place>,
    /// Its cells by column; none is empty, and no column occurs twice.
    pub cells: Vec<(Cow<'static, str>, String)>,
}

impl Record {
    /// The properties of a document, still without any.
    pub fn properties() -> Self {
        Self {
            place: Some(Place {
                key: "part",
                value: "properties".to_owned(),
            }),
            cells: Vec::new(),
        }
    }

    /// Adds what is not blank; to a column that is there already, behind what it has.
    pub fn add(&mut self, column: impl Into<Cow<'static, str>>, text: &str) {
        let (column, text) = (column.into(), text.trim());
        if text.is_empty() {
            return;
        }
        match self.cells.iter_mut().find(|(known, _)| *known == column) {
            Some((_, cell)) => {
                cell.push('\n');
                cell.push_str(text);
            }
            None => self.cells.push((column, text.to_owned())),
        }
    }
}

/// The next thing of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// A record.
    Record(Record),
    /// Something that could not be read, and where; the rest goes on.
    Fault {
        /// What is wrong, without any value.
        sentence: Cow<'static, str>,
        /// Where it is: `page 7`, `part word/header1.xml`.
        place: String,
    },
}

/// Gives the records of a document in order; the same ones in each reading.
pub trait Records: Send {
    /// The next, `None` at the end. After an error there is nothing.
    fn next(&mut self) -> Result<Option<Item>>;
}

/// A row of a table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// Its number in the sheet, counted from 1.
    pub number: u64,
    /// Its filled cells by column, counted from 0, in order.
    pub cells: Vec<(u32, String)>,
}

/// Gives the filled rows of a sheet in order.
pub trait Rows: Send {
    /// The next, `None` at the end.
    fn next(&mut self) -> Result<Option<Row>>;
}

/// Records that are all known already, and then those of another reader.
pub struct Chain {
    first: std::vec::IntoIter<Item>,
    rest: Vec<Part>,
}

/// A part of a document that is opened when it comes to it, and what it is called.
pub type Part = (String, Box<dyn FnOnce() -> Result<Box<dyn Records>> + Send>);

impl Chain {
    /// Records, and then those of some parts. A part that is damaged costs only itself.
    #[expect(
        clippy::new_ret_no_self,
        reason = "a chain is read as the parts that it is made of"
    )]
    pub fn new(first: Vec<Item>, parts: Vec<Part>) -> Parts {
        Parts {
            chain: Self {
                first: first.into_iter(),
                rest: parts.into_iter().rev().collect(),
            },
            at: None,
        }
    }
}

/// Parts of a document one after the other.
pub struct Parts {
    chain: Chain,
    at: Option<(String, Box<dyn Records>)>,
}

impl Records for Parts {
    fn next(&mut self) -> Result<Option<Item>> {
        if let Some(item) = self.chain.first.next() {
            return Ok(Some(item));
        }
        loop {
            let Some((name, mut records)) = self.at.take() else {
                let Some((name, open)) = self.chain.rest.pop() else {
                    return Ok(None);
                };
                match open() {
                    Ok(records) => self.at = Some((name, records)),
                    Err(error) => return fault(error, name).map(Some),
                }
                continue;
            };
            match records.next() {
                Ok(Some(item)) => {
                    self.at = Some((name, records));
                    return Ok(Some(item));
                }
                Ok(None) => {}
                Err(error) => return fault(error, name).map(Some),
            }
        }
    }
}

/// A part that is damaged; where the file itself cannot be read, nothing after it can.
pub fn fault(error: crate::Broken, part: String) -> Result<Item> {
    use std::io::ErrorKind::{InvalidData, InvalidInput, Other, UnexpectedEof};
    match error {
        crate::Broken::Damaged(sentence) | crate::Broken::Unread(sentence) => Ok(Item::Fault {
            sentence,
            place: part,
        }),
        crate::Broken::Io(error)
            if matches!(error.kind(), InvalidData | InvalidInput | UnexpectedEof)
                || error.kind() == Other && error.get_ref().is_none_or(is_plain) =>
        {
            Ok(Item::Fault {
                sentence: "its data is damaged: the rest of this part is not read".into(),
                place: part,
            })
        }
        error @ crate::Broken::Io(_) => Err(error),
    }
}

/// Whether an error is a library's text, and not one that whoever opened the file will understand.
fn is_plain(error: &(dyn std::error::Error + Send + Sync + 'static)) -> bool {
    error.source().is_none() && format!("{error:?}").starts_with('"')
}
