//! How far a DSAR job is, as the store tells it: a bar on a terminal, plain lines elsewhere.

use std::pin::pin;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use locard_dsar::job::{self, DsarJob};
use locard_model::DsarState;
use uuid::Uuid;

use super::super::Session;
use crate::table::{bytes, counted};

/// How often the store is asked.
const EVERY: Duration = Duration::from_millis(500);

/// How often a plain line is written.
const LINE: Duration = Duration::from_secs(10);

/// Does some work and tells meanwhile how far the job is.
pub(super) async fn beside<T>(session: &Session, id: Uuid, work: impl Future<Output = T>) -> T {
    let bar = session.printer.live().then(bar);
    let mut work = pin!(work);
    let (mut ticks, mut last) = (tokio::time::interval(EVERY), Instant::now());
    loop {
        tokio::select! {
            done = &mut work => {
                if let Some(bar) = bar {
                    bar.finish_and_clear();
                }
                return done;
            }
            _ = ticks.tick() => {}
        }
        // That it cannot be told is no failure of the work.
        let Ok(job) = job::job(&session.home, id).await else {
            continue;
        };
        let line = line(&job);
        match &bar {
            Some(bar) => {
                bar.set_message(line);
                bar.tick();
            }
            None if last.elapsed() >= LINE => {
                session.printer.say(line);
                last = Instant::now();
            }
            None => {}
        }
    }
}

fn bar() -> ProgressBar {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(4));
    // The template is a literal; one that does not parse falls back to the default look.
    let style = ProgressStyle::with_template("{spinner} {msg} · {elapsed}");
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()))
}

fn line(job: &DsarJob) -> String {
    let Some(body) = &job.body else {
        return job.state.to_string();
    };
    let progress = &body.progress;
    let rows = counted(progress.rows_collected, "row", "rows");
    if job.state == DsarState::Packaging {
        format!("packing {rows} · {}", bytes(progress.bytes_packaged))
    } else {
        let sections = counted(progress.sections, "section", "sections");
        format!("collecting · {rows} in {sections}")
    }
}

#[cfg(test)]
mod tests {
    use locard_dsar::job::{Body, Progress};

    use super::*;

    #[test]
    fn the_line_tells_rows_first_and_bytes_when_it_is_packed() {
        let job = |state| DsarJob {
            id: Uuid::nil(),
            org: Uuid::nil(),
            state,
            created_at: "2026-01-01T00:00:00Z".parse().unwrap(),
            updated_at: "2026-01-01T00:00:00Z".parse().unwrap(),
            expires_at: None,
            is_held: false,
            body: Some(Body {
                progress: Progress {
                    rows_collected: 1_234,
                    sections: 2,
                    bytes_packaged: 2_048,
                    ..Progress::default()
                },
                ..Body::default()
            }),
            timeline: Vec::new(),
        };
        assert_eq!(
            line(&job(DsarState::Collecting)),
            "collecting · 1,234 rows in 2 sections"
        );
        assert_eq!(
            line(&job(DsarState::Packaging)),
            "packing 1,234 rows · 2.0 KiB"
        );
    }
}
