//! The tree of paths that occurred, and the values each path collected for the batch at hand.
//!
//! Nodes outlive batches, values do not. The tree is bounded whatever the documents hold: a map takes one node for
//! all its keys, [`MAX_NODES`] ends the growth elsewhere.

use std::collections::HashMap;

use super::Paths;
use super::keys::{looks_like_a_value, may_be_a_person};
use super::place::push_key;

/// An object with more different keys than this is a map.
pub const MAX_SIBLINGS: usize = 1_000;

/// Beyond so many nodes every new key counts as a key of a map.
const MAX_NODES: usize = 20_000;

/// Deeper values are collected by the ancestor at this depth.
const MAX_LEVELS: u16 = 64;

/// From this many children on they are looked up by hash.
const FEW: usize = 8;

/// One value: the record it belongs to and where its text is; behind that stands where it is in its document, if that is
/// told.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) record: u32,
    pub(super) offset: u32,
    pub(super) length: u32,
    pub(super) place: u32,
}

#[derive(Debug, Default)]
pub(super) struct Node {
    pub(super) path: String,
    /// Several values per record are normal here.
    pub(super) several: bool,
    /// Whether its values are wanted.
    wanted: bool,
    /// Whether all of its keys are values, too, be it a map or not.
    tells_keys: bool,
    /// The last record of this batch in which its key stood.
    met: Option<u32>,
    /// Its parent, where its key may be a person.
    of_person: Option<u32>,
    /// Whether it was folded into a map's common node.
    folded: bool,
    level: u16,
    children: Vec<(Box<str>, u32)>,
    lookup: HashMap<Box<str>, u32>,
    /// Which child is likely next: documents repeat the order of their keys.
    next: usize,
    is_map: bool,
    /// What stands under any key of the map.
    any: Option<u32>,
    /// The keys of the map.
    keys: Option<u32>,
    /// The elements of the list.
    elements: Option<u32>,
    pub(super) entries: Vec<Entry>,
    /// Whether a null stood here in this batch.
    pub(super) saw_null: bool,
}

impl Node {
    /// Whether this batch has a column for it.
    pub(super) fn is_column(&self) -> bool {
        let leaf = self.children.is_empty() && self.any.is_none() && self.elements.is_none();
        self.wanted && !self.folded && (!self.entries.is_empty() || (self.saw_null && leaf))
    }

    /// Whether it is below the fields of its record.
    pub(super) fn is_nested(&self) -> bool {
        self.level > 1
    }

    fn child(&mut self, key: &str) -> Option<u32> {
        if let Some((name, id)) = self.children.get(self.next)
            && **name == *key
        {
            self.next += 1;
            return Some(*id);
        }
        let id = if self.children.len() <= FEW {
            let at = self.children.iter().position(|(name, _)| **name == *key)?;
            self.next = at + 1;
            self.children[at].1
        } else {
            *self.lookup.get(key)?
        };
        Some(id)
    }

    fn adopt(&mut self, key: &str, id: u32) {
        self.children.push((key.into(), id));
        self.next = self.children.len();
        if self.children.len() > FEW {
            if self.lookup.is_empty() {
                self.lookup = self.children.iter().cloned().collect();
            }
            self.lookup.insert(key.into(), id);
        }
    }
}

/// What was told of records that are not complete, with the nodes it belongs to.
#[derive(Debug, Default)]
pub(super) struct Rest {
    text: String,
    entries: Vec<(u32, Entry)>,
    last: Option<u32>,
}

/// Root is node 0; its path is empty.
#[derive(Debug)]
pub(super) struct Tree {
    pub(super) nodes: Vec<Node>,
    pub(super) wanted: Option<Paths>,
    /// Whether the keys of all objects are values, too.
    tells_keys: bool,
    /// The text of all values of this batch.
    pub(super) text: String,
    pub(super) values: usize,
    /// The record of the last value of this batch, kept or not.
    pub(super) last: Option<u32>,
    /// Where in its document the value at hand stands; empty where that is not told.
    pub(super) place: String,
}

impl Tree {
    pub(super) fn new(wanted: Option<Paths>, tells_keys: bool) -> Self {
        let mut tree = Self {
            nodes: Vec::new(),
            wanted,
            tells_keys,
            text: String::new(),
            values: 0,
            last: None,
            place: String::new(),
        };
        tree.add(None, String::new());
        tree
    }

