//! Use cases: scan, find, explain, review. Every face (command line, REST, schedule) calls these functions.
//!
//! Plain structs go in and come out; faces own their wire types. Nothing that comes out holds a value that was read
//! from a source, except masked samples, and the smallest and largest number or date of columns that are nobody's data;
//! resources and keys that a rule matches are masked too.
//!
//! Each folder knows only those above it in this list (`tests/architecture/modules.rs`):
//!
//! | Folder | Use cases |
//! |---|---|
//! | `home` | What keeps an installation, opened |
//! | `access` | Who may, and the log of what was done |
//! | `settings` | What is written down of a source |
//! | `catalog` | Entities by name, scope and words; annotations, collections, usage |
//! | `record` | What is kept of scans, as rows of the store, and back |
//! | `rules`, `business` | Rules and dictionaries; business rules |
//! | `work` | Jobs as such: accepted, run to their end |
//! | `sources` | Registering sources, opening targets |
//! | `scan` | What is asked, planned and noted in a scan, and what it left out |
//! | `findings` | What was found, why, what people decided of it |
//! | `lookup` | Where one person's data is, and what could not be asked |
//! | `jobs` | Everything that is done as a job, one file of `kinds` each; schedules |
//! | `webhooks` | Who is told |

mod access;
mod backup;
mod business;
mod catalog;
mod clock;
mod error;
mod findings;
mod home;
mod ids;
mod input;
mod jobs;
mod lookup;
mod record;
mod rules;
mod scan;
mod settings;
mod sources;
#[cfg(test)]
mod testing;
mod webhooks;
mod words;
mod work;

