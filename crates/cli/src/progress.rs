//! What a scan shows while it runs: bars on a terminal, plain lines elsewhere. Everything goes to stderr.

use std::collections::HashMap;
use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use locard_app::{Event, Failure, Reporter, Shown};
use locard_model::EntityId;
use unicode_width::UnicodeWidthStr as _;

use crate::passed::Passed;
use crate::printer::{Printer, printable};
use crate::table::{bytes, count, counted, duration, known_bytes};
use crate::terminal;

/// Draws a scan's events.
pub(crate) struct Progress {
    printer: Printer,
    started: Instant,
    totals: Totals,
    view: View,
}

#[derive(Default)]
struct Totals {
    entities: AtomicU64,
    done: AtomicU64,
    rows: AtomicU64,
    expected: AtomicU64,
    passed: Passed,
    failures: AtomicU64,
    /// Milliseconds from the start to the last event.
    heard: AtomicU64,
}

impl Totals {
    /// How long nothing was heard of the scan, where that is long enough to wonder.
    fn silence(&self, elapsed: Duration) -> Option<Duration> {
        let heard = Duration::from_millis(self.heard.load(Ordering::Relaxed));
        let silence = elapsed.saturating_sub(heard);
        (silence >= SILENCE).then_some(silence)
    }

    /// All of it in a line, so long after the start, as far as that fits into so many terminal cells: how fast it goes and
    /// how many bytes those were are told least of all.
    fn status(&self, elapsed: Duration, room: usize) -> String {
        const LEAST: [usize; 3] = [3, 2, 1];
        let parts = self.parts(elapsed);
        let told = |without: &[usize]| {
            let parts = parts.iter().enumerate();
            let parts = parts.filter(|(at, part)| !part.is_empty() && !without.contains(at));
            parts
                .map(|(_, part)| part.as_str())
                .collect::<Vec<_>>()
                .join(" · ")
        };
        let mut lines = (0..=LEAST.len()).map(|left_out| told(&LEAST[..left_out]));
        let line = lines.find(|line| line.width() <= room);
        line.unwrap_or_else(|| told(&LEAST))
    }

    /// Entities, rows, bytes, speed, time left, failures, silence; empty is what there is nothing to say of.
    fn parts(&self, elapsed: Duration) -> [String; 7] {
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let (way, expected) = (self.passed.way(), load(&self.expected));
        let pace = way.read as f64 / elapsed.as_secs_f64().max(0.001);
        let ahead = expected.saturating_sub(way.passed);
        let left = if pace > 0.0 && ahead > 0 && way.is_certain {
            format!("{} left", duration(ahead as f64 / pace))
        } else {
            String::new()
        };
        let failures = match load(&self.failures) {
            0 => String::new(),
            n => counted(n, "failure", "failures"),
        };
        let silence = self
            .silence(elapsed)
            .map(|silence| format!("nothing new for {}", duration(silence.as_secs_f64())))
            .unwrap_or_default();
        let (done, entities) = (count(load(&self.done)), count(load(&self.entities)));
        [
            format!("{done}/{entities} entities"),
            format!("{} rows", count(load(&self.rows))),
            bytes(way.read),
            format!("{}/s", bytes(pace as u64)),
            left,
            failures,
            silence,
        ]
    }
}

enum View {
    Bars {
        all: Box<MultiProgress>,
        total: ProgressBar,
        /// Terminal cells that the bar of the whole scan takes, its surroundings included.
        taken: usize,
        open: Mutex<HashMap<EntityId, ProgressBar>>,
    },
    Lines {
        /// When one was written last, from the start.
        last: Mutex<Duration>,
    },
    Nothing,
}

/// A terminal of so many cells has room for a long bar.
const WIDE: usize = 100;
/// How often a plain line is written where bars cannot be drawn.
const LINE_EVERY: Duration = Duration::from_secs(10);
/// Silence that is told.
const SILENCE: Duration = Duration::from_secs(10);
/// Bars of single entities, so that a folder of ten thousand files does not fill the screen.
const BARS: usize = 6;

impl Progress {
    pub(crate) fn new(printer: Printer) -> Self {
        let view = if printer.live() {
            let all = terminal::bars();
            let bar = if terminal::width() < WIDE { 12 } else { 28 };
            let total = style(&format!("{{spinner}} {{bar:{bar}}} {{wide_msg}}"));
            View::Bars {
                total: all.add(ProgressBar::new(0).with_style(total)),
                all: Box::new(all),
                taken: bar + 3,
                open: Mutex::default(),
            }
        } else if printer.quiet() {
            View::Nothing
        } else {
            View::Lines {
                last: Mutex::default(),
            }
        };
        Self {
            printer,
            started: Instant::now(),
            totals: Totals::default(),
            view,
        }
    }

