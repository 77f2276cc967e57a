//! Files that were put into a document, as its members.

use std::sync::Arc;

use locard_containers::{Broken, Container, Content, LONGEST, Member, Result, few_enough, unique};
use lopdf::{Dictionary, Document, Object, ObjectId};

use super::{broken, string};

/// Files that were put into a document.
pub(super) struct Attached {
    document: Arc<Document>,
    members: Vec<Member>,
    files: Vec<ObjectId>,
}

impl Attached {
    pub(super) fn new(document: Document) -> Result<Self> {
        let (mut members, mut files) = (Vec::new(), Vec::new());
        for object in document.objects.values() {
            let Ok(specification) = object.as_dict() else {
                continue;
            };
            let Some(file) = file(&document, specification) else {
                continue;
            };
            let name = ["UF", "F"]
                .iter()
                .map(|key| string(&document, specification, key.as_bytes()));
            let name = name.into_iter().find(|name| !name.is_empty());
            members.push(Member::file(&name.unwrap_or_default(), None));
            files.push(file);
            few_enough(members.len())?;
        }
        unique(&mut members);
        Ok(Self {
            document: Arc::new(document),
            members,
            files,
        })
    }
}

/// The stream that a specification of a file names.
fn file(document: &Document, specification: &Dictionary) -> Option<ObjectId> {
    let files = document
        .dereference(specification.get(b"EF").ok()?)
        .ok()?
        .1
        .as_dict()
        .ok()?;
    let file = files.get(b"F").or_else(|_| files.get(b"UF")).ok()?;
    file.as_reference().ok()
}

impl Container for Attached {
    fn members(&self) -> &[Member] {
        &self.members
    }

    fn open(&self, member: usize) -> Result<Content> {
        let missing = || Broken::damaged("there is no such attachment");
        let id = self.files.get(member).ok_or_else(missing)?;
        let stream = self.document.get_object(*id).and_then(Object::as_stream);
        let stream = stream.map_err(|_| missing())?;
        let bytes = stream
            .get_plain_content_with_limit(LONGEST)
            .map_err(|error| broken(&error))?;
        Ok(Content::Held(bytes))
    }
}
