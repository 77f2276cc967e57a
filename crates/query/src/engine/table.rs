//! A source's entity as a table of the engine.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arrow_array::{RecordBatch, RecordBatchOptions, new_null_array};
use arrow_cast::CastOptions;
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{DataFusionError, Result as Answer};
use datafusion::datasource::TableType;
use datafusion::execution::TaskContext;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::{PartitionStream, StreamingTableExec};
use datafusion::physical_plan::{ExecutionPlan, SendableRecordBatchStream};
use futures::{StreamExt as _, TryStreamExt as _};
use locard_connector::{Filter, Sample, ScanRequest, Source, Split};
use locard_model::{EntityKind, EntityPath};

use super::pushed;
use crate::Result;

/// An entity of an open source, with its columns.
#[derive(Clone, Debug)]
pub struct Table {
    source: Arc<dyn Source>,
    path: EntityPath,
    kind: EntityKind,
    schema: SchemaRef,
    /// Records that could not be read.
    faults: Arc<AtomicU64>,
}

impl Table {
    /// Asks the source what columns the entity has.
    pub async fn open(source: Arc<dyn Source>, path: EntityPath, kind: EntityKind) -> Result<Self> {
        let described = source.describe(&path, kind).await?;
        let fields = described.schema.fields().iter();
        let plain = |field: &Arc<Field>| Field::new(field.name(), field.data_type().clone(), true);
        let schema = Schema::new(fields.map(plain).collect::<Vec<_>>());
        Ok(Self {
            source,
            path,
            kind,
            schema: Arc::new(schema),
            faults: Arc::default(),
        })
    }

    /// Names of its columns.
    pub(crate) fn columns(&self) -> impl Iterator<Item = &str> {
        self.schema
            .fields()
            .iter()
            .map(|field| field.name().as_str())
    }

    /// How many records could not be read until now.
    pub(crate) fn faults(&self) -> u64 {
        self.faults.load(Ordering::Relaxed)
    }

    /// The column that is read where only records are counted: a narrow one.
    fn narrowest(&self) -> Option<usize> {
        let width = |kind: &DataType| kind.primitive_width().unwrap_or(usize::MAX);
        let fields = self.schema.fields().iter().enumerate();
        let narrowest = fields.min_by_key(|(_, field)| width(field.data_type()));
        narrowest.map(|(at, _)| at)
    }

    async fn splits(
        &self,
        wanted: Vec<String>,
        filters: Vec<Filter>,
        limit: Option<usize>,
    ) -> Result<Vec<Split>> {
        let mut request = ScanRequest::all(self.path.clone(), self.kind);
        request.columns = Some(wanted);
        if filters.is_empty() {
            request.sample = limit.map_or(Sample::All, |limit| Sample::First(limit as u64));
        } else {
            request.filter = Some(Filter::All(filters));
        }
        Ok(self.source.plan(&request).await?.splits)
    }
}

#[async_trait]
impl TableProvider for Table {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> Answer<Vec<TableProviderFilterPushDown>> {
        let answer = |expr: &&Expr| match pushed::filter(expr, &self.schema) {
            Some(_) => TableProviderFilterPushDown::Inexact,
            None => TableProviderFilterPushDown::Unsupported,
        };
        Ok(filters.iter().map(answer).collect())
    }

    async fn scan(
        &self,
        _: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Answer<Arc<dyn ExecutionPlan>> {
        let all: Vec<usize> = (0..self.schema.fields().len()).collect();
        let schema = Arc::new(self.schema.project(projection.unwrap_or(&all))?);
        let mut wanted: Vec<String> = schema
            .fields()
            .iter()
            .map(|field| field.name().clone())
            .collect();
        if wanted.is_empty() {
            let narrowest = self
                .narrowest()
                .map(|at| self.schema.field(at).name().clone());
            wanted.extend(narrowest);
        }
        let filters: Option<Vec<Filter>> = filters
            .iter()
            .map(|expr| pushed::filter(expr, &self.schema))
            .collect();
        let splits = self
            .splits(wanted, filters.unwrap_or_default(), limit)
            .await;
        let reading = Reading {
            source: Arc::clone(&self.source),
            splits: splits.map_err(|error| DataFusionError::External(Box::new(error)))?,
            schema: Arc::clone(&schema),
            faults: Arc::clone(&self.faults),
        };
        // All in one stream: nothing is spawned beside the thread that runs the statement.
        let plan =
            StreamingTableExec::try_new(schema, vec![Arc::new(reading)], None, [], false, limit)?;
        Ok(Arc::new(plan))
    }
}

/// Splits to be read one after another.
#[derive(Debug)]
struct Reading {
    source: Arc<dyn Source>,
    splits: Vec<Split>,
    schema: SchemaRef,
    faults: Arc<AtomicU64>,
}

impl PartitionStream for Reading {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _: Arc<TaskContext>) -> SendableRecordBatchStream {
        let (source, schema, faults) = (
            Arc::clone(&self.source),
            Arc::clone(&self.schema),
            Arc::clone(&self.faults),
        );
        let read = move |split: Split| {
            let source = Arc::clone(&source);
            async move { source.read(&split).await }
        };
        let batches = futures::stream::iter(self.splits.clone())
            .then(read)
            .try_flatten();
        let fitted = batches.map(move |batch| -> Answer<RecordBatch> {
            let batch = batch
                .map_err(|error| DataFusionError::External(Box::new(crate::Error::from(error))))?;
            let lost: u64 = batch.faults.iter().map(|fault| fault.records.max(1)).sum();
            faults.fetch_add(lost, Ordering::Relaxed);
            Ok(fit(&batch.records, &schema)?)
        });
        Box::pin(RecordBatchStreamAdapter::new(
            Arc::clone(&self.schema),
            fitted,
        ))
    }
}

/// The batch with just these columns: a column that a batch lacks is null in it.
fn fit(records: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, ArrowError> {
    let rows = records.num_rows();
    let strict = CastOptions {
        safe: false,
        ..CastOptions::default()
    };
    let columns = schema
        .fields()
        .iter()
        .map(|field| match records.column_by_name(field.name()) {
            None => Ok(new_null_array(field.data_type(), rows)),
            Some(column) if column.data_type() == field.data_type() => Ok(Arc::clone(column)),
            Some(column) => arrow_cast::cast_with_options(column, field.data_type(), &strict),
        });
    let columns = columns.collect::<Result<Vec<_>, _>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options)
}
