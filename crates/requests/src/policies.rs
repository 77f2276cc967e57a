//! Policy packs of an organisation: registered beside those of the program, and in use once they are activated.
//!
//! What a reader gets wrong: a request stays with the pack of its receipt. Activating one, or applying an upgrade, changes only
//! what is received from then on; registered packs stay for ever, so that old requests are computed as they were.

use jiff::Timestamp;
use locard_app::{Actor, Home};
use locard_deadline::{Library, Pack};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::clock;
use crate::code::{Code, Fault, Result};
use crate::desk::Desk;

/// The setting that holds what was registered and decided.
const SETTING: &str = "policy packs";

/// Packs and proposals of one organisation.
const MOST: usize = 200;

/// What an organisation added to the packs of the program.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Added {
    #[serde(default)]
    packs: Vec<Registered>,
    #[serde(default)]
    active: Vec<Active>,
    #[serde(default)]
    proposals: Vec<Proposal>,
}

/// A pack that was registered.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Registered {
    id: String,
    version: u32,
    name: String,
    text: String,
    metadata: Value,
    at: Timestamp,
}

/// A pack that requests are received under.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Active {
    id: String,
    version: u32,
}

/// That newer packs be used.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Proposal {
    id: Uuid,
    status: String,
    to: Vec<Active>,
    by: String,
    at: Timestamp,
}

/// A pack to register.
pub struct NewPack {
    /// Whose law it is: the id of the pack.
    pub jurisdiction: String,
    /// What it is called.
    pub name: String,
    /// Its version: a whole number, that of the text; `1.0.0` is 1.
    pub version: String,
    /// Its text, as TOML.
    pub text: String,
    /// What changed, and what that means.
    pub metadata: Value,
}

impl Added {
    pub(crate) async fn of(home: &Home) -> Result<Self> {
        let setting = home.store().setting(home.org(), SETTING).await?;
        let unreadable =
            |_| Fault::new(Code::InvalidRecord, "the policy packs have an unknown form");
        setting.map_or(Ok(Self::default()), |setting| {
            serde_json::from_value(setting).map_err(unreadable)
        })
    }

    /// All that is known, by which requests are computed that were received under it.
    pub(crate) fn all(&self) -> Result<Library> {
        self.library(|_| true)
    }

    /// What requests are received under now.
    pub(crate) fn in_use(&self) -> Result<Library> {
        self.library(|pack| self.active.contains(&pack.active()))
    }

    fn library(&self, is_wanted: impl Fn(&Registered) -> bool) -> Result<Library> {
        let mut library = clock::builtin()?;
        for pack in self.packs.iter().filter(|pack| is_wanted(pack)) {
            library.add_pack(&pack.name, &pack.text)?;
        }
        Ok(library)
    }

    fn find(&self, jurisdiction: &str, version: u32) -> Result<&Registered> {
        let is = |pack: &&Registered| {
            pack.id.eq_ignore_ascii_case(jurisdiction) && pack.version == version
        };
        let missing = || Fault::new(Code::PolicyNotFound, "no such pack is registered");
        self.packs.iter().find(is).ok_or_else(missing)
    }

    fn activate(&mut self, wanted: Active) {
        self.active.retain(|active| active.id != wanted.id);
        self.active.push(wanted);
    }
}

impl Registered {
    fn active(&self) -> Active {
        Active {
            id: self.id.clone(),
            version: self.version,
        }
    }
}

/// The number of a version: its first part.
fn number(version: &str) -> Result<u32> {
    let first = version.trim().split('.').next().unwrap_or_default();
    let wrong = |_| Fault::field("version", "a whole number is wanted, as in the pack");
    first.parse().map_err(wrong)
}

