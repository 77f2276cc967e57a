//! What data is used for, by what right it is held, for how long, who is given it, and where it came from: as people said of
//! the entity or of what it is in, else as the settings of DSAR jobs say of its source.

use std::collections::BTreeMap;

use locard_app::{Annotated, Annotation, Annotations, Catalog, ErrorKind, Home, Result};
use locard_model::{EntityId, SourceId};

use super::{DsarSettings, Processing, SectionInfo};

/// Who knows what was said.
pub(super) struct Register<'a> {
    said: Annotations,
    catalog: Catalog<'a>,
    /// By names of sources.
    settings: BTreeMap<String, Processing>,
}

impl<'a> Register<'a> {
    pub(super) async fn open(home: &'a Home, settings: &DsarSettings) -> Result<Self> {
        Ok(Self {
            said: Annotations::load(home).await?,
            catalog: Catalog::open(home).await?,
            settings: settings.register.clone(),
        })
    }

    /// What holds for an entity of a source; of one that the catalog does not know, what holds for the source.
    pub(super) async fn of_entity(&mut self, entity: EntityId, source: &str) -> Result<Processing> {
        let said = match self.said.of_entity(&mut self.catalog, entity).await {
            Err(error) if error.kind() == ErrorKind::NotFound => Annotation::default(),
            said => said?,
        };
        Ok(self.joined(&said, source))
    }

    /// What holds for a source, if anything was said of it.
    pub(super) fn of_source(&self, source: SourceId, name: &str) -> Option<Processing> {
        let said = self.said.own(Annotated::Source(source));
        let processing = self.joined(&said, name);
        (processing != Processing::default()).then_some(processing)
    }

    /// The same of each section that was collected, by its number.
    pub(super) async fn of_sections(
        &mut self,
        sections: &[SectionInfo],
    ) -> Result<BTreeMap<usize, Processing>> {
        let mut all = BTreeMap::new();
        for info in sections {
            let processing = match info.entity {
                Some(entity) => self.of_entity(entity, &info.source).await?,
                None => self.joined(&Annotation::default(), &info.source),
            };
            all.insert(info.number, processing);
        }
        Ok(all)
    }

    fn joined(&self, said: &Annotation, source: &str) -> Processing {
        let settings = self.settings.get(source).cloned().unwrap_or_default();
        let recipients = said.texts("recipients");
        Processing {
            purpose: said.text("purpose").or(settings.purpose),
            legal_basis: said.text("legalBasis").or(settings.legal_basis),
            retention: said.text("retention").or(settings.retention),
            recipients: if recipients.is_empty() {
                settings.recipients
            } else {
                recipients
            },
            origin: said.text("origin").or(settings.origin),
        }
    }
}
