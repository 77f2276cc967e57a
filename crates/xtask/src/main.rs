//! Chores of this repository, run through `./x` (or `cargo xtask`). Kept to few dependencies: it compiles first.

mod demo;
mod fuzz;
mod process;
mod ratios;
mod servers;
mod test;

use std::process::ExitCode;

const HELP: &str = "\
./x demo              build locard, scan the sample company, find one person in it
./x test [ARGS]       start the test servers, run every test, stop them; ARGS go to `cargo test`
./x servers [COMMAND] start the test servers and run COMMAND (default: a shell) with their addresses in the environment
./x api-fuzz [ARGS]   requests made up from the interface's own document, against a server of its own; ARGS go to schemathesis
./x connectors-table  write the table of what each connector honours (connectors/README.md) from what the behaviour suite sees
./x bench [ARGS]      the benchmarks, with peers installed and servers started
./x extract [NAME...] of these alone how fast each connector reads beside the fastest client of its server
";

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let chore = args.next().unwrap_or_default();
    let rest: Vec<String> = args.collect();
    let result = match chore.as_str() {
        "demo" => demo::run(),
        "test" => test::run(&rest),
        "servers" => servers::shell(&rest),
        "api-fuzz" => fuzz::run(&rest),
        "connectors-table" => test::connectors_table(),
        "bench" => test::bench(&rest),
        "extract" => test::extract(&rest),
        _ => {
            say(HELP.trim_end());
            return if matches!(chore.as_str(), "help" | "--help" | "-h") {
                ExitCode::SUCCESS
            } else {
                ExitCode::from(2)
            };
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// One line of results.
#[expect(clippy::print_stdout, reason = "results are data")]
fn tell(line: &str) {
    println!("{line}");
}

/// One line to the person at the terminal.
#[expect(clippy::print_stderr, reason = "talk goes there")]
fn say(line: &str) {
    eprintln!("{line}");
}