    /// Does some work and goes on telling the time when it has nothing to tell.
    pub(crate) async fn beside<T>(&self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        let mut ticks = tokio::time::interval(Duration::from_secs(1));
        loop {
            tokio::select! {
                done = &mut work => return done,
                _ = ticks.tick() => self.redraw(),
            }
        }
    }

    /// Takes the bars away; what follows on the terminal is the result.
    pub(crate) fn finish(&self) {
        if matches!(self.view, View::Bars { .. }) {
            terminal::clear();
        }
    }

    fn redraw(&self) {
        let elapsed = self.started.elapsed();
        match &self.view {
            View::Bars { total, taken, .. } => {
                let room = terminal::width().saturating_sub(*taken);
                total.set_length(self.totals.expected.load(Ordering::Relaxed).max(1));
                total.set_position(self.totals.passed.way().passed);
                total.set_message(self.totals.status(elapsed, room));
            }
            View::Lines { last } => {
                if is_due(last, elapsed) {
                    self.printer.say(self.totals.status(elapsed, usize::MAX));
                }
            }
            View::Nothing => {}
        }
    }

    fn warn(&self, left_out: &Failure) {
        let name = left_out.resource.as_ref().unwrap_or(&left_out.source_name);
        let place = left_out.place.as_deref().map(|place| format!(", {place}"));
        let place = place.unwrap_or_default();
        let sentence = printable(&format!("{name}{place}: {}", left_out.sentence));
        self.printer.warn(&sentence);
    }

    fn read_some(&self, entity: &Shown, rows: u64, read: u64) {
        self.totals.rows.fetch_add(rows, Ordering::Relaxed);
        self.totals.passed.read(entity, rows, read);
        if let View::Bars { all, open, .. } = &self.view {
            let mut open = open.lock().unwrap_or_else(PoisonError::into_inner);
            if !open.contains_key(&entity.entity) && open.len() < BARS {
                let bar = all.add(
                    ProgressBar::new(entity.bytes.unwrap_or(0))
                        .with_style(style("  {bar:20} {wide_msg}")),
                );
                bar.set_message(printable(&entity.resource));
                open.insert(entity.entity, bar);
            }
            if let Some(bar) = open.get(&entity.entity) {
                bar.inc(read);
            }
        }
    }

    fn done(&self, entity: &Shown) {
        self.totals.done.fetch_add(1, Ordering::Relaxed);
        self.totals.passed.ended(entity);
        if let View::Bars { open, .. } = &self.view {
            let bar = open
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .remove(&entity.entity);
            if let Some(bar) = bar {
                bar.finish_and_clear();
            }
        }
    }
}

impl Reporter for Progress {
    fn on(&self, event: &Event) {
        let now = self.started.elapsed().as_millis() as u64;
        self.totals.heard.fetch_max(now, Ordering::Relaxed);
        match event {
            Event::Listed {
                source,
                entities,
                bytes: expected,
                ..
            } => {
                self.totals.entities.fetch_add(*entities, Ordering::Relaxed);
                self.totals.expected.fetch_add(*expected, Ordering::Relaxed);
                if !matches!(self.view, View::Bars { .. }) {
                    self.printer.say(format!(
                        "reading {}: {}{}",
                        printable(source),
                        counted(*entities, "entity", "entities"),
                        known_bytes(*expected)
                    ));
                }
            }
            // Columns of which only a part is indexed or tested are told with the result, when all of them are known.
            Event::PartlyIndexed { .. } | Event::Untested { .. } => {}
            Event::Planned {
                entity,
                tasks,
                kept,
            } => self.totals.passed.planned(entity, *tasks, *kept),
            Event::Read {
                entity,
                rows,
                bytes,
            } => self.read_some(entity, *rows, *bytes),
            Event::Judged { entity, .. } | Event::GivenUp { entity } => self.done(entity),
            Event::Failed(_) => {
                // Shown in the result, where they can be read in peace.
                self.totals.failures.fetch_add(1, Ordering::Relaxed);
            }
            Event::LeftOut(left_out) => self.warn(left_out),
            Event::Waits(sentence) => self.printer.say(sentence),
        }
        self.redraw();
    }
}

/// Whether it is time for another plain line; then it is taken for written.
fn is_due(last: &Mutex<Duration>, elapsed: Duration) -> bool {
    let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
    let due = elapsed.saturating_sub(*last) >= LINE_EVERY;
    if due {
        *last = elapsed;
    }
    due
}

