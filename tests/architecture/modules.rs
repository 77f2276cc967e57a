//! The folders of `crates/app` depend on each other in one direction: whoever reads one need not read those above it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::{read, rust_files};
use crate::support::root;

/// Which module uses which, by the first segment below the crate.
type Graph = BTreeMap<String, BTreeSet<String>>;

#[test]
fn the_folders_of_the_use_cases_know_each_other_in_one_direction() {
    let folder = root().join("crates/app/src");
    let graph = graph(&folder);
    assert!(
        graph["jobs"].contains("scan") && graph["scan"].contains("record"),
        "the lines of `use` are understood: {graph:?}"
    );
    if let Some(ring) = ring(&graph) {
        let ring = ring.join(" -> ");
        panic!("{ring}: move what both need into a folder below them, or what needs both above");
    }
}

#[test]
fn a_ring_is_found_however_long_it_is() {
    let graph = |edges: &[(&str, &str)]| {
        let mut graph = Graph::new();
        for (from, to) in edges {
            let to = (*to).to_owned();
            graph.entry((*from).to_owned()).or_default().insert(to);
        }
        graph
    };
    assert_eq!(ring(&graph(&[("a", "b"), ("a", "c"), ("b", "c")])), None);
    let long = graph(&[("a", "b"), ("b", "c"), ("c", "d"), ("d", "b")]);
    assert_eq!(
        ring(&long),
        Some(["b", "c", "d", "b"].map(str::to_owned).to_vec())
    );
}

#[test]
fn every_way_to_write_a_use_is_understood() {
    let text = "use crate::{Error, jobs::{kinds, Plan as _}};\nuse crate::scan;\n    use crate::a::\n        {b};\nuse std::fmt;\n\
        #[cfg(test)]\nmod tests {\n    use crate::testing;\n}\n";
    let found: Vec<String> = used(text).collect();
    assert_eq!(found, ["Error", "jobs", "scan", "a"]);
}

fn graph(folder: &Path) -> Graph {
    let exports = exports(&read(&folder.join("lib.rs")));
    let files = rust_files(folder);
    let module = |file: &Path| {
        let below = file.strip_prefix(folder).expect("it is in the folder");
        let first = below.iter().next().expect("it has a name");
        let first = first.to_string_lossy();
        first.trim_end_matches(".rs").to_owned()
    };
    let modules: BTreeSet<String> = files.iter().map(|file| module(file)).collect();
    let mut graph = Graph::new();
    for file in &files {
        let from = module(file);
        if from == "lib" || from == "testing" {
            continue;
        }
        for name in used(&read(file)) {
            // Most of what the crate exports is used by its short name.
            let to = if modules.contains(&name) {
                name
            } else {
                let home = exports.get(&name);
                let home = home.unwrap_or_else(|| panic!("{}: {name}?", file.display()));
                home.clone()
            };
            if to != from && modules.contains(&to) {
                graph.entry(from.clone()).or_default().insert(to);
            }
        }
    }
    graph
}

/// What the crate exports, with the module that it is from.
fn exports(lib: &str) -> BTreeMap<String, String> {
    let mut exports = BTreeMap::new();
    for line in lib.split("pub use ").skip(1) {
        let (path, _) = line.split_once(';').expect("a use ends");
        let module = path.split("::").next().unwrap_or_default();
        for name in leaves(path) {
            exports.insert(name, module.to_owned());
        }
    }
    exports
}

/// The names that a `use` brings in.
fn leaves(path: &str) -> impl Iterator<Item = String> {
    let names = path.split([',', '{', '}']).map(str::trim);
    let names = names.filter_map(|name| name.rsplit([':', ' ']).next());
    names
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect::<Vec<_>>()
        .into_iter()
}

/// The first segments of everything that a file uses of its crate, tests aside.
fn used(text: &str) -> impl Iterator<Item = String> {
    let (code, _) = text.split_once("#[cfg(test)]\nmod ").unwrap_or((text, ""));
    let mut found = Vec::new();
    for used in code.split("use crate::").skip(1) {
        let (path, _) = used.split_once(';').expect("a use ends");
        let path: String = path.split_whitespace().collect::<Vec<_>>().join(" ");
        let inner = path
            .strip_prefix('{')
            .and_then(|path| path.strip_suffix('}'));
        let parts = inner.map_or_else(|| vec![path.clone()], in_braces);
        found.extend(parts.iter().map(|part| first(part)));
    }
    found.into_iter()
}

/// The parts of a list, of which each may have a list of its own.
fn in_braces(list: &str) -> Vec<String> {
    let (mut parts, mut depth) = (vec![String::new()], 0);
    for c in list.chars() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        parts.last_mut().expect("there is one").push(c);
    }
    parts.retain(|part| !part.trim().is_empty());
    parts
}

fn first(path: &str) -> String {
    let path = path.trim();
    let end = path.find([':', ' ']).unwrap_or(path.len());
    path[..end].to_owned()
}

/// A way from a module to itself.
fn ring(graph: &Graph) -> Option<Vec<String>> {
    /// Those of which it is known that none is on the way.
    fn search(graph: &Graph, way: &mut Vec<String>, done: &mut BTreeSet<String>) -> bool {
        let last = way.last().cloned().unwrap_or_default();
        for next in graph.get(&last).into_iter().flatten() {
            if let Some(at) = way.iter().position(|on| on == next) {
                way.drain(..at);
                way.push(next.clone());
                return true;
            }
            if !done.contains(next) {
                way.push(next.clone());
                if search(graph, way, done) {
                    return true;
                }
                way.pop();
            }
        }
        done.insert(last);
        false
    }
    let mut done = BTreeSet::new();
    for module in graph.keys() {
        let mut way = vec![module.clone()];
        if !done.contains(module) && search(graph, &mut way, &mut done) {
            return Some(way);
        }
    }
    None
}
