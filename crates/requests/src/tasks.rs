//! Places that no connector reaches: of each request somebody is asked to look there.

use jiff::Timestamp;
use locard_app::{Actor, manual_sources};
use locard_audit::RetentionClass;
use locard_deadline::Duty;
use locard_model::{RequestId, RequestState};
use serde_json::json;
use uuid::Uuid;

use crate::case::{Case, Logged};
use crate::code::{Code, Fault, Result};
use crate::desk::{Desk, Opened};
use crate::intake::is_answered_with_data;
use crate::manifest::Upload;
use crate::record::{Artifact, Task, TaskOutcome, Validation};

/// Files of one task.
const MOST: usize = 100;

/// Files of all tasks of a request: they must find room in its manifest.
const MOST_IN_ALL: usize = 400;

impl Case {
    /// When an answer is wanted: halfway to the safe date of the answer, which leaves the other half for working with it.
    fn task_due(&self) -> Result<Timestamp> {
        let deadlines = self.deadlines()?;
        let answer = deadlines.of(Duty::Answer).or(deadlines.deadlines.first());
        let Some(until) = answer.map(|answer| answer.safe.due.until) else {
            return Ok(self.now);
        };
        let half = until.duration_since(self.now) / 2;
        Ok(self
            .now
            .checked_add(half)
            .map_or(self.now, |due| due.max(self.now)))
    }

    /// Puts what was found at places that no connector reaches into the manifest: else it would reach nobody.
    ///
    /// What a reader gets wrong: files may come in before the request is worked on, so this is asked after every act.
    pub(crate) fn gather_task_files(&mut self) {
        if self.head.state != RequestState::InProgress || !is_answered_with_data(self.record.kind) {
            return;
        }
        let manifest = self.record.manifest.as_ref();
        let known: Vec<Uuid> = manifest
            .iter()
            .flat_map(|manifest| &manifest.artifacts)
            .map(|artifact| artifact.id)
            .collect();
        let files = self.record.tasks.iter().flat_map(|task| {
            let source = &task.source;
            task.files.iter().map(move |file| (source, file))
        });
        let new: Vec<Artifact> = files
            .filter(|(_, file)| !known.contains(&file.id))
            .map(|(source, file)| Artifact {
                id: file.id,
                title: file.name.clone(),
                kind: "other".to_owned(),
                file: Some(file.clone()),
                bundle: None,
                reference: None,
                source_system: Some(source.clone()),
                description: None,
            })
            .collect();
        if new.is_empty() {
            return;
        }
        let manifest = self.record.manifest.get_or_insert_default();
        for artifact in new {
            manifest.artifacts.push(artifact);
        }
        // What nobody has looked at is not approved.
        manifest.validation = Validation::Pending;
        (manifest.decided_by, manifest.decided_at) = (None, None);
    }

    fn task(&mut self, task: Uuid) -> Result<&mut Task> {
        // What is carried out by people may be answered before all of it is done; an answer with data is given by then.
        let may_follow =
            self.head.state == RequestState::Fulfilled && !is_answered_with_data(self.record.kind);
        if !self.head.state.is_open() && !may_follow {
            let message = format!("the request is {}", self.head.state);
            return Err(Fault::new(Code::TransitionDisallowed, message));
        }
        let mut tasks = self.record.tasks.iter_mut();
        let missing = || Fault::new(Code::NotFound, "there is no such task");
        tasks.find(|found| found.id == task).ok_or_else(missing)
    }
}

