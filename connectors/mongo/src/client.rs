//! The driver's client: made on first use, with everything that keeps reading cheap and harmless for the server.

use std::sync::Arc;
use std::time::Duration;

use locard_connector::{Error, ErrorKind, Result, Step};
use mongodb::bson::{Bson, Document, doc};
use mongodb::error::{Error as Driver, ErrorKind as Cause};
use mongodb::options::{
    AuthMechanism, ClientOptions, Credential, ReadConcern, ReadPreference, ReadPreferenceOptions,
    SelectionCriteria, ServerAddress, Tls as DriverTls, TlsOptions,
};
use mongodb::{Client, Cursor, Database};
use secrecy::ExposeSecret as _;
use tokio::sync::{OnceCell, OwnedSemaphorePermit, Semaphore};

use crate::error::{from_driver, unauthenticated};
use crate::settings::{Mechanism, Preference, Settings, Tls};

/// Questions to a catalog that run beside the reads.
const QUESTIONS: u32 = 8;

/// The connection to a source, shared by everything that is asked of it.
#[derive(Debug)]
pub(crate) struct Session {
    settings: Arc<Settings>,
    client: OnceCell<Client>,
    reads: Arc<Semaphore>,
}

impl Session {
    /// Over these settings; connects on use.
    pub(crate) fn new(settings: Arc<Settings>) -> Self {
        let reads = usize::from(settings.connections.max(1));
        Self {
            settings,
            client: OnceCell::new(),
            reads: Arc::new(Semaphore::new(reads)),
        }
    }

    /// What the source was opened with.
    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Waits until another read may run.
    pub(crate) async fn permit(&self) -> Result<OwnedSemaphorePermit> {
        let permit = Arc::clone(&self.reads).acquire_owned().await;
        permit.map_err(|_| Error::new(ErrorKind::Interrupted, "the source was closed"))
    }

    /// One database.
    pub(crate) async fn database(&self, name: &str) -> Result<Database> {
        let client = self.client.get_or_try_init(|| connect(&self.settings));
        Ok(client.await?.database(name))
    }

    /// The answer to one command that only reads.
    pub(crate) async fn ask(
        &self,
        database: &str,
        command: Document,
        doing: &str,
    ) -> Result<Document> {
        match self.try_ask(database, command).await? {
            Ok(answer) => Ok(answer),
            Err(error) => Err(self.explain(&error, doing).await),
        }
    }

    /// As [`Session::ask`], for whoever knows what to do about a driver's error.
    pub(crate) async fn try_ask(
        &self,
        database: &str,
        mut command: Document,
    ) -> Result<Result<Document, Driver>> {
        const LONGEST: i64 = 60_000;
        let database = self.database(database).await?;
        let allowed = self.settings.statement_timeout.saturating_mul(1_000);
        let allowed = i64::try_from(allowed).unwrap_or(LONGEST);
        let limit = if allowed == 0 {
            LONGEST
        } else {
            allowed.min(LONGEST)
        };
        command.insert("maxTimeMS", limit);
        let asked = database.run_command(command);
        Ok(asked.selection_criteria(self.criteria()).await)
    }

    /// The answers of a command that has several, until there are enough of them.
    pub(crate) async fn cursor(
        &self,
        database: &str,
        command: Document,
    ) -> Result<Result<Cursor<Document>, Driver>> {
        let database = self.database(database).await?;
        let asked = database.run_cursor_command(command);
        Ok(asked.selection_criteria(self.criteria()).await)
    }

    /// Which members are asked.
    pub(crate) fn criteria(&self) -> SelectionCriteria {
        criteria(self.settings.read_preference)
    }

    /// A driver's error as ours; where nobody could be reached, why.
    pub(crate) async fn explain(&self, error: &Driver, doing: &str) -> Error {
        match &*error.kind {
            // The driver has tried again and again for as long.
            Cause::ServerSelection { message, .. } => {
                unreached(&self.settings, message, doing).await.spent()
            }
            _ => from_driver(error, doing),
        }
    }
}

