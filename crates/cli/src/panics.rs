//! What a panic may say: where it happened, and never why, since a message may quote a value.

use std::io::Write;
use std::panic::Location;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether one was told.
static TOLD: AtomicBool = AtomicBool::new(false);

/// Replaces the standard hook, which prints the message of every panic, also of one that is caught.
pub fn hide() {
    std::panic::set_hook(Box::new(|panic| {
        // A decoder's panic over a damaged file is told as an error of that file.
        if !locard_app::is_decoding() {
            TOLD.store(true, Ordering::Relaxed);
            // Nobody reads along when that fails, and a panic in here would end the process.
            let _ = writeln!(std::io::stderr(), "{}", sentence(panic.location()));
        }
    }));
}

/// The exit status of a command that ended so, where no panic was told: whatever thread it was on, something may be
/// missing in what the command says.
pub(crate) fn status(otherwise: u8) -> u8 {
    if TOLD.load(Ordering::Relaxed) {
        otherwise.max(2)
    } else {
        otherwise
    }
}

fn sentence(location: Option<&Location<'_>>) -> String {
    let place = location.map_or_else(String::new, |at| format!(" ({}:{})", at.file(), at.line()));
    format!("error: a mistake in the program{place}; what was found is kept")
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::process::Command;

    use super::*;

    const PLANTED: &str = "päul@planted.example";
    const CHILD: &str = "LOCARD_TEST_PANICS";

    /// Run by itself in a process of its own, since a hook is the process's.
    #[test]
    fn a_panic_says_where_and_not_what() {
        if std::env::var_os(CHILD).is_some() {
            hide();
            assert_eq!([0, 1, 2].map(status), [0, 1, 2]);
            // Told as an error of the file that was decoded.
            assert_eq!(locard_model::foreign::decode(|| panic!()), None::<()>);
            assert_eq!(status(0), 0);
            // As in the middle of a letter of a cell: the standard message quotes the whole cell.
            let cut = || PLANTED[..std::hint::black_box(2)].len();
            assert!(catch_unwind(AssertUnwindSafe(cut)).is_err());
            assert_eq!([0, 1, 2].map(status), [2, 2, 2], "something may be missing");
            return;
        }
        let name = "panics::tests::a_panic_says_where_and_not_what";
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", name, "--nocapture"])
            .env(CHILD, "1")
            .output()
            .unwrap();
        assert!(child.status.success(), "{child:?}");
        let told = String::from_utf8(child.stderr).unwrap();
        assert!(!told.contains("planted"), "{told}");
        assert!(
            told.starts_with("error: a mistake in the program ("),
            "{told}"
        );
        assert!(told.contains("panics.rs:"), "{told}");
        assert_eq!(told.lines().count(), 1, "{told}");
    }
}
