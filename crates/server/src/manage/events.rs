//! The progress of a job as server-sent events, so that nobody has to ask again and again.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures::Stream;
use futures::stream;
use locard_app::{JobStatus, job_id, job_status};
use locard_model::JobId;
use serde_json::Value;
use tokio::sync::OwnedSemaphorePermit;

use crate::context::Context;
use crate::fault::{Answer, Fault};
use crate::manage::jobs::told;

/// How often the store is asked.
const POLL: Duration = Duration::from_millis(300);

/// How often something is sent where nothing happens, so that nobody in between takes the connection for dead.
const ALIVE: Duration = Duration::from_secs(15);

/// What one listener is told next.
struct Listener {
    context: Context,
    job: JobId,
    /// What was sent last.
    sent: Option<Value>,
    number: u64,
    ended: bool,
    _place: OwnedSemaphorePermit,
}

/// `progress` with each change, and `end` with the last one.
pub(crate) async fn events(State(context): State<Context>, Path(id): Path<String>) -> Answer {
    let id = job_id(context.home(), &id).await?;
    let place = context.listener().map_err(|_| {
        let message = "too many listen for events already";
        Fault {
            hint: Some("ask for the job itself now and then".to_owned()),
            ..Fault::new(StatusCode::TOO_MANY_REQUESTS, message)
        }
    })?;
    let listener = Listener {
        context,
        job: id,
        sent: None,
        number: 0,
        ended: false,
        _place: place,
    };
    let keep_alive = KeepAlive::new().interval(ALIVE);
    Ok(Sse::new(stream_of(listener))
        .keep_alive(keep_alive)
        .into_response())
}

fn stream_of(listener: Listener) -> impl Stream<Item = Result<Event, Infallible>> {
    stream::unfold(listener, |mut listener| async move {
        let event = listener.next().await?;
        Some((Ok(event), listener))
    })
}

impl Listener {
    /// The next change; `None` after the last one, when the server ends, or where the job cannot be told any more.
    async fn next(&mut self) -> Option<Event> {
        while !self.ended {
            let status = job_status(self.context.home(), self.job).await.ok()?;
            let state = self.changed(&status);
            if let Some(state) = state {
                self.ended = status.state.is_final();
                let name = if self.ended { "end" } else { "progress" };
                self.number += 1;
                let event = Event::default().event(name).id(self.number.to_string());
                self.sent = Some(state.clone());
                return Some(event.data(state.to_string()));
            }
            tokio::select! {
                () = self.context.stop().cancelled() => return None,
                () = tokio::time::sleep(POLL) => {}
            }
        }
        None
    }

    /// How the job stands, where that is not what was sent last. Time alone is no change.
    fn changed(&self, status: &JobStatus) -> Option<Value> {
        let mut now = told(status);
        if let Some(fields) = now.as_object_mut() {
            fields.remove("duration");
        }
        (self.sent.as_ref() != Some(&now)).then_some(now)
    }
}
