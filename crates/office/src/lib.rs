//! What is in documents of office programs: Word, Excel, PowerPoint, and those of OpenDocument. Text, comments and
//! properties are records, sheets and embedded files members.
//!
//! Each kind is one line in [`FORMATS`]; the words and the limits are those of `locard-containers`.

mod dates;
mod odf;
mod office;
mod properties;
mod sheet;
#[cfg(feature = "testing")]
pub mod testing;

use locard_containers::Format;

/// Every format of this crate. They are ZIP archives, so they stand before those.
pub const FORMATS: &[Format] = &[
    office::DOCX,
    sheet::XLSX,
    office::PPTX,
    odf::SHEET,
    odf::TEXT,
];
