//! The jobs that read values: data profiling and data discovery. Both are a scan; one pass profiles and judges.

use locard_app::{Amount, Errand, Profiling, Share};

use crate::fault::Fault;
use crate::fields::Fields;
use crate::reference::errands::Asked;

/// Options of the reference that tune how its own workers divide the work. There is one budget here, of each source.
const TUNING: &[&str] = &[
    "splitJobByColumns",
    "columnsPerJob",
    "numberOfTablesPerJob",
    "persistThreads",
    "persistFilesThreads",
    "profileThreads",
    "additionalFileProcessingThreads",
    "persistenceThreads",
];

/// `POST jobs/execute/data-profiling`.
pub(crate) fn profiling(fields: &mut Fields) -> Result<Asked, Fault> {
    let scope = fields.some("scope")?;
    let mut configs = fields.object("configs")?;
    let errand = Errand::Scan(Profiling {
        scope,
        sample: sample(&mut configs)?,
        condition: condition(&mut configs)?,
        ..Profiling::default()
    });
    scan(errand, "DATA_PROFILE", (fields, &mut configs))
}

/// `POST jobs/execute/data-discovery`.
pub(crate) fn discovery(fields: &mut Fields) -> Result<Asked, Fault> {
    let scope = fields.some("scope")?;
    let mut configs = fields.object("configs")?;
    let mut include = configs.list("includePatterns")?;
    let extensions = configs.list("extensions")?;
    if !extensions.is_empty() && !include.is_empty() {
        let what = "give either extensions or includePatterns: a pattern can name extensions too";
        return Err(Fault::field("configs.extensions", what));
    }
    include.extend(
        extensions
            .iter()
            .map(|extension| format!("*.{}", extension.trim_start_matches(['*', '.']))),
    );
    let errand = Errand::Scan(Profiling {
        scope,
        include,
        exclude: configs.list("excludePatterns")?,
        sample: None,
        condition: condition(&mut configs)?,
    });
    scan(errand, "DATA_DISCOVERY", (fields, &mut configs))
}

fn scan(
    errand: Errand,
    label: &'static str,
    (fields, configs): (&Fields, &mut Fields),
) -> Result<Asked, Fault> {
    let mut warnings = fields.unheeded(&[]);
    warnings.extend(asked_for_nothing(configs)?);
    warnings.extend(configs.unheeded(TUNING));
    Ok(Asked {
        errand,
        label,
        warnings,
    })
}

/// Which records are read. One that cannot be read is refused: left out, it would read what nobody wanted read.
fn condition(configs: &mut Fields) -> Result<Option<String>, Fault> {
    let text = configs.text("whereClause")?;
    let Some(text) = &text else {
        return Ok(None);
    };
    let checked = locard_app::check_condition(text);
    checked.map_err(|error| Fault::field("configs.whereClause", error.sentence()))?;
    Ok(Some(text.clone()))
}

/// Options that clients send with what means nothing, and that are not supported with anything else.
fn asked_for_nothing(configs: &mut Fields) -> Result<Vec<String>, Fault> {
    let mut told = Vec::new();
    for name in [
        "dataProfiledSinceDays",
        "filesModifiedLaterThanDays",
        "filesAccessedLaterThanDays",
    ] {
        if configs.number(name)?.is_some_and(|days| days > 0.0) {
            told.push(format!(
                "configs.{name}: is not supported yet and was not heeded"
            ));
        }
    }
    for name in ["buildSamples", "computeChecksum"] {
        if configs.flag(name)? {
            told.push(format!(
                "configs.{name}: nothing of that is kept, and it was not heeded"
            ));
        }
    }
    Ok(told)
}

/// How much of each entity is read. Of several options the strictest counts.
fn sample(configs: &mut Fields) -> Result<Option<Amount>, Fault> {
    let kind = configs
        .text("sampleType")?
        .unwrap_or_default()
        .to_lowercase();
    let method = configs
        .text("sampleMethod")?
        .unwrap_or_default()
        .to_lowercase();
    let value = configs.number("sampleValue")?.filter(|value| *value > 0.0);
    let limit = configs
        .number("jdbcRowLimitSize")?
        .filter(|rows| *rows >= 1.0);
    let nth = configs.number("nthValue")?.filter(|step| *step > 1.0);
    if let (Some(value), false) = (value, kind.contains("nth")) {
        let is_share = method.contains("percent") || kind.contains("percent");
        return Ok(if is_share {
            share("configs.sampleValue", value)?
        } else {
            Some(rows(value))
        });
    }
    // Every nth record is about such a share of them.
    match nth {
        Some(step) => share("configs.nthValue", 100.0 / step),
        None => Ok(limit.map(rows)),
    }
}

fn rows(number: f64) -> Amount {
    Amount::Rows(number as u64)
}

/// So many percent of the records; a hundred is all of them.
fn share(field: &str, percent: f64) -> Result<Option<Amount>, Fault> {
    if (percent - 100.0).abs() < f64::EPSILON {
        return Ok(None);
    }
    let share = Share::percent(percent).map(Amount::Share);
    share
        .map(Some)
        .ok_or_else(|| Fault::field(field, "a share of at most 100 percent is wanted"))
}
