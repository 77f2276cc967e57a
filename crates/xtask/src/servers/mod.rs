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
    odbc: PathBuf,
}

impl Servers {
    /// Starts every server.
    pub(crate) fn start() -> Result<Self> {
        let objects = objects::Servers::start()?;
        let mongo = mongo::Servers::start()?;
        let mysql = mysql::Server::start()?;
        let postgres = postgres::Server::start()?;
        let odbc = odbc::helper(postgres.folder(), postgres.port())?;
        objects.wait()?;
        mongo.wait()?;
        mysql.make_account()?;
        Ok(Self {
            postgres,
            mysql,
            mongo,
            objects,
            odbc,
        })
    }

    /// Tells a program where they are, and that a test without its server has failed. What no script can bring, the
    /// labelled corpus, is not required by this.
    pub(crate) fn environment(&self, command: &mut Command) {
        command.env("LOCARD_TEST_POSTGRES_URL", self.postgres.url());
        command.env("LOCARD_TEST_POSTGRES_CA", self.postgres.authority());
        command.env("LOCARD_TEST_MYSQL_URL", self.mysql.url());
        command.env("LOCARD_TEST_MYSQL_CA", self.mysql.authority());
        command.env("LOCARD_ODBC_HELPER", &self.odbc);
        self.mongo.environment(command);
        self.objects.environment(command);
        command.env("LOCARD_TEST_REQUIRE_SERVERS", "1");
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
