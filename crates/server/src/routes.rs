//! Every route with who may use it: the one table from which the router and the document of the interface are built.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::routing::{MethodRouter, delete, get, patch, post, put};

use crate::around::{BODY, around, in_time};
use crate::auth::{Who, authorise};
use crate::compliance::{delivery, jobs, review, setup};
use crate::context::{Context, Live};
use crate::family::Family;
use crate::fault::Fault;
use crate::{health, manage, openapi, page, query, reference, requests, scopes};

/// A field of a request's body.
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) required: bool,
}

/// What a field holds.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    Text,
    Flag,
    Number,
    Numbers,
    Texts,
    Object,
    Objects,
}

/// A status, and what it means.
pub(crate) type Status = (&'static str, &'static str);

/// What a route waits for before it answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    /// The catalog.
    Catalog,
    /// Sources, which may not answer.
    Sources,
    /// The end of a job, however long that takes.
    Job,
}

/// One route.
pub(crate) struct Route {
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
    pub(crate) who: Who,
    pub(crate) summary: &'static str,
    /// Fields of its body; of bodies with very many the ones that matter.
    pub(crate) body: &'static [Field],
    /// Names of what may stand in the query.
    pub(crate) query: &'static [&'static str],
    /// Whether its body is a file, whatever is in it.
    pub(crate) file: bool,
    /// Headers that say what the body or the path does not.
    pub(crate) headers: &'static [&'static str],
    /// As what it answers.
    pub(crate) gives: &'static str,
    /// The statuses with which it tells that something was done, where they are not its family's.
    pub(crate) done: &'static [Status],
    /// Those with which it alone refuses.
    pub(crate) refusals: &'static [Status],
    /// What it waits for.
    pub(crate) pace: Pace,
    handler: fn() -> MethodRouter<Live>,
}

/// Where the reference has its paths, and under which name besides.
pub(crate) const REFERENCE: [&str; 2] = ["/api/public/v1", "/api/public/v2"];

macro_rules! routes {
    ($($method:ident $path:literal $who:ident $handler:path, $summary:literal $(, body $body:expr)? $(, query $query:expr)?
        $(, file $file:expr)? $(, heeds $heeds:expr)? $(, gives $gives:literal)? $(, done $done:expr)? $(, refuses $refuses:expr)? $(, waits $pace:ident)?;)+) => {
        &[$(Route {
            method: stringify!($method),
            path: $path,
            who: Who::$who,
            summary: $summary,
            body: { const BODY: &[Field] = { let body: &[Field] = &[]; $(let _ = body; let body: &[Field] = $body;)? body }; BODY },
            query: { const QUERY: &[&str] = { let query: &[&str] = &[]; $(let _ = query; let query: &[&str] = $query;)? query }; QUERY },
            file: { let file = false; $(let _: (bool, &[&str]) = (file, $file); let file = true;)? file },
            headers: { const HEADERS: &[&str] = { let headers: &[&str] = &[]; $(let _ = headers; let headers: &[&str] = $file;)? $(let _ = headers; let headers: &[&str] = $heeds;)? headers }; HEADERS },
            gives: { let gives = "application/json"; $(let _ = gives; let gives = $gives;)? gives },
            done: { const DONE: &[Status] = { let done: &[Status] = &[]; $(let _ = done; let done: &[Status] = $done;)? done }; DONE },
            refusals: { const REFUSALS: &[Status] = { let refusals: &[Status] = &[]; $(let _ = refusals; let refusals: &[Status] = $refuses;)? refusals }; REFUSALS },
            pace: { let pace = Pace::Catalog; $(let _ = pace; let pace = Pace::$pace;)? pace },
            handler: || $method($handler),
        }),+]
    };
}

