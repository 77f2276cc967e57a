//! `locard-odbc`: one connection through an ODBC driver, for one Locard that started it and talks to its standard input
//! and output. It is no command for people.

mod helper;

use std::process::ExitCode;

fn main() -> ExitCode {
    helper::run()
}
