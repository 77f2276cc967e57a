//! ODBC drivers of Debian, the helper program that runs them, and PostgreSQL's driver under the name of SAP's, which
//! nobody may hand on. All of that only the helper is told.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::process::{cargo, install, output, root, step};

/// Where Debian registers drivers.
const REGISTERED: &str = "/etc/odbcinst.ini";

/// What it is told of the driver under SAP's name: to hand rows over as they come, and to say which texts are long.
const HANA: &str = "[HDBODBC]\nDriver=psqlodbcw.so\nUseDeclareFetch=1\nFetch=1000\nBoolsAsChar=0\nTextAsLongVarchar=1\n\n";

/// What is there once the drivers are.
const HEADER: &str = "/usr/include/sql.h";

/// Installs the drivers, builds the helper, and writes a program into the folder that starts it beside the PostgreSQL
/// at that port; answers its path.
pub(crate) fn helper(folder: &Path, port: u16) -> Result<PathBuf> {
    install(
        &[
            "unixodbc",
            "unixodbc-dev",
            "odbcinst",
            "odbc-postgresql",
            "libsqliteodbc",
            "odbc-mariadb",
            "tdsodbc",
        ],
        HEADER,
        || Path::new(HEADER).exists(),
    )?;
    step(cargo().args([
        "build",
        "--quiet",
        "--package",
        "locard-odbc",
        "--features",
        "driver",
    ]))?;
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    let program = target.join("debug/locard-odbc");
    let registered = std::fs::read_to_string(REGISTERED).unwrap_or_default();
    let place = folder.join("odbc");
    std::fs::create_dir_all(&place).with_context(|| format!("cannot make {}", place.display()))?;
    std::fs::write(place.join("odbcinst.ini"), HANA.to_owned() + &registered)?;
    let script = format!(
        "#!/bin/sh\nexport ODBCSYSINI='{}' PGHOST=127.0.0.1 PGPORT={port}\nexec '{}'\n",
        place.display(),
        program.display()
    );
    let starter = place.join("locard-odbc");
    std::fs::write(&starter, script)?;
    output(Command::new("chmod").arg("755").arg(&starter))?;
    Ok(starter)
}