/// Every route. Those that begin with a slash and no `api` stand as they are; `~` stands for both names of the reference.
pub(crate) static ROUTES: &[Route] = routes! {
    get "/healthz" Anybody health::healthz, "Whether the server lives";
    get "/readyz" Anybody health::readyz, "Whether the server can do anything";
    get "/metrics" Viewer health::metrics, "Figures for Prometheus",
        gives "text/plain";
    get "/openapi.json" Anybody openapi::openapi, "This document";

    get "/docs" Anybody page::docs, "How everything is asked for, as a page",
        gives "text/html";
    get "/docs.js" Anybody page::script, "The script of that page",
        gives "text/javascript";
    get "/docs.css" Anybody page::style, "How that page looks",
        gives "text/css";

    get "~/jobs/{id}/status" Viewer reference::status::status, "How a job stands";
    post "~/jobs/execute/test-connection" Operator reference::connection::test, "Register a source and test its connection",
        body reference::connection::BODY;
    post "~/jobs/execute/remove-datasource" Operator reference::remove::remove, "Remove a source and all that was learnt from it",
        body reference::remove::BODY;
    post "~/jobs/execute/metadata/ingest" Operator reference::connection::ingest, "Register a source and ingest what it holds",
        body reference::connection::BODY_INGEST;
    post "~/jobs/execute/metadata/re-ingest" Operator reference::errands::re_ingest, "Ingest some entities again",
        body reference::scoped::BODY;
    post "~/jobs/execute/data-profiling" Operator reference::errands::profiling, "Read, profile and judge tables",
        body reference::scoped::BODY_CONFIGS;
    post "~/jobs/execute/data-discovery" Operator reference::errands::discovery, "Read, profile and judge files",
        body reference::scoped::BODY_CONFIGS;
    post "~/jobs/execute/data-identification" Operator reference::errands::identification, "Judge what was profiled by the rules of today",
        body reference::scoped::BODY_IDENTIFICATION;
    post "~/jobs/execute/pii-detection" Operator reference::errands::names, "Tell what the names of columns say",
        body reference::scoped::BODY_CONFIGS;

    post "~/jobs/execute/usage-statistics" Operator reference::errands::usage_statistics,
        "Ask sources how their entities are used, and what happened on some days", body reference::scoped::BODY_CONFIGS;
    post "~/jobs/execute/collections/data-profiling" Operator reference::errands::collection_profiling,
        "Read, profile and judge the members of a collection", body reference::collections::BODY;
    post "~/jobs/execute/collections/data-aggregation" Operator reference::errands::collection_aggregation,
        "Sum up what the members of a dataset have in common", body reference::collections::BODY;
    post "~/jobs/execute/business-rule" Operator reference::errands::business_rules,
        "Run business rules over live data", body reference::business::BODY;
    post "~/jobs/execute/business-rule/with-row-counter" Operator reference::errands::business_rule_counter,
        "Run business rules, and count rows in some entities", body reference::business::BODY_COUNTER;

    get "/api/v1/sources" Viewer manage::sources::list, "Registered sources";
    post "/api/v1/sources" Operator manage::sources::add, "Register a source, or change the one of that key",
        body manage::sources::BODY;
    get "/api/v1/sources/{id}" Viewer manage::sources::show, "One source, by id, key or name";
    delete "/api/v1/sources/{id}" Operator manage::sources::remove, "Remove a source, as a job";
    patch "/api/v1/sources/{id}" Reviewer manage::annotations::of_source, "Say something of a source, or take it back",
        body manage::annotations::BODY_SOURCE;
    get "/api/v1/entities" Viewer manage::entities::list, "Entities of the catalog, by the words of their names and what is in them",
        query manage::entities::QUERY;
    get "/api/v1/entities/{id}" Viewer manage::entities::show, "One entity with its columns";
    patch "/api/v1/entities/{id}" Reviewer manage::annotations::of_entity, "Say something of an entity, or take it back",
        body manage::annotations::BODY;
    get "/api/v1/entities/{id}/profile" Viewer manage::explain::profile, "Figures of the columns of an entity",
        query &["column"];
    get "/api/v1/entities/{id}/explanation" Viewer manage::explain::explanation, "Why the columns of an entity were judged so",
        query &["column"];
    get "/api/v1/entities/{id}/usage" Viewer manage::entities::usage, "How an entity was used on some days",
        query &["from", "to"];
    get "/api/v1/duplicates" Viewer manage::duplicates::list, "Entities that hold the same",
        query &["source", "limit"];
    get "/api/v1/findings" Viewer manage::findings::list, "Findings of the catalog",
        query manage::findings::QUERY;
    get "/api/v1/findings/diff" Viewer manage::diff::diff, "What changed between two scans",
        query &["before", "after", "limit"];
    get "/api/v1/findings.csv" Viewer manage::export::csv, "Findings as CSV", query manage::findings::QUERY_EXPORT,
        gives "text/csv";
    get "/api/v1/findings.ndjson" Viewer manage::export::ndjson, "Findings, a JSON object on each line",
        query manage::findings::QUERY_EXPORT,
        gives "application/x-ndjson";
    get "/api/v1/findings.parquet" Viewer manage::export::parquet, "Findings as Parquet",
        query manage::findings::QUERY_EXPORT,
        gives "application/vnd.apache.parquet";
    post "/api/v1/findings/confirm" Reviewer manage::decide::confirm, "Say that a finding is right, or that there is one",
        body manage::decide::BODY;
    post "/api/v1/findings/reject" Reviewer manage::decide::reject, "Say that a finding is wrong", body manage::decide::BODY;
    post "/api/v1/findings/withdraw" Reviewer manage::decide::withdraw, "Take a decision back",
        body manage::decide::BODY_WITHDRAW;
    get "/api/v1/decisions.toml" Reviewer manage::decide::export, "Every decision, as a file for version control",
        gives "application/toml";
    post "/api/v1/decisions" Reviewer manage::decide::import, "Take decisions over from such a file",
        body manage::decide::BODY_IMPORT;
    post "/api/v1/allowed-values" Reviewer manage::decide::allow, "Say that a value is nobody's; it is never told again",
        body manage::decide::BODY_ALLOW;
    post "/api/v1/allowed-values/remove" Reviewer manage::decide::disallow, "Take that back",
        body manage::decide::BODY_DISALLOW;
    get "/api/v1/relations" Viewer manage::relations::list, "Foreign keys, and columns that look like some, with what was decided",
        query manage::relations::QUERY;
    post "/api/v1/relations/{id}/confirm" Reviewer manage::relations::confirm,
        "Say that a relation holds: collecting follows it", body manage::relations::BODY;
    post "/api/v1/relations/{id}/reject" Reviewer manage::relations::reject,
        "Say that a relation does not hold: collecting does not follow it", body manage::relations::BODY;
    delete "/api/v1/relations/{id}/decision" Reviewer manage::relations::withdraw, "Take a decision on a relation back";
    get "/api/v1/record-of-processing" Viewer manage::processing::show, "What personal data is where, what for and how long";
    get "/api/v1/record-of-processing.csv" Viewer manage::processing::csv, "The same as CSV",
        gives "text/csv";
    get "/api/v1/dictionaries" Viewer manage::dictionaries::list, "Lists of terms";
    post "/api/v1/dictionaries" Operator manage::dictionaries::import, "Make a list of terms, or replace an own one",
        body manage::dictionaries::BODY;
    get "/api/v1/dictionaries/{id}" Viewer manage::dictionaries::show, "One list of terms with what came of it";
    patch "/api/v1/dictionaries/{id}" Operator manage::dictionaries::switch, "Switch a list of terms off or on",
        body manage::patterns::BODY;
    delete "/api/v1/dictionaries/{id}" Operator manage::dictionaries::remove, "Forget an own list of terms, and the rule that was made with it";
    get "/api/v1/dictionaries/{id}/terms.txt" Operator manage::dictionaries::export, "The terms of an own list",
        gives "text/plain", refuses &[("409", "The program carries no terms of its own lists")];
    put "/api/v1/dictionaries/{id}/terms.txt" Operator manage::dictionaries::upload,
        "Take a list of terms over, one on each line, or replace an own one", file &[];
    post "/api/v1/dictionaries/{id}/test" Reviewer manage::dictionaries::test, "Which of some values are terms",
        body manage::dictionaries::BODY_TEST;
    get "/api/v1/dictionaries/{id}/overlaps" Viewer manage::dictionaries::overlaps, "Scanned columns that share values with a list",
        query &["minShare", "limit"];
    get "/api/v1/patterns" Viewer manage::patterns::list, "Rules that recognise identifiers", query &["identifier"];
    get "/api/v1/patterns/efficacy" Viewer manage::patterns::all, "What came of each rule";
    post "/api/v1/patterns/test" Reviewer manage::patterns::test, "What the rules say of a text", body manage::patterns::BODY_TEST;
    post "/api/v1/patterns" Operator manage::patterns::make, "Make a rule, in few words or as the text of its file, or replace an own one",
        body manage::patterns::BODY_RULE;
    get "/api/v1/patterns/{id}" Viewer manage::patterns::show, "One rule with what came of it";
    get "/api/v1/patterns/{id}/rule.toml" Operator manage::patterns::export, "The text of a rule, as a file",
        gives "application/toml";
    delete "/api/v1/patterns/{id}" Operator manage::patterns::remove, "Forget an own rule";
    patch "/api/v1/patterns/{id}" Operator manage::patterns::switch, "Switch a rule off or on", body manage::patterns::BODY;
    get "/api/v1/jobs" Viewer manage::jobs::list, "Jobs, the newest first",
        query &["state", "kind", "parent", "schedule", "cursor", "limit"];
    post "/api/v1/jobs" Operator manage::starting::many, "Start a job for each of some sources or entities",
        body manage::starting::BODY;
    get "/api/v1/jobs/{id}" Viewer manage::jobs::show, "One job";
    get "/api/v1/jobs/{id}/tasks" Viewer manage::jobs::tasks, "The pieces of a job";
    get "/api/v1/jobs/{id}/events" Viewer manage::events::events, "The progress of a job, as server-sent events",
        gives "text/event-stream";
    get "/api/v1/jobs/{id}/log" Viewer manage::jobs::log, "What happened in a job";
    post "/api/v1/jobs/{id}/rerun" Operator manage::starting::again, "Do again what an ended job did";
    post "/api/v1/jobs/{id}/cancel" Operator manage::jobs::cancel, "Ask a job to stop";
    post "/api/v1/locate" PrivacyOfficer manage::locate::locate, "Tell where a person occurs", body manage::locate::BODY, waits Sources;
    get "/api/v1/collections" Viewer manage::collections::list, "Named sets of entities", query &["cursor", "limit"];
    post "/api/v1/collections" Operator manage::collections::add, "Give a set of entities a name",
        body manage::collections::BODY;
    get "/api/v1/collections/{id}" Viewer manage::collections::show, "One collection with what it consists of now";
    patch "/api/v1/collections/{id}" Operator manage::collections::change, "Change a collection",
        body manage::collections::BODY_CHANGE;
    delete "/api/v1/collections/{id}" Operator manage::collections::remove, "Forget a collection; its entities stay";
    get "/api/v1/business-rules" Viewer manage::business::list, "Business rules", query &["cursor", "limit"];
    post "/api/v1/business-rules" Operator manage::business::add, "Make a business rule", body manage::business::BODY;
    get "/api/v1/business-rules/{id}" Viewer manage::business::show, "One business rule, by id, short id or name, with its last result";
    get "/api/v1/business-rules/{id}/history" Viewer manage::business::history, "What came of a business rule, the newest first",
        query &["cursor", "limit"];
    patch "/api/v1/business-rules/{id}" Operator manage::business::change, "Change a business rule, or switch it off and on",
        body manage::business::BODY_CHANGE;
    delete "/api/v1/business-rules/{id}" Operator manage::business::remove, "Forget a business rule and its history";
    get "/api/v1/schedules" Viewer manage::schedules::list, "Jobs that are run again and again", query &["cursor", "limit"];
    post "/api/v1/schedules" Operator manage::schedules::add, "Run a job again and again", body manage::schedules::BODY;
    get "/api/v1/schedules/{id}" Viewer manage::schedules::show, "One schedule with its next times";
    patch "/api/v1/schedules/{id}" Operator manage::schedules::change, "Change a schedule, or switch it off and on",
        body manage::schedules::BODY_CHANGE;
    delete "/api/v1/schedules/{id}" Operator manage::schedules::remove, "Forget a schedule; what it started goes on";
    get "/api/v1/me" Viewer manage::me::me, "Who asks, and what they may do";
    post "/api/v1/schedules/{id}/run" Operator manage::schedules::run, "Start the job of a schedule now";
    get "/api/v1/webhooks" Administrator manage::webhooks::list, "Who is told when something ends", query &["cursor", "limit"];
    post "/api/v1/webhooks" Administrator manage::webhooks::add, "Have somebody told when something ends",
        body manage::webhooks::BODY;
    get "/api/v1/webhooks/{id}" Administrator manage::webhooks::show, "One webhook";
    patch "/api/v1/webhooks/{id}" Administrator manage::webhooks::change, "Change a webhook, or give it another secret",
        body manage::webhooks::BODY_CHANGE;
    delete "/api/v1/webhooks/{id}" Administrator manage::webhooks::remove, "Forget a webhook and what it was told";
    post "/api/v1/webhooks/{id}/test" Administrator manage::webhooks::test, "Tell a webhook something of no meaning";
    get "/api/v1/webhooks/{id}/deliveries" Administrator manage::webhooks::deliveries, "What a webhook was told, the newest first",
        query &["cursor", "limit"];
    post "/api/v1/deliveries/{id}/replay" Administrator manage::webhooks::replay, "Tell a webhook the same again";
    get "/api/v1/keys" Administrator manage::keys::list, "Keys of this interface";
    post "/api/v1/keys" Administrator manage::keys::add, "Make a key", body manage::keys::BODY;
    delete "/api/v1/keys/{id}" Administrator manage::keys::revoke, "Take a key back";
    get "/api/v1/roles" Administrator manage::roles::roles, "Roles, with what each of them lets do";
    get "/api/v1/users" Administrator manage::roles::users, "Who has which role: keys, and whoever comes with a token";
    get "/api/v1/audit/verify" Administrator manage::keys::verify_audit, "Whether the log is what it was", query &["head"];
    get "/v1/compliance/dsar" Compliance jobs::list, "DSAR jobs, the newest first", query &["state", "cursor", "limit"];
    post "/v1/compliance/dsar" Compliance jobs::create, "Ask for a DSAR job", body jobs::BODY,
        done &[("201", "The job was made"), ("200", "It was made before, with the same key")];
    get "/v1/compliance/dsar/{id}" Compliance jobs::show, "One DSAR job with its timeline and audit report";
    post "/v1/compliance/dsar/{id}/run" Compliance jobs::run, "Run a DSAR job, and wait until it is READY or FAILED",
        done &[("200", "The job is READY or has ended"), ("202", "It goes on, or waits for its review")], waits Job;
    post "/v1/compliance/dsar/{id}/cancel" Compliance jobs::cancel, "End a DSAR job without a bundle", body jobs::BODY_WHY;
    post "/v1/compliance/dsar/{id}/hold" Compliance jobs::hold, "Put a DSAR job under a legal hold: nothing of it is destroyed",
        body jobs::BODY_HOLD;
    delete "/v1/compliance/dsar/{id}/hold" Compliance jobs::unhold, "Lift the legal hold of a DSAR job";
    post "/v1/compliance/dsar/{id}/retry" Compliance jobs::retry, "Begin a DSAR job anew, from what it has read",
        done &[("201", "A job was made that goes on"), ("200", "It was made before")];
    get "/v1/compliance/dsar/{id}/download" Compliance jobs::download, "The bundle, as JSON or ZIP",
        query &["format", "preview"];
    get "/v1/compliance/dsar/{id}/downloads" Compliance jobs::downloads, "When the bundle was handed out, and to whom";
    get "/v1/compliance/dsar/{id}/review" Compliance review::show, "How the review of a DSAR job stands";
    get "/v1/compliance/dsar/{id}/review/rows" Compliance review::rows, "Rows of a section, for review",
        query &["section", "after", "limit"];
    post "/v1/compliance/dsar/{id}/review/decisions" Compliance review::decide, "Decide about rows", body review::BODY;
    post "/v1/compliance/dsar/{id}/review/undo" Compliance review::undo, "Take a decision back", body review::BODY_UNDO;
    post "/v1/compliance/dsar/{id}/review/approve" Compliance review::approve, "Approve what is handed out", body review::BODY_APPROVE;
    get "/v1/compliance/dsar/{id}/links" Compliance delivery::list, "Links to the bundle";
    post "/v1/compliance/dsar/{id}/links" Compliance delivery::add, "Make a link to the bundle, with its code",
        body delivery::BODY, done &[("201", "The link was made")];
    delete "/v1/compliance/dsar/{id}/links/{link}" Compliance delivery::revoke, "Take a link back";
    get "/v1/compliance/export" Administrator jobs::export, "What the catalog knows of everything, once it was approved",
        refuses &[("409", "No export of everything was approved")];
    get "/v1/compliance/data-map" Compliance jobs::data_map, "Which kinds of personal data there are, and where";
    get "/v1/delivery/{id}" Anybody delivery::page, "The page that a recipient's link leads to";
    post "/v1/delivery/{id}" Anybody delivery::follow, "The bundle, for a link and its code", body delivery::BODY_CODE;
    get "/api/v1/dsar-settings" Compliance setup::show, "How DSAR jobs are done, and the key that signs bundles";
    patch "/api/v1/dsar-settings" Administrator setup::change, "Change how DSAR jobs are done", body setup::BODY;
    post "/api/v1/subjects" PrivacyOfficer setup::subject, "Register a person by an id of other systems",
        body setup::BODY_SUBJECT;
    get "/api/v1/audit" Administrator manage::keys::audit, "Who did what, newest first", query &["cursor", "limit"];

    get "/init" Anybody requests::look::init, "Whether requests can be received";
    post "/init" Anybody requests::look::init, "Whether requests can be received, as other hosts ask for it",
        done &[("200", "Whether they can")];
    get "/status" Anybody requests::look::status, "Whether requests are worked on";
    get "/errors/{id}" Anybody requests::look::code, "What an error of a request means";
    post "/requests" PrivacyOfficer requests::intake::create, "Record a request that came in", body requests::intake::BODY;
    post "/requests/capture" PrivacyOfficer requests::intake::capture, "Record a request, and tell by when it is to be answered",
        body requests::intake::BODY;
    get "/requests" PrivacyOfficer requests::look::list, "Requests in the queue",
        query &["limit", "offset", "status", "sortBy", "sortOrder", "atRiskDays", "requestType", "jurisdiction"];
    get "/requests/calendar.ics" PrivacyOfficer requests::look::calendar, "Deadlines of open requests, as a calendar",
        gives "text/calendar";
    get "/requests/register.csv" PrivacyOfficer requests::log::register, "The register of requests, for a spreadsheet",
        gives "text/csv";
    post "/requests/register/upload" PrivacyOfficer requests::log::import, "Take a register over, as CSV", file &[];
    get "/requests/{id}" PrivacyOfficer requests::look::show, "One request";
    get "/requests/{id}/letters/{kind}" PrivacyOfficer requests::log::letter, "A draft of a letter to the person", query &["language"],
        gives "text/plain";
    get "/requests/{id}/audit/export" PrivacyOfficer requests::log::export, "What was done with a request", query &["format"],
        done &[("202", "What was done with a request")];
    post "/requests/{id}/audit/verify" PrivacyOfficer requests::log::verify, "Verify an entry of the log, and the whole chain",
        body requests::log::BODY_VERIFY;
    get "/requests/{id}/timeline" PrivacyOfficer requests::look::history, "What became of a request";
    get "/requests/{id}/clock/explain" PrivacyOfficer requests::look::explain, "How the deadline of a request came about";
    post "/requests/{id}/clarifications/request" PrivacyOfficer requests::answer::ask, "Ask the person what they mean",
        body requests::answer::BODY_MESSAGE;
    post "/requests/{id}/clarifications/receive" PrivacyOfficer requests::answer::hear, "Take down what the person said",
        body requests::answer::BODY_MESSAGE;
    post "/requests/{id}/extensions" PrivacyOfficer requests::answer::extend, "Take down that the person was told that it takes longer",
        body requests::answer::BODY_EXTENSION;
    post "/requests/{id}/refusals" PrivacyOfficer requests::answer::refuse, "Refuse a request", body requests::answer::BODY_REFUSAL;
    post "/requests/{id}/withdrawals" PrivacyOfficer requests::answer::withdraw, "Take down that the person took it back",
        body requests::answer::BODY_MESSAGE;
    post "/requests/{id}/closures" PrivacyOfficer requests::answer::close, "Close a request";
    post "/requests/{id}/acknowledgements" PrivacyOfficer requests::answer::acknowledge, "Take down that receipt was confirmed",
        body requests::answer::BODY_AT;
    put "/requests/{id}/requestor" PrivacyOfficer requests::answer::requestor, "Put right who asks", body requests::intake::BODY_REQUESTOR;
    put "/requests/{id}/subject" PrivacyOfficer requests::intake::subject, "Add to what is known of whom it is about",
        body requests::intake::BODY_SUBJECT;
    post "/requests/{id}/authority/submit" PrivacyOfficer requests::identity::submit_authority, "Hand in proof of authority",
        body requests::identity::BODY_AUTHORITY;
    post "/requests/{id}/authority/approve" PrivacyOfficer requests::identity::approve_authority, "Approve the proof of authority";
    post "/requests/{id}/authority/reject" PrivacyOfficer requests::identity::reject_authority, "Reject the proof of authority";
    post "/requests/{id}/verification/request" PrivacyOfficer requests::identity::request, "Ask for proof of identity",
        body requests::identity::BODY_REQUEST;
    post "/requests/{id}/verification/evidence" PrivacyOfficer requests::identity::evidence, "Hand in proof that lies elsewhere",
        body requests::identity::BODY_EVIDENCE;
    post "/requests/{id}/verification/evidence/upload" PrivacyOfficer requests::identity::upload, "Hand in proof as a file",
        file &["x-filename", "x-evidence-level"];
    post "/requests/{id}/verification/approve" PrivacyOfficer requests::identity::approve, "Approve the proof of identity",
        body requests::answer::BODY_AT;
    post "/requests/{id}/verification/reject" PrivacyOfficer requests::identity::reject, "Reject the proof of identity",
        body requests::answer::BODY_AT;
    post "/requests/{id}/verification/waive" PrivacyOfficer requests::identity::waive, "Record that no proof is needed, and why",
        body requests::identity::BODY_WAIVE;
    get "/requests/{id}/verification-case" PrivacyOfficer requests::identity::case, "How the proof of identity stands";
    get "/requests/{id}/notifications" PrivacyOfficer requests::look::notices, "What was to be told of a request";
    post "/requests/{id}/notifications/{eventId}/replay" PrivacyOfficer requests::answer::replay, "Tell it again";
    get "/requests/{id}/manifest" PrivacyOfficer requests::manifest::show, "What is to be handed out";
    post "/requests/{id}/manifest/validate" PrivacyOfficer requests::manifest::validate, "Decide whether it may be handed out",
        body requests::manifest::BODY_VALIDATE;
    post "/requests/{id}/manifest/artifact/upload" PrivacyOfficer requests::manifest::upload, "Add a file to what is handed out",
        file &["x-filename", "x-artifact-title", "x-artifact-type"];
    get "/requests/{id}/manifest/artifact/download" PrivacyOfficer requests::manifest::download, "A file of a request",
        query &["artifactId"],
        gives "application/octet-stream";
    put "/requests/{id}/manifest/artifact/{artifactId}/replace" PrivacyOfficer requests::manifest::replace,
        "Put another file in the place of one", file &["x-filename"];
    post "/requests/{id}/fulfilment" PrivacyOfficer requests::answer::fulfil, "Take down that it was answered",
        body requests::answer::BODY_FULFILMENT;
    post "/requests/{id}/fulfilment/callback" PrivacyOfficer requests::manifest::callback, "Take what another system gives back",
        body requests::manifest::BODY_CALLBACK;
    post "/requests/{id}/delivery/prepare" PrivacyOfficer requests::delivery::prepare, "Make an answer ready to be handed out",
        body requests::delivery::BODY_PREPARE;
    post "/requests/{id}/delivery/address/verify" PrivacyOfficer requests::delivery::verify_address,
        "Tell whether an address is the person's", body requests::delivery::BODY_ADDRESS,
        done &[("200", "Whether it is")];
    post "/requests/{id}/delivery/step-up/challenge" PrivacyOfficer requests::delivery::challenge, "Issue a one-time code";
    post "/requests/{id}/delivery/step-up/complete" PrivacyOfficer requests::delivery::complete, "Take the code back",
        body requests::delivery::BODY_TOKEN;
    get "/requests/{id}/artifacts/{artifactId}/download" PrivacyOfficer requests::delivery::download, "Hand out an artifact", heeds &["x-delivery-token"];
    get "/requests/{id}/delivery/logs" PrivacyOfficer requests::delivery::history, "What was tried to hand it out";
    get "/requests/{id}/appeals" PrivacyOfficer requests::appeals::list, "Appeals against an answer";
    post "/requests/{id}/appeals" PrivacyOfficer requests::appeals::add, "Take down an appeal", body requests::appeals::BODY;
    post "/requests/{id}/appeals/{appealId}/decide" PrivacyOfficer requests::appeals::decide, "Decide on an appeal",
        body requests::appeals::BODY_DECISION;
    post "/requests/{id}/collection" PrivacyOfficer requests::work::collect, "Collect what is held about the person, as a DSAR job", waits Sources;
    get "/requests/{id}/collection" PrivacyOfficer requests::work::collection, "How the DSAR job of a request stands", waits Sources;
    post "/requests/{id}/collection/attach" PrivacyOfficer requests::work::take_bundle, "Take its bundle as what is handed out";
    get "/requests/{id}/tasks" PrivacyOfficer requests::work::tasks, "Places where somebody must look";
    post "/requests/{id}/tasks" PrivacyOfficer requests::work::refresh_tasks, "Make tasks of places that were registered since";
    post "/requests/{id}/tasks/{taskId}/answer" PrivacyOfficer requests::work::answer_task, "Take down what came of looking there",
        body requests::work::BODY_TASK;
    post "/requests/{id}/tasks/{taskId}/upload" PrivacyOfficer requests::work::upload_task, "Hand in what was found there",
        file &["x-filename"];
    get "/requests/{id}/places" PrivacyOfficer requests::work::places, "Places at which something is to be done", waits Sources;
    post "/requests/{id}/places" PrivacyOfficer requests::work::find_places, "Find the places, reading the sources", waits Sources;
    post "/requests/{id}/places/recheck" PrivacyOfficer requests::work::recheck_places, "Look again, whether it was done", waits Sources;
    post "/requests/{id}/places/{placeId}/decide" PrivacyOfficer requests::work::decide_place, "Decide on a place",
        body requests::work::BODY_PLACE, waits Sources;
    post "/requests/{id}/hold" PrivacyOfficer requests::answer::hold, "Put a request under a legal hold",
        body requests::answer::BODY_REASON;
    delete "/requests/{id}/hold" PrivacyOfficer requests::answer::unhold, "Lift a legal hold";
    delete "/requests/{id}" PrivacyOfficer requests::answer::destroy, "Destroy what is known of a request at the end of its retention";
    get "/subjects/{subjectId}" PrivacyOfficer requests::look::subject, "Requests of a person";
    get "/tenants/{tenantId}/retention" Viewer requests::policy::retention, "How long things are kept";
    put "/tenants/{tenantId}/retention" Administrator requests::policy::decide_retention, "Decide how long things are kept",
        body requests::policy::BODY_RETENTION;
    get "/policies" Viewer requests::policy::packs, "Policy packs: whose law is known";
    post "/policies/upgrades/propose" Administrator requests::policy::propose, "Propose that the newest registered packs be used";
    post "/policies/upgrades/{proposalId}/approve" Administrator requests::policy::approve, "Approve a proposal";
    post "/policies/upgrades/{proposalId}/apply" Administrator requests::policy::apply, "Apply an approved proposal";
    post "/policies/custom/register" Administrator requests::policy::register, "Register a policy pack of one's own",
        body requests::policy::BODY_PACK;
    post "/policies/custom/activate" Administrator requests::policy::activate, "Receive requests under a registered pack",
        body requests::policy::BODY_ACTIVATE;
    post "/policies/custom/deactivate" Administrator requests::policy::deactivate, "Receive requests under the program's packs again",
        body requests::policy::BODY_DEACTIVATE;
};

