//! The rules of the house that a compiler does not check: tiers, registry, lints, pins. Reasons: `crates/README.md`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};

use crate::support::root;

mod modules;

/// The tier of each crate, from the table of `crates/README.md`: a crate imports only from lower ones. Connectors stand in
/// the row `connectors/*`; crates without a number are aside, and nothing that ships may import them.
fn tiers() -> BTreeMap<String, Option<usize>> {
    let map = text("crates/README.md");
    let rows = map.lines().filter_map(|line| {
        let mut cells = line.strip_prefix("| ")?.split(" | ");
        let (tier, name) = (cells.next()?, cells.next()?.strip_prefix('`')?);
        let tier = match tier {
            "–" => None,
            number => Some(number.parse().ok()?),
        };
        Some((name.trim_end_matches(['`', '*', '/']).to_owned(), tier))
    });
    rows.collect()
}

fn metadata() -> Metadata {
    MetadataCommand::new()
        .manifest_path(root().join("Cargo.toml"))
        // What other platforms need may not be on this machine.
        .other_options(["--offline", "--filter-platform", "host-tuple"].map(str::to_owned))
        .exec()
        .expect("cargo metadata runs offline after a build")
}

/// The package's tier; `None` for those aside.
fn tier(tiers: &BTreeMap<String, Option<usize>>, package: &Package) -> Option<usize> {
    let name = short(package.name.as_str());
    let row = if package.manifest_path.as_str().contains("/connectors/") {
        "connectors"
    } else {
        name
    };
    let found = tiers.get(row);
    *found.unwrap_or_else(|| panic!("{name} has no tier: give it a line in crates/README.md"))
}

fn short(name: &str) -> &str {
    name.strip_prefix("locard-").unwrap_or(name)
}

fn members(metadata: &Metadata) -> BTreeMap<String, &Package> {
    metadata
        .workspace_packages()
        .into_iter()
        .map(|package| (package.name.to_string(), package))
        .collect()
}

#[test]
fn dependencies_only_go_down_a_tier() {
    let metadata = metadata();
    let (members, tiers) = (members(&metadata), tiers());
    for package in members.values() {
        for dependency in package
            .dependencies
            .iter()
            .filter(|dependency| dependency.kind != DependencyKind::Development)
        {
            let Some(imported) = members.get(&dependency.name) else {
                continue;
            };
            let to = tier(&tiers, imported).unwrap_or_else(|| {
                panic!(
                    "{} ships with {}, which is for tests",
                    package.name, imported.name
                )
            });
            if let Some(from) = tier(&tiers, package) {
                assert!(
                    to < from,
                    "{} must not import {}: arrows only go down (crates/README.md)",
                    package.name,
                    imported.name
                );
            }
        }
    }
}

/// Both ways: a folder without its line is never tried, and the line decides which feature carries it.
#[test]
fn every_connector_is_in_the_registry() {
    let registry = text("crates/registry/src/lib.rs");
    let manifest = text("crates/registry/Cargo.toml");
    let lines: BTreeMap<&str, &str> = registry
        .lines()
        .filter_map(|line| line.trim().strip_prefix('"')?.split_once("\" => "))
        .collect();
    let mut folders = BTreeSet::new();
    for entry in std::fs::read_dir(root().join("connectors"))
        .expect("connectors/ exists")
        .flatten()
        .filter(|entry| entry.path().is_dir())
    {
        let name = entry
            .file_name()
            .into_string()
            .expect("connector folders have plain names");
        let kind = lines.get(name.as_str()).unwrap_or_else(|| {
            panic!("connectors/{name} has no line in crates/registry/src/lib.rs")
        });
        assert!(
            kind.starts_with(&format!("locard_connector_{name}::")),
            "the registry's line for {name} names {kind}"
        );
        assert!(
            manifest.contains(&format!("{name} = [\"dep:locard-connector-{name}\"]")),
            "connectors/{name} has no feature in crates/registry/Cargo.toml"
        );
        folders.insert(name);
    }
    for name in lines.keys() {
        assert!(
            folders.contains(*name),
            "the registry has {name}, connectors/ has not"
        );
    }
}

