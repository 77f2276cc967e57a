//! The jobs that read values: data profiling and data discovery. Both are a scan; one pass profiles and judges.

use locard_app::{Amount, Errand, Profiling, Share, Skipping, Telling, Within};
use serde_json::Value;

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
        skipping: Skipping {
            profiled_within_days: days(&mut configs, "dataProfiledSinceDays")?,
            ..Skipping::default()
        },
        ..Profiling::default()
    });
    scan(errand, "DATA_PROFILE", (fields, &mut configs), Vec::new())
}

/// `POST jobs/execute/data-discovery`.
pub(crate) fn discovery(fields: &mut Fields) -> Result<Asked, Fault> {
    let scope = fields.some("scope")?;
    let mut configs = fields.object("configs")?;
    let mut include = configs.list("includePatterns")?;
    let mut extensions = configs.list("extensions")?;
    if include.is_empty() {
        // As patterns they also choose what is looked into, as in archives.
        include.extend(extensions.drain(..).map(|extension| ending(&extension)));
    }
    let mut warnings = Vec::new();
    let skipping = Skipping {
        profiled_within_days: days(&mut configs, "dataProfiledSinceDays")?,
        files_above: size(&mut configs)?,
        written: used(&mut configs, WRITTEN, &mut warnings)?,
        accessed: used(&mut configs, ACCESSED, &mut warnings)?,
        other_extensions: extensions.iter().map(|it| bare(it).to_owned()).collect(),
    };
    let telling = telling(&mut configs)?;
    // Properties of documents are personal data too, and always read.
    if configs.is_given("ingestProperties") && !configs.flag("ingestProperties")? {
        warnings.push(
            "configs.ingestProperties: properties of documents may be personal data, and are read all the same".to_owned(),
        );
    }
    let errand = Errand::Scan(Profiling {
        scope,
        include,
        exclude: configs.list("excludePatterns")?,
        sample: None,
        condition: condition(&mut configs)?,
        skipping,
        header: header(&mut configs)?,
        compacts: false,
        telling,
    });
    scan(errand, "DATA_DISCOVERY", (fields, &mut configs), warnings)
}

/// Whether the first record of delimited text names its columns; nothing, and `auto`: the text itself tells.
fn header(configs: &mut Fields) -> Result<Option<bool>, Fault> {
    let name = "headerExists";
    match configs.value(name) {
        None => Ok(None),
        Some(Value::Bool(has)) => Ok(Some(has)),
        Some(Value::String(word)) => match word.to_ascii_lowercase().as_str() {
            "" | "auto" => Ok(None),
            "true" | "yes" => Ok(Some(true)),
            "false" | "no" => Ok(Some(false)),
            _ => Err(Fault::field(
                "configs.headerExists",
                "true, false or auto is wanted",
            )),
        },
        Some(_) => Err(Fault::field(
            "configs.headerExists",
            "true, false or auto is wanted",
        )),
    }
}

/// What is told at the end.
fn telling(configs: &mut Fields) -> Result<Telling, Fault> {
    let mut rules = configs.list("dictionaryIds")?;
    rules.extend(configs.list("dataPatternIds")?);
    let kind = configs.text("contentScanType")?;
    Ok(Telling {
        rules,
        // How the reference calls the other way is not known.
        counts: kind.is_some_and(|kind| kind != "SCAN_ONLY"),
        duplicates: configs.flag("computeChecksum")?,
    })
}

