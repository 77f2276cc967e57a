//! Sessions: a helper with a connection, and how many of them there are.

use std::sync::Arc;
use std::time::Duration;

use arrow_array::Array as _;
use arrow_array::RecordBatch;
use arrow_array::cast::AsArray as _;
use locard_connector::{Error, ErrorKind, Result};
use locard_odbc::{Catalog, Connect, Query, Reply, Request, Server};
use locard_sql::{Dialect, LONGEST_VALUE, Sessions};
use secrecy::ExposeSecret;
use tokio::sync::OwnedSemaphorePermit;

use crate::error::{failed, silent};
use crate::helper::{Helper, Said};
use crate::product::Product;
use crate::settings::Access;

/// Seconds that a driver has beyond its own limit before it is ended.
const GRACE: u64 = 5;

/// Rows of a catalog question, all as text.
pub(crate) type Rows = Vec<Vec<Option<String>>>;

/// A connection.
#[derive(Debug)]
pub(crate) struct Session {
    helper: Helper,
    pub(crate) access: Arc<Access>,
    pub(crate) server: Server,
    pub(crate) product: &'static Product,
}

impl locard_sql::Connect for Session {
    type Settings = Access;

    // Starts a helper.
    async fn open(access: &Arc<Access>) -> Result<Self> {
        let mut helper = Helper::start()?;
        let connect = Request::Connect(Connect {
            string: access.string.expose_secret().to_owned(),
            driver: access.driver.clone(),
            source: access.dsn.clone(),
            timeout: access.limits.connect_timeout.max(1),
            memory: u64::from(access.limits.memory) << 20,
        });
        let seconds = u64::from(access.limits.connect_timeout.max(1));
        let connecting = async {
            helper.ask(&connect).await?;
            helper.next().await
        };
        let said = access.address.within(seconds + GRACE, connecting).await?;
        let doing = format!("connecting to {}", access.address.text);
        let server = match said {
            Said::Reply(Reply::Connected(server)) => server,
            Said::Reply(Reply::Failed(failure)) => {
                return Err(crate::error::unconnected(&failure, &doing, access).await);
            }
            _ => return Err(confused()),
        };
        let product = match access.product {
            Some(product) => product,
            None => Product::of_server(&server.product),
        };
        Ok(Self {
            helper,
            access: access.clone(),
            server,
            product,
        })
    }

    // One that died fails its question, and the next has a new one.
    async fn is_alive(&mut self) -> bool {
        true
    }
}

impl Session {
    /// One that ended well, or a new one, and the right to read with it.
    pub(crate) async fn to_read(sessions: &Sessions<Self>) -> Result<(Self, OwnedSemaphorePermit)> {
        let permit = sessions.permit().await?;
        let session = match sessions.idle() {
            Some(session) => session,
            None => sessions.open().await?,
        };
        Ok((session, permit))
    }

    /// How the server spells things.
    pub(crate) fn dialect(&self) -> Dialect {
        self.product.dialect(self.server.quote)
    }

    /// How long an answer may be waited for.
    fn patience(&self) -> Duration {
        match self.access.limits.statement_timeout {
            0 => Duration::from_secs(u64::from(u32::MAX)),
            seconds => Duration::from_secs(u64::from(seconds) + GRACE),
        }
    }

    /// Begins a statement; [`Session::next`] has its answer.
    pub(crate) async fn begin(&mut self, mut query: Query) -> Result<()> {
        query.before.clone_from(&self.product.begin);
        query.timeout = self.access.limits.statement_timeout as usize;
        query.longest = LONGEST_VALUE;
        self.helper.ask(&Request::Query(query)).await
    }

    /// What comes next of an answer.
    pub(crate) async fn next(&mut self, doing: &str) -> Result<Said> {
        let patience = self.patience();
        match tokio::time::timeout(patience, self.helper.next()).await {
            Ok(said) => said,
            Err(_) => Err(silent(doing, self.access.limits.statement_timeout)),
        }
    }

    /// The rows of a statement over the catalog.
    pub(crate) async fn rows(&mut self, sql: String, doing: &str) -> Result<Rows> {
        let query = Query {
            before: Vec::new(),
            sql,
            timeout: 0,
            columns: Vec::new(),
            bounded: false,
            utf8: false,
            longest: 0,
        };
        self.begin(query).await?;
        self.gather(doing).await
    }

    /// The rows of one of ODBC's catalog functions.
    pub(crate) async fn function(&mut self, what: Catalog, doing: &str) -> Result<Rows> {
        self.helper.ask(&Request::Catalog(what)).await?;
        self.gather(doing).await
    }

    async fn gather(&mut self, doing: &str) -> Result<Rows> {
        let mut rows = Rows::new();
        loop {
            match self.next(doing).await? {
                Said::Batch(batch) => texts(&batch, &mut rows),
                Said::Reply(Reply::Done) => return Ok(rows),
                Said::Reply(Reply::Failed(failure)) => {
                    return Err(failed(&failure, doing, self.product));
                }
                Said::Reply(Reply::Odd(_)) => {}
                Said::Reply(Reply::Connected(_)) => return Err(confused()),
            }
        }
    }
}

/// The error of an answer to another question.
pub(crate) fn confused() -> Error {
    Error::new(
        ErrorKind::Unexpected,
        "the helper program answered another question",
    )
}

fn texts(batch: &RecordBatch, rows: &mut Rows) {
    for row in 0..batch.num_rows() {
        let cells = batch.columns().iter().map(|column| {
            let texts = column.as_string_view_opt()?;
            (!texts.is_null(row)).then(|| texts.value(row).to_owned())
        });
        rows.push(cells.collect());
    }
}
