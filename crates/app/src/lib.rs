//! Use cases: scan, find, explain, review. Every face (command line, REST, schedule) calls these functions.
//!
//! Plain structs go in and come out; faces own their wire types. Nothing that comes out holds a value that was read
//! from a source, except masked samples, and the smallest and largest number or date of columns that are nobody's data;
//! resources and keys that a rule matches are masked too.

mod access;
mod again;
mod aggregation;
mod amount;
mod annotations;
mod audit;
mod audit_stream;
mod backup;
mod business;
mod catalog;
mod collections;
mod conduct;
mod confirmed;
mod dates;
mod decisions;
mod dictionaries;
mod diff;
mod doubts;
mod entities;
mod errands;
mod error;
mod explain;
mod explanation;
mod fail_on;
mod find;
mod finding_pages;
mod findings;
mod fresh;
mod gaps;
mod gate;
mod home;
mod identifiers;
mod ids;
mod ingest;
mod input;
mod jobs;
mod kinds;
mod ledger;
mod limits;
mod listings;
mod look_ups;
mod names;
mod options;
mod order;
mod patterns;
mod places;
mod plan;
mod processing;
mod record;
mod renewed;
mod review;
mod rows;
mod rules;
mod runner;
mod scan;
mod scanned;
mod schedules;
mod scope;
mod search;
mod secrets;
mod slips;
mod sources;
mod sparing;
mod status;
mod stored;
mod stored_settings;
mod subjects;
mod suspect;
mod tally;
mod target;
#[cfg(test)]
mod testing;
mod timing;
mod tokens;
mod twins;
mod upsert;
mod usage;
mod verify;
mod webhooks;
mod window;
mod words;