/// The fields about one time of files: that of the reference, and two that say what they mean.
type Times = [&'static str; 3];

const WRITTEN: Times = [
    "filesModifiedLaterThanDays",
    "modifiedWithinDays",
    "modifiedBeforeDays",
];

const ACCESSED: Times = [
    "filesAccessedLaterThanDays",
    "accessedWithinDays",
    "accessedBeforeDays",
];

/// The time in which files must have been used. The reference calls its field the opposite of what its pages say of it; here it
/// means what it is called, which is told.
fn used(
    configs: &mut Fields,
    [reference, within, before]: Times,
    warnings: &mut Vec<String>,
) -> Result<Option<Within>, Fault> {
    let later = days(configs, reference)?;
    if later.is_some() {
        warnings.push(format!(
            "configs.{reference}: only files of that many last days are read; {before} reads the older ones"
        ));
    }
    let (lately, old) = (days(configs, within)?, days(configs, before)?);
    match (later.or(lately), old) {
        (Some(_), Some(_)) => {
            let what = format!("say either that or {within}");
            Err(Fault::field(&format!("configs.{before}"), &what))
        }
        (Some(days), None) => Ok(Some(Within::Days(days))),
        (None, Some(days)) => Ok(Some(Within::Before(days))),
        (None, None) => Ok(None),
    }
}

/// An extension without what people write before it.
fn bare(extension: &str) -> &str {
    extension.trim_start_matches(['*', '.'])
}

/// Files of that extension, in capitals or not, as a glob.
fn ending(extension: &str) -> String {
    let mut glob = "*.".to_owned();
    for c in bare(extension).chars() {
        if c.is_ascii_alphabetic() {
            glob.extend(['[', c.to_ascii_lowercase(), c.to_ascii_uppercase(), ']']);
        } else if matches!(c, '*' | '?' | '[' | ']' | '{' | '}' | '\\' | '!') {
            glob.extend(['[', c, ']']);
        } else {
            glob.push(c);
        }
    }
    glob
}

/// So many days; none of them is as if nothing had been said.
fn days(configs: &mut Fields, name: &str) -> Result<Option<u32>, Fault> {
    const MOST: f64 = 36_500.0;
    let wrong = || {
        Fault::field(
            &format!("configs.{name}"),
            "days from 0 to 36,500 are wanted",
        )
    };
    match configs.number(name)? {
        Some(days) if days > MOST || days.fract() != 0.0 => Err(wrong()),
        Some(days) if days >= 1.0 => Ok(Some(days as u32)),
        _ => Ok(None),
    }
}

/// The bytes of the largest file that is read, as in `100MB`.
fn size(configs: &mut Fields) -> Result<Option<u64>, Fault> {
    let Some(text) = configs.text("supportedMaxFileSize")? else {
        return Ok(None);
    };
    let wrong = || {
        let what = "a size such as 1KB, 100MB or 2GB is wanted";
        Fault::field("configs.supportedMaxFileSize", what)
    };
    parsed(&text).map(Some).ok_or_else(wrong)
}

fn parsed(text: &str) -> Option<u64> {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.');
    let (number, unit) = text.split_at(end.unwrap_or(text.len()));
    let factor = match unit.trim().to_ascii_uppercase().as_str() {
        "" | "B" => 1.0,
        "K" | "KB" | "KIB" => 1_024.0,
        "M" | "MB" | "MIB" => 1_048_576.0,
        "G" | "GB" | "GIB" => 1_073_741_824.0,
        "T" | "TB" | "TIB" => 1_099_511_627_776.0,
        _ => return None,
    };
    let number: f64 = number.parse().ok()?;
    let bytes = number * factor;
    (1.0..1e18).contains(&bytes).then_some(bytes as u64)
}

fn scan(
    errand: Errand,
    label: &'static str,
    (fields, configs): (&Fields, &mut Fields),
    mut warnings: Vec<String>,
) -> Result<Asked, Fault> {
    warnings.extend(fields.unheeded(&[]));
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
    if configs.flag("buildSamples")? {
        told.push(
            "configs.buildSamples: no value that is read is kept, and it was not heeded; rules are judged by every value, not by \
            samples"
                .to_owned(),
        );
    }
    Ok(told)
}

/// How much of each entity is read. Of several options the strictest counts.
fn sample(configs: &mut Fields) -> Result<Option<Amount>, Fault> {
    let kind = configs
        .text("sampleType")?
        .unwrap_or_default()
        .to_lowercase();
    if !kind.is_empty() && !is_known(&kind) {
        let what =
            "FULL, SAMPLE_CLAUSE, FIRST_N, EVERY_NTH or FILTER is wanted, or nothing for all";
        return Err(Fault::field("configs.sampleType", what));
    }
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

/// Whether a way of sampling is one of those that the reference has. How it spells them is not known, so that words in them
/// are looked for.
fn is_known(kind: &str) -> bool {
    let words = [
        "nth", "first", "percent", "row", "clause", "filter", "where", "full", "all", "none",
        "limit", "sample", "random",
    ];
    let mut parts = kind.split(|c: char| !c.is_ascii_alphanumeric());
    parts.any(|part| {
        words
            .iter()
            .any(|word| part.starts_with(word) || part.ends_with(word))
    })
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn sizes_are_read_with_their_units_and_nothing_else_is_a_size() {
        for (text, bytes) in [
            ("1KB", Some(1_024)),
            ("100MB", Some(104_857_600)),
            ("1.5 kb", Some(1_536)),
            ("7", Some(7)),
            ("2 GiB", Some(2_147_483_648)),
            ("", None),
            ("0", None),
            ("-1KB", None),
            ("huge", None),
            ("1XB", None),
            ("1.2.3MB", None),
        ] {
            assert_eq!(parsed(text), bytes, "{text}");
        }
    }

    #[test]
    fn extensions_are_globs_without_regard_to_case_that_mean_nothing_else() {
        assert_eq!(ending("csv"), "*.[cC][sS][vV]");
        assert_eq!(ending(".7z"), "*.7[zZ]");
        assert_eq!(ending("*.a*"), "*.[aA][*]");
    }

    #[test]
    fn a_way_of_sampling_that_nobody_knows_is_refused_by_its_name() {
        let asked = |kind: &str| {
            let body = json!({ "sampleType": kind, "sampleValue": 10 });
            let mut configs = Fields::new("configs", body).unwrap();
            sample(&mut configs).map_err(|fault| fault.field)
        };
        for kind in [
            "FIRST_N",
            "firstN",
            "EVERY_NTH",
            "SAMPLE_CLAUSE",
            "FILTER",
            "FULL",
            "",
        ] {
            assert!(asked(kind).is_ok(), "{kind}");
        }
        for kind in ["bogus", "ZIG_ZAG"] {
            let field = asked(kind).unwrap_err();
            assert_eq!(field.as_deref(), Some("configs.sampleType"), "{kind}");
        }
    }

    #[test]
    fn times_mean_what_they_are_called_and_two_of_them_at_once_are_refused() {
        let asked = |body: Value| {
            let mut configs = Fields::new("configs", body).unwrap();
            let mut told = Vec::new();
            let used = used(&mut configs, WRITTEN, &mut told);
            (used.map_err(|fault| fault.field), told.len())
        };
        assert_eq!(
            asked(json!({ "filesModifiedLaterThanDays": 0 })),
            (Ok(None), 0)
        );
        let later = json!({ "filesModifiedLaterThanDays": 3 });
        assert_eq!(asked(later), (Ok(Some(Within::Days(3))), 1));
        let before = json!({ "modifiedBeforeDays": "30" });
        assert_eq!(asked(before), (Ok(Some(Within::Before(30))), 0));
        let both = json!({ "modifiedBeforeDays": 30, "modifiedWithinDays": 3 });
        assert_eq!(
            asked(both).0,
            Err(Some("configs.modifiedBeforeDays".to_owned()))
        );
    }

    #[test]
    fn a_header_is_there_or_not_or_seen() {
        let asked = |value: Value| {
            let mut configs = Fields::new("configs", json!({ "headerExists": value })).unwrap();
            header(&mut configs).ok()
        };
        assert_eq!(asked(Value::Null), Some(None));
        assert_eq!(asked(json!("auto")), Some(None));
        assert_eq!(asked(json!(true)), Some(Some(true)));
        assert_eq!(asked(json!("no")), Some(Some(false)));
        assert_eq!(asked(json!("perhaps")), None);
        assert_eq!(asked(json!(1)), None);
    }

    #[test]
    fn days_are_whole_and_none_of_them_is_never() {
        let asked = |value: Value| {
            let body = json!({ "dataProfiledSinceDays": value });
            let mut configs = Fields::new("configs", body).unwrap();
            days(&mut configs, "dataProfiledSinceDays").ok()
        };
        assert_eq!(asked(json!(0)), Some(None));
        assert_eq!(asked(json!("7")), Some(Some(7)));
        assert_eq!(asked(json!(1.5)), None);
        assert_eq!(asked(json!(1e9)), None);
    }
}
