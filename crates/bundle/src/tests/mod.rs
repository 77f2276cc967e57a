//! Bundles as a whole: what is written is read by others, and what others made is not believed.

mod formats;
mod hostile;
mod writing;

use std::io::{Cursor, Read as _, Write as _};

use locard_model::OrgId;
use serde_json::{Map, Value, json};
use uuid::Uuid;
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

use crate::{
    BundleWriter, Cause, Column, Controller, Finished, Format, Formats, Head, Kind, NotSearched,
    Reached, Reason, Redaction, Result, Scratch, Section, Settings, SigningKey, redact_field,
    redact_spans,
};

pub(crate) type Object = Map<String, Value>;

pub(crate) fn key() -> SigningKey {
    SigningKey::from_seed(&[3; 32]).unwrap()
}

pub(crate) fn head() -> Head {
    Head {
        bundle_id: Uuid::from_u128(7),
        job_id: Some("dsar:1".into()),
        org_id: OrgId::DEFAULT,
        controller: Some(Controller {
            name: "Example & Sons".into(),
            contact: Some("privacy@example.org".into()),
        }),
        subject: Some("Anna <b>Schmidt</b>".into()),
        requested_by: "officer".into(),
        requested_at: "2026-11-20T09:00:00Z".parse().unwrap(),
        generated_at: "2026-11-29T12:30:15Z".parse().unwrap(),
        notice: vec!["You may complain to your supervisory authority.".into()],
    }
}

pub(crate) fn section(entity: &str, columns: &[(&str, Kind)]) -> Section {
    let column = |(name, kind): &(&str, Kind)| Column {
        name: (*name).into(),
        kind: *kind,
        identifiers: Vec::new(),
    };
    Section {
        source: "crm".into(),
        entity: entity.into(),
        columns: columns.iter().map(column).collect(),
        purpose: None,
        legal_basis: None,
        retention: None,
        recipients: Vec::new(),
        origin: None,
        reached: Reached::Direct {
            identifiers: vec!["EMAIL_ADDRESS".into()],
            spellings: Vec::new(),
        },
    }
}

pub(crate) fn object(value: Value) -> Object {
    let Value::Object(object) = value else {
        panic!("{value} is no object")
    };
    object
}

pub(crate) fn settings(formats: impl IntoIterator<Item = Format>) -> Settings {
    Settings {
        formats: Formats::new(formats),
        scratch: Some(Box::new(|| {
            Ok(Box::new(Cursor::new(Vec::new())) as Box<dyn Scratch>)
        })),
        ..Settings::default()
    }
}

pub(crate) fn write(
    settings: Settings,
    sections: impl FnOnce(&mut BundleWriter<Vec<u8>>) -> Result<()>,
) -> Result<(Vec<u8>, Finished)> {
    let mut bundle = BundleWriter::new(Vec::new(), head(), settings)?;
    sections(&mut bundle)?;
    bundle.finish(&key())
}

/// A bundle with something of everything.
pub(crate) fn full(formats: impl IntoIterator<Item = Format>) -> (Vec<u8>, Finished) {
    write(settings(formats), |bundle| {
        let why = Reason {
            reason: "names another person".into(),
            exemption: Some("GDPR-15.4".into()),
            identifier: Some("PERSON".into()),
        };
        let columns = [
            ("id", Kind::Integer),
            ("name", Kind::Text),
            ("note", Kind::Text),
        ];
        let mut described = section("public.users", &columns);
        described.columns[1].identifiers = vec!["PERSON".into()];
        described.purpose = Some("Delivery".into());
        described.legal_basis = Some("Contract".into());
        described.retention = Some("10 years".into());
        described.recipients = vec!["Carrier".into(), "Tax office".into()];
        described.origin = Some("Entered by you".into());
        let mut users = bundle.section(described)?;
        users.row(&object(
            json!({"id": 1, "name": "Anna", "note": "=HYPERLINK(\"x\")"}),
        ))?;
        let mut row = object(json!({"note": "asked Bert <script>", "id": 2, "name": "Bert"}));
        let span = 6..10;
        users.redacted(&redact_spans(&mut row, "note", &[span], &why)?.unwrap());
        users.redacted(&redact_field(&mut row, "name", &why).unwrap());
        users.row(&row)?;
        users.redacted(&Redaction::row(&why));
        users.finish(Some(4))?;
        let mut orders = section(
            "public.orders",
            &[("total", Kind::Float), ("paid", Kind::Boolean)],
        );
        orders.reached = Reached::Relation {
            over: vec!["orders.customer_id → users.id".into()],
        };
        let mut orders = bundle.section(orders)?;
        orders.row(&object(json!({"total": 12.5, "paid": true})))?;
        orders.finish(None)?;
        bundle.not_searched(NotSearched {
            source: "archive".into(),
            entity: None,
            cause: Cause::Unreachable,
            detail: Some("no answer within 30 s".into()),
        });
        Ok(())
    })
    .unwrap()
}

pub(crate) fn archive(bytes: &[u8]) -> ZipArchive<Cursor<&[u8]>> {
    ZipArchive::new(Cursor::new(bytes)).unwrap()
}

pub(crate) fn member(bytes: &[u8], path: &str) -> Vec<u8> {
    let mut content = Vec::new();
    archive(bytes)
        .by_name(path)
        .unwrap()
        .read_to_end(&mut content)
        .unwrap();
    content
}

pub(crate) fn members(bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
    let names: Vec<String> = archive(bytes)
        .file_names()
        .map(|name| name.unwrap().into_owned())
        .collect();
    names
        .into_iter()
        .map(|name| (name.clone(), member(bytes, &name)))
        .collect()
}

/// An archive of these files, by another writer.
pub(crate) fn zipped(members: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in members {
        zip.start_file(name.as_str(), SimpleFileOptions::DEFAULT)
            .unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap().into_inner()
}
