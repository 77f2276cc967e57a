//! What people say of sources and entities, and no scan can know: what the data is for, by what right it is held, for how
//! long. What is said of a source or folder holds for everything in it that is not told apart.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use locard_model::{EntityId, Sensitivity, SourceId};
use locard_store::{AnnotationRecord, Entity};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tokio::sync::Mutex;
use uuid::Uuid;

use crate::catalog::Catalog;
use crate::{Error, Home, Result};

/// What can be said, by the names that programs use.
pub const ANNOTATIONS: &[(&str, AnnotationShape)] = &[
    ("tags", AnnotationShape::Texts),
    ("terms", AnnotationShape::Texts),
    ("sensitivity", AnnotationShape::Sensitivity),
    ("owner", AnnotationShape::Text),
    ("purpose", AnnotationShape::Text),
    ("legalBasis", AnnotationShape::Text),
    ("retention", AnnotationShape::Text),
    ("recipients", AnnotationShape::Texts),
    ("origin", AnnotationShape::Text),
];

/// Letters of one text, and texts of one list, at most.
const LETTERS: usize = 2_000;
const TEXTS: usize = 100;

/// What an annotation looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnnotationShape {
    /// One text.
    Text,
    /// A list of texts.
    Texts,
    /// The name of a [`Sensitivity`].
    Sensitivity,
}

impl AnnotationShape {
    /// What is wanted, for people.
    pub const fn wanted(self) -> &'static str {
        match self {
            Self::Text => "a text of at most 2,000 letters",
            Self::Texts => "a list of at most 100 texts",
            Self::Sensitivity => "low, medium, high or special",
        }
    }

    /// What was said, if it is of this shape.
    fn said(self, value: &Value) -> Option<Said> {
        let text = |value: &Value| {
            let text = value.as_str()?.trim();
            let is_fit = !text.is_empty() && text.chars().count() <= LETTERS;
            is_fit.then(|| text.to_owned())
        };
        match self {
            Self::Text => text(value).map(Said::Text),
            Self::Sensitivity => {
                let text = text(value)?;
                Sensitivity::parse(&text).map(|_| Said::Text(text))
            }
            Self::Texts => {
                let texts = value.as_array().filter(|texts| texts.len() <= TEXTS)?;
                texts
                    .iter()
                    .map(text)
                    .collect::<Option<_>>()
                    .map(Said::Texts)
            }
        }
    }
}

/// One thing that was said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Said {
    /// A text.
    Text(String),
    /// Several.
    Texts(Vec<String>),
}

/// What was said of one source or entity, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Annotation(pub BTreeMap<String, Said>);

impl Annotation {
    /// What was said under that name, as one text.
    pub fn text(&self, name: &str) -> Option<String> {
        match self.0.get(name)? {
            Said::Text(text) => Some(text.clone()),
            Said::Texts(texts) => Some(texts.join(", ")),
        }
    }

    /// What was said under that name, as texts.
    pub fn texts(&self, name: &str) -> Vec<String> {
        match self.0.get(name) {
            None => Vec::new(),
            Some(Said::Text(text)) => vec![text.clone()],
            Some(Said::Texts(texts)) => texts.clone(),
        }
    }

    /// Takes over what changes: `null` takes a thing back, and what is not named stays.
    ///
    /// # Errors
    /// Names the first field that is not known or not of its shape.
    fn change(&mut self, changes: &Map<String, Value>) -> Result<(), (String, String)> {
        for (name, value) in changes {
            let known = ANNOTATIONS.iter().find(|(known, _)| known == name);
            let Some((_, shape)) = known else {
                let names: Vec<&str> = ANNOTATIONS.iter().map(|(name, _)| *name).collect();
                let wanted = format!("is not known; known are {}", names.join(", "));
                return Err((name.chars().take(80).collect(), wanted));
            };
            if value.is_null() {
                self.0.remove(name);
                continue;
            }
            let said = shape.said(value);
            let said =
                said.ok_or_else(|| (name.clone(), format!("{} is wanted", shape.wanted())))?;
            self.0.insert(name.clone(), said);
        }
        Ok(())
    }

    /// What is not said here is as it is there.
    fn or(&mut self, wider: &Self) {
        for (name, said) in &wider.0 {
            self.0.entry(name.clone()).or_insert_with(|| said.clone());
        }
    }
}

/// A source, or an entity in one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Annotated {
    /// A source.
    Source(SourceId),
    /// An entity.
    Entity(EntityId),
}

/// The first of these changes that makes no sense, by its name, and what is wanted there. Never tells what was given.
pub fn wrong_annotation(changes: &Map<String, Value>) -> Option<(String, String)> {
    Annotation::default().change(changes).err()
}

/// Whoever changes an annotation reads it first, so that two who change different things of one lose neither.
static TURN: Mutex<()> = Mutex::const_new(());

/// What was said of a source or an entity itself, and what holds for it.
pub async fn annotated(home: &Home, what: Annotated) -> Result<(Annotation, Annotation)> {
    let said = Annotations::load(home).await?;
    let mut catalog = Catalog::open(home).await?;
    let holds = match what {
        Annotated::Source(source) => said.of_source(&catalog, source),
        Annotated::Entity(entity) => said.of_entity(&mut catalog, entity).await?,
    };
    Ok((said.own(what), holds))
}

