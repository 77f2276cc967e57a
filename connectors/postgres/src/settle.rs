//! Whether every change is counted that was committed before.
//!
//! A session counts its changes for itself and sends the counts when it falls idle, unless it did so within the last second: then
//! when it next falls idle, or after ten seconds of idleness. So a state may lack changes of a session that was at work a
//! moment ago; of one that has been in one statement or transaction ever since nobody can tell. Servers before
//! PostgreSQL 15 may leave an idle session's counts with it for ever, and waiting does not help.

use std::collections::HashSet;
use std::time::Duration;

use locard_connector::{Result, Settled};
use locard_sql::Questions;
use sqlx::Row as _;
use sqlx::postgres::PgRow;

use crate::error::from_driver;
use crate::session::Session;

/// The first server whose idle sessions send their counts.
const SENT_SINCE: u32 = 150_000;
/// Milliseconds after which an idle session has sent its counts: ten seconds, and a moment for the sending.
const QUIET: i64 = 10_500;
/// Milliseconds after a change at which a session that falls idle sends it: a second, and a moment for the server's clocks.
const SENT: i64 = 1_500;
/// Milliseconds that are waited at the most.
const WAIT: i64 = 12_000;
/// Between two looks.
const PAUSE: Duration = Duration::from_secs(1);

/// What another session does; times in milliseconds of the server's clock.
#[derive(Clone, Debug, Default)]
struct Other {
    /// `idle`, `active`, `idle in transaction` …; `None` where the account may not see it.
    state: Option<String>,
    /// Since when it does that.
    changed: i64,
    /// When its transaction or statement began.
    began: i64,
    /// The transaction that it is in.
    transaction: Option<String>,
}

impl Other {
    /// Whether all is counted by now that it committed before `start`. `early`: transactions that were under way not long
    /// after that.
    fn is_counted(&self, start: i64, now: i64, early: &HashSet<String>) -> bool {
        match self.state.as_deref() {
            Some("idle") => self.changed >= start + SENT || now - self.changed >= QUIET,
            Some(state) if state != "disabled" => self.began >= start + SENT,
            // If it was idle all the time, or fell idle in between, it sent them.
            _ => {
                let same = self.transaction.as_ref();
                now - start >= WAIT && same.is_none_or(|same| !early.contains(same))
            }
        }
    }
}

/// The answer of a source to whether all is counted that was committed before; what cannot be asked is not sure.
pub(crate) async fn settle(questions: &Questions<Session>) -> Settled {
    waited(questions).await.unwrap_or(Settled::Unsure)
}

async fn waited(questions: &Questions<Session>) -> Result<Settled> {
    let Some((start, mut others)) = look(questions).await? else {
        return Ok(Settled::Always);
    };
    let (mut now, mut early) = (start, HashSet::new());
    let mut is_early = true;
    loop {
        if is_early {
            early.extend(others.iter().filter_map(|other| other.transaction.clone()));
            is_early = now < start + PAUSE.as_millis() as i64;
        }
        let open = others
            .iter()
            .filter(|other| !other.is_counted(start, now, &early));
        match open.count() {
            0 => return Ok(Settled::Now),
            _ if now - start >= WAIT => return Ok(Settled::Unsure),
            _ => tokio::time::sleep(PAUSE).await,
        }
        let Some(seen) = look(questions).await? else {
            return Ok(Settled::Always);
        };
        (now, others) = seen;
    }
}

/// The time, and who else is at work; `None` of a server where that tells nothing.
async fn look(questions: &Questions<Session>) -> Result<Option<(i64, Vec<Other>)>> {
    let describe = |error| from_driver(error, "looking who else is at work");
    let mut lent = questions.borrow().await?;
    if lent.session.version() < SENT_SINCE {
        lent.give_back();
        return Ok(None);
    }
    let sql = include_str!("../catalog/activity.sql").to_owned();
    let rows = lent.session.rows(sql).await.map_err(describe)?;
    lent.give_back();
    let first = rows.first().ok_or(sqlx::Error::RowNotFound);
    let now = first.and_then(|row| row.try_get("now")).map_err(describe)?;
    let others = rows.iter().filter_map(|row| other(row).transpose());
    let others: Vec<Other> = others.collect::<Result<_, _>>().map_err(describe)?;
    Ok(Some((now, others)))
}

fn other(row: &PgRow) -> Result<Option<Other>, sqlx::Error> {
    if !row.try_get::<bool, _>("other")? {
        return Ok(None);
    }
    // What is not told may have been just now, or long ago: neither is a reason to believe that it is counted.
    let time = |name: &str| row.try_get::<Option<i64>, _>(name);
    Ok(Some(Other {
        state: row.try_get("state")?,
        changed: time("changed")?.unwrap_or(0),
        began: time("began")?.unwrap_or(0),
        transaction: row.try_get("transaction")?,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: i64 = 1_000_000;

    fn counted(other: &Other, after: i64, early: &[&str]) -> bool {
        let early = early.iter().map(|early| (*early).to_owned()).collect();
        other.is_counted(START, START + after, &early)
    }

    #[test]
    fn an_idle_session_is_counted_when_it_has_been_idle_for_long_or_fell_idle_since() {
        let idle = |since: i64| Other {
            state: Some("idle".to_owned()),
            changed: START + since,
            ..Other::default()
        };
        assert!(counted(&idle(-60_000), 0, &[]));
        assert!(!counted(&idle(-3_000), 0, &[]));
        assert!(counted(&idle(-3_000), 8_000, &[]));
        // It may have sent counts a moment before it changed something and fell idle.
        assert!(!counted(&idle(500), 5_000, &[]));
        assert!(counted(&idle(500), 12_000, &[]));
        assert!(counted(&idle(2_000), 2_100, &[]));
    }

    #[test]
    fn a_session_at_work_is_counted_when_it_began_after_it_had_to_send() {
        let busy = |state: &str, since: i64| Other {
            state: Some(state.to_owned()),
            changed: START + 11_000,
            began: START + since,
            ..Other::default()
        };
        for state in [
            "active",
            "idle in transaction",
            "idle in transaction (aborted)",
        ] {
            assert!(!counted(&busy(state, -60_000), 12_000, &[]), "{state}");
            assert!(!counted(&busy(state, 900), 12_000, &[]), "{state}");
            assert!(counted(&busy(state, 2_000), 3_000, &[]), "{state}");
        }
    }

    #[test]
    fn a_session_that_is_not_seen_is_counted_after_the_wait_unless_it_is_in_the_same_transaction() {
        let unseen = |transaction: Option<&str>| Other {
            transaction: transaction.map(str::to_owned),
            ..Other::default()
        };
        assert!(!counted(&unseen(None), 11_000, &[]));
        assert!(counted(&unseen(None), 12_000, &["3/7"]));
        assert!(counted(&unseen(Some("3/9")), 12_000, &["3/7"]));
        assert!(!counted(&unseen(Some("3/7")), 60_000, &["3/7"]));
    }
}
