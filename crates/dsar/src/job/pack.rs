//! Packing: sections that were kept become the bundle, and the artifact of the reference interface beside it.
//!
//! It is one pass over the rows on a thread of its own; whoever begins again writes both anew.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use jiff::Timestamp;
use locard_app::{Error, ErrorKind, Home, Result};
use locard_bundle::encrypt::{Encrypting, Recipient};
use locard_bundle::{
    AuditReport, BundleWriter, Column, Controller, DecisionNote, Digesting, Fingerprint, Finished,
    Formats, Head, Manifest, Reached, Reason, Redaction, Section, SectionWriter, Settings,
    SigningKey, redact_field, redact_spans,
};
use locard_model::OrgId;
use serde_json::json;

use super::decide::{Decided, Decision, Decisions, Ruling};
use super::gather::{Counters, KeptRow, Meta, rows, section};
use super::processing::Register;
use super::reach::{Place, Reach};
use super::rules::Others;
use super::{
    Act, Body, BundleInfo, DsarJob, Processing, Scope, SectionInfo, Verdict, learn, rules, scratch,
    settings, standing, unkept,
};
use crate::keep::{Sealed, Shelf};

/// Names of what is kept of a packed job.
pub(super) const BUNDLE: &str = "bundle.zip";
pub(super) const ARTIFACT: &str = "artifact.json";

/// Everything that packing needs, so that it can have a thread of its own.
pub(super) struct Packing {
    job: DsarJob,
    body: Body,
    shelf: Shelf,
    decisions: Decisions,
    /// None where it is not about a person.
    others: Option<Others>,
    key: SigningKey,
    controller: Option<Controller>,
    notice: Vec<String>,
    /// What each section is used for, by its number.
    processing: BTreeMap<usize, Processing>,
    at: Timestamp,
    counters: Arc<Counters>,
}

/// What was packed.
pub(super) struct Packed {
    pub(super) delivery: BundleInfo,
    pub(super) report: AuditReport,
    /// The sections, with what of them is in the bundle.
    pub(super) sections: Vec<SectionInfo>,
}

/// What the person reads first, where nobody wrote anything else.
const NOTICE: [&str; 2] = [
    "This is what we hold about you, as far as our search went. What was searched, what was not, and what was taken out for the sake of others is told below.",
    "You may ask us to correct or erase it, to restrict or stop its use, or to hand it to somebody else, and you may complain to a supervisory authority.",
];

impl Packing {
    pub(super) async fn prepare(
        home: &Home,
        job: DsarJob,
        shelf: Shelf,
        decisions: Decisions,
        counters: Arc<Counters>,
    ) -> Result<Self> {
        let body = job.known()?.clone();
        let now = settings(home).await?;
        let engine = home.engine();
        let subject = body.subject();
        let collected = body.collected.clone().unwrap_or_default();
        let mut register = Register::open(home, &now).await?;
        let processing = register.of_sections(&collected.sections).await?;
        let (kept, decided) = (shelf.clone(), decisions.clone());
        let looked = move || learn::learned(&kept, (&collected, &decided), subject);
        let subject = super::review::apart(looked).await?;
        let others = (!body.is_tenant()).then(|| {
            let (mask, library) = (engine.mask().clone(), Arc::clone(engine.library()));
            Others::new(subject, mask, library, engine.keyer())
        });
        Ok(Self {
            shelf,
            decisions,
            others,
            processing,
            key: settings::signing_key(home).await?,
            controller: now.controller.map(|controller| Controller {
                name: controller.name,
                contact: controller.contact,
            }),
            notice: if now.notice.is_empty() && !body.is_tenant() {
                NOTICE.map(str::to_owned).to_vec()
            } else {
                now.notice
            },
            at: home.store().clock().await?,
            counters,
            job,
            body,
        })
    }