/// Changes what is said of a source or an entity; answers what is said of it by now.
pub async fn annotate(
    home: &Home,
    what: Annotated,
    changes: &Map<String, Value>,
) -> Result<Annotation> {
    let _turn = TURN.lock().await;
    let (source, entity) = match what {
        Annotated::Source(source) => (home.store.source(home.org, source).await?.id, None),
        Annotated::Entity(entity) => {
            let entity = home.store.entity(home.org, entity).await?;
            (entity.source, Some(entity.id))
        }
    };
    let mut annotation = Annotations::load(home).await?.own(what);
    annotation.change(changes).map_err(|(name, wanted)| {
        Error::usage(format!("{name} {wanted}")).hint("null takes back what was said")
    })?;
    let record = AnnotationRecord {
        source,
        entity,
        annotation: serde_json::to_value(&annotation).unwrap_or_default(),
        changed_at: Timestamp::UNIX_EPOCH,
    };
    home.store.annotate(home.org, &record).await?;
    Ok(annotation)
}

/// Everything that was said.
#[derive(Clone, Debug, Default)]
pub struct Annotations(HashMap<Uuid, Annotation>);

impl Annotations {
    /// Of a home.
    pub async fn load(home: &Home) -> Result<Self> {
        let records = home.store.annotations(home.org).await?;
        let said = records.into_iter().map(|record| {
            let id = record.entity.map_or(record.source.0, |entity| entity.0);
            // What another release wrote in another way was not said to this one.
            (
                id,
                serde_json::from_value(record.annotation).unwrap_or_default(),
            )
        });
        Ok(Self(said.collect()))
    }

    /// What was said of it alone.
    pub fn own(&self, what: Annotated) -> Annotation {
        let id = match what {
            Annotated::Source(source) => source.0,
            Annotated::Entity(entity) => entity.0,
        };
        self.0.get(&id).cloned().unwrap_or_default()
    }

    /// What holds for a source. Its owner is known without an annotation too.
    pub fn of_source(&self, catalog: &Catalog<'_>, source: SourceId) -> Annotation {
        let mut annotation = self.own(Annotated::Source(source));
        let owner = catalog
            .source(source)
            .and_then(|source| source.owner.clone());
        if let Some(owner) = owner {
            let said = annotation.0.entry("owner".to_owned());
            said.or_insert(Said::Text(owner));
        }
        annotation
    }

    /// What holds for an entity: what was said of it, else of what it is in.
    pub async fn of_entity(
        &self,
        catalog: &mut Catalog<'_>,
        entity: EntityId,
    ) -> Result<Annotation> {
        let entity = catalog.entity(entity).await?.clone();
        self.of(catalog, &entity).await
    }

    /// The same of one that is at hand; only what it is in is looked up.
    pub(crate) async fn of(
        &self,
        catalog: &mut Catalog<'_>,
        entity: &Entity,
    ) -> Result<Annotation> {
        let mut annotation = self.own(Annotated::Entity(entity.id));
        let mut at = entity.parent;
        while let Some(id) = at {
            annotation.or(&self.own(Annotated::Entity(id)));
            at = catalog.entity(id).await?.parent;
        }
        annotation.or(&self.of_source(catalog, entity.source));
        Ok(annotation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(before: Value, changes: &Value) -> Result<Value, (String, String)> {
        let mut annotation: Annotation = serde_json::from_value(before).expect("an annotation");
        annotation.change(changes.as_object().expect("an object"))?;
        Ok(serde_json::to_value(annotation).expect("it can be written"))
    }

    #[test]
    fn what_is_named_changes_and_null_takes_it_back() {
        use serde_json::json;
        let before = json!({ "purpose": "sales", "tags": ["a"], "owner": "Sales" });
        let after = changed(
            before,
            &json!({ "purpose": null, "tags": ["b", "c"], "sensitivity": "special" }),
        );
        assert_eq!(
            after,
            Ok(json!({ "owner": "Sales", "sensitivity": "special", "tags": ["b", "c"] }))
        );
    }

    #[test]
    fn what_makes_no_sense_is_named_without_its_value() {
        use serde_json::json;
        let wrong = [
            json!({ "colour": "SECRET" }),
            json!({ "purpose": ["SECRET"] }),
            json!({ "purpose": "" }),
            json!({ "tags": "SECRET" }),
            json!({ "tags": [1] }),
            json!({ "sensitivity": "SECRET" }),
            json!({ "retention": "x".repeat(LETTERS + 1) }),
        ];
        for changes in wrong {
            let name = changes
                .as_object()
                .expect("an object")
                .keys()
                .next()
                .cloned();
            let (field, wanted) = changed(json!({}), &changes).expect_err("it makes no sense");
            assert_eq!(Some(field), name);
            assert!(!wanted.contains("SECRET"));
        }
    }

    #[test]
    fn what_is_said_of_the_narrower_stands() {
        let of = |text: &str| serde_json::from_str::<Annotation>(text).expect("an annotation");
        let mut table = of(r#"{ "purpose": "claims" }"#);
        table.or(&of(
            r#"{ "purpose": "sales", "recipients": ["bank", "tax office"] }"#,
        ));
        assert_eq!(table.text("purpose").as_deref(), Some("claims"));
        assert_eq!(
            table.text("recipients").as_deref(),
            Some("bank, tax office")
        );
        assert_eq!(table.texts("owner"), Vec::<String>::new());
    }
}
