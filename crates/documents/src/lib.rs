//! What is in documents: messages, contacts, pages, PDF, RTF, XML, dumps of databases. Their text and their properties are records, their
//! attachments members.
//!
//! Each format is one file here and one line in [`FORMATS`]; the words and the limits are those of `locard-containers`.

mod cards;
mod elements;
mod html;
mod mail;
mod markup;
mod msg;
mod names;
mod pdf;
mod prolog;
mod properties;
mod repeated;
mod rtf;
mod sql;
mod tags;
#[cfg(feature = "testing")]
pub mod testing;

use locard_containers::Format;

/// Every format of this crate. What is special stands before what is general.
pub const FORMATS: &[Format] = &[
    pdf::FORMAT,
    rtf::FORMAT,
    msg::FORMAT,
    msg::ENCRYPTED,
    mail::MBOX,
    mail::EML,
    cards::VCARD,
    cards::CALENDAR,
    sql::FORMAT,
    html::FORMAT,
    markup::FORMAT,
];

/// The records of a document up to its first fault or its end, each as `column=text`.
#[cfg(test)]
pub(crate) fn cells(records: &mut dyn locard_containers::Records) -> Vec<String> {
    let mut found = Vec::new();
    while let Ok(Some(locard_containers::Item::Record(record))) = records.next() {
        let cells = record.cells.iter();
        let cells = cells.map(|(column, text)| format!("{column}={text}"));
        found.push(cells.collect::<Vec<_>>().join(" "));
    }
    found
}
