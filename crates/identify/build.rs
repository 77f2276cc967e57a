//! Embeds `dictionaries/`: rule files as text, word lists as the hashes of their terms, the words of headers as they are.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

#[path = "src/library/wordlist.rs"]
mod wordlist;

fn main() -> io::Result<()> {
    let manifest = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    let folder = manifest.join("../../dictionaries");
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut code = String::from(
        "#[allow(clippy::unreadable_literal, reason = \"generated\")]\nstatic RULES: &[(&str, usize)] = &[\n",
    );
    let mut texts = String::new();
    for (name, path) in files(&folder.join("rules"), "toml")? {
        let text = fs::read_to_string(&path)?;
        writeln!(code, "    ({name:?}, {}),", text.len()).map_err(io::Error::other)?;
        texts.push_str(&text);
    }
    code.push_str(
        "];\n#[allow(clippy::unreadable_literal, reason = \"generated\")]\nstatic LISTS: &[(&str, &str, &str, usize)] = &[\n",
    );
    let mut hashes = Vec::new();
    for (name, path) in files(&folder.join("terms"), "txt")? {
        let list = wordlist::parse(&fs::read_to_string(&path)?);
        let entry = format!(
            "    ({name:?}, {:?}, {:?}, {}),\n",
            list.source,
            list.licence,
            list.hashes.len()
        );
        code.push_str(&entry);
        hashes.extend(list.hashes.iter().flat_map(|hash| hash.to_le_bytes()));
    }
    code.push_str(
        "];\nstatic HASHES: &[u8] = include_bytes!(concat!(env!(\"OUT_DIR\"), \"/terms.bin\"));\n",
    );
    code.push_str(
        "static TEXTS: &str = include_str!(concat!(env!(\"OUT_DIR\"), \"/rules.txt\"));\n",
    );
    fs::write(out.join("words.rs"), words(&folder.join("words"))?)?;
    fs::write(out.join("rules.txt"), texts)?;
    fs::write(out.join("terms.bin"), hashes)?;
    fs::write(out.join("builtin.rs"), code)
}

/// The lists that the code names, as they are: `header_same` has pairs, `from = to`.
fn words(folder: &Path) -> io::Result<String> {
    let mut code = String::new();
    for (name, path) in files(folder, "txt")? {
        let text = fs::read_to_string(&path)?;
        // A word may begin with `#`; a line of the header has a blank after it.
        let lines = text.lines().filter(|line| !line.starts_with("# "));
        let lines: Vec<&str> = lines.filter(|line| !line.trim().is_empty()).collect();
        let name = name.trim_start_matches("header_").to_uppercase();
        let (kind, entries): (_, Vec<String>) = if name == "SAME" {
            let pair = |line: &&str| line.split_once(" = ").map(|pair| format!("{pair:?}"));
            let pairs: Option<Vec<String>> = lines.iter().map(pair).collect();
            let pairs = pairs.ok_or_else(|| {
                io::Error::other(format!("{}: a line is no pair", path.display()))
            })?;
            ("(&str, &str)", pairs)
        } else {
            (
                "&str",
                lines.iter().map(|line| format!("{line:?}")).collect(),
            )
        };
        writeln!(
            code,
            "pub(crate) static {name}: &[{kind}] = &[{}];",
            entries.join(", ")
        )
        .map_err(io::Error::other)?;
    }
    Ok(code)
}

/// Every file with that extension below the folder, by its path without extension, sorted.
fn files(folder: &Path, extension: &str) -> io::Result<Vec<(String, PathBuf)>> {
    let mut found = Vec::new();
    let mut pending = vec![folder.to_path_buf()];
    while let Some(next) = pending.pop() {
        for entry in fs::read_dir(&next)? {
            let path = entry?.path();
            if path.is_dir() {
                pending.push(path);
            } else if path.extension().is_some_and(|found| found == extension) {
                let name = path
                    .with_extension("")
                    .strip_prefix(folder)
                    .map_err(io::Error::other)?
                    .to_path_buf();
                found.push((name.to_string_lossy().replace('\\', "/"), path));
            }
        }
    }
    found.sort();
    Ok(found)
}