    /// Packs.
    pub(super) fn pack(self) -> Result<Packed> {
        let put = self.shelf.create(BUNDLE).map_err(unkept)?;
        let counted = Counted {
            out: put,
            counters: Arc::clone(&self.counters),
        };
        let (put, delivered, finished) = self.pack_into(counted)?;
        put.out.commit().map_err(unkept)?;
        let report = AuditReport::of(&finished.manifest);
        self.close_artifact(&finished.manifest, &report)?;
        Ok(Packed {
            delivery: BundleInfo {
                key: format!("{}/{BUNDLE}", Body::folder(self.job.id)),
                size: delivered.size,
                sha256: delivered.sha256,
                signed_by: self.key.public().id(),
                ..BundleInfo::default()
            },
            report,
            sections: self.counted(&finished.manifest)?,
        })
    }

    fn counted(&self, manifest: &Manifest) -> Result<Vec<SectionInfo>> {
        let collected = self.body.collected.clone().unwrap_or_default();
        let mut sections = collected.sections;
        for (info, record) in sections.iter_mut().zip(&manifest.sections) {
            info.count = record.count;
            info.total_before_filter = record.total_before_filter;
            info.undecided = standing::undecided_in(&self.shelf, info, &self.decisions)?;
        }
        Ok(sections)
    }

    /// The bundle, within what only its recipients open, if there are any.
    pub(super) fn pack_into<W: Write>(&self, out: W) -> Result<(W, Fingerprint, Finished)> {
        let out = Digesting::new(out);
        let recipients = self.body.recipients.iter();
        let recipients: Vec<Recipient> = recipients
            .map(|text| text.parse())
            .collect::<locard_bundle::Result<_>>()
            .map_err(unpacked)?;
        let (out, finished) = if recipients.is_empty() {
            self.written(out)?
        } else {
            let out = Encrypting::new(out, &recipients).map_err(unpacked)?;
            let (out, finished) = self.written(out)?;
            (out.finish().map_err(unpacked)?, finished)
        };
        let (out, delivered) = out.finish();
        Ok((out, delivered, finished))
    }

    fn written<W: Write>(&self, out: W) -> Result<(W, Finished)> {
        let settings = Settings {
            formats: Formats::parse(&self.body.formats),
            scratch: Some(scratch::scratch()),
            ..Settings::default()
        };
        let mut bundle = BundleWriter::new(out, self.head(), settings).map_err(unpacked)?;
        let collected = self.body.collected.clone().unwrap_or_default();
        for warning in self.body.warnings.iter().chain(&collected.warnings) {
            bundle.warn(warning);
        }
        for place in &collected.not_searched {
            bundle.not_searched(place.clone());
        }
        let reach = Reach::of(&self.shelf, &collected, &self.decisions)?;
        let mut items = self.shelf.create(ARTIFACT_PART).map_err(unkept)?;
        for (at, info) in collected.sections.iter().enumerate() {
            if at > 0 {
                items.write_all(b",").map_err(unkept)?;
            }
            self.section(&mut bundle, (info.number, &reach), &mut items)?;
        }
        items.commit().map_err(unkept)?;
        bundle.finish(&self.key).map_err(unpacked)
    }

    fn head(&self) -> Head {
        let subject = self.body.attributes.iter();
        let mut names = subject.filter(|known| known.identifier.as_str() == "PERSON");
        Head {
            bundle_id: self.job.id,
            job_id: Some(self.job.name()),
            org_id: OrgId(self.job.org),
            controller: self.controller.clone(),
            subject: names
                .next()
                .map(|known| known.value.clone())
                .or_else(|| self.body.scope.data_subject_id.clone()),
            requested_by: self.body.requested_by.clone(),
            requested_at: self.job.created_at,
            generated_at: self.at,
            notice: self.notice.clone(),
        }
    }

    fn described(&self, meta: &Meta) -> Section {
        let processing = self.processing.get(&meta.info.number);
        let processing = processing.cloned().unwrap_or_default();
        let columns = meta.fields.iter().map(|field| Column {
            name: field.name.clone(),
            kind: field.kind.unwrap_or_default(),
            identifiers: field.found().map(ToString::to_string).collect(),
        });
        Section {
            source: meta.info.source.clone(),
            entity: meta.info.resource.clone(),
            columns: columns.collect(),
            purpose: processing.purpose,
            legal_basis: processing.legal_basis,
            retention: processing.retention,
            recipients: processing.recipients,
            origin: processing.origin,
            reached: if meta.over.is_empty() {
                Reached::Direct {
                    identifiers: meta.agreed.iter().map(ToString::to_string).collect(),
                    spellings: meta.spellings.iter().map(ToString::to_string).collect(),
                }
            } else {
                Reached::Relation {
                    over: meta.over.clone(),
                }
            },
        }
    }

