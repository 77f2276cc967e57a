//! The servers that tests run against: installed when missing, started on free ports, stopped by pid.

mod certificates;
mod mongo;
mod mysql;
mod objects;
mod odbc;
mod postgres;
mod server;

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use crate::process::{step, without_our_package};

/// Running servers; dropping stops them.
pub(crate) struct Servers {
    postgres: postgres::Server,
    mysql: mysql::Server,
    mongo: mongo::Servers,
    objects: objects::Servers,
    drivers: odbc::Drivers,
    helper: PathBuf,
}

impl Servers {
    /// Starts every server.
    pub(crate) fn start() -> Result<Self> {
        let objects = objects::Servers::start()?;
        let mongo = mongo::Servers::start()?;
        let mysql = mysql::Server::start()?;
        let postgres = postgres::Server::start()?;
        let drivers = odbc::Drivers::register(postgres.folder(), postgres.port())?;
        let helper = drivers.helper()?;
        objects.wait()?;
        mongo.wait()?;
        mysql.make_account()?;
        Ok(Self {
            postgres,
            mysql,
            mongo,
            objects,
            drivers,
            helper,
        })
    }

    /// Tells a program where they are, and that a test without its server has failed. What no script can bring, the
    /// labelled corpus, is not required by this.
    pub(crate) fn environment(&self, command: &mut Command) {
        command.env("LOCARD_TEST_POSTGRES_URL", self.postgres.url());
        command.env("LOCARD_TEST_POSTGRES_CA", self.postgres.authority());
        command.env("LOCARD_TEST_MYSQL_URL", self.mysql.url());
        command.env("LOCARD_TEST_MYSQL_CA", self.mysql.authority());
        command.env("LOCARD_ODBC_HELPER", &self.helper);
        self.mongo.environment(command);
        self.objects.environment(command);
        command.env("LOCARD_TEST_REQUIRE_SERVERS", "1");
    }
}

impl Servers {
    /// The same for what measures: programs that it starts are built as benchmarks are.
    pub(crate) fn measured(&self, command: &mut Command) -> Result<()> {
        self.environment(command);
        let [helper, fetch] = self.drivers.measured()?;
        command.env("LOCARD_ODBC_HELPER", helper);
        command.env("LOCARD_BENCH_ODBC_FETCH", fetch);
        Ok(())
    }
}

/// Runs a command, or a shell, beside the servers.
pub(crate) fn shell(args: &[String]) -> Result<()> {
    let servers = Servers::start()?;
    let mut command = match args {
        [] => Command::new(std::env::var_os("SHELL").unwrap_or_else(|| "sh".into())),
        [program, rest @ ..] => {
            let mut command = Command::new(program);
            command.args(rest);
            command
        }
    };
    without_our_package(&mut command);
    servers.environment(&mut command);
    step(&mut command)
}