/// What each layer must not know, beyond the tiers: by name, and by what it would bring along.
#[test]
fn layers_do_not_know_what_they_are_not_to_know() {
    let metadata = metadata();
    let connectors: Vec<String> = members(&metadata)
        .into_keys()
        .filter(|name| name.starts_with("locard-connector-"))
        .collect();
    assert!(connectors.len() >= 3, "{connectors:?}");
    let engine = reach(&metadata, "locard-engine");
    for connector in &connectors {
        assert!(!engine.contains(connector), "engine reaches {connector}");
        let app = reach(&metadata, "locard-app");
        assert!(!app.contains(connector), "app reaches {connector}");
    }
    for banned in ["locard-registry", "locard-store", "sqlx", "zip"] {
        assert!(!engine.contains(banned), "engine reaches {banned}");
    }
    let store = reach(&metadata, "locard-store");
    for banned in ["locard-engine", "locard-connector"] {
        assert!(!store.contains(banned), "store reaches {banned}");
    }
    for (face, banned) in [
        ("locard-cli", "locard-store"),
        ("locard-cli", "locard-engine"),
        ("locard-cli", "locard-registry"),
        ("locard-server", "locard-store"),
        ("locard-server", "locard-engine"),
        ("locard-server", "locard-registry"),
    ] {
        assert!(
            members(&metadata)[face]
                .dependencies
                .iter()
                .all(|dependency| dependency.name != banned
                    || dependency.kind == DependencyKind::Development),
            "{face} imports {banned}"
        );
    }
}

/// Reasons are kept in pages; a comment that sends its reader to a page that is not there keeps nothing.
#[test]
fn every_page_of_decisions_that_is_cited_exists() {
    let mut files = Vec::new();
    for folder in [
        "crates",
        "connectors",
        "docs",
        "tests",
        "benches",
        "dictionaries",
        ".ci",
        ".cargo",
    ] {
        files.extend(files_below(
            &root().join(folder),
            &["rs", "md", "toml", "sql", ""],
        ));
    }
    files.extend(["Cargo.toml", "README.md", "CHANGELOG.md"].map(|name| root().join(name)));
    let mut cited = 0;
    for file in files {
        let text = String::from_utf8_lossy(&std::fs::read(&file).unwrap_or_default()).into_owned();
        for rest in text.split("decisions/").skip(1) {
            let length = rest
                .find(|letter: char| {
                    !(letter.is_ascii_alphanumeric() || letter == '-' || letter == '.')
                })
                .unwrap_or(rest.len());
            let page = rest[..length].trim_end_matches('.');
            if let Some(stem) = page.strip_suffix(".md").filter(|stem| !stem.is_empty()) {
                cited += 1;
                assert!(
                    root().join(format!("docs/decisions/{stem}.md")).is_file(),
                    "{} cites docs/decisions/{page}, which does not exist",
                    file.display()
                );
            }
        }
    }
    assert!(cited >= 5, "only {cited} citations were seen");
}

#[test]
fn every_crate_takes_the_workspace_lints() {
    for package in members(&metadata()).values() {
        let manifest =
            std::fs::read_to_string(&package.manifest_path).expect("a member has a manifest");
        assert!(
            manifest.contains("[lints]\nworkspace = true"),
            "{} does not take the workspace lints",
            package.name
        );
        assert!(
            !manifest.contains("path = \"../"),
            "{}: paths stand in [workspace.dependencies]",
            package.name
        );
    }
}

/// Crates whose answers depend on what they are given, and on nothing else.
const PURE: &[&str] = &[
    "model", "deadline", "sketch", "profile", "identify", "index", "audit", "bundle",
];

/// What such a crate must not name: clocks, files, the environment, the network, other programs, threads.
const OUTSIDE: &[&str] = &[
    "SystemTime",
    "Instant",
    "::now(",
    "std::fs",
    "std::env",
    "std::net",
    "std::process",
    "std::thread",
    "std::{",
];

/// Where one of them names it all the same, and why that is well.
const REACHES_OUT: &[(&str, &str, &str)] = &[
    (
        "crates/identify/src/library/files.rs",
        "std::fs",
        "folders of rules that users lay over the built-in ones are read once, when the library is made",
    ),
    (
        "crates/identify/src/validators/device.rs",
        "std::net",
        "addresses are parsed and nobody is called",
    ),
    (
        "crates/sketch/src/forms/address.rs",
        "std::net",
        "addresses are parsed and nobody is called",
    ),
    (
        "crates/index/src/role.rs",
        "std::net",
        "addresses are parsed and nobody is called",
    ),
];

