//! Where output goes: data to stdout (or a file), talk to stderr. A closed pipe is a success.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use owo_colors::{OwoColorize, Style};
use unicode_width::UnicodeWidthStr as _;

use crate::args::{Color, Global};
use crate::beside::Beside;

/// Decides once what quiet, colour and a terminal mean.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Printer {
    stdout_colour: bool,
    stderr_colour: bool,
    quiet: bool,
}

impl Printer {
    pub(crate) fn new(global: &Global) -> Self {
        let colour = |terminal: bool| match global.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => {
                terminal
                    && std::env::var_os("NO_COLOR").is_none()
                    && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
            }
        };
        Self {
            stdout_colour: colour(io::stdout().is_terminal()),
            stderr_colour: colour(io::stderr().is_terminal()),
            quiet: global.quiet,
        }
    }

    /// For faults in the settings themselves, before it is known what was asked for.
    pub(crate) fn plain() -> Self {
        Self {
            stdout_colour: false,
            stderr_colour: false,
            quiet: false,
        }
    }

    /// Whether live progress makes sense: a person watches and did not ask for silence.
    pub(crate) fn live(self) -> bool {
        !self.quiet && io::stderr().is_terminal()
    }

    pub(crate) fn quiet(self) -> bool {
        self.quiet
    }

    /// Opens the place for data: the file, else stdout.
    pub(crate) fn output(self, file: Option<&Path>) -> Result<Output> {
        Ok(Reserved::open(file)?.output(self)?)
    }

    /// One line of talk on stderr.
    pub(crate) fn say(self, line: impl AsRef<str>) {
        if !self.quiet {
            tell(line.as_ref());
        }
    }

    /// Something that is likely not what was meant, on stderr.
    pub(crate) fn warn(self, sentence: &str) {
        self.say(format!(
            "{} {sentence}",
            self.style(Style::new().yellow().bold(), "warning:")
        ));
    }

    /// An error with its hint on stderr.
    pub(crate) fn error(self, sentence: &str, hint: Option<&str>) {
        tell(&format!(
            "{} {sentence}",
            self.style(Style::new().red().bold(), "error:")
        ));
        if let Some(hint) = hint {
            tell(&self.hinted(hint));
        }
    }

    /// What to do next, on a line of its own below what was said.
    pub(crate) fn hint(self, hint: &str) {
        self.say(self.hinted(hint));
    }

    fn hinted(self, hint: &str) -> String {
        format!("{} {hint}", self.style(Style::new().cyan().bold(), "hint:"))
    }

    fn style(self, style: Style, text: &str) -> String {
        if self.stderr_colour {
            text.style(style).to_string()
        } else {
            text.to_owned()
        }
    }
}

fn tell(line: &str) {
    // Nobody can be told when stderr itself is gone.
    let _ = crate::terminal::aside(|| writeln!(io::stderr().lock(), "{line}"));
}

/// A new file that only its owner shall read. One of that name is never overwritten.
pub(crate) fn new_file(file: &Path) -> Result<File> {
    match locard_app::create_private(file) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => bail!(
            "{} exists already\nhint: choose another name, or remove it first",
            file.display()
        ),
        made => made.with_context(|| format!("cannot write {}", file.display())),
    }
}

/// A place for data that can be written, not written yet.
pub(crate) struct Reserved {
    /// None: stdout.
    file: Option<(File, PathBuf)>,
}

impl Reserved {
    /// Makes sure that data can be written before hours are spent on it. What a file holds stays until there is
    /// something to put in its place.
    pub(crate) fn open(file: Option<&Path>) -> Result<Self> {
        let open = |path: &Path| {
            let mut options = OpenOptions::new();
            let options = options.write(true).create(true).truncate(false);
            let opened = options
                .open(path)
                .with_context(|| format!("cannot write {}", path.display()))?;
            Ok::<_, anyhow::Error>((opened, path.to_owned()))
        };
        Ok(Self {
            file: file.map(open).transpose()?,
        })
    }

    /// A file that only its owner shall read; one that is there already is replaced only if asked for.
    pub(crate) fn private(file: &Path, replace: bool) -> Result<Self> {
        match locard_app::create_private(file) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && replace => {
                let opened = locard_app::open_private(file)
                    .with_context(|| format!("cannot write {}", file.display()))?;
                Ok(Self {
                    file: Some((opened, file.to_owned())),
                })
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => bail!(
                "{} exists already\nhint: choose another name, or replace it with --force",
                file.display()
            ),
            made => {
                let made = made.with_context(|| format!("cannot write {}", file.display()));
                Ok(Self {
                    file: Some((made?, file.to_owned())),
                })
            }
        }
    }

