//! Which elements of an XML document are records.

use std::collections::HashMap;
use std::io::Cursor;

use locard_containers::{Event, Xml};

use crate::markup::DEEPEST;

/// The path of the element whose children come again, and how deep these are; the whole document is one record where
/// none do.
pub(crate) fn repeated(head: &[u8]) -> (String, usize) {
    let mut xml = Xml::new(Box::new(Cursor::new(head.to_vec())));
    let mut open: Vec<Holder> = Vec::new();
    let (mut found, mut below): (Option<(usize, String)>, usize) = (None, 0);
    // The head ends anywhere.
    while let Ok(Some(event)) = xml.next() {
        match event {
            Event::Start(_) if open.len() >= DEEPEST => below += 1,
            Event::Start(tag) => {
                let (name, depth) = (tag.name().into_owned(), open.len());
                let mut path = name.clone();
                if let Some(above) = open.last_mut() {
                    path = format!("{}.{name}", above.path);
                    let count = above.children.entry(name.clone()).or_insert(0);
                    *count += 1;
                    let is_outer = found.as_ref().is_none_or(|(known, _)| depth < *known);
                    if *count > 1 && is_outer {
                        found = Some((depth, above.path.clone()));
                    }
                }
                let children = HashMap::new();
                open.push(Holder {
                    name,
                    path,
                    children,
                });
            }
            Event::End(_) if below > 0 => below -= 1,
            Event::End(name) => {
                let known = open.iter().rposition(|open| open.name == name);
                open.truncate(known.unwrap_or(open.len()));
            }
            Event::Text(_) | Event::Remark(_) => {}
        }
    }
    found.map_or((String::new(), 0), |(depth, holder)| (holder, depth))
}

/// An open element whose children are counted.
struct Holder {
    name: String,
    path: String,
    children: HashMap<String, u32>,
}
