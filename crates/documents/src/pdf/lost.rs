//! What a damaged document lost: the library leaves out what it cannot read, and says nothing.

use std::collections::HashSet;

use lopdf::xref::{XrefEntry, XrefRecovery};
use lopdf::{Dictionary, Document, Object, ObjectId, Stream};

use super::STREAM;

/// Levels of the tree of pages.
const DEEPEST: usize = 64;

/// How many pages are missing: those that the document says it has, or that its tree names, and that are not there.
pub(super) fn pages(document: &Document, found: u64) -> u64 {
    let catalog = document.catalog().ok();
    let root = catalog.and_then(|catalog| catalog.get(b"Pages").ok());
    let Some(root) = root.and_then(|root| dictionary(document, root)) else {
        return 0;
    };
    let said = root.get(b"Count").and_then(Object::as_i64);
    let said = said.map_or(0, |count| count.max(0).cast_unsigned());
    let mut named = Named::default();
    named.count(document, root, 0);
    said.saturating_sub(found).max(named.lost)
}

/// What the tree of pages names.
#[derive(Default)]
struct Named {
    seen: HashSet<ObjectId>,
    lost: u64,
}

impl Named {
    fn count(&mut self, document: &Document, above: &Dictionary, depth: usize) {
        let kids = above
            .get(b"Kids")
            .and_then(|kids| document.dereference(kids));
        let Some(kids) = kids.ok().and_then(|(_, kids)| kids.as_array().ok()) else {
            self.lost += 1;
            return;
        };
        for kid in kids {
            let is_new = kid.as_reference().is_ok_and(|id| self.seen.insert(id));
            let below = dictionary(document, kid);
            match below.and_then(|below| Some((below, below.get_type().ok()?))) {
                Some((below, b"Pages")) if is_new && depth < DEEPEST => {
                    self.count(document, below, depth + 1);
                }
                // Among others, a circle leads to nothing new.
                Some((_, b"Page" | b"Pages")) => {}
                _ => self.lost += 1,
            }
        }
    }
}

fn dictionary<'a>(document: &'a Document, object: &'a Object) -> Option<&'a Dictionary> {
    document.dereference(object).ok()?.1.as_dict().ok()
}

/// Objects that others name and the document had, as far as its table says, and that cannot be read.
pub(super) fn objects(document: &Document) -> usize {
    let is_rebuilt = document.xref_recovery == Some(XrefRecovery::Reconstructed);
    // What no table names is nothing, and may be named all the same.
    let had = |(number, _): &ObjectId| {
        let entry = document.reference_table.get(*number);
        is_rebuilt
            || matches!(
                entry,
                Some(XrefEntry::Normal { .. } | XrefEntry::Compressed { .. })
            )
    };
    let mut lost = HashSet::new();
    let mut look = |id: ObjectId| {
        if !document.objects.contains_key(&id) && had(&id) {
            lost.insert(id);
        }
    };
    let mut waiting: Vec<&Object> = document.objects.values().collect();
    let trailer = document.trailer.iter();
    waiting.extend(
        trailer
            .filter(|(key, _)| is_of_text(key))
            .map(|(_, value)| value),
    );
    while let Some(object) = waiting.pop() {
        match object {
            Object::Reference(id) => look(*id),
            Object::Array(parts) => waiting.extend(parts),
            Object::Dictionary(dictionary) => waiting.extend(dictionary.iter().map(|(_, it)| it)),
            Object::Stream(stream) => waiting.extend(stream.dict.iter().map(|(_, it)| it)),
            _ => {}
        }
    }
    lost.len()
}

/// Of the trailer, what leads to something that is read.
fn is_of_text(key: &[u8]) -> bool {
    matches!(key, b"Root" | b"Info")
}

/// Whether everything that a page draws is there, and can be decompressed to its end.
pub(super) fn is_drawn(document: &Document, page: ObjectId) -> bool {
    let Ok(contents) = document
        .get_dictionary(page)
        .and_then(|page| page.get(b"Contents"))
    else {
        // A page may be blank.
        return true;
    };
    let parts = match document.dereference(contents) {
        Ok((_, Object::Array(parts))) => parts.iter().collect(),
        _ => vec![contents],
    };
    parts.into_iter().all(|part| is_stream(document, part))
}

/// Whether everything that was noted on a page is there.
pub(super) fn is_noted(document: &Document, page: ObjectId) -> bool {
    let notes = document.get_dictionary(page);
    let Ok(notes) = notes.and_then(|page| page.get(b"Annots")) else {
        return true;
    };
    let notes = document.dereference(notes).ok();
    let notes = notes.and_then(|(_, notes)| notes.as_array().ok());
    notes.is_some_and(|notes| {
        notes
            .iter()
            .all(|note| dictionary(document, note).is_some())
    })
}

/// Whether what says the letters of a font is there.
pub(super) fn is_lettered(document: &Document, font: &Dictionary) -> bool {
    let encoding = font.get(b"Encoding");
    encoding.map_or(true, |encoding| document.dereference(encoding).is_ok())
        && font
            .get(b"ToUnicode")
            .map_or(true, |letters| match letters {
                Object::Name(_) => true,
                letters => is_stream(document, letters),
            })
}

fn is_stream(document: &Document, object: &Object) -> bool {
    let stream = document.dereference(object).ok();
    stream.is_some_and(|(_, stream)| stream.as_stream().is_ok_and(is_whole))
}

/// Whether a stream that is compressed in the usual way comes to its end.
pub(super) fn is_whole(stream: &Stream) -> bool {
    use std::io::Read as _;
    let filters = stream.filters().unwrap_or_default();
    if filters
        .first()
        .is_none_or(|filter| *filter != b"FlateDecode")
    {
        return true;
    }
    let decoder = flate2::read::ZlibDecoder::new(stream.content.as_slice());
    let all = std::io::copy(&mut decoder.take(STREAM as u64), &mut std::io::sink());
    all.is_ok()
}