    fn add(&mut self, parent: Option<u32>, path: String) -> u32 {
        let (several, level) = match parent.map(|parent| &self.nodes[parent as usize]) {
            Some(parent) => (
                parent.several || path.ends_with("[]") || path.ends_with('*'),
                parent.level + 1,
            ),
            None => (false, 0),
        };
        let name = if path.is_empty() {
            "value"
        } else {
            path.as_str()
        };
        let wanted = self.wanted.as_ref();
        let keys = || join(&path, "*#key");
        let tells_keys = self.tells_keys || wanted.is_some_and(|wanted| wanted.has(&keys()));
        self.nodes.push(Node {
            several,
            wanted: wanted.is_none_or(|wanted| wanted.column(name).is_some()),
            tells_keys,
            path,
            level,
            ..Node::default()
        });
        (self.nodes.len() - 1) as u32
    }

    /// What was told of the records from this one on; the batch keeps the others.
    pub(super) fn part(&mut self, record: u32) -> Rest {
        let mut rest = Rest {
            last: self.last.and_then(|last| last.checked_sub(record)),
            ..Rest::default()
        };
        if rest.last.is_none() {
            return rest;
        }
        let mut moved: Vec<(u32, Entry)> = Vec::new();
        for (id, node) in (0_u32..).zip(&mut self.nodes) {
            let later = node.entries.extract_if(.., |entry| entry.record >= record);
            moved.extend(later.map(|entry| (id, entry)));
        }
        // In the order of the document, which offsets tell.
        moved.sort_unstable_by_key(|(_, entry)| entry.offset);
        for (id, entry) in moved {
            let from = entry.offset as usize;
            let offset = rest.text.len() as u32;
            rest.text
                .push_str(&self.text[from..from + (entry.length + entry.place) as usize]);
            let entry = Entry {
                record: entry.record - record,
                offset,
                ..entry
            };
            rest.entries.push((id, entry));
        }
        rest
    }

    /// Begins a batch with what was told of it already.
    pub(super) fn begin(&mut self, rest: Rest) {
        for node in &mut self.nodes {
            node.entries.clear();
            node.saw_null = false;
            node.met = None;
        }
        self.values = rest.entries.len();
        self.text = rest.text;
        self.last = rest.last;
        for (id, entry) in rest.entries {
            self.node(id).entries.push(entry);
        }
    }

    fn node(&mut self, id: u32) -> &mut Node {
        &mut self.nodes[id as usize]
    }

    /// Adds a value to a node.
    pub(super) fn push(&mut self, id: u32, record: u32, text: &str) {
        let offset = self.text.len() as u32;
        let node = &mut self.nodes[id as usize];
        self.last = self.last.max(Some(record));
        if node.wanted {
            self.text.push_str(text);
            self.text.push_str(&self.place);
            self.values += 1;
            node.entries.push(Entry {
                record,
                offset,
                length: text.len() as u32,
                place: self.place.len() as u32,
            });
        }
    }

    /// The node of a key; for a map, its common node, and the key becomes a value.
    pub(super) fn child(&mut self, parent: u32, key: &str, record: u32) -> u32 {
        if self.node(parent).level >= MAX_LEVELS {
            return parent;
        }
        if !self.node(parent).is_map {
            if let Some(child) = self.node(parent).child(key) {
                self.meet((parent, key), child, record);
                return child;
            }
            let full = self.nodes.len() >= MAX_NODES;
            if !full && !looks_like_a_value(key) {
                if self.node(parent).children.len() < MAX_SIBLINGS {
                    let child =
                        self.add(Some(parent), join(&self.nodes[parent as usize].path, key));
                    self.node(parent).adopt(key, child);
                    if may_be_a_person(key) && !self.node(parent).tells_keys {
                        self.node(child).of_person = Some(parent);
                    }
                    self.meet((parent, key), child, record);
                    return child;
                }
                self.fold(parent);
            }
        }
        let keys = self.keys(parent);
        self.push(keys, record, key);
        self.any(parent)
    }

    /// A key that is the name of a field stands in this record.
    fn meet(&mut self, (parent, key): (u32, &str), child: u32, record: u32) {
        self.node(child).met = Some(record);
        if self.node(parent).tells_keys {
            let keys = self.keys(parent);
            self.push(keys, record, key);
        } else {
            self.tell_person(child, record, false);
        }
    }

    /// Keeps a key that may be a person as a value, too. The fields of a record are called like that in exports of
    /// spreadsheets; what is a person there holds an object, which `is_object` says.
    pub(super) fn tell_person(&mut self, child: u32, record: u32, is_object: bool) {
        let Some(parent) = self.node(child).of_person else {
            return;
        };
        let above = &self.nodes[parent as usize].path;
        let is_record = above.is_empty() || above.ends_with("[]");
        if is_record != is_object {
            return;
        }
        let path = &self.nodes[child as usize].path;
        let key = path.get(above.len()..).unwrap_or_default();
        let key = key.strip_prefix('.').unwrap_or(key).to_owned();
        let keys = self.keys(parent);
        self.push(keys, record, &key);
    }

