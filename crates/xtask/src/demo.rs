//! `./x demo`: the main job on the sample company, in a home that is thrown away.

use anyhow::Result;

use crate::process::{cargo, root, step, target};
use crate::say;

/// What the demonstration is built with: whoever tries Locard waits for no client of servers that they may not have, nor for
/// what runs business rules (docs/decisions/build.md).
const FEATURES: [&str; 3] = [
    "--no-default-features",
    "--features",
    "local,sqlite,postgres",
];

/// Builds locard and runs it twice.
pub(crate) fn run() -> Result<()> {
    let build = ["build", "--release", "--package", "locard"];
    step(cargo().args(build).args(FEATURES))?;
    let home = std::env::temp_dir().join(format!("locard-demo-{}", std::process::id()));
    let key = home.with_extension("key");
    let result = [
        &["scan", "docs/sample/company"][..],
        &["find", "--subject", "docs/sample/person.json", "--verify"],
    ]
    .into_iter()
    .try_for_each(|line| {
        say(&format!("\n$ locard {}", line.join(" ")));
        // Through cargo, which knows where the program was built.
        let mut command = cargo();
        command
            .args(["run", "--quiet", "--release", "--package", "locard"])
            .args(FEATURES)
            .arg("--")
            .args(line);
        step(
            command
                .env("LOCARD_HOME", &home)
                .env("LOCARD_MASTER_KEY_FILE", &key)
                .current_dir(root()),
        )
    });
    // What the demonstration learnt is of no use afterwards; a folder that was never made is fine too.
    let _ = std::fs::remove_dir_all(&home);
    let _ = std::fs::remove_file(&key);
    result?;
    say(&format!(
        "\nBuilt for this: {}, for files, SQLite and PostgreSQL.\n\
         With every connector and business rules: cargo install --path .",
        target().join("release/locard").display()
    ));
    Ok(())
}
