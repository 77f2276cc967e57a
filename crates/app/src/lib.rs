//! Use cases: scan, find, explain, review. Every face (command line, REST, schedule) calls these functions.
//!
//! Plain structs go in and come out; faces own their wire types. Nothing that comes out holds a value that was read
//! from a source, except masked samples, and the smallest and largest number or date of columns that are nobody's data;
//! resources and keys that a rule matches are masked too.

mod amount;
mod backup;
mod catalog;
mod confirmed;
mod decisions;
mod dictionaries;
mod diff;
mod doubts;
mod error;
mod explain;
mod explanation;
mod fail_on;
mod find;
mod findings;
mod fresh;
mod gaps;
mod home;
mod identifiers;
mod input;
mod jobs;
mod ledger;
mod limits;
mod listings;
mod places;
mod plan;
mod record;
mod review;
mod rows;
mod rules;
mod scan;
mod scanned;
mod slips;
mod sources;
mod stored;
mod subjects;
mod suspect;
mod tally;
mod target;
#[cfg(test)]
mod testing;
mod twins;
mod verify;
mod words;

pub use amount::{Amount, Share};
pub use backup::{backup, restore};
pub use catalog::known_place;
pub use decisions::{export_decisions, import_decisions, unmatched_decisions};
pub use dictionaries::{
    DictionaryRow, OverlapRow, build_dictionary, dictionaries, import_dictionary, overlaps,
};
pub use diff::{Change, Difference, diff, difference, read_findings};
pub use doubts::{Doubt, Why};
pub use error::{Error, ErrorKind, Result, why};
pub use explain::{ExplainOptions, explain};
pub use explanation::{ColumnExplanation, Explanation, Profile, Reported};
pub use fail_on::{Crossing, FailOn};
pub use find::{FindOptions, FindReport, Hit, find};
pub use findings::{Decided, FindingFilter, FindingRow, ImportReport, findings};
pub use fresh::LastScan;
pub use gaps::{NotSearched, Reason};
pub use home::{Access, Home, HomeOptions};
pub use identifiers::identifier_named;
pub use input::read_text;
pub use jobs::{JobDetail, JobLine, JobRow, TaskRow, cancel_job, job, job_log, jobs};
pub use limits::SourceLimits;
pub use locard_connector::{Connector, ErrorKind as SourceErrorKind, Server, Snapshot};
pub use locard_containers::foreign::is_decoding;
pub use locard_engine::{Event, Failure, Reporter, Shown, Silent};
pub use locard_identify::{Hypothesis, Weight};
pub use locard_store::default_home;
pub use locard_store::{Decision, create_private, open_private};
pub use places::{Place, places};
pub use plan::{PlanReport, PlannedEntity, PlannedSource, plan};
pub use review::{FindingRef, allow_value, decide, disallow_value, withdraw_decision};
pub use rows::{RowAt, RowHit, RowsOptions, RowsReport, rows};
pub use rules::{RuleRow, RuleTest, RuleTrouble, check_rules, rules, test_rules};
pub use scan::{Begun, PartlyIndexed, ScanOptions, ScanReport, Totals, scan};
pub use sources::{
    AddSource, IngestReport, MANUAL, SourceRow, add_source, ingest_source, remove_source, sources,
    test_source,
};
pub use subjects::is_identifier;
pub use tokio_util::sync::CancellationToken;
pub use twins::Twins;
pub use words::{bytes, did_you_mean, is_unprintable};
