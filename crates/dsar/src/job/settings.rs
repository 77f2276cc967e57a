//! How DSAR jobs are done here, and the keys that sign and name what comes of them.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use locard_app::{Actor, Error, ErrorKind, Home, Result};
use locard_audit::SubjectKey;
use locard_bundle::SigningKey;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use zeroize::Zeroizing;

/// How DSAR jobs are done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct DsarSettings {
    /// How many may be active at once.
    pub active_limit: u32,
    /// How long a bundle is kept once it is ready, in hours.
    pub ttl_hours: u32,
    /// Whether people look at what was collected of a person before it is handed out.
    pub review: bool,
    /// Whether two of them must approve it.
    pub second_approver: bool,
    /// Whether what the catalog knows of everything may be exported at all.
    pub tenant_export: bool,
    /// Whether such an export may be widened to the rows of the sources.
    pub tenant_export_rows: bool,
    /// Where bundles are kept: a folder, or the address of a container; none: in the home.
    pub store: Option<String>,
    /// Who is responsible for the data, as bundles name them.
    pub controller: Option<Controller>,
    /// Paragraphs that the person reads first; none: the usual ones on their rights.
    pub notice: Vec<String>,
    /// How many days before a deadline webhooks are told that it draws near.
    pub alert_days: Vec<u16>,
    /// What sources are used for, by their names: bundles and the data map tell it.
    pub register: BTreeMap<String, Processing>,
}

/// What a source is used for, and what allows that.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Processing {
    /// What its data is used for.
    pub purpose: Option<String>,
    /// What allows that.
    pub legal_basis: Option<String>,
    /// For how long it is kept.
    pub retention: Option<String>,
    /// Who is given it.
    pub recipients: Vec<String>,
    /// Where it came from.
    pub origin: Option<String>,
}

/// Who is responsible for the data.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Controller {
    /// Their name.
    pub name: String,
    /// How to reach them, or their data protection officer.
    #[serde(default)]
    pub contact: Option<String>,
}

impl Default for DsarSettings {
    fn default() -> Self {
        Self {
            active_limit: 5,
            ttl_hours: 30 * 24,
            review: true,
            second_approver: false,
            tenant_export: false,
            tenant_export_rows: false,
            store: None,
            controller: None,
            notice: Vec::new(),
            alert_days: vec![14, 7, 3, 1],
            register: BTreeMap::new(),
        }
    }
}

const NAME: &str = "dsar";

/// Times at which it is told that a deadline draws near.
const MOST_ALERTS: usize = 20;

/// How DSAR jobs are done.
pub async fn settings(home: &Home) -> Result<DsarSettings> {
    let stored = home.store().setting(home.org(), NAME).await?;
    let settings = stored.map(|stored| DsarSettings::deserialize(&stored));
    Ok(settings
        .transpose()
        .map_err(unreadable)?
        .unwrap_or_default())
}

/// Changes those that are named, and tells the audit who did.
pub async fn change_settings(home: &Home, actor: &Actor, changes: &Value) -> Result<DsarSettings> {
    let mut all = super::json(&settings(home).await?)?;
    let given = changes.as_object();
    let given = given.ok_or_else(|| Error::usage("settings are an object"))?;
    for (name, value) in given {
        if let Some(setting) = all.get_mut(name) {
            setting.clone_from(value);
        } else {
            let known = "activeLimit, ttlHours, review, secondApprover, tenantExport, tenantExportRows, store, controller, notice, alertDays, register";
            return Err(
                Error::usage("a setting is named like none").hint(format!("they are {known}"))
            );
        }
    }
    let changed: DsarSettings = DsarSettings::deserialize(&all)
        .map_err(|_| Error::usage("a setting has a value of the wrong type"))?;
    if !(1..=10_000).contains(&changed.active_limit) || !(1..=87_600).contains(&changed.ttl_hours) {
        return Err(Error::usage(
            "activeLimit goes from 1 to 10,000, and ttlHours from 1 to 87,600",
        ));
    }
    if changed.alert_days.len() > MOST_ALERTS || changed.alert_days.iter().any(|days| *days > 366) {
        return Err(Error::usage(
            "alertDays are at most 20 numbers of days, of up to 366 each",
        ));
    }
    // Whoever misspells it, or may not write there, hears it now, and not when the first bundle is ready.
    if let (true, Some(address)) = (given.contains_key("store"), &changed.store) {
        crate::keep::check_address(address)?;
        let store = crate::keep::store(home, Some(address))?;
        let tried = super::review::apart(move || {
            crate::keep::try_out(&*store).map_err(|error| {
                // Of other machines a sentence is ours; of a folder the system's reason is told, without its path.
                let reason = match error.kind() {
                    std::io::ErrorKind::Other => error.to_string(),
                    _ => locard_app::why(&error),
                };
                let sentence = format!("the bundle store cannot be used: {reason}");
                Error::usage(sentence)
                    .hint("make it, and let the account of the server read and write there")
            })
        });
        tried.await?;
    }
    let names: Vec<&String> = given.keys().collect();
    locard_app::record_audit(home, actor, "dsar settings", json!({ "changed": names })).await?;
    let stored = super::json(&changed)?;
    home.store()
        .set_setting(home.org(), NAME, Some(&stored))
        .await?;
    Ok(changed)
}

/// The key under which bundles are signed: made once for the organisation, and sealed like everything else.
pub async fn signing_key(home: &Home) -> Result<SigningKey> {
    let seed = secret(home, "bundle signing key").await?;
    SigningKey::from_seed(&seed).map_err(|error| {
        Error::new(ErrorKind::Unexpected, "the signing key cannot be used").cause(error)
    })
}

/// The person of a job as the audit names them: a keyed digest, the same in every job.
pub(super) async fn digest(home: &Home, subject: &str) -> Result<String> {
    let key = SubjectKey::from_bytes(*secret(home, "audit subject key").await?);
    let digest = key.digest(subject).map_err(|error| {
        Error::new(
            ErrorKind::Unexpected,
            "a person cannot be named by a digest",
        )
        .cause(error)
    })?;
    Ok(hex::encode(digest.0))
}

/// A secret of the organisation, made when it is first needed, whoever else needs it then.
pub(super) async fn secret(home: &Home, name: &str) -> Result<Zeroizing<[u8; 32]>> {
    let mut new = Zeroizing::new([0; 32]);
    getrandom::fill(new.as_mut_slice()).map_err(|error| {
        Error::new(
            ErrorKind::Unexpected,
            "this machine gives no random numbers",
        )
        .cause(error)
    })?;
    let new = json!(STANDARD.encode(new.as_slice()));
    // Whoever only looks reads it, and must not write.
    let kept = match home.store().setting(home.org(), name).await? {
        Some(kept) => kept,
        None => home.store().setting_or(home.org(), name, &new).await?,
    };
    let bytes = kept.as_str().and_then(|text| STANDARD.decode(text).ok());
    let bytes: Option<[u8; 32]> = bytes.and_then(|bytes| bytes.try_into().ok());
    bytes
        .map(Zeroizing::new)
        .ok_or_else(|| Error::new(ErrorKind::Store, format!("the {name} cannot be read")))
}

fn unreadable(error: serde_json::Error) -> Error {
    Error::new(ErrorKind::Store, "the settings of DSAR jobs cannot be read").cause(error)
}
