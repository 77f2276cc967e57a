//! What the micro benchmarks measured, as ratios to a named baseline of the same run: times of a shared machine say little.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};

/// What is measured beside each group to be held against: plain hashing of the same cells, or a peer.
const BASELINES: [&str; 4] = [
    "hash_only",
    "hyperloglogplus_shared_hash",
    "hash_of_14_bytes",
    "split_block_bloom",
];

/// Mean times in nanoseconds of the functions of each group.
type Groups = BTreeMap<String, BTreeMap<String, f64>>;

/// Lines for everything below a folder of Criterion's results.
pub(crate) fn lines(folder: &Path) -> Result<Vec<String>> {
    let mut groups = Groups::new();
    collect(folder, &mut groups)?;
    let mut lines = Vec::new();
    for (group, functions) in &groups {
        for (function, time) in functions {
            if let Some((baseline, of)) = baseline(function, functions) {
                let name = format!("{group}/{function}");
                lines.push(format!("{name:44} {:>9.2} x {baseline}", time / of));
            }
        }
    }
    Ok(lines)
}

fn collect(folder: &Path, groups: &mut Groups) -> Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.file_name().is_some_and(|name| name == "new") {
            let read = |name: &str| std::fs::read_to_string(path.join(name));
            let (what, told) = (read("benchmark.json")?, read("estimates.json")?);
            let group = text(&what, "group_id").context("a benchmark has no group")?;
            let function = text(&what, "function_id").unwrap_or_default();
            let time = mean(&told).context("a benchmark has no mean")?;
            groups.entry(group).or_default().insert(function, time);
        } else if path.is_dir() {
            collect(&path, groups)?;
        }
    }
    Ok(())
}

/// What a function is held against: in groups of several verbs, the peer at the same verb.
fn baseline<'a>(function: &str, functions: &'a BTreeMap<String, f64>) -> Option<(&'a str, f64)> {
    let verb = function
        .split_once('/')
        .map(|(verb, _)| verb.split('_').next());
    let fits = |name: &str| {
        let (of, base) = name.split_once('/').unwrap_or(("", name));
        BASELINES.contains(&base) && verb.flatten().is_none_or(|verb| verb == of)
    };
    let mut all = functions.iter();
    let (name, time) = all.find(|(name, _)| fits(name.as_str()))?;
    (name != function).then_some((name.as_str(), *time))
}

/// The text of a field. Criterion writes its files in one line, and no name in them needs escapes.
fn text(json: &str, field: &str) -> Option<String> {
    let (_, rest) = json.split_once(&format!("\"{field}\":\""))?;
    rest.split('"').next().map(str::to_owned)
}

/// The estimated mean.
fn mean(json: &str) -> Option<f64> {
    let (_, rest) = json.split_once("\"mean\":")?;
    let (_, rest) = rest.split_once("\"point_estimate\":")?;
    rest.split([',', '}']).next()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(folder: &Path, group: &str, function: &str, mean: f64) {
        let at = folder.join(function.replace('/', "_")).join("new");
        std::fs::create_dir_all(&at).unwrap();
        let what =
            format!(r#"{{"group_id":"{group}","function_id":"{function}","value_str":null}}"#);
        let told = format!(
            r#"{{"mean":{{"confidence_interval":{{"lower_bound":1.0}},"point_estimate":{mean}}},"median":{{"point_estimate":7.0}}}}"#
        );
        std::fs::write(at.join("benchmark.json"), what).unwrap();
        std::fs::write(at.join("estimates.json"), told).unwrap();
    }

    #[test]
    fn each_function_is_held_against_the_baseline_of_its_group_and_verb() {
        let folder = std::env::temp_dir().join(format!("locard-ratios-{}", std::process::id()));
        let of = |group: &str, function: &str, mean| {
            write(&folder.join(group), group, function, mean);
        };
        of("pass", "hash_only", 10.0);
        of("pass", "prepare", 25.0);
        of("set", "insert/membership", 30.0);
        of("set", "insert_and_seal/membership", 60.0);
        of("set", "insert/split_block_bloom", 20.0);
        of("set", "probe/membership", 8.0);
        of("set", "probe/split_block_bloom", 2.0);
        let told = lines(&folder);
        std::fs::remove_dir_all(&folder).unwrap();
        let told: Vec<String> = told
            .unwrap()
            .iter()
            .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
            .collect();
        assert_eq!(
            told,
            [
                "pass/prepare 2.50 x hash_only",
                "set/insert/membership 1.50 x insert/split_block_bloom",
                "set/insert_and_seal/membership 3.00 x insert/split_block_bloom",
                "set/probe/membership 4.00 x probe/split_block_bloom",
            ]
        );
    }
}
