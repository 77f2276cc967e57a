//! Runs a statement over tables, within limits.

use std::sync::Arc;

use arrow_array::RecordBatch;
use datafusion::common::{DataFusionError, ScalarValue};
use datafusion::execution::context::{SQLOptions, SessionContext};
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::GreedyMemoryPool;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::execution::session_state::SessionStateBuilder;
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::execute_stream;
use datafusion::prelude::SessionConfig;
use datafusion::sql::parser::Statement as Parsed;
use futures::StreamExt as _;
use sqlparser::ast;

use super::names::{fitted, local};
use super::{Table, counts, functions, joins};
use crate::{Counts, Error, Limits, Result, Statement};

/// What the columns of a result are called, in any case and with underscores or without.
const COLUMNS: [&str; 3] = ["total_count", "scopeCount", "nonCompliant"];

/// Runs a business rule over the tables that it names, given in that order. It works on the thread of whoever polls it, and
/// takes its share of CPU there.
pub async fn run(statement: &Statement, tables: &[Table], limits: &Limits) -> Result<Counts> {
    let columns = tables.iter().flat_map(Table::columns);
    let query = fitted(statement, columns);
    let context = context(tables, limits.memory)?;
    let work = async {
        let plan = plan(&context, query).await?;
        let places = places(&plan)?;
        let row = only_row(&context, plan, limits.memory).await?;
        let [total, scope, non_compliant] = places.map(|at| number(&row, at));
        checked(total?, scope?, non_compliant?)
    };
    let counted = bounded(work, limits).await?;
    let unread = tables.iter().map(Table::faults).sum();
    Ok(Counts { unread, ..counted })
}

/// Counts the records of one table; and those that could not be read.
pub async fn count_rows(table: &Table, limits: &Limits) -> Result<(u64, u64)> {
    let statement = Statement::parse("SELECT count(*) AS rows FROM counted")?;
    let context = context(std::slice::from_ref(table), limits.memory)?;
    let work = async {
        let plan = plan(&context, fitted(&statement, std::iter::empty())).await?;
        let row = only_row(&context, plan, limits.memory).await?;
        number(&row, 0)
    };
    Ok((bounded(work, limits).await?, table.faults()))
}

/// The work's result, unless it takes too long or is to stop.
async fn bounded<T>(work: impl Future<Output = Result<T>>, limits: &Limits) -> Result<T> {
    tokio::select! {
        biased;
        () = limits.stop.cancelled() => Err(Error::Stopped),
        done = tokio::time::timeout(limits.time, work) => {
            done.unwrap_or(Err(Error::TooLong(limits.time)))
        }
    }
}

/// An engine that knows these tables and nothing else.
fn context(tables: &[Table], memory: usize) -> Result<SessionContext> {
    let runtime = RuntimeEnvBuilder::new()
        .with_memory_pool(Arc::new(GreedyMemoryPool::new(memory)))
        .with_disk_manager_builder(
            DiskManagerBuilder::default().with_mode(DiskManagerMode::Disabled),
        );
    let runtime = runtime.build_arc().map_err(|error| told(&error, memory))?;
    let config = SessionConfig::new()
        .with_target_partitions(1)
        .with_information_schema(false);
    let builder = SessionStateBuilder::new()
        .with_config(config)
        .with_runtime_env(runtime);
    let context = SessionContext::new_with_state(functions::allowed(builder).build());
    for (at, table) in tables.iter().enumerate() {
        let registered = context.register_table(local(at), Arc::new(table.clone()));
        registered.map_err(|error| told(&error, memory))?;
    }
    Ok(context)
}

async fn plan(context: &SessionContext, query: Box<ast::Query>) -> Result<LogicalPlan> {
    let statement = Parsed::Statement(Box::new(ast::Statement::Query(query)));
    let plan = context.state().statement_to_plan(statement).await;
    // Nothing was read yet: what is told are names and types.
    let plan = plan.map_err(|error| Error::unfit(first_line(&error)))?;
    let only_reading = SQLOptions::new()
        .with_allow_ddl(false)
        .with_allow_dml(false)
        .with_allow_statements(false);
    let verified = only_reading.verify_plan(&plan);
    verified.map_err(|error| Error::refused(first_line(&error)))?;
    Ok(plan)
}