/// The number in a field of an answer, whichever type the server gave it.
pub(crate) fn number(answer: &Document, field: &str) -> Option<u64> {
    match answer.get(field)? {
        Bson::Int32(number) => u64::try_from(*number).ok(),
        Bson::Int64(number) => u64::try_from(*number).ok(),
        Bson::Double(number) if *number >= 0.0 => Some(*number as u64),
        _ => None,
    }
}

/// The text in a field of an answer.
pub(crate) fn text<'a>(answer: &'a Document, field: &str) -> Option<&'a str> {
    answer.get_str(field).ok()
}

fn criteria(preference: Preference) -> SelectionCriteria {
    let options = ReadPreferenceOptions::default();
    let preference = match preference {
        Preference::Primary => ReadPreference::Primary,
        Preference::PrimaryPreferred => ReadPreference::PrimaryPreferred {
            options: Some(options),
        },
        Preference::Secondary => ReadPreference::Secondary {
            options: Some(options),
        },
        Preference::SecondaryPreferred => ReadPreference::SecondaryPreferred {
            options: Some(options),
        },
        Preference::Nearest => ReadPreference::Nearest {
            options: Some(options),
        },
    };
    SelectionCriteria::ReadPreference(preference)
}

async fn connect(settings: &Settings) -> Result<Client> {
    let mut options = if settings.srv {
        // The driver asks DNS for the hosts, and for the name of their replica set.
        let name = format!("mongodb+srv://{}/", settings.hosts);
        let found = ClientOptions::parse(&name).await;
        found.map_err(|error| from_driver(&error, &format!("resolving {}", settings.hosts)))?
    } else {
        let mut options = ClientOptions::default();
        let address = |(host, port)| ServerAddress::Tcp {
            host,
            port: Some(port),
        };
        options.hosts = settings.list().into_iter().map(address).collect();
        options
    };
    configure(&mut options, settings);
    Client::with_options(options).map_err(|error| from_driver(&error, "connecting"))
}

fn configure(options: &mut ClientOptions, settings: &Settings) {
    options.app_name = Some("locard".to_owned());
    // A member that hangs shows before nobody is sought any more, and there is time to try why.
    options.connect_timeout = Some(settings.patience() * 7 / 10);
    options.server_selection_timeout = Some(settings.patience() * 8 / 10);
    options.max_pool_size = Some(u32::from(settings.connections.max(1)) + QUESTIONS);
    options.selection_criteria = Some(criteria(settings.read_preference));
    // Members that hold what belongs to other shards leave it out, which they need not do without being asked.
    options.read_concern = Some(ReadConcern::local());
    options.retry_reads = Some(true);
    options.retry_writes = Some(false);
    // Servers end idle connections; a firewall between forgets them.
    options.max_idle_time = Some(Duration::from_mins(1));
    if settings.direct {
        options.direct_connection = Some(true);
    }
    if let Some(name) = &settings.replica_set {
        options.repl_set_name = Some(name.clone());
    }
    options.tls = Some(encryption(settings));
    let told = options.credential.take().and_then(|told| told.source);
    options.credential = credential(settings, told);
}

fn encryption(settings: &Settings) -> DriverTls {
    let check = match settings.encryption() {
        Tls::Disable => return DriverTls::Disabled,
        Tls::Require => false,
        Tls::Verify => true,
    };
    let mut options = TlsOptions::default();
    options.allow_invalid_certificates = Some(!check);
    options.ca_file_path = settings.root_certificate.as_ref().map(Into::into);
    options.cert_key_file_path = settings.client_certificate.as_ref().map(Into::into);
    DriverTls::Enabled(options)
}

