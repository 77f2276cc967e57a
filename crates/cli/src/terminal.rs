//! The terminal on stderr while bars are drawn on it: whatever else is written there goes above them.

use std::sync::{Mutex, PoisonError};

use indicatif::{MultiProgress, ProgressDrawTarget};
use terminal_size::{Height, Width, terminal_size_of};

/// The bars that are on the terminal; it is the process's, and so are they.
static BARS: Mutex<Option<MultiProgress>> = Mutex::new(None);

/// A place for bars, which is the terminal until [`clear`] is called.
pub(crate) fn bars() -> MultiProgress {
    let bars = MultiProgress::with_draw_target(target());
    *BARS.lock().unwrap_or_else(PoisonError::into_inner) = Some(bars.clone());
    bars
}

/// Takes the bars away and draws none any more.
pub(crate) fn clear() {
    let bars = BARS.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(bars) = bars {
        // A terminal that is gone has nothing to clear.
        let _ = bars.clear();
        // A bar that is dropped draws the others once more.
        bars.set_draw_target(ProgressDrawTarget::hidden());
    }
}

/// Writes to stderr, above the bars where there are some.
pub(crate) fn aside<T>(write: impl FnOnce() -> T) -> T {
    let bars = BARS.lock().unwrap_or_else(PoisonError::into_inner).clone();
    match bars {
        Some(bars) => bars.suspend(write),
        None => write(),
    }
}

/// How wide the terminal is; bars are drawn on nothing else.
pub(crate) fn width() -> usize {
    size().0.into()
}

/// Width and height in cells; those of old where a terminal does not tell.
fn size() -> (u16, u16) {
    let size = terminal_size_of(std::io::stderr());
    let size = size.map(|(Width(width), Height(height))| (width, height));
    size.filter(|(width, height)| *width > 0 && *height > 0)
        .unwrap_or((80, 24))
}

/// How often bars are drawn in a second.
const HERTZ: u8 = 4;

#[cfg(unix)]
fn target() -> ProgressDrawTarget {
    ProgressDrawTarget::term_like_with_hz(Box::new(unix::Terminal::default()), HERTZ)
}

#[cfg(not(unix))]
fn target() -> ProgressDrawTarget {
    ProgressDrawTarget::stderr_with_hz(HERTZ)
}

#[cfg(unix)]
mod unix {
    use std::fmt::Write as _;
    use std::io::{self, Write as _};
    use std::sync::{Mutex, PoisonError};

    use indicatif::TermLike;

    /// The terminal, with the cursor at the left below bars: from the right edge, where it otherwise stands, the `^C`
    /// that a terminal shows for Ctrl-C would begin a line that nobody counts, and the bars were cleared one line too low.
    #[derive(Debug, Default)]
    pub(super) struct Terminal {
        pending: Mutex<String>,
    }

    impl Terminal {
        fn push(&self, text: std::fmt::Arguments<'_>) -> io::Result<()> {
            let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
            pending.write_fmt(text).map_err(io::Error::other)
        }

        /// Moves the cursor; the sequence takes no 0.
        fn shift(&self, by: usize, way: char) -> io::Result<()> {
            if by == 0 {
                return Ok(());
            }
            self.push(format_args!("\u{1b}[{by}{way}"))
        }
    }

    impl TermLike for Terminal {
        fn width(&self) -> u16 {
            super::size().0
        }

        fn height(&self) -> u16 {
            super::size().1
        }

        fn move_cursor_up(&self, n: usize) -> io::Result<()> {
            self.shift(n, 'A')
        }

        fn move_cursor_down(&self, n: usize) -> io::Result<()> {
            self.shift(n, 'B')
        }

        fn move_cursor_right(&self, n: usize) -> io::Result<()> {
            self.shift(n, 'C')
        }

        fn move_cursor_left(&self, n: usize) -> io::Result<()> {
            self.shift(n, 'D')
        }

        fn write_line(&self, s: &str) -> io::Result<()> {
            self.push(format_args!("{s}\n"))
        }

        fn write_str(&self, s: &str) -> io::Result<()> {
            self.push(format_args!("{s}"))
        }

        fn clear_line(&self) -> io::Result<()> {
            self.push(format_args!("\r\u{1b}[2K"))
        }

        fn flush(&self) -> io::Result<()> {
            let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
            let drawn = std::mem::take(&mut *pending) + "\r";
            let mut stderr = io::stderr().lock();
            stderr.write_all(drawn.as_bytes())?;
            stderr.flush()
        }
    }
}
