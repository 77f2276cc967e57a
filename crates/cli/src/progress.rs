//! What a scan shows while it runs: bars on a terminal, plain lines elsewhere. Everything goes to stderr.

use std::collections::HashMap;
use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use locard_app::{Event, Failure, Reporter, Shown};
use locard_model::EntityId;

use crate::printer::{Printer, printable};
use crate::table::{bytes, count, counted, duration, known_bytes};

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
    bytes: AtomicU64,
    expected: AtomicU64,
    failures: AtomicU64,
    /// Milliseconds from the start to the last event.
    heard: AtomicU64,
}

enum View {
    Bars {
        all: Box<MultiProgress>,
        total: ProgressBar,
        open: Mutex<HashMap<EntityId, ProgressBar>>,
    },
    Lines {
        last: Mutex<Instant>,
    },
    Nothing,
}

/// How often a plain line is written where bars cannot be drawn.
const LINE_EVERY: Duration = Duration::from_secs(10);
/// Silence that is told.
const SILENCE: Duration = Duration::from_secs(10);
/// Bars of single entities, so that a folder of ten thousand files does not fill the screen.
const BARS: usize = 6;

impl Progress {
    pub(crate) fn new(printer: Printer) -> Self {
        let view = if printer.live() {
            let all = MultiProgress::with_draw_target(ProgressDrawTarget::stderr_with_hz(4));
            let total = all.add(ProgressBar::new(0).with_style(style("{spinner} {bar:28} {msg}")));
            View::Bars {
                all: Box::new(all),
                total,
                open: Mutex::default(),
            }
        } else if printer.quiet() {
            View::Nothing
        } else {
            View::Lines {
                last: Mutex::new(Instant::now()),
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
        if let View::Bars { all, .. } = &self.view {
            // A terminal that is gone has nothing to clear.
            let _ = all.clear();
        }
    }

    /// Seconds since the scan began.
    pub(crate) fn seconds(&self) -> f64 {
        self.started.elapsed().as_secs_f64()
    }

    /// Rows and bytes read so far.
    pub(crate) fn read(&self) -> (u64, u64) {
        (
            self.totals.rows.load(Ordering::Relaxed),
            self.totals.bytes.load(Ordering::Relaxed),
        )
    }

    /// How long nothing was heard of the scan, where that is long enough to wonder.
    fn silence(&self) -> Option<Duration> {
        let heard = Duration::from_millis(self.totals.heard.load(Ordering::Relaxed));
        let silence = self.started.elapsed().saturating_sub(heard);
        (silence >= SILENCE).then_some(silence)
    }

    fn status(&self) -> String {
        let (rows, read) = self.read();
        let speed = read as f64 / self.seconds().max(0.001);
        let expected = self.totals.expected.load(Ordering::Relaxed);
        let left = if speed > 0.0 && expected > read {
            format!(" · {} left", duration((expected - read) as f64 / speed))
        } else {
            String::new()
        };
        let failures = match self.totals.failures.load(Ordering::Relaxed) {
            0 => String::new(),
            n => format!(" · {}", counted(n, "failure", "failures")),
        };
        let silence = self
            .silence()
            .map(|silence| format!(" · nothing new for {}", duration(silence.as_secs_f64())))
            .unwrap_or_default();
        let (done, entities) = (
            self.totals.done.load(Ordering::Relaxed),
            self.totals.entities.load(Ordering::Relaxed),
        );
        format!(
            "{}/{} entities · {} rows · {} · {}/s{left}{failures}{silence}",
            count(done),
            count(entities),
            count(rows),
            bytes(read),
            bytes(speed as u64)
        )
    }

    fn redraw(&self) {
        match &self.view {
            View::Bars { total, .. } => {
                total.set_length(self.totals.expected.load(Ordering::Relaxed).max(1));
                total.set_position(self.totals.bytes.load(Ordering::Relaxed));
                total.set_message(self.status());
            }
            View::Lines { last } => {
                let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
                if last.elapsed() >= LINE_EVERY {
                    *last = Instant::now();
                    self.printer.say(self.status());
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
        match &self.view {
            View::Bars { all, .. } => all.suspend(|| self.printer.warn(&sentence)),
            _ => self.printer.warn(&sentence),
        }
    }

    fn read_some(&self, entity: &Shown, rows: u64, read: u64) {
        self.totals.rows.fetch_add(rows, Ordering::Relaxed);
        self.totals.bytes.fetch_add(read, Ordering::Relaxed);
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
            // Columns that are partly indexed are told with the result, when all of them are known.
            Event::Planned { .. } | Event::PartlyIndexed { .. } => {}
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
        }
        self.redraw();
    }
}

fn style(template: &str) -> ProgressStyle {
    // The templates are literals of this file; one that does not parse falls back to the default look.
    ProgressStyle::with_template(template)
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("━━╌")
}
