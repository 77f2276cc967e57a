//! The rules of a home: the built-in ones, what a folder and the organisation lay over them, and what is switched off.
//!
//! What a reader gets wrong: a [`Home`](crate::Home) keeps the rules that it began with, so that a scan or an answer is of one
//! set of them. Whoever begins something asks for [`Home::current`](crate::Home::current).

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use locard_identify::{Library, Overlay};
use locard_model::OrgId;
use locard_store::{OwnKind, Store};

use crate::input::blocking;
use crate::{Error, ErrorKind, Result};

/// The name of the setting that holds the ids of rules that are switched off.
pub(crate) const RULES_OFF: &str = "rules switched off";

/// The name of the setting that holds the names of dictionaries that are switched off.
pub(crate) const LISTS_OFF: &str = "dictionaries switched off";

/// What the store says of the rules: as long as it says the same, they are the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Told {
    own: (u64, Option<Timestamp>),
    rules_off: Vec<String>,
    lists_off: Vec<String>,
}

impl Told {
    pub(crate) async fn by(store: &dyn Store, org: OrgId) -> Result<Self> {
        Ok(Self {
            own: store.own_rules_state(org).await?,
            rules_off: switched_off(store, org, RULES_OFF).await?,
            lists_off: switched_off(store, org, LISTS_OFF).await?,
        })
    }

    /// What is laid over the built-in rules. Whatever changed since this was told shows in what is told next.
    pub(crate) async fn overlay(
        &self,
        store: &dyn Store,
        org: OrgId,
        folder: &Path,
    ) -> Result<Overlay> {
        let (mut rules, mut lists) = (BTreeMap::new(), BTreeMap::new());
        if self.own.0 > 0 {
            for own in store.own_rules(org).await? {
                match own.kind {
                    OwnKind::Rule => rules.insert(own.name, own.text),
                    OwnKind::List => lists.insert(own.name, own.text),
                };
            }
        }
        Ok(Overlay {
            folder: folder.is_dir().then(|| folder.to_path_buf()),
            rules,
            lists,
            rules_off: self.rules_off.clone(),
            lists_off: self.lists_off.clone(),
        })
    }
}

/// The names that such a setting holds.
pub(crate) async fn switched_off(
    store: &dyn Store,
    org: OrgId,
    setting: &str,
) -> Result<Vec<String>> {
    let Some(stored) = store.setting(org, setting).await? else {
        return Ok(Vec::new());
    };
    serde_json::from_value(stored).map_err(|error| {
        let sentence = "the list of what is switched off cannot be read";
        Error::new(ErrorKind::Store, sentence).cause(error)
    })
}

/// The rules, compiled.
#[derive(Debug)]
pub(crate) struct Ruled {
    /// Those by which is judged.
    pub(crate) used: Arc<Library>,
    /// Every one, where some are switched off: names are masked by them all the same.
    pub(crate) all: Option<Arc<Library>>,
    /// What of them is not built in, and what is off.
    pub(crate) overlay: Overlay,
    /// Why the user's own are left out, if they are.
    pub(crate) left_out: Option<Error>,
}

impl Ruled {
    /// Compiles them; the built-in ones alone, and why, where own ones cannot be used and nothing is judged by them.
    pub(crate) async fn compile(overlay: Overlay, judges: bool) -> Result<Self> {
        blocking(move || match Self::of(overlay.clone()) {
            Err(error) if !judges => Ok(Self {
                used: Library::builtin()?,
                all: None,
                overlay,
                left_out: Some(error),
            }),
            compiled => compiled,
        })
        .await
    }

    fn of(overlay: Overlay) -> Result<Self> {
        let is_whole = overlay.rules_off.is_empty() && overlay.lists_off.is_empty();
        let all = if is_whole {
            None
        } else {
            Some(library(&Overlay {
                rules_off: Vec::new(),
                lists_off: Vec::new(),
                ..overlay.clone()
            })?)
        };
        Ok(Self {
            used: library(&overlay)?,
            all,
            overlay,
            left_out: None,
        })
    }
}

/// The library that an overlay makes; the built-in one is compiled once.
pub(crate) fn library(overlay: &Overlay) -> Result<Arc<Library>> {
    if overlay.is_nothing() {
        return Ok(Library::builtin()?);
    }
    Ok(Library::over(overlay)?)
}