    /// The place, empty.
    pub(crate) fn output(self, printer: Printer) -> io::Result<Output> {
        let Some((file, path)) = self.file else {
            return Ok(Output {
                colour: printer.stdout_colour,
                width: crate::width::of_stdout(),
                sink: Box::new(BufWriter::new(io::stdout().lock())),
                beside: None,
            });
        };
        let (file, beside) = if let Some((new, beside)) = Beside::of(&file, &path) {
            (new, Some(beside))
        } else {
            // Pipes and devices have nothing to cut off.
            if file.metadata()?.is_file() {
                file.set_len(0)?;
            }
            (file, None)
        };
        let sink: Box<dyn Write> = Box::new(BufWriter::new(file));
        Ok(Output {
            colour: false,
            width: None,
            sink,
            beside,
        })
    }
}

/// How far to the right a heading goes on that is longer than a line.
const HANGING: usize = 4;

/// The place for data.
pub(crate) struct Output {
    colour: bool,
    width: Option<usize>,
    sink: Box<dyn Write>,
    /// The new file, where it takes the place of another one once it is whole.
    beside: Option<Beside>,
}

impl Output {
    /// The text in that style where colour is on, unchanged elsewhere.
    pub(crate) fn style(&self, style: Style, text: &str) -> String {
        if self.colour {
            text.style(style).to_string()
        } else {
            text.to_owned()
        }
    }

    /// How many terminal cells a line may take, where that matters.
    pub(crate) fn width(&self) -> Option<usize> {
        self.width
    }

    /// Text that goes on below itself where the terminal ends, all of it so far to the right.
    pub(crate) fn wrapped(&mut self, indent: usize, text: &str) -> io::Result<()> {
        let margin = " ".repeat(indent);
        let Some(width) = self.width else {
            return self.line(&format!("{margin}{text}"));
        };
        crate::width::wrap(text, width.saturating_sub(indent).max(1))
            .iter()
            .try_for_each(|line| self.line(&format!("{margin}{line}")))
    }

    /// A name in bold, and what is said of it beside it, or below where both do not fit. A name that is longer than the
    /// line goes on below, broken where its parts end.
    pub(crate) fn heading(&mut self, name: &str, about: &str) -> io::Result<()> {
        let (bold, dimmed) = (Style::new().bold(), Style::new().dimmed());
        let room = self.width.unwrap_or(usize::MAX);
        if name.width() + 2 + about.width() <= room {
            let (name, about) = (
                Self::style(self, bold, name),
                Self::style(self, dimmed, about),
            );
            return self.line(&format!("{name}  {about}"));
        }
        for (at, part) in crate::width::wrap_path(name, room, HANGING)
            .iter()
            .enumerate()
        {
            let margin = " ".repeat(if at == 0 { 0 } else { HANGING });
            let part = Self::style(self, bold, part);
            self.line(&format!("{margin}{part}"))?;
        }
        for part in crate::width::wrap(about, room.saturating_sub(HANGING).max(1)) {
            let part = Self::style(self, dimmed, &part);
            self.line(&format!("{}{part}", " ".repeat(HANGING)))?;
        }
        Ok(())
    }

    /// What came of it in bold, and figures behind it, or below where both do not fit.
    pub(crate) fn sums(&mut self, outcome: &str, figures: &str) -> io::Result<()> {
        let (bold, dimmed) = (Style::new().bold(), Style::new().dimmed());
        let room = self.width.unwrap_or(usize::MAX);
        if outcome.width() + 3 + figures.width() <= room {
            let (outcome, figures) = (
                Self::style(self, bold, outcome),
                Self::style(self, dimmed, figures),
            );
            return self.line(&format!("{outcome} · {figures}"));
        }
        for (style, text) in [(bold, outcome), (dimmed, figures)] {
            for part in crate::width::wrap(text, room) {
                let part = Self::style(self, style, &part);
                self.line(&part)?;
            }
        }
        Ok(())
    }

    /// One line.
    pub(crate) fn line(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.sink, "{text}")
    }

    /// One JSON value on a line.
    pub(crate) fn json(&mut self, value: &serde_json::Value) -> io::Result<()> {
        serde_json::to_writer(Escaping(&mut self.sink), value)?;
        writeln!(self.sink)
    }

    /// One JSON document over several lines.
    pub(crate) fn document(&mut self, value: &serde_json::Value) -> io::Result<()> {
        serde_json::to_writer_pretty(Escaping(&mut self.sink), value)?;
        writeln!(self.sink)
    }

    /// Writes out what is buffered; must be called last, since dropping swallows errors.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        self.sink.flush()?;
        drop(self.sink);
        self.beside.map_or(Ok(()), Beside::publish)
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.sink.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.sink.flush()
    }
}

/// Escapes what a terminal acts on or nobody sees in JSON, where such letters only stand in strings: a name in a source
/// may hold them. Letters come whole from whoever writes JSON.
struct Escaping<W>(W);