#[test]
fn pure_crates_reach_nothing_outside() {
    let mut excused = BTreeSet::new();
    for name in PURE {
        let files = rust_files(&root().join("crates").join(name).join("src"));
        assert!(!files.is_empty(), "{name} has no sources");
        for file in files {
            let (place, text) = (place(&file), read(&file));
            // Tests may reach for what they like; those of a file of their own are no lines of this one.
            let inline = [
                "#[cfg(test)]\nmod tests {",
                "#[cfg(test)]\npub(crate) mod tests {",
            ];
            let end = inline.iter().filter_map(|tests| text.find(tests)).min();
            let shipped = &text[..end.unwrap_or(text.len())];
            for word in OUTSIDE {
                let line = shipped
                    .lines()
                    .position(|line| !line.trim_start().starts_with("//") && has_word(line, word));
                let excuse = REACHES_OUT
                    .iter()
                    .find(|(file, named, _)| *file == place && named == word);
                match (line, excuse) {
                    (None, _) => {}
                    (Some(_), Some(excuse)) => drop(excused.insert(excuse)),
                    (Some(line), None) => {
                        panic!("{name} is pure, but {place} line {} has {word}", line + 1)
                    }
                }
            }
        }
    }
    assert_eq!(
        excused.len(),
        REACHES_OUT.len(),
        "only {excused:?} are needed"
    );
    assert!(has_word("let start = Instant::now();", "Instant"));
    assert!(has_word("let start = Timestamp::now();", "::now("));
    assert!(!has_word("Instantly", "Instant"));
    assert!(has_word("use std::fs::File;", "std::fs"));
    assert!(has_word("use std::{env, fs};", "std::{"));
}

/// Whether a line has a word that is not part of a longer one; marks at its ends join with nothing.
fn has_word(line: &str, word: &str) -> bool {
    let joins = |left: Option<char>, right: Option<char>| {
        [left, right]
            .iter()
            .all(|letter| letter.is_some_and(char::is_alphanumeric))
    };
    line.match_indices(word).any(|(at, _)| {
        let (before, after) = (&line[..at], &line[at + word.len()..]);
        !joins(before.chars().next_back(), word.chars().next())
            && !joins(word.chars().next_back(), after.chars().next())
    })
}

#[test]
fn pure_crates_never_reach_the_runtime_or_the_network() {
    let metadata = metadata();
    for name in PURE {
        let reached = reach(&metadata, &format!("locard-{name}"));
        for banned in ["tokio", "sqlx", "sqlx-core", "mio", "rustls", "socket2"] {
            assert!(
                !reached.contains(banned),
                "{name} is pure but reaches {banned}"
            );
        }
    }
}

/// Names of all packages that the package needs in order to run.
fn reach(metadata: &Metadata, start: &str) -> BTreeSet<String> {
    let resolve = metadata
        .resolve
        .as_ref()
        .expect("metadata resolves dependencies");
    let nodes: BTreeMap<_, _> = resolve.nodes.iter().map(|node| (&node.id, node)).collect();
    let mut open = vec![&members(metadata)[start].id];
    let mut seen = BTreeSet::new();
    while let Some(id) = open.pop() {
        if seen.insert(id) {
            let normal = nodes[id].deps.iter().filter(|dep| {
                dep.dep_kinds
                    .iter()
                    .any(|kind| kind.kind == DependencyKind::Normal)
            });
            open.extend(normal.map(|dep| &dep.pkg));
        }
    }
    seen.into_iter()
        .map(|id| metadata[id].name.to_string())
        .collect()
}

#[test]
fn drivers_stay_where_they_belong() {
    let allowed: &[(&str, &[&str])] = &[
        (
            "sqlx",
            &[
                "store",
                "connector-sqlite",
                "connector-postgres",
                "connector-mysql",
                "testkit",
            ],
        ),
        ("mongodb", &["connector-mongo"]),
        ("tiberius", &["connector-mssql", "tdskit"]),
        ("rusqlite", &["tdskit"]),
        ("libsqlite3-sys", &["connector-sqlite"]),
        ("odbc-api", &["odbc"]),
        ("parquet", &["files", "bundle", "server", "testkit"]),
        ("axum", &["server"]),
        ("clap", &["cli"]),
        ("object_store", &["connector-objects", "dsar"]),
        ("regex-automata", &["identify"]),
    ];
    for package in members(&metadata()).values() {
        for dependency in package
            .dependencies
            .iter()
            .filter(|dependency| dependency.kind == DependencyKind::Normal)
        {
            let Some((_, users)) = allowed.iter().find(|(name, _)| *name == dependency.name) else {
                continue;
            };
            assert!(
                users.contains(&short(package.name.as_str())),
                "{} must not use {} itself",
                package.name,
                dependency.name
            );
        }
    }
}