    fn section<W: Write>(
        &self,
        bundle: &mut BundleWriter<W>,
        (number, reach): (usize, &Reach),
        items: &mut Sealed,
    ) -> Result<()> {
        let meta = section(&self.shelf, number).map_err(unkept)?;
        let mut writer = bundle.section(self.described(&meta)).map_err(unpacked)?;
        let name = json!(format!(
            "{number:03} {} {}",
            meta.info.source, meta.info.resource
        ));
        write!(items, "{{\"name\":{name},\"items\":[").map_err(unkept)?;
        let (mut total, mut count) = (0, 0);
        for row in rows(&self.shelf, number).map_err(unkept)? {
            let mut row = row.map_err(unkept)?;
            total += 1;
            if self.row((&meta, total, reach), &mut row, &mut writer)? {
                let comma = if count > 0 { "," } else { "" };
                write!(items, "{comma}{}", json!(row.values)).map_err(unkept)?;
                count += 1;
            }
        }
        let counts = format!("],\"count\":{count},\"totalBeforeFilter\":{total}}}");
        items.write_all(counts.as_bytes()).map_err(unkept)?;
        let decided = self.decisions.of_section(number).into_iter();
        writer.decided(decided.map(note).collect());
        writer.finish(Some(total)).map_err(unpacked)
    }

    /// Writes a row, if it is handed out; whether it is.
    fn row<W: Write>(
        &self,
        (meta, number, reach): (&Meta, u64, &Reach),
        row: &mut KeptRow,
        writer: &mut SectionWriter<'_, W>,
    ) -> Result<bool> {
        let ruling = self.decisions.ruling(meta.info.number, number);
        let place = reach.place(row, meta.over.is_empty(), &ruling);
        if let Some(why) = left_out(row, place, &ruling) {
            writer.redacted(&Redaction::row(&why));
            return Ok(false);
        }
        let others = self.others.as_ref();
        let judged = others.map(|others| (others, others.judge(meta, &row.values)));
        // What people took out first: their parts are told in bytes of the text as it was.
        for decided in &ruling.redactions {
            let redaction = redact(row, decided)?;
            if let Some(redaction) = &redaction {
                writer.redacted(redaction);
            }
        }
        for (column, parts) in &row.cut {
            writer.redacted(&Redaction::parts(column, *parts, &rules::why(None)));
        }
        if let Some((others, judged)) = &judged {
            let by = (judged, &ruling.revealed);
            let redactions = others.redact(meta, &mut row.values, by);
            redactions
                .map_err(unpacked)?
                .iter()
                .for_each(|it| writer.redacted(it));
        }
        writer.row(&row.values).map_err(unpacked)?;
        Ok(true)
    }

    /// The artifact: what is known of the job, around the sections that were written.
    fn close_artifact(&self, manifest: &Manifest, report: &AuditReport) -> Result<()> {
        let head = json!({
            "schemaVersion": "1.0",
            "generatedAt": self.at,
            "jobId": self.job.name(),
            "orgId": self.job.org,
            "scope": told_scope(&self.body.scope),
            "integritySha256": manifest.digest,
            "auditReport": report,
            "notSearched": manifest.not_searched,
            "warnings": manifest.warnings,
        });
        let head = head.to_string();
        let written = || -> io::Result<()> {
            let mut out = self.shelf.create(ARTIFACT)?;
            let open = head.strip_suffix('}').unwrap_or(&head);
            out.write_all(open.as_bytes())?;
            out.write_all(b",\"sections\":[")?;
            if let Some(mut items) = self.shelf.open(ARTIFACT_PART)? {
                io::copy(&mut items, &mut out)?;
            }
            out.write_all(b"]}")?;
            out.commit()
        };
        written().map_err(unkept)
    }
}

