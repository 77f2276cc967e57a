//! ODBC drivers of Debian, the helper program that runs them, and PostgreSQL's driver under the name of SAP's, which
//! nobody may hand on. All of that only the helper is told.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::process::{cargo, install, output, step, target};

/// Where Debian registers drivers.
const REGISTERED: &str = "/etc/odbcinst.ini";

/// What it is told of the driver under SAP's name: to hand rows over as they come, and to say which texts are long.
const HANA: &str = "[HDBODBC]\nDriver=psqlodbcw.so\nUseDeclareFetch=1\nFetch=1000\nBoolsAsChar=0\nTextAsLongVarchar=1\n\n";

/// What is there once the drivers are.
const HEADER: &str = "/usr/include/sql.h";

/// Where the drivers for tests are registered, and the PostgreSQL that the one under SAP's name leads to.
pub(crate) struct Drivers {
    place: PathBuf,
    port: u16,
}

impl Drivers {
    /// Installs the drivers and registers them in the folder, beside the PostgreSQL at that port.
    pub(crate) fn register(folder: &Path, port: u16) -> Result<Self> {
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
        let registered = std::fs::read_to_string(REGISTERED).unwrap_or_default();
        let place = folder.join("odbc");
        std::fs::create_dir_all(&place)
            .with_context(|| format!("cannot make {}", place.display()))?;
        std::fs::write(place.join("odbcinst.ini"), HANA.to_owned() + &registered)?;
        Ok(Self { place, port })
    }

    /// Builds the helper; answers a program that starts it with these drivers.
    pub(crate) fn helper(&self) -> Result<PathBuf> {
        build(&[])?;
        self.starter("locard-odbc", &target().join("debug/locard-odbc"))
    }

    /// The same of the helper and of what it is measured against, both built as benchmarks are.
    pub(crate) fn measured(&self) -> Result<[PathBuf; 2]> {
        build(&["--release", "--bins", "--examples"])?;
        let built = target().join("release");
        Ok([
            self.starter("fast-locard-odbc", &built.join("locard-odbc"))?,
            self.starter("odbc-fetch", &built.join("examples/odbc_fetch"))?,
        ])
    }

    /// Writes a program that starts another with these drivers; answers its path.
    fn starter(&self, name: &str, program: &Path) -> Result<PathBuf> {
        let script = format!(
            "#!/bin/sh\nexport ODBCSYSINI='{}' PGHOST=127.0.0.1 PGPORT={}\nexec '{}' \"$@\"\n",
            self.place.display(),
            self.port,
            program.display()
        );
        let starter = self.place.join(name);
        std::fs::write(&starter, script)?;
        output(Command::new("chmod").arg("755").arg(&starter))?;
        Ok(starter)
    }
}

fn build(how: &[&str]) -> Result<()> {
    let package = ["--package", "locard-odbc", "--features", "driver"];
    step(cargo().args(["build", "--quiet"]).args(package).args(how))
}
