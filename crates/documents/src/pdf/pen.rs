//! The pen that draws a page: its letters in their order, and where it moves between them.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use locard_containers::{Broken, LONGEST, Result, push};
use lopdf::content::Content as Operations;
use lopdf::{Dictionary, Document, Encoding, Object, ObjectId};

use super::{STREAM, broken, lost};

/// Drawings within drawings.
const DEEPEST: usize = 8;

/// A drawing counts as if it had at least so many bytes, since much is done for each.
const DRAWING: usize = 4 << 10;

/// Fonts of a page.
const FONTS: usize = 250;

/// What a page draws.
pub(super) struct Drawn {
    pub(super) text: String,
    /// Bytes of drawings that it took.
    pub(super) bytes: usize,
    /// Whether nothing of it was damaged or missing.
    pub(super) whole: bool,
}

/// Follows what a page draws.
pub(super) fn drawn(document: &Document, page: ObjectId) -> Result<Drawn> {
    let content = document
        .get_page_content_with_limit(page, STREAM)
        .map_err(|error| broken(&error))?;
    let mut pen = Pen {
        document,
        text: String::new(),
        moved: Moved::Not,
        drawn: 0,
        whole: true,
        encodings: HashMap::new(),
    };
    // Without them, as where a page stands above itself, letters are read as they are.
    let (own, above) = document.get_page_resources(page).unwrap_or_default();
    let above = above
        .into_iter()
        .filter_map(|id| document.get_dictionary(id).ok());
    let resources: Vec<&Dictionary> = own.into_iter().chain(above).collect();
    pen.draw(&content, &resources, 0)?;
    Ok(Drawn {
        text: pen.text,
        bytes: pen.drawn,
        whole: pen.whole,
    })
}

/// What happened since the last letter.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Moved {
    Not,
    Along,
    Down,
}

/// Follows what a page draws.
struct Pen<'a> {
    document: &'a Document,
    text: String,
    moved: Moved,
    /// Bytes of drawings so far: one that is used a thousand times counts each time.
    drawn: usize,
    whole: bool,
    /// Fonts by where they stand in the document: each is read once, however often it is used.
    encodings: HashMap<*const Dictionary, Option<Rc<Encoding<'a>>>>,
}