/// Sections of the artifact, before it is known what goes around them.
const ARTIFACT_PART: &str = "artifact.items";

/// A scope as interfaces tell it.
fn told_scope(scope: &Scope) -> serde_json::Value {
    json!(scope)
}

/// Why a row is not handed out; `None` where it is.
fn left_out(row: &KeptRow, place: Place, ruling: &Ruling<'_>) -> Option<Reason> {
    let why = |reason: &str, exemption: Option<String>| {
        Some(Reason {
            reason: reason.to_owned(),
            exemption,
            identifier: None,
        })
    };
    match place {
        Place::In => return None,
        Place::Outside => return why("it is outside of the period that was asked for", None),
        Place::OverOutside => {
            let sentence = "it belongs only to what is outside of the period that was asked for";
            return why(sentence, None);
        }
        Place::OverOut => return why("it belongs only to what is left out", None),
        Place::Out => {}
    }
    match (ruling.decided(), row.review) {
        // What reviewers wrote is for themselves: it may name somebody.
        (Some(Decided { decision, .. }), _) => why(wording(decision), decision.exemption.clone()),
        (None, Some(crate::ReviewReason::NamesSomebodyElse)) => why("it names somebody else", None),
        (None, _) => why(
            "only what many people may share agrees, and nobody confirmed it",
            None,
        ),
    }
}

fn redact(row: &mut KeptRow, decided: &Decided) -> Result<Option<Redaction>> {
    let decision = &decided.decision;
    let why = Reason {
        reason: wording(decision).to_owned(),
        exemption: decision.exemption.clone(),
        identifier: None,
    };
    let Some(column) = &decision.column else {
        return Ok(None);
    };
    match Ruling::spans(decided) {
        None => Ok(redact_field(&mut row.values, column, &why)),
        // Parts of a text that an earlier decision changed are no longer where they were: all of it goes then.
        Some(spans) => match redact_spans(&mut row.values, column, &spans, &why) {
            Err(locard_bundle::Error::Span) => Ok(redact_field(&mut row.values, column, &why)),
            redacted => redacted.map_err(unpacked),
        },
    }
}

/// Why something is taken out, in the words that the person reads.
fn wording(decision: &Decision) -> &'static str {
    match (decision.act, decision.verdict) {
        (Some(Act::Redact), _) => "it was taken out in review",
        (None, Some(Verdict::Not)) => "it is not about the person",
        (None, Some(Verdict::Unsure)) => "it is not certain that it is about the person",
        _ => "it was left out in review",
    }
}

/// Whether it takes something out.
fn is_out(decision: &Decision) -> bool {
    match decision.act {
        Some(act) => matches!(act, Act::Exclude | Act::Redact),
        None => matches!(decision.verdict, Some(Verdict::Not | Verdict::Unsure)),
    }
}

/// A decision as bundles tell it: all of it but what the reviewer wrote.
fn note((decided, undone_by): (&Decided, Option<u64>)) -> DecisionNote {
    let decision = &decided.decision;
    let words = [
        decision.verdict.map(|verdict| format!("{verdict} person")),
        decision.act.map(|act| act.to_string()),
    ];
    let words: Vec<String> = words.into_iter().flatten().collect();
    DecisionNote {
        number: decided.number,
        at: Some(decided.carried.as_ref().map_or(decided.at, |it| it.at)),
        by: decided.by.clone(),
        decision: words.join(", "),
        row: Some(decision.row),
        column: decision.column.clone(),
        exemption: decision.exemption.clone(),
        reason: is_out(decision).then(|| wording(decision).to_owned()),
        undone_by,
        rows: 1,
    }
}

/// Tells how many bytes passed.
struct Counted {
    out: Sealed,
    counters: Arc<Counters>,
}

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.counters
            .bytes
            .fetch_add(written as u64, Ordering::Relaxed);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

fn unpacked(error: locard_bundle::Error) -> Error {
    match error {
        locard_bundle::Error::Io(error) => unkept(error),
        other => Error::new(
            ErrorKind::Unexpected,
            format!("the bundle cannot be made: {other}"),
        )
        .cause(other),
    }
}