    /// The node of a list's elements.
    pub(super) fn elements(&mut self, parent: u32) -> u32 {
        if let Some(elements) = self.node(parent).elements {
            return elements;
        }
        if self.node(parent).level >= MAX_LEVELS {
            return parent;
        }
        let path = &self.nodes[parent as usize].path;
        let path = if path.is_empty() {
            "value[]".to_owned()
        } else {
            format!("{path}[]")
        };
        let elements = self.add(Some(parent), path);
        self.node(parent).elements = Some(elements);
        elements
    }

    fn any(&mut self, parent: u32) -> u32 {
        if let Some(any) = self.node(parent).any {
            return any;
        }
        let any = self.add(Some(parent), join(&self.nodes[parent as usize].path, "*"));
        self.node(parent).any = Some(any);
        any
    }

    fn keys(&mut self, parent: u32) -> u32 {
        if let Some(keys) = self.node(parent).keys {
            return keys;
        }
        let keys = self.add(
            Some(parent),
            join(&self.nodes[parent as usize].path, "*#key"),
        );
        self.node(keys).several = true;
        self.node(parent).keys = Some(keys);
        keys
    }

    /// Turns an object into a map: what its children collected moves to the common nodes, their names become keys.
    fn fold(&mut self, parent: u32) {
        let node = self.node(parent);
        node.is_map = true;
        node.lookup = HashMap::new();
        let children = std::mem::take(&mut node.children);
        let (keys, any) = (self.keys(parent), self.any(parent));
        // The path of the object tells where its keys stood, unless there are several such objects.
        let is_told = !self.place.is_empty();
        let at_hand = std::mem::take(&mut self.place);
        for (key, child) in children {
            if is_told && !self.node(parent).several {
                let path = &self.nodes[parent as usize].path;
                path.clone_into(&mut self.place);
                push_key(&mut self.place, &key);
            }
            if !self.node(parent).tells_keys {
                for record in self.records_below(child) {
                    self.push(keys, record, &key);
                }
            }
            self.move_into(child, any);
        }
        self.place = at_hand;
    }

    /// The records in which something stands at or below a node, each once.
    fn records_below(&self, id: u32) -> Vec<u32> {
        let mut records = Vec::new();
        let mut open = vec![id];
        while let Some(id) = open.pop() {
            let node = &self.nodes[id as usize];
            records.extend(node.entries.iter().map(|entry| entry.record));
            open.extend(node.children.iter().map(|(_, child)| *child));
            open.extend([node.any, node.elements, node.keys].into_iter().flatten());
        }
        records.extend(self.nodes[id as usize].met);
        records.sort_unstable();
        records.dedup();
        records
    }

    fn move_into(&mut self, from: u32, to: u32) {
        let mut open = vec![(from, to)];
        while let Some((from, to)) = open.pop() {
            if from == to {
                continue;
            }
            let source = self.node(from);
            source.folded = true;
            let entries = std::mem::take(&mut source.entries);
            let children = std::mem::take(&mut source.children);
            let (any, keys, elements) = (source.any, source.keys, source.elements);
            let target = self.node(to);
            if target.wanted {
                target.entries.extend(entries);
            }
            for (key, child) in children {
                let target = self.same_child(to, &key);
                open.push((child, target));
            }
            open.extend(any.map(|any| (any, self.any(to))));
            open.extend(keys.map(|keys| (keys, self.keys(to))));
            open.extend(elements.map(|elements| (elements, self.elements(to))));
        }
    }

    /// The child by that name, added if there is none. Folding neither makes maps nor counts nodes: it adds at most
    /// as many as it folds.
    fn same_child(&mut self, parent: u32, key: &str) -> u32 {
        if self.node(parent).is_map {
            return self.any(parent);
        }
        if let Some(child) = self.node(parent).child(key) {
            return child;
        }
        let child = self.add(Some(parent), join(&self.nodes[parent as usize].path, key));
        self.node(parent).adopt(key, child);
        child
    }

    /// A new record begins: its keys likely come in the order of the last one's.
    pub(super) fn rewind(&mut self, id: u32) {
        self.node(id).next = 0;
    }
}

fn join(parent: &str, key: &str) -> String {
    // An empty key must not be taken for its parent.
    let key = if key.is_empty() { "\"\"" } else { key };
    if parent.is_empty() {
        key.to_owned()
    } else {
        format!("{parent}.{key}")
    }
}
