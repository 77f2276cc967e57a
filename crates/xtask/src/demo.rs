//! `./x demo`: the main job on the sample company, in a home that is thrown away.

use anyhow::Result;

use crate::process::{cargo, root, step};
use crate::say;

/// Builds locard and runs it three times.
pub(crate) fn run() -> Result<()> {
    step(cargo().args(["build", "--release", "--package", "locard"]))?;
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
            .args(["run", "--quiet", "--release", "--package", "locard", "--"])
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
    result
}