impl<W: Write> Write for Escaping<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = match std::str::from_utf8(bytes) {
            Ok(text) if !bytes.is_ascii() || bytes.contains(&0x7f) => text,
            _ => {
                self.0.write_all(bytes)?;
                return Ok(bytes.len());
            }
        };
        let mut from = 0;
        let is_hidden = |c: &char| (*c as u32) > 0x7e && locard_app::is_unprintable(*c);
        for (at, letter) in text.char_indices().filter(|(_, c)| is_hidden(c)) {
            self.0.write_all(&bytes[from..at])?;
            for unit in letter.encode_utf16(&mut [0; 2]) {
                write!(self.0, "\\u{unit:04x}")?;
            }
            from = at + letter.len_utf8();
        }
        self.0.write_all(&bytes[from..])?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Whether the error is that nobody reads our output any more.
pub(crate) fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause
            .downcast_ref::<io::Error>()
            .is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
            || cause
                .downcast_ref::<serde_json::Error>()
                .is_some_and(|error| error.io_error_kind() == Some(io::ErrorKind::BrokenPipe))
            || cause.downcast_ref::<csv::Error>().is_some_and(|error| {
                matches!(error.kind(), csv::ErrorKind::Io(error) if error.kind() == io::ErrorKind::BrokenPipe)
            })
    })
}

/// A reader who has seen enough is no failure, and does not change how the command itself ended.
pub(crate) fn unless_closed(printed: Result<()>) -> Result<()> {
    match printed {
        Err(error) if is_closed_pipe(&error) => Ok(()),
        other => other,
    }
}

/// A terminal must not act on what a source contains, nor a reader be misled: what cannot be seen becomes visible.
pub(crate) fn printable(text: &str) -> String {
    let visible = |c| {
        if locard_app::is_unprintable(c) {
            char::REPLACEMENT_CHARACTER
        } else {
            c
        }
    };
    text.chars().map(visible).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_there_is_told_in_our_words() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("an.zip");
        new_file(&file).unwrap();
        let told = new_file(&file).unwrap_err().to_string();
        assert!(told.contains("exists already\nhint: "), "{told}");
        let told = format!(
            "{:#}",
            new_file(&folder.path().join("no/an.zip")).unwrap_err()
        );
        assert!(told.starts_with("cannot write "), "{told}");
    }

    #[test]
    fn control_characters_never_reach_the_terminal() {
        assert_eq!(
            printable("a\u{1b}[31mb\nc\u{202e}d\u{200b}\u{9b}"),
            "a\u{fffd}[31mb\u{fffd}c\u{fffd}d\u{fffd}\u{fffd}"
        );
        assert_eq!(printable("Zürich 東京 👩"), "Zürich 東京 👩");
    }

    #[test]
    fn control_characters_are_escaped_in_json_and_stay_what_they_are() {
        let name = serde_json::json!({"a\u{9b}31m": "b\u{202e}c\u{7f}\u{e0041}\n Zürich 東京 👩"});
        let mut text = Vec::new();
        serde_json::to_writer(Escaping(&mut text), &name).unwrap();
        let text = String::from_utf8(text).unwrap();
        assert_eq!(
            text,
            "{\"a\\u009b31m\":\"b\\u202ec\\u007f\\udb40\\udc41\\n Zürich 東京 👩\"}"
        );
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&text).unwrap(),
            name
        );
    }

    #[test]
    fn a_closed_pipe_is_no_failure_and_a_full_disk_is() {
        let fault = |kind: io::ErrorKind| Err(anyhow::Error::new(io::Error::from(kind)));
        assert!(unless_closed(fault(io::ErrorKind::BrokenPipe)).is_ok());
        assert!(unless_closed(fault(io::ErrorKind::StorageFull)).is_err());
        let csv = |kind: io::ErrorKind| {
            let error = csv::Error::from(io::Error::from(kind));
            unless_closed(Err(anyhow::Error::new(error).context("cannot write")))
        };
        assert!(csv(io::ErrorKind::BrokenPipe).is_ok());
        assert!(csv(io::ErrorKind::StorageFull).is_err());
    }

    #[test]
    fn a_reserved_file_keeps_what_it_holds_until_all_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out");
        std::fs::write(&path, "what was there before").unwrap();
        let reserved = Reserved::open(Some(&path)).unwrap();
        assert_eq!(
            std::fs::read_to_string(&path).unwrap(),
            "what was there before"
        );
        let mut output = reserved.output(Printer::plain()).unwrap();
        output.line("new").unwrap();
        output.flush().unwrap();
        assert_eq!(
            std::fs::read_to_string(&path).unwrap(),
            "what was there before"
        );
        output.finish().unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "new\n");
        assert!(Reserved::open(Some(folder.path())).is_err());
    }
}