impl Desk<'_> {
    /// Makes a task of each manual source that has none yet; gives how many are new.
    pub(crate) async fn make_tasks(&self, case: &mut Case) -> Result<usize> {
        let due_at = case.task_due()?;
        let known: Vec<String> = case
            .record
            .tasks
            .iter()
            .map(|task| task.source.clone())
            .collect();
        let before = case.record.tasks.len();
        let sources = manual_sources(self.home).await?;
        let new = sources
            .into_iter()
            .filter(|source| !known.contains(&source.name));
        let now = case.now;
        case.record.tasks.extend(new.map(|source| Task {
            id: Uuid::new_v4(),
            source: source.name,
            kind: source.kind.as_str().to_owned(),
            owner: source.owner.unwrap_or_default(),
            contact: source.contact,
            instructions: source.instructions.or(source.note),
            created_at: now,
            due_at,
            outcome: TaskOutcome::Waiting,
            answered_at: None,
            answered_by: None,
            note: None,
            files: Vec::new(),
        }));
        Ok(case.record.tasks.len() - before)
    }

    /// Makes tasks of manual sources that were registered since.
    pub async fn refresh_tasks(&self, actor: &Actor, id: RequestId) -> Result<Opened> {
        let opened = self.request(id).await?;
        let record = opened.known()?.clone();
        let mut draft = self.case(actor, id, opened.head.clone(), record, opened.now);
        if self.make_tasks(&mut draft).await? == 0 {
            return Ok(opened);
        }
        let work = |case: &mut Case| {
            let known: Vec<&str> = case
                .record
                .tasks
                .iter()
                .map(|task| task.source.as_str())
                .collect();
            let tasks = draft.record.tasks.iter();
            let new: Vec<Task> = tasks
                .filter(|task| !known.contains(&task.source.as_str()))
                .cloned()
                .collect();
            case.tell("tasks_created", json!({ "count": new.len() }));
            let details = json!({ "count": new.len() });
            case.record.tasks.extend(new);
            Ok((Logged::new("tasks.created", details), ()))
        };
        Ok(self.act(actor, id, work).await?.0)
    }

    /// Takes down what came of looking there: `answered`, or nothing found.
    pub async fn answer_task(
        &self,
        actor: &Actor,
        id: RequestId,
        task: Uuid,
        outcome: TaskOutcome,
        note: Option<&str>,
    ) -> Result<Opened> {
        let work = |case: &mut Case| {
            let (now, who) = (case.now, case.actor.name.clone());
            let found = case.task(task)?;
            found.outcome = outcome;
            found.answered_at = (outcome != TaskOutcome::Waiting).then_some(now);
            found.answered_by = found.answered_at.map(|_| who);
            found.note = note.map(str::to_owned);
            let details = json!({ "taskId": task, "outcome": outcome });
            case.tell("task_answered", details.clone());
            Ok((Logged::new("task.answered", details), ()))
        };
        Ok(self.act(actor, id, work).await?.0)
    }

    /// Takes a file that was found there; gives its id.
    pub async fn upload_task(
        &self,
        actor: &Actor,
        id: RequestId,
        task: Uuid,
        upload: &Upload<'_>,
    ) -> Result<(Opened, Uuid)> {
        upload.check(Code::UploadFailed)?;
        let work = |case: &mut Case| {
            let (now, who) = (case.now, case.actor.name.clone());
            let id = Uuid::new_v4();
            let about = (upload.name, upload.media_type);
            let file = case.keep(
                RetentionClass::FulfilmentArtifact,
                id,
                about,
                upload.content,
            );
            let details = json!({ "taskId": task, "fileId": id, "sha256": file.sha256 });
            let all = case.record.tasks.iter().map(|task| task.files.len());
            if all.sum::<usize>() >= MOST_IN_ALL {
                let message = format!("the tasks of a request take at most {MOST_IN_ALL} files");
                return Err(Fault::new(Code::UploadFailed, message));
            }
            let found = case.task(task)?;
            if found.files.len() >= MOST {
                let message = format!("a task takes at most {MOST} files");
                return Err(Fault::new(Code::UploadFailed, message));
            }
            found.files.push(file);
            found.outcome = TaskOutcome::Answered;
            found.answered_at = Some(now);
            found.answered_by = Some(who);
            case.tell("task_answered", json!({ "taskId": task, "fileId": id }));
            Ok((Logged::new("task.answered", details), id))
        };
        self.act(actor, id, work).await
    }
}