pub use access::{
    AuditRow, Caller, KeyRow, add_key, audit, caller, first_key, keys, record as record_audit,
    revoke_key,
};
pub use again::rerun_job;
pub use amount::{Amount, Share};
pub use annotations::{
    ANNOTATIONS, Annotated, Annotation, Annotations, Said, Shape as AnnotationShape, annotate,
    annotated, wrong_annotation,
};
pub use audit::{
    AuditCheck, AuditFormat, AuditHead, audit_entries, check_audit, check_audit_export,
    export_audit,
};
pub use audit_stream::{AuditTarget, Syslog, check_audit_target, stream_audit};
pub use backup::{backup, restore};
pub use business::{
    BusinessDetails, BusinessResultRow, BusinessRuleOptions, BusinessRuleRow, Dimension,
    EntityCount, Measure, RuleCount, Thresholds, Verdict, add_business_rule, business_history,
    business_results, business_rule, business_rules, change_business_rule, remove_business_rule,
};
pub use catalog::{Catalog, known_place};
pub use collections::{
    CollectionKind, CollectionOptions, CollectionRow, Members, add_collection, change_collection,
    collection, collections, leaves as chosen_entities, members, remove_collection,
};
pub use dates::date_orders;
pub use decisions::{export_decisions, import_decisions, unmatched_decisions};
pub use dictionaries::{
    DictionaryDraft, DictionaryRow, OverlapRow, build_dictionary, dictionaries, dictionary_text,
    import_dictionary, import_terms, overlaps,
};
pub use diff::{Change, Difference, diff, diff_jobs, difference, read_findings};
pub use doubts::{Doubt, Why};
pub use entities::{ColumnRow, EntityDetail, EntityRow, entity};
pub use errands::{Errand, accept_errand};
pub use error::{Error, ErrorKind, Result, why};
pub use explain::{ExplainOptions, explain};
pub use explanation::{ColumnExplanation, Explanation, Profile, Reported};
pub use fail_on::{Crossing, FailOn};
pub use find::{FindOptions, FindReport, Hit, Located, MOST_HITS, PathStep, find, locate};
pub use finding_pages::{COUNTED, FindingCursor, FindingPage, finding_page};
pub use findings::{Decided, FindingFilter, FindingRow, ImportReport, findings};
pub use fresh::LastScan;
pub use gaps::{NotSearched, Reason};
pub use gate::Gate;
pub use home::{Access, Home, HomeOptions};
pub use identifiers::identifier_named;
pub use ids::{job_id, short_id, source_id};
pub use ingest::IngestReport;
pub use input::read_text;
pub use jobs::{JobDetail, JobLine, JobRow, TaskRow, cancel_job, job, job_log, jobs};
pub use kinds::aggregate::{accept_aggregation, accept_collection_scan};
pub use kinds::business::{accept_business_rules, run_business_rules};
pub use kinds::identify::accept_identification;
pub use kinds::ingest::accept_ingest;
pub use kinds::names::accept_names;
pub use kinds::remove::accept_removal;
pub use kinds::scan::check_condition;
pub use kinds::test::accept_test;
pub use kinds::usage::{accept_usage, entity_usage};
pub use limits::SourceLimits;
pub use locard_connector::{Connector, ErrorKind as SourceErrorKind, Server, Snapshot};
pub use locard_containers::foreign::is_decoding;
pub use locard_engine::{Event, Failure, Reporter, Shown, Silent};
pub use locard_identify::{Hypothesis, Weight};
pub use locard_store::default_home;
pub use locard_store::{Decision, Grant, JobCounts, create_private, open_private};
pub use look_ups::{LookUp, record_look_up};
pub use names::{IN_COLUMN_NAME, IN_COMMENT, IN_NAME};
pub use options::{SourceOption, source_options};
pub use order::{Accepted, Actor, Asking, DEFAULT_AFFINITY};
pub use patterns::{Efficacy, efficacy, rules_off, switch_rule};
pub use places::{Place, places};
pub use plan::{PlanReport, PlannedEntity, PlannedSource, plan};
pub use processing::{ProcessingRow, record_of_processing};
pub use record::{fingerprint, sketch, within as column_around};
pub use review::{FindingRef, allow_value, decide, disallow_value, withdraw_decision};
pub use rows::{RowAt, RowHit, RowsOptions, RowsReport, rows, shown_rows};
pub use rules::{RuleRow, RuleTest, RuleTrouble, check_rules, rules, test_rules};
pub use runner::{RunnerOptions, run_jobs};
pub use scan::{Begun, PartlyIndexed, ScanOptions, ScanReport, Totals, accept_scan, scan};
pub use schedules::{
    Missed, Plan, ScheduleRow, add_schedule, change_schedule, remove_schedule, run_schedule,
    run_schedules, schedule, schedule_named, schedules,
};
pub use scope::{Chosen, ScopeItem, choose};
pub use search::{EntitiesWanted, entities};
pub use secrets::{SecretRef, Secrets};
pub use sources::{
    AddSource, MANUAL, Manual, ManualKind, ManualSource, SourceRow, add_source, ingest_source,
    manual_sources, remove_source, sources, test_source,
};
pub use sparing::{Sparing, spare_source, sparing};
pub use status::{JobStatus, JobsWanted, job_failures, job_status, job_statuses};
pub use subjects::is_identifier;
pub use suspect::{NamedPlace, Suspect, identifiers};
pub use timing::{Timing, check_cron, zone as read_zone};
pub use tokens::{TokenKeys, TokenOptions};
pub use tokio_util::sync::CancellationToken;
pub use twins::Twins;
pub use upsert::{Upsert, Upserted, upsert_source};
pub use usage::{UsageFigures, UsageSpan};
pub use verify::{OpenSources, cells_of};
pub use webhooks::{
    DeliveryRow, Due, Reaction, WebhookOptions, WebhookRow, add_webhook, change_webhook,
    check_webhook, deliveries, forget_deliveries, remove_webhook, repeat_delivery, settle_delivery,
    test_webhook, undertake_delivery, webhook, webhooks,
};
pub use window::ScanWindow;
pub use words::{bytes, did_you_mean, is_unprintable};
