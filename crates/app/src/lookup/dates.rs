//! How the columns in question write dates, by some of their rows.

use std::collections::BTreeSet;
use std::sync::Arc;

use locard_connector::document::Paths;
use locard_connector::{Sample, ScanRequest, Source};
use locard_engine::{LookUp, Row};
use locard_index::{DateOrders, Query};
use tokio_util::sync::CancellationToken;

use crate::lookup::rows::readable;
use crate::{Home, Suspect};

/// Rows that are looked at: of days of birth, most tell their order.
const ROWS: u64 = 1_000;

/// How the columns of a suspect write dates, where a birth date that is asked for is another day with day and month
/// exchanged. What cannot be read tells nothing: then such a date bears nobody out.
pub async fn date_orders(
    home: &Home,
    source: &Arc<dyn Source>,
    (suspect, queries): (&Suspect, &Arc<Vec<Query>>),
    cancel: &CancellationToken,
) -> DateOrders {
    let columns = suspect.turning_columns(queries);
    if columns.is_empty() {
        return DateOrders::default();
    }
    let request = ScanRequest {
        columns: Some(readable(&suspect.names, &columns)),
        sample: Sample::First(ROWS),
        ..ScanRequest::all(suspect.entity.path.clone(), suspect.entity.kind)
    };
    let paths = Paths::new(columns.iter().cloned());
    let examine = move |rows: &[Row<'_>]| {
        let mut told = DateOrders::default();
        let cells = rows.iter().flat_map(|row| &row.cells);
        for (column, text) in cells.filter(|(column, _)| columns.contains(*column)) {
            told.add(column, text);
        }
        vec![told]
    };
    let look_up = LookUp {
        source: Arc::clone(source),
        request,
        columns: Arc::new(paths),
        examine: Arc::new(examine),
        limit: usize::MAX,
    };
    let found = home.engine.look_up(look_up, cancel).await;
    let mut orders = DateOrders::default();
    for told in found.finds {
        orders.extend(told);
    }
    orders
}

impl Suspect {
    /// Columns of text in which a birth date may be read as another day.
    fn turning_columns(&self, queries: &[Query]) -> BTreeSet<String> {
        let mut columns = BTreeSet::new();
        for (subject, candidate) in &self.candidates {
            let Some(query) = queries.get(*subject) else {
                continue;
            };
            let asked = query.turning(candidate).map(|column| &self.columns[column]);
            let is_text = |column: &&locard_store::Column| {
                let of = column.data_type.to_lowercase();
                !of.starts_with("date") && !of.starts_with("timestamp")
            };
            columns.extend(asked.filter(is_text).map(|column| column.path.clone()));
        }
        columns
    }
}
