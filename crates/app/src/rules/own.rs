//! Rules and dictionaries of an organisation's own: made, given back, switched off, forgotten. They are kept sealed in the store,
//! and heeded by whatever begins after the change, in this process and in others.

use std::collections::BTreeSet;
use std::path::PathBuf;

use locard_identify::{Library, Overlay};
use locard_store::{OwnKind, OwnRule};
use serde_json::json;

use crate::home::ruled::{LISTS_OFF, RULES_OFF, library, switched_off};
use crate::input::blocking;
use crate::rules::draft::RuleDraft;
use crate::{Error, ErrorKind, Home, Result, read_text};

/// Own rules and dictionaries of an organisation, at most: all of them are compiled together.
const MOST: u64 = 500;

/// Bytes of the text of one, at most.
const LONGEST: usize = 16 << 20;

/// Keeps some, which are heeded from now on. What cannot be used changes nothing.
pub(super) async fn keep(home: &Home, own: Vec<OwnRule>) -> Result<()> {
    if own.iter().any(|own| own.text.len() > LONGEST) {
        return Err(Error::usage(
            "a rule or dictionary has at most 16 MB of text",
        ));
    }
    let (known, _) = home.store.own_rules_state(home.org).await?;
    if known + own.len() as u64 > MOST {
        let sentence =
            format!("there are {known} own rules and dictionaries, and at most {MOST} may be");
        return Err(Error::new(ErrorKind::Conflict, sentence).hint("remove some first"));
    }
    let mut overlay = home.rules.overlay.clone();
    for own in &own {
        let (name, text) = (own.name.clone(), own.text.clone());
        match own.kind {
            OwnKind::Rule => overlay.rules.insert(name, text),
            OwnKind::List => overlay.lists.insert(name, text),
        };
    }
    compiles(overlay).await?;
    home.store.put_own_rules(home.org, &own).await?;
    home.renew_rules().await
}

/// Forgets some of them.
pub(super) async fn forget(home: &Home, own: &[(OwnKind, String)]) -> Result<()> {
    let mut overlay = home.rules.overlay.clone();
    for (kind, name) in own {
        match kind {
            OwnKind::Rule => overlay.rules.remove(name),
            OwnKind::List => overlay.lists.remove(name),
        };
    }
    // Another rule may refer to a list.
    compiles(overlay).await.map_err(|error| {
        let sentence = format!("it is in use: {}", error.sentence());
        Error::new(ErrorKind::Conflict, sentence).hint("remove what refers to it first")
    })?;
    home.store.remove_own_rules(home.org, own).await?;
    home.renew_rules().await
}

/// What cannot be used is told when it is made, and not when it is heeded.
pub(super) async fn compiles(overlay: Overlay) -> Result<()> {
    blocking(move || library(&overlay).map(drop)).await
}

/// Switches names off or on in a setting; false where they were so.
pub(super) async fn switch(home: &Home, setting: &str, name: &str, on: bool) -> Result<bool> {
    let off = switched_off(home.store.as_ref(), home.org, setting).await?;
    let mut off: BTreeSet<String> = off.into_iter().collect();
    let changed = if on {
        off.remove(name)
    } else {
        off.insert(name.to_owned())
    };
    if !changed {
        return Ok(false);
    }
    let off: Vec<String> = off.into_iter().collect();
    let mut overlay = home.rules.overlay.clone();
    match setting {
        LISTS_OFF => overlay.lists_off.clone_from(&off),
        _ => overlay.rules_off.clone_from(&off),
    }
    // What the others cannot do without is told.
    compiles(overlay).await?;
    let stored = (!off.is_empty()).then(|| json!(off));
    home.store
        .set_setting(home.org, setting, stored.as_ref())
        .await?;
    home.renew_rules().await?;
    Ok(true)
}

/// The name of a rule's file below `rules/`.
pub(super) fn rule_name(id: &str) -> String {
    id.replacen('.', "/", 1)
}

/// Makes a rule, or replaces the own one of that id.
///
/// # Errors
/// Where it does not compile, or does not do what its examples say.
pub async fn make_rule(home: &Home, draft: &RuleDraft) -> Result<String> {
    import_rule(home, &draft.text()?).await
}

