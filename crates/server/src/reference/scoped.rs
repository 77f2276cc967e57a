//! The jobs over entities that read no values: re-ingest, identification, PII detection.

use locard_app::{Errand, Identification, Ingestion, NameReading};

use crate::fault::Fault;
use crate::fields::Fields;
use crate::reference::errands::Asked;
use crate::routes::{Field, Kind};

const SCOPE: Field = Field {
    name: "scope",
    kind: Kind::Texts,
    required: true,
};

pub(crate) const BODY: &[Field] = &[SCOPE];

pub(crate) const BODY_CONFIGS: &[Field] = &[
    SCOPE,
    Field {
        name: "configs",
        kind: Kind::Object,
        required: false,
    },
];

pub(crate) const BODY_IDENTIFICATION: &[Field] = &[
    SCOPE,
    Field {
        name: "dictionaryIds",
        kind: Kind::Texts,
        required: false,
    },
    Field {
        name: "dataPatternIds",
        kind: Kind::Texts,
        required: false,
    },
];

/// `POST jobs/execute/metadata/re-ingest`.
pub(crate) fn re_ingest(fields: &mut Fields) -> Result<Asked, Fault> {
    let errand = Errand::Ingest(Ingestion {
        scope: fields.some("scope")?,
    });
    Ok(Asked {
        errand,
        label: "METADATA_REINGEST",
        warnings: fields.unheeded(&[]),
    })
}

/// `POST jobs/execute/data-identification`.
pub(crate) fn identification(fields: &mut Fields) -> Result<Asked, Fault> {
    let scope = fields.some("scope")?;
    let mut rules = fields.list("dictionaryIds")?;
    rules.extend(fields.list("dataPatternIds")?);
    let mut warnings = fields.unheeded(&[]);
    if !rules.is_empty() {
        warnings.push(
            "dictionaryIds, dataPatternIds: columns are judged by all rules, since these compete; the matches of those that \
            are named are counted in the result, and what columns have in common with the dictionaries"
                .to_owned(),
        );
    }
    Ok(Asked {
        errand: Errand::Identify(Identification { scope, rules }),
        label: "DATA_IDENTIFICATION",
        warnings,
    })
}

/// `POST jobs/execute/pii-detection`.
pub(crate) fn names(fields: &mut Fields) -> Result<Asked, Fault> {
    let scope = fields.some("scope")?;
    let mut configs = fields.object("configs")?;
    let language = configs.text("language")?;
    let mut warnings = fields.unheeded(&[]);
    warnings.extend(configs.unheeded(&[]));
    if let Some(language) = &language {
        let checked = locard_app::language_code(language);
        checked.map_err(|error| {
            let what = format!(
                "{}; {}",
                error.sentence(),
                error.hint_text().unwrap_or_default()
            );
            Fault::field("configs.language", &what)
        })?;
    }
    Ok(Asked {
        errand: Errand::Names(NameReading { scope, language }),
        label: "PII_DETECTION",
        warnings,
    })
}
