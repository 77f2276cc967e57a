//! The behaviour suite: what every connector must do, each point a test with a name.
//!
//! A connector's `tests/behaviour.rs` (with `harness = false`) is `locard_testkit::behaviour::run(fixture)`. The one
//! thing a reader gets wrong: a source may answer `No` to nearly everything and pass; what it may not do is promise
//! and not keep.

mod cases;
mod fixture;
mod honoured;
mod reading;
mod requests;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use libtest_mimic::{Arguments, Completion, Failed, Trial};

use crate::servers::REQUIRE;

pub use fixture::{Fixture, Login, Place, Skip, folder_contents};

/// Longest time a case may take; what hangs must fail.
const LONGEST: Duration = Duration::from_mins(2);

/// Runs the suite over a fixture with the command line's filters. Give the result back from `main`.
pub fn run(fixture: impl Fixture) -> ExitCode {
    let fixture: Arc<dyn Fixture> = Arc::new(fixture);
    let arguments = Arguments::from_args();
    libtest_mimic::run(&arguments, trials("", &fixture)).exit_code()
}

/// Runs the suite over several fixtures, each with its name in front of the cases.
pub fn run_each(fixtures: Vec<(&str, Box<dyn Fixture>)>) -> ExitCode {
    let fixtures = fixtures.into_iter();
    let trials = fixtures.flat_map(|(name, fixture)| trials(&format!("{name}::"), &fixture.into()));
    libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit_code()
}

fn trials(prefix: &str, fixture: &Arc<dyn Fixture>) -> Vec<Trial> {
    let trial = |(name, case): &(&str, cases::Case)| {
        let (fixture, case) = (fixture.clone(), *case);
        Trial::ignorable_test(format!("{prefix}{name}"), move || {
            verdict(one(fixture, case))
        })
    };
    cases::ALL.iter().map(trial).collect()
}

/// Runs one case on a runtime of its own.
fn one(fixture: Arc<dyn Fixture>, case: cases::Case) -> Result<(), Skip> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    let runtime = runtime.map_err(|error| Skip::new(error.to_string()))?;
    let result = runtime.block_on(async { tokio::time::timeout(LONGEST, case(fixture)).await });
    runtime.shutdown_timeout(Duration::from_secs(5));
    assert!(result.is_ok(), "the case took longer than {LONGEST:?}");
    result.unwrap_or(Ok(()))
}

fn verdict(result: Result<(), Skip>) -> Result<Completion, Failed> {
    match result {
        Ok(()) => Ok(Completion::Completed),
        Err(skip)
            if skip.is_missing_server()
                && std::env::var(REQUIRE).is_ok_and(|value| value == "1") =>
        {
            Err(format!("a server is required: {}", skip.reason()).into())
        }
        Err(skip) => Ok(Completion::ignored_with(skip.reason())),
    }
}
