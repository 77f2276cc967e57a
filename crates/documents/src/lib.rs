//! What is in documents: messages, pages, PDF, RTF, XML. Their text and their properties are records, their attachments
//! members.
//!
//! Each format is one file here and one line in [`FORMATS`]; the words and the limits are those of `locard-containers`.

mod elements;
mod html;
mod mail;
mod markup;
mod msg;
mod names;
mod pdf;
mod prolog;
mod rtf;
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
    html::FORMAT,
    markup::FORMAT,
];