pub use crate::scan::idle::IdleGlob;
pub use access::audit::{
    AuditCheck, AuditFormat, AuditHead, audit_entries, check_audit, check_audit_export,
    export_audit,
};
pub use access::audit_stream::{AuditTarget, Syslog, check_audit_target, stream_audit};
pub use access::tokens::{TokenKeys, TokenOptions};
pub use access::{
    Actor, AuditRow, Caller, KeyRow, add_key, audit, caller, check_key_end, first_key, keys,
    record_audit, revoke_key,
};
pub use backup::{backup, restore};
pub use business::{
    BusinessDetails, BusinessResultRow, BusinessRuleOptions, BusinessRuleRow, Dimension,
    EntityCount, Grade, Measure, RuleCount, Thresholds, add_business_rule, business_history,
    business_results, business_rule, business_rules, change_business_rule, remove_business_rule,
};
pub use catalog::annotations::{
    ANNOTATIONS, Annotated, Annotation, AnnotationShape, Annotations, Said, annotate, annotated,
    wrong_annotation,
};
pub use catalog::collections::{
    CollectionKind, CollectionOptions, CollectionRow, Members, add_collection, change_collection,
    chosen_entities, collection, collections, members, remove_collection,
};
pub use catalog::entities::{ColumnRow, EntityDetail, EntityRow, entity};
pub use catalog::places::{Place, places};
pub use catalog::scope::{Chosen, ScopeItem, choose};
pub use catalog::search::{EntitiesWanted, entities};
pub use catalog::twins::Twins;
pub use catalog::usage::{UsageFigures, UsageSpan};
pub use catalog::{Catalog, known_place};
pub use clock::read_zone;
pub use error::{Error, ErrorKind, Result, why};
pub use findings::decisions::{export_decisions, import_decisions, unmatched_decisions};
pub use findings::explain::{ExplainOptions, explain};
pub use findings::explanation::{ColumnExplanation, Explanation, Profile, Reported};
pub use findings::fail_on::{Crossing, FailOn};
pub use findings::finding_pages::{COUNTED, FindingCursor, FindingPage, finding_page};
pub use findings::processing::{ProcessingRow, record_of_processing};
pub use findings::review::{
    FindingRef, Ruling, allow_value, decide, disallow_value, withdraw_decision,
};
pub use findings::spelt::{FINDING_COLUMNS, rounded};
pub use findings::{Decided, FindingFilter, FindingRow, ImportReport, findings};
pub use home::gate::Gate;
pub use home::{Access, Home, HomeOptions};
pub use ids::{job_id, short_id, source_id};
pub use input::{read_text, waits_for_input};
pub use jobs::again::rerun_job;
pub use jobs::diff::{Change, Difference, diff, diff_jobs, difference, read_findings};
pub use jobs::items::{ItemOutcome, JobItem, job_items};
pub use jobs::kinds::business::run_business_rules;
pub use jobs::kinds::ingest::accept_ingest;
pub use jobs::kinds::names::language_code;
pub use jobs::kinds::remove::accept_removal;
pub use jobs::kinds::scan::check_condition;
pub use jobs::kinds::test::accept_test;
pub use jobs::kinds::usage::entity_usage;
pub use jobs::kinds::{Errand, asked::*};
pub use jobs::rebuild::{rebuild, rebuild_here};
pub use jobs::runner::{RunnerOptions, run_jobs};
pub use jobs::scanning::{Begun, ScanReport, Totals, scan};
pub use jobs::schedules::{
    Missed, Plan, ScheduleRow, add_schedule, change_schedule, remove_schedule, run_schedule,
    run_schedules, schedule, schedule_named, schedules,
};
pub use jobs::status::{JobStatus, JobsWanted, job_failures, job_status, job_statuses};
pub use jobs::timing::{Timing, check_cron};
pub use jobs::{JobDetail, JobLine, JobRow, TaskRow, cancel_job, job, job_log, jobs};
pub use locard_connector::{Connector, ErrorKind as SourceErrorKind, Server, Snapshot};
pub use locard_engine::{Event, Failure, LEAST_SAMPLED, Reporter, Shown, Silent};
pub use locard_identify::{Hypothesis, Weight};
pub use locard_model::foreign::is_decoding;
pub use locard_store::default_home;
pub use locard_store::{Decision, Grant, JobCounts, create_private, open_private};
pub use lookup::counts::{LocationCount, location_counts};
pub use lookup::dates::date_orders;
pub use lookup::doubts::{Doubt, Why};
pub use lookup::duplicates::{Copies, Duplicate, Duplicates, Incomparable, duplicates};
pub use lookup::find::{
    FindOptions, FindReport, Hit, Located, MOST_HITS, PathStep, doubtful, find, locate,
};
pub use lookup::fresh::LastScan;
pub use lookup::look_ups::{LookUp, record_look_up};
pub use lookup::names::{IN_COLUMN_NAME, IN_COMMENT, IN_NAME};
pub use lookup::rows::{RowAt, RowHit, RowsOptions, RowsReport, rows, shown_rows};
pub use lookup::subjects::{identifier_of_person, is_identifier};
pub use lookup::suspect::{NamedPlace, Suspect, identifiers};
pub use lookup::verify::{OpenSources, Turn, cells_of};
pub use lookup::warming::{FilterMemory, FilterState, filter_memory, filters_loaded, load_filters};
pub use record::amount::{Amount, Share};
pub use record::skipping::{Skipping, Within};
pub use record::spec::Telling;
pub use record::{fingerprint, sketch, within as column_around};
pub use rules::dictionaries::{
    DictionaryDraft, DictionaryRow, OverlapRow, build_dictionary, dictionaries, dictionary,
    dictionary_text, import_dictionary, import_terms, overlaps, remove_dictionary,
    switch_dictionary, test_dictionary,
};
pub use rules::draft::RuleDraft;
pub use rules::identifiers::identifier_named;
pub use rules::own::{import_rule, make_rule, remove_rule, rule_text};
pub use rules::patterns::{Efficacy, efficacy, rules_off, switch_rule};
pub use rules::{RuleRow, RuleTest, RuleTrouble, check_rules, rules, test_column, test_rules};
pub use scan::gaps::{NotSearched, Reason};
pub use scan::plan::{PlanReport, PlannedEntity, PlannedSource, plan};
pub use scan::{PartlyIndexed, ScanOptions, Untested};
pub use settings::limits::SourceLimits;
pub use settings::secrets::{SecretRef, Secrets};
pub use settings::window::ScanWindow;
pub use sources::ingest::IngestReport;
pub use sources::options::{SourceOption, source_options};
pub use sources::sparing::{Sparing, spare_source, sparing, sparing_named};
pub use sources::upsert::{Upsert, Upserted, upsert_source};
pub use sources::{
    AddSource, MANUAL, Manual, ManualKind, ManualSource, SourceRow, add_source, ingest_source,
    manual_sources, remove_source, sources, test_source,
};
pub use tokio_util::sync::CancellationToken;
pub use webhooks::{
    DeliveryRow, Due, Reaction, WebhookOptions, WebhookRow, add_webhook, change_webhook,
    check_webhook, deliveries, forget_deliveries, remove_webhook, repeat_delivery, settle_delivery,
    test_webhook, undertake_delivery, webhook, webhooks,
};
pub use words::{bytes, count, counted, did_you_mean, is_unprintable, shell_word};
pub use work::order::{Accepted, Asking, DEFAULT_AFFINITY, asked_here};
pub use work::spans::JobSpan;