#[test]
fn there_is_one_of_each_pinned_crate() {
    let metadata = metadata();
    for name in [
        "arrow-array",
        "arrow-schema",
        "parquet",
        "object_store",
        "datafusion",
        "rustls",
    ] {
        let versions: Vec<_> = metadata
            .packages
            .iter()
            .filter(|package| package.name.as_str() == name)
            .map(|package| package.version.to_string())
            .collect();
        assert!(
            versions.len() <= 1,
            "{name} is in the lock as {versions:?}: see docs/decisions/pins.md"
        );
    }
}

/// What other systems do not have.
const UNIX: &[&str] = &["os::unix", "os::linux", "nix::"];

/// The attributes under which it may be used.
const ON_UNIX: &[&str] = &["cfg(unix)", "cfg(target_os = \"linux\")"];

#[test]
fn what_only_unix_has_stands_behind_cfg() {
    let mut uses = 0;
    for file in ["crates", "connectors", "tests", "benches"]
        .iter()
        .flat_map(|folder| rust_files(&root().join(folder)))
        // This one names them to look for them.
        .filter(|file| !file.ends_with("tests/architecture.rs"))
    {
        let text = read(&file);
        let lines: Vec<&str> = text.lines().collect();
        for at in 0..lines.len() {
            if UNIX.iter().any(|word| has_word(lines[at], word)) {
                uses += 1;
                assert!(
                    stands_behind_cfg(&lines, at),
                    "{} line {} uses Unix outside cfg(unix)",
                    place(&file),
                    at + 1
                );
            }
        }
    }
    assert!(uses >= 5, "only {uses} uses were seen");
    for package in members(&metadata()).values() {
        for dependency in &package.dependencies {
            assert!(
                dependency.name != "nix" || dependency.target.is_some(),
                "{} needs nix on every platform",
                package.name
            );
        }
    }
    let within = [
        "#[cfg(unix)]",
        "fn a(",
        "    b: u8,",
        ") {",
        "    nix::kill();",
        "}",
    ];
    assert!(stands_behind_cfg(&within, 4));
    let behind = [
        "#[cfg(unix)]",
        "fn a() {}",
        "",
        "fn b() {",
        "    nix::kill();",
        "}",
    ];
    assert!(!stands_behind_cfg(&behind, 4));
}

/// Whether a line, or something around it, has one of the attributes. The formatter's indentation tells what is around.
fn stands_behind_cfg(lines: &[&str], at: usize) -> bool {
    let indent = |line: &str| line.len() - line.trim_start().len();
    let mut around = at;
    loop {
        let attributes = lines[..around].iter().rev().map(|line| line.trim_start());
        let attributes =
            attributes.take_while(|line| line.starts_with("#[") || line.starts_with("//"));
        if attributes
            .into_iter()
            .any(|line| ON_UNIX.iter().any(|cfg| line.contains(cfg)))
        {
            return true;
        }
        // A line that closes a list of parameters belongs to the one above that opened it.
        let closes = lines[around].trim_start().starts_with([')', '}']);
        let depth = indent(lines[around]);
        let found = lines[..around].iter().rposition(|line| {
            !line.is_empty() && (indent(line) < depth || closes && indent(line) == depth)
        });
        match found {
            Some(found) => around = found,
            None => {
                return lines[0].starts_with("#![")
                    && ON_UNIX.iter().any(|cfg| lines[0].contains(cfg));
            }
        }
    }
}

/// The files that may hold unsafe code, with the test that sees to it: each a speed-up that is compared with its safe
/// twin, or a call of a driver's library or of the system that nobody else offers.
const UNSAFE: &[(&str, &str)] = &[
    (
        "crates/sketch/src/group.rs",
        "groups_are_those_of_a_plain_map",
    ),
    ("crates/files/src/csv/simd.rs", "both_implementations_agree"),
    (
        "connectors/sqlite/src/file.rs",
        "no_value_is_built_that_is_longer_than_the_limit",
    ),
    (
        "crates/odbc/src/helper/cancel.rs",
        "only_what_runs_is_cancelled",
    ),
    (
        "crates/engine/src/pool.rs",
        "threads_give_way_to_the_rest_of_the_process",
    ),
];

