//! Decisions and allowed values as a file for version control.
//!
//! Places are named by source, resource and column, so that the file means the same in every catalog: a source by the
//! name that it was registered under, a folder or file below the current folder by its way from there. A line without a
//! source holds wherever such a resource is, as in checked-out folders that are elsewhere each time. Allowed values
//! are hashes under this catalog's key, and sealed under one that derives from the master key: nobody can read them in
//! the file, and every catalog of the same master key can take them over.

use std::collections::HashMap;
use std::path::Path;

use jiff::Timestamp;
use locard_model::{
    ColumnId, EntityId, EntityKind, EntityPath, ExposeSecret as _, Identifier, SecretString,
    SourceId,
};
use locard_store::{Allowed, Decision, Review, Source};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::access::{Actor, record_audit};
use crate::catalog::Catalog;
use crate::findings::{confirmed, review};
use crate::rules::identifiers;
use crate::{Error, ErrorKind, Home, ImportReport, Result, SourceLimits};

#[derive(Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct File {
    /// Version of the format.
    version: u32,
    /// The key under which the allowed values were hashed. Plain values stand before tables in TOML.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    finding: Vec<Line>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    allowed: Vec<Value>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Line {
    /// Every source, where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    source: Option<String>,
    kind: EntityKind,
    path: Vec<String>,
    column: String,
    /// Ids of the entity and the column where something above is masked; they hold in this source only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    entity_id: Option<EntityId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    column_id: Option<ColumnId>,
    identifier: Identifier,
    decision: Decision,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Value {
    hash: String,
    /// The value, sealed for catalogs of the same master key. Older releases wrote hashes alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sealed: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// Every decision and allowed value as the text of a TOML file.
pub async fn export_decisions(home: &Home, actor: &Actor) -> Result<String> {
    let mut catalog = Catalog::open(home).await?;
    let mut file = File {
        version: 1,
        ..File::default()
    };
    let mut unmet = 0_u64;
    for review in home.store.reviews(home.org, None).await? {
        match line(home, &mut catalog, review).await {
            Ok(line) => file.finding.push(line),
            // It came from a file, and no scan has met the column yet: only its id is known.
            Err(error) if error.kind() == ErrorKind::NotFound => unmet += 1,
            Err(error) => return Err(error),
        }
    }
    file.finding.sort_by(|a, b| key(a).cmp(&key(b)));
    let mut old_reasons = old_reasons(home).await?;
    for allowed in home.store.allowed(home.org).await? {
        let hash = hash_name(allowed.hash);
        let reason = allowed.reason.or_else(|| old_reasons.remove(&hash));
        let sealed = match allowed.value {
            Some(value) => Some(home.store.seal_for_file(home.org, &value).await?),
            None => None,
        };
        file.allowed.push(Value {
            hash,
            sealed,
            reason,
        });
    }
    file.allowed.sort_by(|a, b| a.hash.cmp(&b.hash));
    file.key = (!file.allowed.is_empty()).then(|| key_name(home));
    let text = toml::to_string_pretty(&file).map_err(|error| {
        Error::new(
            ErrorKind::Unexpected,
            "the decisions cannot be written as TOML",
        )
        .cause(error)
    })?;
    let unmet = match unmet {
        0 => String::new(),
        n => format!("# Left out: {n} about columns that no scan has met yet.\n"),
    };
    record_audit(home, actor, "export decisions", json!({})).await?;
    Ok(format!(
        "# Decisions about findings. `locard findings import` reads them back.\n\
         # Without its `source`, a line holds for every source that has the resource.\n{unmet}\n{text}"
    ))
}

fn key(line: &Line) -> (Option<&str>, &[String], &str, &str) {
    (
        line.source.as_deref(),
        &line.path,
        &line.column,
        line.identifier.as_str(),
    )
}

fn key_name(home: &Home) -> String {
    format!("{:016x}", home.engine.keyer().id().0)
}

/// A source as another checkout or machine names it too: by its own name, or by the way to it from the current folder.
fn travelling(source: &Source) -> String {
    if source.name != source.target {
        return source.name.clone();
    }
    let here = std::env::current_dir().ok();
    here.and_then(|here| from_here(&source.target, &here))
        .unwrap_or_else(|| source.target.clone())
}

/// A target below a folder, as it is typed there.
fn from_here(target: &str, here: &Path) -> Option<String> {
    let (scheme, path) = match target.strip_prefix("file://") {
        // An address that had to be encoded is left as it is.
        Some(path) => ("", Some(path).filter(|path| !path.contains('%'))?),
        None => ("sqlite:", target.strip_prefix("sqlite:")?),
    };
    let below = Path::new(path).strip_prefix(here).ok()?.to_str()?;
    let below = below.replace('\\', "/");
    Some(if below.is_empty() {
        ".".to_owned()
    } else {
        format!("{scheme}./{below}")
    })
}

async fn line(home: &Home, catalog: &mut Catalog<'_>, review: Review) -> Result<Line> {
    let column = home.store.column(home.org, review.column).await?;
    let source = catalog
        .source(review.source)
        .map_or_else(|| review.source.to_string(), travelling);
    let mask = home.engine.mask();
    let entity = catalog.entity(review.entity).await?;
    let plain = entity.path.segments();
    let path: Vec<String> = plain.iter().map(|segment| mask.segment(segment)).collect();
    let shown = mask.segment(&column.path);
    let masked = path != plain || shown != column.path;
    Ok(Line {
        source: Some(source),
        kind: entity.kind,
        path,
        column: shown,
        entity_id: masked.then_some(review.entity),
        column_id: masked.then_some(review.column),
        identifier: review.identifier,
        decision: review.decision,
        reason: review.note,
    })
}

/// Takes decisions and allowed values over from the text of such a file; the file wins where both decided.
///
/// A line without a source holds for every registered one, and for `targets`, which need not have been scanned yet.
pub async fn import_decisions(
    home: &Home,
    actor: &Actor,
    text: &str,
    targets: &[SecretString],
) -> Result<ImportReport> {
    let file = read(text)?;
    let mut report = ImportReport::default();
    for line in &file.finding {
        if !spelt(home, &line.identifier)? {
            report.nameless.insert(line.identifier.clone());
        }
    }
    let mut reviews = meant(home, file.finding, targets, &mut report).await?;
    for review in &mut reviews {
        review.actor = Some(actor.name.clone());
    }
    home.store.review(home.org, &reviews).await?;
    let listed = file.allowed.len() as u64;
    let values = allowed(home, file.key.as_deref(), file.allowed).await?;
    report.allowed = values.len() as u64;
    report.unknown = listed - report.allowed;
    home.store.allow(home.org, &values).await?;
    let details = json!({
        "decisions": report.decisions,
        "allowed": report.allowed,
        "unknown": report.unknown,
        "unmatched": report.unmatched,
    });
    record_audit(home, actor, "import decisions", details).await?;
    Ok(report)
}

/// How many decisions of such a file name nothing in the catalog, of how many; changes nothing.
pub async fn unmatched_decisions(
    home: &Home,
    text: &str,
    targets: &[SecretString],
) -> Result<(u64, u64)> {
    let mut report = ImportReport::default();
    meant(home, read(text)?.finding, targets, &mut report).await?;
    Ok((report.unmatched, report.decisions))
}

fn read(text: &str) -> Result<File> {
    let file: File = toml::from_str(text).map_err(|error| {
        Error::usage(format!(
            "the decisions cannot be read: {}",
            fault(text, &error)
        ))
        .hint("`locard findings export` shows the format")
    })?;
    if file.version != 1 {
        return Err(Error::usage(format!(
            "decisions of version {} are not known",
            file.version
        )));
    }
    Ok(file)
}

/// Whether a rule knows the identifier; refuses what is a slip for the name of one. Others may be known elsewhere.
fn spelt(home: &Home, identifier: &Identifier) -> Result<bool> {
    let library = home.engine.library();
    if confirmed::is_known(library, identifier) {
        return Ok(true);
    }
    if identifiers::slip(library, identifier).is_none() {
        return Ok(false);
    }
    let unknown = identifiers::unknown(library, identifier);
    let sentence = format!("the decisions cannot be read: {}", unknown.sentence());
    Err(Error::usage(sentence).hint(unknown.hint_text().unwrap_or_default()))
}

/// The decisions of these lines in every source that they are about.
async fn meant(
    home: &Home,
    lines: Vec<Line>,
    targets: &[SecretString],
    report: &mut ImportReport,
) -> Result<Vec<Review>> {
    let mut reviews = Vec::new();
    let mut named = Vec::new();
    for target in targets {
        named.extend(named_source(home, target.expose_secret()).await?);
    }
    let catalog = Catalog::open(home).await?;
    for line in lines {
        let mut matched = false;
        let mut sources = catalog.sources_of(line.source.as_deref());
        let all = line.source.is_none();
        sources.extend(named.iter().filter(|_| all));
        sources.sort_unstable();
        sources.dedup();
        for source in sources {
            let review = reviewed(source, &line);
            let known = known(home.store.column(home.org, review.column).await)?;
            // An id leads to one source, whatever others there are.
            if known.as_ref().is_none_or(|known| known.source == source) {
                matched |= known.is_some();
                reviews.push(review);
            }
        }
        report.decisions += 1;
        report.unmatched += u64::from(!matched);
    }
    Ok(reviews)
}

/// What the catalog holds; `None` where it has no such thing.
fn known<T>(answer: locard_store::Result<T>) -> Result<Option<T>> {
    match answer {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == locard_store::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The source of a target, unless it is a slip of the finger: nothing of that is kept.
async fn named_source(home: &Home, target: &str) -> Result<Option<SourceId>> {
    let source = home.resolve(target).await?;
    let is_known = known(home.store.source(home.org, source.id).await)?.is_some();
    let is_missing =
        |error: &locard_connector::Error| error.kind() == locard_connector::ErrorKind::NotFound;
    let is_slip = !is_known
        && source
            .open(home, SourceLimits::default())
            .await
            .err()
            .as_ref()
            .is_some_and(is_missing);
    Ok((!is_slip).then_some(source.id))
}

/// Where the file is wrong. The parser's own words quote what stands there, which may be a value.
fn fault(text: &str, error: &toml::de::Error) -> String {
    let start = error.span().map_or(0, |span| span.start);
    let before = text.get(..start).unwrap_or_default();
    let number = before.matches('\n').count() + 1;
    let line = text.lines().nth(number - 1).unwrap_or_default();
    let field = line.split_once('=').map_or("", |(field, _)| field.trim());
    let plain = |c: char| c.is_ascii_lowercase() || c == '_';
    if !field.is_empty() && field.chars().all(plain) {
        format!("line {number}, field `{field}`, is not as it must be")
    } else if error.message().starts_with("missing field") {
        format!("line {number}: {}", error.message())
    } else {
        format!("line {number} is not as it must be")
    }
}

/// The decision of a line in one source.
fn reviewed(source: SourceId, line: &Line) -> Review {
    let path = EntityPath::new(line.path.iter().cloned());
    let derived = || EntityId::derive(source, line.kind, &path);
    let entity = line.entity_id.unwrap_or_else(derived);
    let column = line
        .column_id
        .unwrap_or_else(|| ColumnId::derive(entity, &line.column));
    Review {
        source,
        entity,
        column,
        identifier: line.identifier.clone(),
        decision: line.decision,
        note: line.reason.clone(),
        actor: None,
        decided_at: Timestamp::UNIX_EPOCH,
    }
}

/// The allowed values of a file, without those that can be neither unsealed nor used as they were hashed.
async fn allowed(home: &Home, key: Option<&str>, values: Vec<Value>) -> Result<Vec<Allowed>> {
    let is_ours = key == Some(key_name(home).as_str());
    let mut known = Vec::with_capacity(values.len());
    for line in values {
        let hash = u64::from_str_radix(&line.hash, 16).map_err(|_| {
            Error::usage("an allowed value of the file is not 16 hexadecimal digits")
        })?;
        let value = match &line.sealed {
            Some(sealed) => home.store.unseal_from_file(home.org, sealed).await?,
            None => None,
        };
        let hash = match &value {
            Some(value) => review::hash_of(home, value.expose_secret()),
            None if is_ours => hash,
            None => continue,
        };
        let reason = line.reason;
        known.push(Allowed {
            hash,
            value,
            reason,
        });
    }
    Ok(known)
}

/// The setting in which older homes hold why values were allowed, by hash. Newer reasons stand with their values.
const OLD_REASONS: &str = "allowed_reasons";

async fn old_reasons(home: &Home) -> Result<HashMap<String, String>> {
    let Some(stored) = home.store.setting(home.org, OLD_REASONS).await? else {
        return Ok(HashMap::new());
    };
    HashMap::deserialize(stored).map_err(|error| {
        let sentence = "the reasons for allowed values cannot be read";
        Error::new(ErrorKind::Store, sentence).cause(error)
    })
}

/// No longer allows a value, by its keyed hash.
pub(crate) async fn disallow(home: &Home, hash: u64) -> Result<()> {
    if !home.store.disallow(home.org, hash).await? {
        return Err(Error::not_found("that value is not allowed")
            .hint("`locard findings export -` lists hashes of the values that are"));
    }
    let mut reasons = old_reasons(home).await?;
    if reasons.remove(&hash_name(hash)).is_some() {
        let rest = serde_json::json!(reasons);
        home.store
            .set_setting(home.org, OLD_REASONS, Some(&rest))
            .await?;
    }
    Ok(())
}

/// A hash as the file names it.
fn hash_name(hash: u64) -> String {
    format!("{hash:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_below_the_current_folder_is_named_from_there() {
        let check = |target: &str| from_here(target, Path::new("/srv/repo"));
        assert_eq!(check("file:///srv/repo/exports"), Some("./exports".into()));
        assert_eq!(check("file:///srv/repo"), Some(".".into()));
        assert_eq!(check("sqlite:/srv/repo/a.db"), Some("sqlite:./a.db".into()));
        for target in [
            "file:///srv/repository",
            "file:///data",
            "file:///srv/repo/a%20b",
            "postgres://db.example:5432/crm",
        ] {
            assert_eq!(check(target), None, "{target}");
        }
    }

    #[test]
    fn a_fault_names_the_field_and_not_what_stands_there() {
        for text in [
            "version = \"hush@example.org\"",
            "version = 1\n[[finding]]\nkind = \"hush@example.org\"",
            "version = 1\n\"hush@example.org\" = 1",
            "version = 1 hush@example.org",
        ] {
            let Err(error) = toml::from_str::<File>(text) else {
                panic!("{text} is read");
            };
            let told = fault(text, &error);
            assert!(
                told.starts_with("line ") && !told.contains("hush"),
                "{told}"
            );
        }
        let error = toml::from_str::<File>("version = 'x'").err();
        assert!(error.is_some_and(|error| fault("version = 'x'", &error).contains("`version`")));
    }
}