/// Takes the text of a rule over, as its file would have it; one of that id is replaced. Answers the id.
///
/// # Errors
/// See [`make_rule`].
pub async fn import_rule(home: &Home, text: &str) -> Result<String> {
    let home = home.renewed().await;
    let id = rule_id(text)?;
    let name = rule_name(&id);
    let (overlay, checked, rule) = (home.rules.overlay.clone(), name.clone(), text.to_owned());
    let problems =
        blocking(move || Ok(locard_identify::check_rule(&overlay, &checked, &rule)?)).await?;
    if let Some(problem) = problems.first() {
        return Err(Error::usage(format!(
            "the rule cannot be used: {}: {}",
            problem.subject, problem.sentence
        )));
    }
    let own = OwnRule {
        kind: OwnKind::Rule,
        name,
        text: text.to_owned(),
    };
    keep(&home, vec![own]).await?;
    Ok(id)
}

/// The id that a rule gives itself: two names with a dot between.
fn rule_id(text: &str) -> Result<String> {
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
        let line = error.span().and_then(|span| text.get(..span.start));
        let line = line.map_or(1, |before| before.matches('\n').count() + 1);
        // The rest may quote a value.
        Error::usage(format!("the rule is no TOML: line {line}")).cause(error)
    })?;
    let id = table
        .get("id")
        .and_then(toml::Value::as_str)
        .unwrap_or_default();
    let is_word = |word: &str| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
        (1..=64).contains(&word.len()) && word.bytes().all(plain)
    };
    let is_id = id
        .split_once('.')
        .is_some_and(|(theme, name)| is_word(theme) && is_word(name));
    if is_id {
        return Ok(id.to_owned());
    }
    Err(Error::usage("the rule has no id")
        .hint("an id reads theme.name, for instance id = \"own.badge\""))
}

/// The text of a rule, as a file that can be imported again.
pub async fn rule_text(home: &Home, id: &str) -> Result<String> {
    let home = home.renewed().await;
    if let Some(text) = home.rules.overlay.rules.get(&rule_name(id)) {
        return Ok(text.clone());
    }
    if let Some(file) = file(&home, "rules", &rule_name(id), "toml") {
        return blocking(move || read_text(&file)).await;
    }
    let wanted = id.to_owned();
    let builtin = blocking(move || Ok(Library::builtin_rule(&wanted))).await?;
    builtin.ok_or_else(|| crate::rules::unknown(home.engine.library(), id))
}

/// Forgets an own rule. One that it replaced is used again.
pub async fn remove_rule(home: &Home, id: &str) -> Result<()> {
    let home = home.renewed().await;
    let name = rule_name(id);
    if !home.rules.overlay.rules.contains_key(&name) {
        return Err(not_removable(
            &home,
            id,
            file(&home, "rules", &name, "toml"),
        ));
    }
    switch(&home, RULES_OFF, id, true).await?;
    forget(&home, &[(OwnKind::Rule, name)]).await
}

/// Why something that is not in the store cannot be removed.
fn not_removable(home: &Home, id: &str, file: Option<PathBuf>) -> Error {
    if let Some(file) = file {
        let sentence = format!("{id} is a file of yours");
        return Error::new(ErrorKind::Conflict, sentence)
            .hint(format!("remove {}", file.display()));
    }
    let library = home.engine.library();
    let is_known = library.rule(id).is_some() || library.off().iter().any(|rule| rule.id == id);
    if is_known {
        return Error::new(
            ErrorKind::Conflict,
            format!("{id} is a part of the program"),
        )
        .hint("switch it off instead");
    }
    crate::rules::unknown(library, id)
}

/// A file of the user's folder, if it is there.
pub(super) fn file(home: &Home, part: &str, name: &str, extension: &str) -> Option<PathBuf> {
    let is_below = !name.split('/').any(|part| part.is_empty() || part == "..");
    let file = home.own.join(part).join(format!("{name}.{extension}"));
    (is_below && !name.contains('\\') && file.is_file()).then_some(file)
}