impl<'a> Pen<'a> {
    fn draw(&mut self, content: &[u8], resources: &[&'a Dictionary], depth: usize) -> Result<()> {
        self.drawn = self.drawn.saturating_add(content.len().max(DRAWING));
        if self.drawn > 2 * STREAM || self.text.len() > LONGEST {
            return Err(Broken::unread(
                "a page with more than 32 MiB of drawings is not read",
            ));
        }
        // What stands behind something that is none of the language is left out.
        let operations = Operations::decode_strict(content).or_else(|_| {
            self.whole = false;
            Operations::decode(content)
        });
        let operations = operations.map_err(|_| Broken::damaged("what it draws is damaged"))?;
        let (fonts, mut font) = (self.fonts(resources), None::<Vec<u8>>);
        let mut line = 0.0;
        for operation in &operations.operations {
            let operands = &operation.operands;
            let number = |at: usize| {
                operands
                    .get(at)
                    .and_then(|operand| operand.as_float().ok())
                    .unwrap_or(0.0)
            };
            match operation.operator.as_str() {
                "Tf" => {
                    font = operands
                        .first()
                        .and_then(|name| name.as_name().ok())
                        .map(<[u8]>::to_vec);
                }
                "Td" | "TD" => self.moves(number(0), number(1)),
                "Tm" => {
                    self.moves(1.0, number(5) - line);
                    line = number(5);
                }
                "T*" | "ET" | "'" | "\"" => self.moves(0.0, 1.0),
                "BT" => self.moves(1.0, 0.0),
                "Do" => {
                    let name = operands.first().and_then(|name| name.as_name().ok());
                    self.inner(name.unwrap_or_default(), resources, depth)?;
                }
                _ => {}
            }
            if matches!(operation.operator.as_str(), "Tj" | "TJ" | "'" | "\"")
                && let Some(shown) = operands.last()
            {
                let encoding = font.as_ref().and_then(|font| fonts.get(font));
                self.show(shown, encoding.map(Rc::as_ref));
            }
        }
        Ok(())
    }

    fn moves(&mut self, along: f32, down: f32) {
        let moved = if down.abs() > 0.5 {
            Moved::Down
        } else if along.abs() > 0.0 {
            Moved::Along
        } else {
            Moved::Not
        };
        self.moved = self.moved.max(moved);
    }

    /// Adds letters, apart from what stands before where the pen moved.
    fn show(&mut self, shown: &Object, encoding: Option<&Encoding<'_>>) {
        match shown {
            Object::Array(parts) => {
                for part in parts {
                    match part {
                        Object::String(..) => self.show(part, encoding),
                        // Thousandths of a letter's height, backwards.
                        part if part.as_float().is_ok_and(|gap| gap < -180.0) => {
                            self.moves(1.0, 0.0);
                        }
                        _ => {}
                    }
                }
            }
            Object::String(bytes, _) => {
                let text = match encoding {
                    Some(encoding) => Document::decode_text(encoding, bytes).unwrap_or_default(),
                    None => bytes.iter().map(|byte| char::from(*byte)).collect(),
                };
                let gap = match self.moved {
                    Moved::Down => "\n",
                    Moved::Along => " ",
                    Moved::Not => "",
                };
                if !text.is_empty() {
                    if !self.text.is_empty()
                        && !self.text.ends_with([' ', '\n'])
                        && !text.starts_with(' ')
                    {
                        self.text.push_str(gap);
                    }
                    self.moved = Moved::Not;
                    push(&mut self.text, &text.replace('\0', ""));
                }
            }
            _ => {}
        }
    }

    /// A drawing that is used in another.
    fn inner(&mut self, name: &[u8], resources: &[&'a Dictionary], depth: usize) -> Result<()> {
        let found = resources.iter().find_map(|resources| {
            let drawings = self
                .document
                .dereference(resources.get(b"XObject").ok()?)
                .ok()?
                .1;
            let drawing = self
                .document
                .dereference(drawings.as_dict().ok()?.get(name).ok()?)
                .ok()?
                .1;
            drawing.as_stream().ok()
        });
        let Some(drawing) = found else {
            self.whole = false;
            return Ok(());
        };
        let kind = drawing.dict.get(b"Subtype").and_then(Object::as_name);
        if matches!(kind, Ok(b"Image" | b"PS")) {
            return Ok(());
        }
        self.whole &= kind.is_ok_and(|kind| kind == b"Form") && lost::is_whole(drawing);
        if depth >= DEEPEST {
            self.whole = false;
            return Ok(());
        }
        let content = drawing
            .get_plain_content_with_limit(STREAM)
            .map_err(|error| broken(&error))?;
        let own = drawing
            .dict
            .get(b"Resources")
            .and_then(|own| self.document.dereference(own));
        let own = own.ok().and_then(|(_, own)| own.as_dict().ok());
        let all: Vec<&Dictionary> = own.into_iter().chain(resources.iter().copied()).collect();
        self.moves(0.0, 1.0);
        self.draw(&content, &all, depth + 1)?;
        self.moves(0.0, 1.0);
        Ok(())
    }

    fn fonts(&mut self, resources: &[&'a Dictionary]) -> BTreeMap<Vec<u8>, Rc<Encoding<'a>>> {
        let mut found = BTreeMap::new();
        for resources in resources {
            let fonts = resources
                .get(b"Font")
                .and_then(|fonts| self.document.dereference(fonts));
            let Some(fonts) = fonts.ok().and_then(|(_, fonts)| fonts.as_dict().ok()) else {
                continue;
            };
            for (name, font) in fonts.iter().take(FONTS) {
                let font = self.document.dereference(font);
                let font = font.ok().and_then(|(_, font)| font.as_dict().ok());
                self.whole &= font.is_some();
                let encoding = font.and_then(|font| self.encoding(font));
                if let Some(encoding) = encoding.filter(|_| !found.contains_key(name)) {
                    found.insert(name.clone(), encoding);
                }
            }
        }
        found
    }

    /// How a font's letters are written, if that can be read.
    fn encoding(&mut self, font: &'a Dictionary) -> Option<Rc<Encoding<'a>>> {
        if self.encodings.len() >= FONTS && !self.encodings.contains_key(&std::ptr::from_ref(font))
        {
            return None;
        }
        let (document, whole) = (self.document, &mut self.whole);
        let known = self
            .encodings
            .entry(std::ptr::from_ref(font))
            .or_insert_with(|| {
                *whole &= lost::is_lettered(document, font);
                let encoding = font.get_font_encoding_with_limit(document, STREAM);
                encoding.ok().map(Rc::new)
            });
        known.clone()
    }
}