impl Desk<'_> {
    async fn keep_packs(
        &self,
        actor: &Actor,
        added: &Added,
        (action, details): (&str, Value),
    ) -> Result<()> {
        let unwritable = |_| Fault::new(Code::Runtime, "the policy packs cannot be written");
        let setting = serde_json::to_value(added).map_err(unwritable)?;
        let home = self.home;
        home.store()
            .set_setting(home.org(), SETTING, Some(&setting))
            .await?;
        Ok(locard_app::record_audit(home, actor, action, details).await?)
    }

    /// Registers a pack; nothing is received under it yet.
    pub async fn register_pack(&self, actor: &Actor, new: &NewPack) -> Result<()> {
        let pack = Pack::parse("pack", &new.text)?;
        if !pack.id.eq_ignore_ascii_case(new.jurisdiction.trim()) {
            let what = format!("the pack is of `{}`", pack.id);
            return Err(Fault::field("jurisdiction", what));
        }
        if pack.version != number(&new.version)? {
            let what = format!("the pack has the version {}", pack.version);
            return Err(Fault::field("version", what));
        }
        let mut added = Added::of(self.home).await?;
        if added.packs.len() >= MOST {
            return Err(Fault::new(
                Code::Invalid,
                format!("at most {MOST} packs are registered"),
            ));
        }
        // The same version with another text is refused here.
        added.all()?.add_pack("pack", &new.text)?;
        let is_known = added.find(&pack.id, pack.version).is_ok();
        if !is_known {
            added.packs.push(Registered {
                id: pack.id.clone(),
                version: pack.version,
                name: new.name.clone(),
                text: new.text.clone(),
                metadata: new.metadata.clone(),
                at: self.now().await?,
            });
        }
        let details = json!({ "pack": pack.id, "version": pack.version, "hash": pack.hash });
        self.keep_packs(actor, &added, ("policy.registered", details))
            .await
    }

    /// From now on requests are received under that pack.
    pub async fn activate_pack(
        &self,
        actor: &Actor,
        jurisdiction: &str,
        version: &str,
    ) -> Result<()> {
        let mut added = Added::of(self.home).await?;
        let active = added.find(jurisdiction, number(version)?)?.active();
        let details = json!({ "pack": active.id, "version": active.version });
        added.activate(active);
        self.keep_packs(actor, &added, ("policy.activated", details))
            .await
    }

    /// From now on requests are received under the packs of the program again; of one jurisdiction, if one is named.
    pub async fn deactivate_packs(&self, actor: &Actor, jurisdiction: Option<&str>) -> Result<()> {
        let mut added = Added::of(self.home).await?;
        let before = added.active.len();
        let is_meant =
            |active: &Active| jurisdiction.is_none_or(|id| active.id.eq_ignore_ascii_case(id));
        added.active.retain(|active| !is_meant(active));
        if added.active.len() == before {
            return Err(Fault::new(
                Code::PolicyNotFound,
                Code::PolicyNotFound.title(),
            ));
        }
        let details = json!({ "jurisdiction": jurisdiction });
        self.keep_packs(actor, &added, ("policy.deactivated", details))
            .await
    }

    /// Proposes that the newest registered packs be used; gives the proposal, and from what to what it leads.
    pub async fn propose_upgrade(&self, actor: &Actor) -> Result<(Uuid, Value)> {
        let mut added = Added::of(self.home).await?;
        let in_use = added.in_use()?;
        let current = |id: &str| {
            in_use
                .packs()
                .find(|pack| pack.id == id)
                .map(|pack| pack.version)
        };
        let mut to: Vec<Active> = Vec::new();
        for pack in &added.packs {
            let is_newer = current(&pack.id).is_none_or(|version| version < pack.version);
            let is_newest = added
                .packs
                .iter()
                .all(|other| other.id != pack.id || other.version <= pack.version);
            if is_newer && is_newest {
                to.push(pack.active());
            }
        }
        let changes = to.iter().map(|active| {
            json!({ "packId": active.id, "from": current(&active.id), "to": active.version })
        });
        let changes = Value::from(changes.collect::<Vec<_>>());
        let id = Uuid::new_v4();
        added.proposals.push(Proposal {
            id,
            status: "pending_approval".to_owned(),
            to,
            by: actor.name.clone(),
            at: self.now().await?,
        });
        let over = added.proposals.len().saturating_sub(MOST);
        added.proposals.drain(..over);
        let details = json!({ "proposal": id, "changes": changes });
        self.keep_packs(actor, &added, ("policy.proposed", details))
            .await?;
        Ok((id, changes))
    }

    /// Approves a proposal.
    pub async fn approve_upgrade(&self, actor: &Actor, id: Uuid) -> Result<()> {
        let mut added = Added::of(self.home).await?;
        let proposal = proposal(&mut added, id)?;
        if proposal.status != "pending_approval" {
            let message = format!("the proposal is {}", proposal.status);
            return Err(Fault::new(Code::TransitionDisallowed, message));
        }
        "approved".clone_into(&mut proposal.status);
        let details = json!({ "proposal": id });
        self.keep_packs(actor, &added, ("policy.approved", details))
            .await
    }

    /// Applies an approved one.
    pub async fn apply_upgrade(&self, actor: &Actor, id: Uuid) -> Result<()> {
        let mut added = Added::of(self.home).await?;
        let proposal = proposal(&mut added, id)?;
        if proposal.status != "approved" {
            return Err(Fault::new(
                Code::ApprovalRequired,
                Code::ApprovalRequired.title(),
            ));
        }
        "applied".clone_into(&mut proposal.status);
        for active in proposal.to.clone() {
            added.activate(active);
        }
        let details = json!({ "proposal": id });
        self.keep_packs(actor, &added, ("policy.applied", details))
            .await
    }
}

fn proposal(added: &mut Added, id: Uuid) -> Result<&mut Proposal> {
    let missing = || Fault::new(Code::ProposalNotFound, Code::ProposalNotFound.title());
    added
        .proposals
        .iter_mut()
        .find(|proposal| proposal.id == id)
        .ok_or_else(missing)
}
