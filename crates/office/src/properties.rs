//! The properties of a document: who wrote it, who edited it last. Two of them are persons nearly always.

use locard_containers::{Broken, Event, Item, Package, Record, Result, Xml};

/// Where packages keep them.
const PARTS: [&str; 4] = [
    "docProps/core.xml",
    "docProps/app.xml",
    "docProps/custom.xml",
    "meta.xml",
];

/// The properties as the first record of a package, if it has any.
pub(crate) fn of_package(package: &Package) -> Result<Vec<Item>> {
    let (mut record, mut items) = (Record::properties(), Vec::new());
    for part in PARTS {
        if !package.has(part) {
            continue;
        }
        let is_open_document = part == "meta.xml";
        let read = package
            .xml(part)
            .and_then(|mut xml| read(&mut xml, is_open_document, &mut record));
        if let Err(error) = read {
            items.push(locard_containers::fault(error, format!("part {part}"))?);
        }
    }
    if !package.is_consistent() {
        items.push(Item::Fault {
            sentence:
                "its list of parts and the parts themselves do not agree: some may not be read"
                    .into(),
            place: "the list of parts".to_owned(),
        });
    }
    if !record.cells.is_empty() {
        items.insert(0, Item::Record(record));
    }
    Ok(items)
}

/// What a property is called here; in OpenDocument, the creator is whoever saved it last.
fn column(name: &str, is_open_document: bool) -> Option<&'static str> {
    Some(match name {
        "creator" if is_open_document => "last_editor",
        "creator" | "initial-creator" => "author",
        "lastModifiedBy" => "last_editor",
        "printed-by" => "printed_by",
        "title" => "title",
        "subject" => "subject",
        "description" => "description",
        "keywords" | "keyword" => "keywords",
        "category" => "category",
        "Company" => "company",
        "Manager" => "manager",
        _ => return None,
    })
}

fn read(xml: &mut Xml, is_open_document: bool, record: &mut Record) -> Result<()> {
    loop {
        let (name, own) = match xml.next()? {
            None => return Ok(()),
            Some(Event::Start(tag)) => (tag.name().into_owned(), tag.attribute("name")),
            Some(_) => continue,
        };
        // Properties that the users of a document made up have names of their own.
        if matches!(name.as_str(), "property" | "user-defined") {
            let text = xml.text()?;
            record.add(
                own.map_or_else(|| "property".to_owned(), |own| format!("property.{own}")),
                &text,
            );
        } else if let Some(column) = column(&name, is_open_document) {
            record.add(column, &xml.text()?);
        }
        if record.cells.len() > 1_000 {
            return Err(Broken::unread(
                "it has more than a thousand properties: the rest is not read",
            ));
        }
    }
}
