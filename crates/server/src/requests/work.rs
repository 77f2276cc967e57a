//! What people do for a request: look where no connector reaches, and carry it out where data is.

use axum::Extension;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use locard_app::Actor;
use locard_requests::{
    Desk, Opened, PlaceDecision, TaskOutcome, collection_shape, lifecycle, place_shape, task_shape,
};
use serde_json::{Value, json};

use super::{Handed, accepted, desk, field, other_id, request_id, required_text, wanted};
use crate::context::Context;
use crate::fault::{Answer, Fault, json as answer};
use crate::fields::Fields;
use crate::routes::{Field, Kind};

pub(crate) const BODY_TASK: &[Field] = &[wanted("outcome", Kind::Text), field("note", Kind::Text)];
pub(crate) const BODY_PLACE: &[Field] =
    &[wanted("verdict", Kind::Text), field("reason", Kind::Text)];

fn tasks_of(request: &Opened) -> Result<Value, Fault> {
    let tasks = request
        .known()?
        .tasks
        .iter()
        .map(|task| task_shape(task, request));
    Ok(json!({ "requestId": request.id, "tasks": tasks.collect::<Vec<_>>() }))
}

fn places_of(request: &Opened) -> Result<Value, Fault> {
    let record = request.known()?;
    let places = record.places.iter().map(place_shape);
    Ok(json!({
        "requestId": request.id,
        "places": places.collect::<Vec<_>>(),
        "notSearched": record.places_not_searched,
    }))
}

pub(crate) async fn tasks(State(context): State<Context>, Path(id): Path<String>) -> Answer {
    let desk = desk(&context).await?;
    answer(tasks_of(&desk.request(request_id(&id)?).await?)?)
}

/// Makes tasks of places that were registered since the request came in.
pub(crate) async fn refresh_tasks(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    Path(id): Path<String>,
) -> Answer {
    let done = desk(&context)
        .await?
        .refresh_tasks(&actor, request_id(&id)?)
        .await?;
    accepted(tasks_of(&done)?, None)
}

pub(crate) async fn answer_task(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    Path((id, task)): Path<(String, String)>,
    body: Bytes,
) -> Answer {
    let mut fields = Fields::of(&body)?;
    let outcome = required_text(&mut fields, "outcome", "")?;
    let outcome = match outcome.as_str() {
        "answered" => TaskOutcome::Answered,
        "nothing_found" => TaskOutcome::NothingFound,
        "waiting" => TaskOutcome::Waiting,
        _ => {
            return Err(Fault::field(
                "outcome",
                "answered, nothing_found or waiting is wanted",
            ));
        }
    };
    let note = fields.long("note")?;
    let (id, task) = (request_id(&id)?, other_id(&task, "task")?);
    let desk = desk(&context).await?;
    let done = desk
        .answer_task(&actor, id, task, outcome, note.as_deref())
        .await?;
    accepted(tasks_of(&done)?, Some(&fields))
}

pub(crate) async fn upload_task(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    Path((id, task)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let handed = Handed::of(&headers, "x-artifact", body);
    let (id, task) = (request_id(&id)?, other_id(&task, "task")?);
    let desk = desk(&context).await?;
    let (_, file) = desk.upload_task(&actor, id, task, &handed.upload()).await?;
    accepted(
        json!({ "requestId": id, "taskId": task, "fileId": file }),
        None,
    )
}

pub(crate) async fn places(State(context): State<Context>, Path(id): Path<String>) -> Answer {
    let desk = desk(&context).await?;
    answer(places_of(&desk.request(request_id(&id)?).await?)?)
}

/// Finds where something is to be done.
pub(crate) async fn find_places(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    Path(id): Path<String>,
) -> Answer {
    let id = request_id(&id)?;
    let done = context.apart(async move |context: Context| {
        let desk = Desk::open(context.home()).await?;
        desk.find_places(&actor, id).await
    });
    accepted(places_of(&done.await??)?, None)
}

/// Looks again, whether it was done.
pub(crate) async fn recheck_places(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    Path(id): Path<String>,
) -> Answer {
    let id = request_id(&id)?;
    let done = context.apart(async move |context: Context| {
        let desk = Desk::open(context.home()).await?;
        desk.recheck_places(&actor, id).await
    });
    let (request, jobs) = done.await??;
    if !jobs.is_empty() {
        context.wake().notify_one();
    }
    accepted(places_of(&request)?, None)
}

pub(crate) async fn decide_place(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    Path((id, place)): Path<(String, String)>,
    body: Bytes,
) -> Answer {
    let mut fields = Fields::of(&body)?;
    let verdict = required_text(&mut fields, "verdict", "")?;
    let verdict = match verdict.as_str() {
        "open" => PlaceDecision::Open,
        "included" => PlaceDecision::Included,
        "excluded" => PlaceDecision::Excluded,
        "done" => PlaceDecision::Done,
        _ => {
            return Err(Fault::field(
                "verdict",
                "open, included, excluded or done is wanted",
            ));
        }
    };
    let reason = fields.long("reason")?;
    let (id, place) = (request_id(&id)?, other_id(&place, "place")?);
    let desk = desk(&context).await?;
    let done = desk
        .decide_place(&actor, id, place, verdict, reason.as_deref())
        .await?;
    accepted(places_of(&done)?, Some(&fields))
}

/// Starts collecting what is held about the person.
pub(crate) async fn collect(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    Path(id): Path<String>,
    body: Bytes,
) -> Answer {
    // It takes no field; whoever gives one is told that it means nothing.
    let fields = Fields::of(&body)?;
    let id = request_id(&id)?;
    let done = context.apart(async move |context: Context| {
        let desk = Desk::open(context.home()).await?;
        desk.collect(&actor, id).await
    });
    let (_, job) = done.await??;
    context.wake_dsars().notify_one();
    accepted(collection_shape(id, &job), Some(&fields))
}

pub(crate) async fn collection(State(context): State<Context>, Path(id): Path<String>) -> Answer {
    let (desk, id) = (desk(&context).await?, request_id(&id)?);
    answer(collection_shape(id, &desk.collection(id).await?))
}

/// Takes the bundle as what is handed out.
pub(crate) async fn take_bundle(
    State(context): State<Context>,
    Extension(actor): Extension<Actor>,
    Path(id): Path<String>,
) -> Answer {
    let done = desk(&context)
        .await?
        .take_bundle(&actor, request_id(&id)?)
        .await?;
    accepted(lifecycle(&done), None)
}