fn style(template: &str) -> ProgressStyle {
    // The templates are literals of this file; one that does not parse falls back to the default look.
    ProgressStyle::with_template(template)
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("━━╌")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use clap::Parser as _;
    use locard_app::SourceErrorKind;
    use locard_model::{EntityKind, EntityPath, SourceId};

    use super::*;
    use crate::args::Cli;

    /// Progress that writes nothing, since a test's own output is not its matter.
    fn silent() -> Progress {
        let cli = Cli::try_parse_from(["locard", "--quiet", "jobs", "list"]).unwrap();
        let progress = Progress::new(Printer::new(&cli.global));
        assert!(matches!(progress.view, View::Nothing));
        progress
    }

    fn people() -> Arc<Shown> {
        Arc::new(Shown {
            source: SourceId::derive("crm"),
            source_name: "crm".to_owned(),
            entity: EntityId::derive(
                SourceId::derive("crm"),
                EntityKind::File,
                &EntityPath::new(["people.csv"]),
            ),
            kind: EntityKind::File,
            resource: "people.csv".to_owned(),
            masked: false,
            rows: None,
            bytes: Some(100 << 20),
        })
    }

    fn failure() -> Event {
        Event::Failed(Failure {
            source: None,
            source_name: "crm".to_owned(),
            resource: None,
            entity: None,
            place: None,
            kind: SourceErrorKind::Unreachable,
            sentence: "nobody answers".to_owned(),
            hint: None,
            records: 0,
            partial: false,
        })
    }

    #[test]
    fn the_line_tells_what_was_read_how_fast_and_what_is_left() {
        let progress = silent();
        let after = |seconds| {
            progress
                .totals
                .status(Duration::from_secs(seconds), usize::MAX)
        };
        assert_eq!(after(0), "0/0 entities · 0 rows · 0 B · 0 B/s");
        progress.on(&Event::Listed {
            source: "crm".to_owned(),
            entities: 1_200,
            rows: 0,
            bytes: 100 << 20,
        });
        let entity = people();
        progress.on(&Event::Read {
            entity: Arc::clone(&entity),
            rows: 1_000_000,
            bytes: 20 << 20,
        });
        progress.on(&Event::Read {
            entity: Arc::clone(&entity),
            rows: 234_567,
            bytes: 5 << 20,
        });
        assert_eq!(
            after(5),
            "0/1,200 entities · 1,234,567 rows · 25.0 MiB · 5.0 MiB/s · 15 s left"
        );
        let within = |room| progress.totals.status(Duration::from_secs(5), room);
        assert_eq!(
            within(60),
            "0/1,200 entities · 1,234,567 rows · 25.0 MiB · 15 s left"
        );
        assert_eq!(within(45), "0/1,200 entities · 1,234,567 rows · 15 s left");
        assert_eq!(within(20), "0/1,200 entities · 15 s left");
        progress.on(&Event::Judged {
            entity,
            rows: 1_234_567,
            findings: 2,
        });
        progress.on(&failure());
        assert!(after(5).starts_with("1/1,200 entities"));
        assert!(after(5).ends_with("/s · 1 failure"), "{}", after(5));
        progress.on(&failure());
        assert!(after(5).ends_with(" · 2 failures"), "{}", after(5));
    }

    #[test]
    fn no_time_is_told_where_nobody_knows_how_much_there_is() {
        let totals = Totals::default();
        let table = Shown {
            bytes: None,
            ..Shown::clone(&people())
        };
        totals.passed.read(&table, 1, 11);
        let told = totals.status(Duration::from_secs(1), usize::MAX);
        assert_eq!(told, "0/0 entities · 0 rows · 11 B · 11 B/s");
    }

    #[test]
    fn what_gives_more_than_it_takes_in_its_source_has_no_end_in_sight() {
        let totals = Totals::default();
        totals.expected.store(100 << 20, Ordering::Relaxed);
        totals.passed.read(&people(), 1, 50 << 20);
        let after = |seconds| totals.status(Duration::from_secs(seconds), usize::MAX);
        assert!(
            after(5).ends_with(" · 50.0 MiB · 10.0 MiB/s · 5.0 s left"),
            "{}",
            after(5)
        );
        totals.passed.read(&people(), 1, 1 << 40);
        assert!(
            after(9).ends_with(" · 90.0 MiB · 10.0 MiB/s"),
            "{}",
            after(9)
        );
    }

    #[test]
    fn silence_is_told_when_it_is_long_and_ends_with_the_next_event() {
        let totals = Totals::default();
        totals.heard.store(2_000, Ordering::Relaxed);
        let after = |seconds| totals.status(Duration::from_secs(seconds), usize::MAX);
        assert!(!after(11).contains("nothing new"));
        assert!(after(12).ends_with(" · nothing new for 10 s"));
        assert!(after(302).ends_with(" · nothing new for 5 min"));
        totals.heard.store(300_000, Ordering::Relaxed);
        assert!(!after(302).contains("nothing new"));
    }

    #[test]
    fn a_plain_line_is_written_every_ten_seconds() {
        let last = Mutex::default();
        let due = |seconds: &[u64]| -> Vec<u64> {
            let due = |second: &&u64| is_due(&last, Duration::from_secs(**second));
            seconds.iter().filter(due).copied().collect()
        };
        assert_eq!(due(&[0, 1, 9, 10, 11, 19, 25, 34, 35]), [10, 25, 35]);
    }
}