impl Route {
    /// Whose interface it is of.
    pub(crate) fn family(&self) -> Family {
        Family::of(self.path)
    }

    /// Names of what stands in its path.
    pub(crate) fn parameters(&self) -> impl Iterator<Item = &'static str> + use<> {
        let parts = self.path.split('/');
        parts.filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
    }

    /// Every path that it stands at.
    pub(crate) fn paths(&self) -> Vec<String> {
        match self.path.strip_prefix('~') {
            Some(rest) => REFERENCE
                .iter()
                .map(|base| format!("{base}{rest}"))
                .collect(),
            None => vec![self.path.to_owned()],
        }
    }
}

/// Bytes of a body that is a file.
const FILE: usize = (16 << 20) + 1;

/// The router of the table.
pub(crate) fn router(context: &Context) -> Router {
    let mut router: Router<Live> = Router::new();
    for route in ROUTES {
        for path in route.paths() {
            let mut handler = (route.handler)();
            if route.file {
                handler = handler.layer(DefaultBodyLimit::max(FILE));
            }
            if route.family().checks_queries() {
                handler = handler.route_layer(from_fn_with_state(route.query, query::heeded));
            }
            if route.who != Who::Anybody {
                let state = (context.clone(), route.who, scopes::of(route.path));
                handler = handler.route_layer(from_fn_with_state(state, authorise));
            }
            handler = handler.route_layer(from_fn_with_state(route.pace, in_time));
            router = router.route(&path, handler);
        }
    }
    router
        .fallback(|| async { Fault::not_found() })
        .layer(DefaultBodyLimit::max(BODY))
        .layer(from_fn_with_state(context.clone(), around))
        .with_state(Live(context.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_needs_no_key_learns_nothing_of_the_catalog() {
        let open: Vec<&str> = ROUTES
            .iter()
            .filter(|route| route.who == Who::Anybody)
            .map(|route| route.path)
            .collect();
        let known = [
            "/healthz",
            "/readyz",
            "/openapi.json",
            "/docs",
            "/docs.js",
            "/docs.css",
            // Opened by a code, which only the recipient has.
            "/v1/delivery/{id}",
            "/v1/delivery/{id}",
            "/init",
            "/init",
            "/status",
            "/errors/{id}",
        ];
        assert_eq!(open, known);
    }

    /// The router is built from nothing else, so a handler without a row is reached by nobody; this keeps it so.
    #[test]
    fn every_handler_stands_in_the_table_and_the_table_is_the_only_way_in() {
        let source = include_str!("routes.rs");
        let only = [".route", "("].concat();
        assert_eq!(source.matches(&only).count(), 1);
        for route in ROUTES {
            assert!(
                matches!(route.method, "get" | "post" | "put" | "patch" | "delete"),
                "{}",
                route.path
            );
            let changes = route.method != "get";
            assert!(
                !changes
                    || route.who != Who::Anybody && route.who != Who::Viewer
                    // The one is opened by its code, the other changes nothing.
                    || ["/v1/delivery/{id}", "/init"].contains(&route.path),
                "{}",
                route.path
            );
        }
    }
}
