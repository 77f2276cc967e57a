//! Running other programs: as a step that must succeed, or as a server that is stopped by its pid.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::say;

/// The repository: of the clone that runs us, since clones that share a target folder share the program too.
pub(crate) fn root() -> PathBuf {
    let here = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
    here.ancestors().nth(2).unwrap_or(&here).to_owned()
}

/// Where cargo puts what it builds.
pub(crate) fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// Where programs that only chores and tests need are kept: in the user's cache, so that clones share them.
pub(crate) fn tools() -> PathBuf {
    let home = || PathBuf::from(std::env::var_os("HOME").unwrap_or_default()).join(".cache");
    let cache = std::env::var_os("XDG_CACHE_HOME").map_or_else(home, PathBuf::from);
    cache.join("locard/tools")
}

/// Programs of a Python package, in an environment of its own.
pub(crate) fn python(name: &str, package: &str) -> Result<PathBuf> {
    let home = tools().join(package.replace(['[', ']', ','], "-"));
    let programs = home.join("bin");
    if !home.join("complete").exists() {
        // Debian ships Python in parts; this one makes environments.
        let makes = "import ensurepip, venv";
        let makes = || output(Command::new("python3").args(["-c", makes])).is_ok();
        install(&["python3-venv"], "Python's module venv", makes)?;
        say(&format!("installing {name}"));
        step(
            Command::new("python3")
                .args(["-m", "venv", "--clear"])
                .arg(&home),
        )?;
        step(Command::new(programs.join("pip")).args([
            "install",
            "--quiet",
            "--disable-pip-version-check",
            package,
        ]))?;
        // An installation that was interrupted has no such file.
        std::fs::write(home.join("complete"), package)?;
    }
    Ok(programs)
}

/// Cargo as it runs us.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    without_our_package(&mut command);
    command
}

/// Takes away what cargo told us about our own package: a cargo below us would take it for a change and build the
/// crates that look at it, and all above them, again.
pub(crate) fn without_our_package(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&name);
        }
    }
}

/// Runs a step with the terminal's output; its failure is ours.
pub(crate) fn step(command: &mut Command) -> Result<()> {
    let name = shown(command);
    let status = command
        .status()
        .with_context(|| format!("cannot start {name}"))?;
    if !status.success() {
        bail!("{name} ended with {status}");
    }
    Ok(())
}

/// Runs a step in silence and answers what it printed; its stderr is shown when it fails.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let name = shown(command);
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot start {name}"))?;
    if !output.status.success() {
        bail!(
            "{name} ended with {}\n{}",
            output.status,
            String::from_utf8_lossy(&output.stderr).trim_end()
        );
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Whether we are the administrator, as which database servers refuse to run.
pub(crate) fn as_root() -> bool {
    output(Command::new("id").arg("-u")).is_ok_and(|id| id == "0")
}

fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words
        .map(|word| word.to_string_lossy().into_owned())
        .collect::<Vec<_>>()
        .join(" ")
}

/// Installs packages of the system when what is wanted of them is missing; only Debian and its kin are known.
pub(crate) fn install(packages: &[&str], wanted: &str, is_there: impl Fn() -> bool) -> Result<()> {
    if is_there() {
        return Ok(());
    }
    if !Path::new("/usr/bin/apt-get").exists() {
        bail!(
            "{wanted} is missing and this is no Debian: install {} by hand",
            packages.join(" ")
        );
    }
    let is_root = as_root();
    let apt = |args: &[&str]| {
        let mut command = if is_root {
            Command::new("env")
        } else {
            Command::new("sudo")
        };
        if !is_root {
            command.arg("env");
        }
        command
            .args([
                "DEBIAN_FRONTEND=noninteractive",
                "apt-get",
                "-o",
                "DPkg::Lock::Timeout=300",
                "-qq",
            ])
            .args(args);
        output(&mut command)
    };
    apt(&["update"])?;
    let install = [&["install", "-y", "--no-install-recommends"], packages].concat();
    apt(&install)?;
    if !is_there() {
        bail!(
            "{wanted} is still missing after installing {}",
            packages.join(" ")
        );
    }
    Ok(())
}
