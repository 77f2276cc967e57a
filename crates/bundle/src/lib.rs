//! What a data subject is handed: one ZIP archive with everything that was found of them, and the proof of it.
//!
//! ```text
//! data/001-crm-customers.json   one file for each section and format
//! summary.html, summary.xlsx    the same for people: what, why, for how long, from where, and excerpts
//! audit-report.json             counts, redactions, and what was not searched
//! manifest.json                 what every section is, and the SHA-256 of every file
//! manifest.sig                  Ed25519 over the bytes of manifest.json
//! the archive's comment         SHA-256 and Ed25519 over every byte before it
//! ```
//!
//! [`BundleWriter`] writes it: sections come one after the other, and their rows as a stream, of which no more is held than
//! an excerpt. The same input gives the same bytes. [`Bundle`] reads it: everything there was possibly made by somebody
//! else, so names, sizes and structure are checked before anything is believed.
//!
//! What a reader gets wrong: that every file has its hash says only that the archive agrees with itself. Who made it, the
//! signature says, and only under a key that was known before; the one in the archive proves nothing.
//!
//! Pure: no clock, no files, no network. Encryption alone takes randomness from the system, so it is put around a bundle,
//! whose bytes stay determined. Choices are argued in docs/decisions/bundle.md.

mod archive;
mod encode;
pub mod encrypt;
mod error;
mod html;
mod manifest;
mod name;
mod read;
mod redact;
mod report;
mod seal;
mod sign;
mod workbook;
mod write;

#[cfg(test)]
mod tests;

pub use archive::{Digesting, Fingerprint};
pub use encode::{Format, Formats};
pub use error::{Error, Hostility, Result};
pub use manifest::{
    Cause, Column, Controller, DecisionNote, Extent, FileRecord, FileRole, Head, Kind, Manifest,
    Neutralised, NotSearched, Reached, RedactionNote, Section, SectionRecord, Signer,
};
pub use read::{Bundle, FileReport, FileState, Report, SignatureState, WholeState};
pub use redact::{Reason, Redaction, mask, redact_field, redact_spans, redact_texts};
pub use report::{AuditReport, THIRD_PARTY};
pub use sign::{PublicKey, SigningKey};
pub use write::{BundleWriter, Finished, Limits, NewScratch, Scratch, SectionWriter, Settings};