#[test]
fn unsafe_stands_only_where_it_is_argued() {
    for file in rust_files(&root().join("crates"))
        .into_iter()
        .chain(rust_files(&root().join("connectors")))
    {
        let (place, text) = (place(&file), read(&file));
        let code = || {
            text.lines()
                .filter(|line| !line.trim_start().starts_with("//"))
        };
        let blocks = code()
            .filter(|line| {
                ["unsafe {", "unsafe fn", "unsafe impl", "unsafe extern"]
                    .iter()
                    .any(|word| line.contains(word))
            })
            .count();
        if blocks > 0 {
            let allowed = UNSAFE.iter().any(|(file, _)| *file == place);
            assert!(allowed, "{place} has unsafe code");
            let arguments = text.matches("SAFETY:").count();
            assert!(
                arguments >= blocks,
                "{place}: {blocks} unsafe blocks, {arguments} arguments"
            );
        }
    }
    for (place, twin) in UNSAFE {
        assert!(
            text(place).contains("unsafe"),
            "{place} has no unsafe code any more: take it off the list"
        );
        assert!(
            text(place).contains(&format!("fn {twin}(")),
            "{place} has no test {twin} that sees to it"
        );
    }
}

/// A connector is built in by one feature, which the binary hands down and builds in unless told otherwise.
#[test]
fn the_binary_has_each_connector_of_the_registry() {
    let default = |manifest: &str| {
        let text = text(manifest);
        let line = text.lines().find(|line| line.starts_with("default = ["));
        line.expect("it has default features").to_owned()
    };
    let (binary, registry) = (default("Cargo.toml"), default("crates/registry/Cargo.toml"));
    // Business rules are built in as well, and are no connector.
    assert_eq!(binary.replace(", \"business-rules\"]", "]"), registry);
    let manifest = text("Cargo.toml");
    for feature in registry.split('"').skip(1).step_by(2) {
        let line = format!("{feature} = [\"locard-registry/{feature}\"]");
        assert!(manifest.contains(&line), "Cargo.toml lacks {line}");
    }
}

/// The longer lane is run by hand, and what each section of it wrote is kept with the day and the state that it ran on; of
/// one that nobody ran yet it says so.
#[test]
fn each_section_of_the_longer_lane_has_a_result_that_says_when_and_of_what() {
    let lane = text(".ci/full");
    let all = lane
        .lines()
        .find_map(|line| line.strip_prefix("for section in ${*:-"));
    let sections = all
        .and_then(|all| all.split_once('}'))
        .expect("it names its sections")
        .0;
    let result = text(".ci/full.result");
    for section in sections.split(' ') {
        let head = format!("== {section}: ");
        let said = result.lines().find_map(|line| line.strip_prefix(&head));
        let said = said.unwrap_or_else(|| panic!("nothing is told of .ci/full {section}"));
        if said == "not run yet" {
            continue;
        }
        let (date, commit) = said.split_once(", commit ").expect("a day and a commit");
        let lengths: Vec<usize> = (date.split('-'))
            .filter(|part| part.bytes().all(|byte| byte.is_ascii_digit()))
            .map(str::len)
            .collect();
        assert_eq!(lengths, [4, 2, 2], "{section}: {date} is no date");
        let is_hex = commit.bytes().all(|byte| byte.is_ascii_hexdigit());
        assert!(
            commit.len() >= 7 && is_hex,
            "{section}: {commit} is no commit"
        );
    }
}

/// A file as it is called below the root, with `/` on every platform.
fn place(file: &Path) -> String {
    let below = file.strip_prefix(root()).expect("files are below the root");
    below.to_string_lossy().replace('\\', "/")
}

fn read(file: &Path) -> String {
    std::fs::read_to_string(file).expect("source files are UTF-8")
}

fn text(place: &str) -> String {
    std::fs::read_to_string(root().join(place)).unwrap_or_else(|error| panic!("{place}: {error}"))
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    files_below(folder, &["rs"])
}

/// Files with one of the endings.
fn files_below(folder: &Path, endings: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let ending = path
            .extension()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if path.is_dir() {
            found.extend(files_below(&path, endings));
        } else if endings.contains(&ending.as_str()) {
            found.push(path);
        }
    }
    found
}
