//! The first look at a file: what its first bytes are, and which parts it has if it is a package.

use crate::zip::Zip;
use crate::{Opener, Result};

/// A file that is looked at.
pub struct Look<'a> {
    /// Its first bytes.
    pub head: &'a [u8],
    /// The same as text, as far as it is one.
    pub text: &'a str,
    opener: &'a Opener,
    /// Names of its parts, once they were asked for.
    parts: Option<Vec<String>>,
}

impl<'a> Look<'a> {
    /// A look at a file with these first bytes; `text` is the same, decoded.
    pub fn new(head: &'a [u8], text: &'a str, opener: &'a Opener) -> Self {
        Self {
            head,
            text: text.trim_start_matches('\u{feff}').trim_start(),
            opener,
            parts: None,
        }
    }

    /// Whether it begins like a ZIP archive.
    pub fn is_zip(&self) -> bool {
        matches!(self.head, [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..])
    }

    /// Whether it is a package with that part; one whose directory cannot be read has none.
    pub fn has_part(&mut self, name: &str) -> Result<bool> {
        if !self.is_zip() {
            return Ok(false);
        }
        if self.parts.is_none() {
            self.parts = Some(match Zip::new(self.opener) {
                Ok(zip) => zip.names().map(str::to_owned).collect(),
                Err(crate::Broken::Io(error)) if error.get_ref().is_some() => {
                    return Err(crate::Broken::Io(error));
                }
                Err(_) => Vec::new(),
            });
        }
        Ok(self.parts.iter().flatten().any(|part| part == name))
    }

    /// The file itself.
    pub fn opener(&self) -> &Opener {
        self.opener
    }
}