/// `told`: where DNS says that accounts are known.
fn credential(settings: &Settings, told: Option<String>) -> Option<Credential> {
    let mechanism = settings.auth_mechanism.map(|mechanism| match mechanism {
        Mechanism::ScramSha1 => AuthMechanism::ScramSha1,
        Mechanism::ScramSha256 => AuthMechanism::ScramSha256,
        Mechanism::X509 => AuthMechanism::MongoDbX509,
        Mechanism::Plain => AuthMechanism::Plain,
    });
    if settings.user.is_none() && mechanism != Some(AuthMechanism::MongoDbX509) {
        return None;
    }
    let elsewhere = matches!(
        mechanism,
        Some(AuthMechanism::MongoDbX509 | AuthMechanism::Plain)
    );
    let usual = || {
        let usual = if elsewhere {
            Some("$external".to_owned())
        } else {
            told
        };
        usual.or_else(|| settings.database.clone())
    };
    let source = settings.auth_source.clone().or_else(usual);
    let password = settings
        .password
        .as_ref()
        .filter(|_| mechanism != Some(AuthMechanism::MongoDbX509));
    let mut credential = Credential::default();
    credential.username.clone_from(&settings.user);
    credential.source = Some(source.unwrap_or_else(|| "admin".to_owned()));
    credential.password = password.map(|password| password.expose_secret().to_owned());
    credential.mechanism = mechanism;
    Some(credential)
}

/// Why no server was found, by trying the first steps by hand. The driver's message names what failed, but quotes
/// certificates and addresses, so it only helps to choose the sentence.
async fn unreached(settings: &Settings, message: &str, doing: &str) -> Error {
    if message.contains("AuthenticationFailed") || message.contains("SCRAM failure") {
        return unauthenticated(doing);
    }
    if settings.srv {
        return unanswered(settings, message);
    }
    let (seconds, left) = (settings.patience().as_secs(), settings.patience() / 5);
    let addresses = settings.reach();
    let knocks = addresses.iter().map(|address| address.knock(seconds, left));
    let refused = futures::future::join_all(knocks).await;
    match refused.into_iter().flatten().next() {
        Some(error) => error,
        None => unanswered(settings, message),
    }
}

/// The hosts take connections, and yet none is a server that may be read.
fn unanswered(settings: &Settings, message: &str) -> Error {
    /// What the driver calls servers of which it knows what they are.
    const KNOWN: [&str; 6] = [
        "Standalone",
        "Mongos",
        "RsPrimary",
        "RsSecondary",
        "RsOther",
        "RsArbiter",
    ];
    let address = settings.address();
    let is_known = KNOWN.iter().any(|word| {
        message
            .to_ascii_lowercase()
            .contains(&word.to_ascii_lowercase())
    });
    let is_silent = message.contains("timed out");
    let seconds = settings.patience().as_secs();
    let (step, sentence, hint) = match (is_known, settings.encryption()) {
        (false, encryption) if is_silent => (
            (encryption != Tls::Disable).then_some(Step::Tls),
            format!(
                "{} {address} got no full answer within {seconds} seconds: it takes connections and says nothing, or too \
                 little",
                if encryption == Tls::Disable {
                    "greeting"
                } else {
                    "negotiating TLS with"
                }
            ),
            "see whether the server itself listens there and is well, or raise `connect_timeout` of the target",
        ),
        (true, _) => (
            None,
            format!("no server of {address} may be read"),
            "see `replicaSet` and `readPreference` of the target",
        ),
        (false, Tls::Disable) => (
            None,
            format!("{address} takes connections but does not answer as a MongoDB server"),
            "it may want encryption: `tls=true`",
        ),
        (false, _) => (
            Some(Step::Tls),
            format!("negotiating TLS with {address} failed"),
            "see whether the server encrypts, and `tlsCAFile` and `tlsInsecure` of the target",
        ),
    };
    let error = Error::new(ErrorKind::Unreachable, sentence).hint(hint);
    match step {
        Some(step) => error.at(step),
        None => error,
    }
}

/// A question that every server answers, and no account is needed for.
pub(crate) fn hello() -> Document {
    doc! { "hello": 1 }
}