fn first_line(error: &DataFusionError) -> String {
    let text = error.strip_backtrace();
    let line = text.lines().next().unwrap_or_default();
    line.chars().take(300).collect()
}

/// Where the three counts stand.
fn places(plan: &LogicalPlan) -> Result<[usize; 3]> {
    let fold = |name: &str| name.replace('_', "").to_lowercase();
    let names: Vec<String> = plan
        .schema()
        .fields()
        .iter()
        .map(|field| fold(field.name()))
        .collect();
    let mut places = [0; 3];
    for (place, column) in places.iter_mut().zip(COLUMNS) {
        let found = names.iter().position(|name| *name == fold(column));
        *place = found.ok_or_else(|| {
            Error::refused(format!(
                "it must yield {}: {column} is missing",
                COLUMNS.join(", ")
            ))
        })?;
        if !counts::is_count(plan, *place) {
            return Err(Error::refused(format!(
                "{column} must be a count: count(…), or sum(CASE … THEN 1 ELSE 0 END)"
            )));
        }
    }
    Ok(places)
}

/// The only row of what a plan yields.
async fn only_row(
    context: &SessionContext,
    plan: LogicalPlan,
    memory: usize,
) -> Result<RecordBatch> {
    let state = context.state();
    let optimised = state
        .optimize(&plan)
        .map_err(|error| told(&error, memory))?;
    joins::have_keys(&optimised)?;
    let physical = state.create_physical_plan(&plan).await;
    let physical = physical.and_then(joins::patient);
    let stream = physical.and_then(|physical| execute_stream(physical, context.task_ctx()));
    let mut stream = stream.map_err(|error| told(&error, memory))?;
    let mut row = None;
    while let Some(batch) = stream.next().await {
        let batch = batch.map_err(|error| told(&error, memory))?;
        match (batch.num_rows(), &row) {
            (0, _) => {}
            (1, None) => row = Some(batch),
            _ => return Err(Error::unfit("it yields more than one row")),
        }
    }
    row.ok_or_else(|| Error::unfit("it yields no row"))
}

/// The number in that column; nothing is none.
fn number(row: &RecordBatch, at: usize) -> Result<u64> {
    let wrong = || Error::unfit("a count that is no whole number, or below zero");
    let column = row.columns().get(at).ok_or_else(wrong)?;
    let value = ScalarValue::try_from_array(column, 0).map_err(|_| wrong())?;
    match value {
        _ if value.is_null() => Ok(0),
        ScalarValue::Int64(Some(number)) => u64::try_from(number).map_err(|_| wrong()),
        ScalarValue::UInt64(Some(number)) => Ok(number),
        ScalarValue::Int32(Some(number)) => u64::try_from(number).map_err(|_| wrong()),
        _ => Err(wrong()),
    }
}

fn checked(total: u64, scope: u64, non_compliant: u64) -> Result<Counts> {
    if scope > total || non_compliant > scope {
        return Err(Error::unfit(format!(
            "its counts contradict one another: {non_compliant} of {scope} of {total}"
        )));
    }
    Ok(Counts {
        total,
        scope,
        non_compliant,
        unread: 0,
    })
}

/// What went wrong while values were read. The engine's own words may quote them.
fn told(error: &DataFusionError, memory: usize) -> Error {
    match error.find_root() {
        DataFusionError::ResourcesExhausted(_) => Error::TooLarge(memory),
        DataFusionError::External(cause) => match cause.downcast_ref::<Error>() {
            Some(Error::Source(source)) => Error::Source(Box::new(again(source))),
            Some(other) => Error::unfit(other.to_string()),
            None => Error::unfit("it could not be run"),
        },
        DataFusionError::ArrowError(..) => Error::unfit(
            "a value does not fit what is done with it: it cannot be converted, or a number is too large",
        ),
        DataFusionError::Execution(_) => Error::unfit("a value does not fit what is done with it"),
        _ => Error::unfit("it could not be run: a type does not fit, or the engine cannot do it"),
    }
}

/// The same error, without its cause.
fn again(error: &locard_connector::Error) -> locard_connector::Error {
    let mut again = locard_connector::Error::new(error.kind(), error.sentence());
    if let Some(entity) = error.entity_name() {
        again = again.entity(entity);
    }
    match error.hint_text() {
        Some(hint) => again.hint(hint),
        None => again,
    }
}
