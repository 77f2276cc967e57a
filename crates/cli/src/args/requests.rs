//! What `locard requests` and `locard audit` take.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use locard_app::AuditHead;
use locard_model::SecretString;

use super::ListFormat;
use super::values::secret;

/// Work on the legal requests of persons
#[derive(Debug, Subcommand)]
pub(crate) enum Requests {
    /// Record a request that came in
    Create(Box<NewRequest>),
    /// List requests, the most urgent first
    List {
        /// Only those in this state: captured, `verification_pending`, `in_progress`, fulfilled, refused, withdrawn, closed
        #[arg(long, value_name = "STATE")]
        status: Option<String>,
        /// Only open ones that are due within so many days
        #[arg(long, value_name = "DAYS")]
        at_risk: Option<u32>,
        /// At most so many
        #[arg(long, value_name = "N", default_value = "100")]
        limit: u32,
        /// Form of the list
        #[arg(long, value_name = "FORMAT", default_value = "table")]
        format: ListFormat,
    },
    /// Show all that is known of one, as JSON
    Show(OneRequest),
    /// Tell step by step how its deadlines came about
    Explain(OneRequest),
    /// Tell what became of one
    Timeline(OneRequest),
    /// Take down that receipt was confirmed
    Acknowledge(Step),
    /// Ask for proof of identity, decide on it, or record that none is needed
    VerifyIdentity {
        /// The request
        #[arg(value_name = "REQUEST")]
        request: String,
        /// What is done
        #[arg(value_name = "STEP")]
        step: ProofStep,
        /// Why there is doubt, or why none is
        #[arg(long, value_name = "TEXT", value_parser = secret)]
        reason: Option<SecretString>,
        /// When it was done, if not now
        #[arg(long, value_name = "TIME", value_parser = super::values::moment)]
        at: Option<String>,
    },
    /// Decide on the authority to ask for another
    Authority {
        /// The request
        #[arg(value_name = "REQUEST")]
        request: String,
        /// What is decided
        #[arg(value_name = "DECISION")]
        decision: Judgement,
    },
    /// Add to what is known of whom it is about
    Subject {
        /// The request
        #[arg(value_name = "REQUEST")]
        request: String,
        /// Their name
        #[arg(long, value_name = "VALUE", value_parser = secret)]
        name: Option<SecretString>,
        /// Their e-mail address
        #[arg(long, value_name = "VALUE", value_parser = secret)]
        email: Option<SecretString>,
        /// The id by which other systems know them
        #[arg(long, value_name = "ID", value_parser = secret)]
        subject_id: Option<SecretString>,
        /// What else they are looked for by; may be repeated
        #[arg(long, value_name = "KIND=VALUE", value_parser = secret)]
        id: Vec<SecretString>,
    },
    /// Take down that the person was asked what they mean
    Ask(Step),
    /// Take down that they said it
    Hear(Step),
    /// Take down that the person was told that it takes longer
    Extend {
        /// The request
        #[arg(value_name = "REQUEST")]
        request: String,
        /// Why, as the person was told
        #[arg(long, value_name = "TEXT", value_parser = secret)]
        reason: SecretString,
        /// By how much: `2 months`, `30 days` [default: all that the law gives]
        #[arg(long, value_name = "LENGTH")]
        by: Option<String>,
        /// When the person was told, if not now
        #[arg(long, value_name = "TIME", value_parser = super::values::moment)]
        at: Option<String>,
    },
    /// Take down that it was refused
    Refuse {
        /// The request
        #[arg(value_name = "REQUEST")]
        request: String,
        /// The grounds
        #[arg(long, value_name = "TEXT", value_parser = secret)]
        rationale: SecretString,
        /// Their kind: `cannot_verify`, `exemption_applies`, `manifest_invalid`, `insufficient_scope`, other
        #[arg(long, value_name = "KIND", default_value = "other")]
        kind: String,
        /// When, if not now
        #[arg(long, value_name = "TIME", value_parser = super::values::moment)]
        at: Option<String>,
    },
    /// Take down that it was answered
    Fulfil {
        #[command(flatten)]
        step: Step,
        /// Why it is answered although places or tasks are open; without it that is refused
        #[arg(long = "acknowledge-open", value_name = "WHY", value_parser = secret)]
        despite: Option<SecretString>,
    },
    /// Take down that the person took it back
    Withdraw(Step),
    /// Close it
    Close(OneRequest),
    /// Take down an appeal against the answer
    Appeal {
        /// The request
        #[arg(value_name = "REQUEST")]
        request: String,
        /// What the person says
        #[arg(long, value_name = "TEXT", value_parser = secret)]
        message: SecretString,
    },
    /// Decide on the appeal that waits
    DecideAppeal {
        /// The request
        #[arg(value_name = "REQUEST")]
        request: String,
        /// `approve`, `deny` or `partial`
        #[arg(value_name = "DECISION")]
        decision: String,
        /// Why
        #[arg(long, value_name = "TEXT", value_parser = secret)]
        explanation: Option<SecretString>,
    },
    /// List places where somebody must look, or take down what came of it
    Tasks(Tasks),
    /// Find or list the places at which something is to be done, decide on them, or look again whether it was done
    Places(Places),
    /// Collect what is held about the person, as a DSAR job; doing so again goes on with it
    Collect(OneRequest),
    /// Add a file to what is handed out, or the bundle that was collected
    Attach {
        /// The request
        #[arg(value_name = "REQUEST")]
        request: String,
        /// The file; none: the bundle
        #[arg(value_name = "FILE")]
        file: Option<PathBuf>,
        /// Its media type
        #[arg(long, value_name = "TYPE", default_value = "application/octet-stream")]
        media_type: String,
    },
    /// Decide whether what is attached may be handed out
    Review {
        /// The request
        #[arg(value_name = "REQUEST")]
        request: String,
        /// What is decided
        #[arg(value_name = "DECISION")]
        decision: Judgement,
    },
    /// Hand out what was approved: every file of it is written, and taken down as handed out
    Deliver {
        /// The request
        #[arg(value_name = "REQUEST")]
        request: String,
        /// The folder that they are written to
        #[arg(long, short, value_name = "FOLDER")]
        output: PathBuf,
        /// By which way the person gets it: portal, email, `secure_remote_access`
        #[arg(long, value_name = "CHANNEL")]
        channel: Option<String>,
    },
    /// Print a draft of a letter to the person
    Letter {
        /// The request
        #[arg(value_name = "REQUEST")]
        request: String,
        /// `acknowledge`, `extend`, `refuse` or `cover`
        #[arg(value_name = "KIND")]
        kind: String,
        /// Language: en, de, fr, es, it, nl, or one of letters/LANGUAGE in the home
        #[arg(long, value_name = "LANGUAGE", default_value = "en")]
        language: String,
    },
    /// Put it under a legal hold: nothing of it is destroyed
    Hold {
        /// The request
        #[arg(value_name = "REQUEST")]
        request: String,
        /// Why
        #[arg(long, value_name = "TEXT", value_parser = secret)]
        reason: SecretString,
    },
    /// Lift a legal hold
    Unhold(OneRequest),
    /// Destroy all that is known of one whose retention has ended
    Destroy(OneRequest),
    /// Take a register over, as CSV; rows that are known are passed over
    Import {
        /// The file; `-` reads stdin
        #[arg(value_name = "FILE|-")]
        file: PathBuf,
    },
    /// Write the register, as CSV
    Export {
        /// Write to this file instead of stdout
        #[arg(long, short, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Print the deadlines of open requests as a calendar
    Calendar,
}

/// One request
#[derive(Args, Debug)]
pub(crate) struct OneRequest {
    /// Its id, or the beginning of it
    #[arg(value_name = "REQUEST")]
    pub(crate) request: String,
}

/// List places where somebody must look, or take down what came of it
#[derive(Args, Debug)]
pub(crate) struct Tasks {
    /// The request
    #[arg(value_name = "REQUEST")]
    pub(crate) request: String,

    /// The task that is answered: name of its source
    #[arg(long, value_name = "SOURCE", requires = "outcome")]
    pub(crate) answer: Option<String>,

    /// What came of looking there
    #[arg(long, value_name = "OUTCOME", requires = "answer")]
    pub(crate) outcome: Option<Looked>,

    /// A file that was found there; may be repeated
    #[arg(long, value_name = "FILE", requires = "answer")]
    pub(crate) file: Vec<PathBuf>,

    /// What there is to say of it
    #[arg(long, value_name = "TEXT", value_parser = secret, requires = "answer")]
    pub(crate) note: Option<SecretString>,

    /// Form of the list
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub(crate) format: ListFormat,
}

/// Find or list the places at which something is to be done, decide on them, or look again whether it was done
#[derive(Args, Debug)]
#[command(
    after_help = "Places are named by their ids, or the beginning of these, as they are printed. What is certain is listed for \
    those who carry it out; what is weak is not before somebody decides that it is the person. Nothing is written to a source."
)]
pub(crate) struct Places {
    /// The request
    #[arg(value_name = "REQUEST")]
    pub(crate) request: String,

    /// Find them, reading the sources
    #[arg(long, conflicts_with = "recheck")]
    pub(crate) find: bool,

    /// Look again
    #[arg(long)]
    pub(crate) recheck: bool,

    /// It is the person, and something is to be done there; may be repeated
    #[arg(long, value_name = "PLACE")]
    pub(crate) include: Vec<String>,

    /// It is somebody else, or must be kept: --reason says why; may be repeated
    #[arg(long, value_name = "PLACE", requires = "reason")]
    pub(crate) exclude: Vec<String>,

    /// Whoever answers for it says that it is done; may be repeated
    #[arg(long, value_name = "PLACE")]
    pub(crate) done: Vec<String>,

    /// Take back what was decided on it; may be repeated
    #[arg(long, value_name = "PLACE")]
    pub(crate) reopen: Vec<String>,

    /// Why it is decided so
    #[arg(long, value_name = "TEXT", value_parser = secret)]
    pub(crate) reason: Option<SecretString>,

    /// Form of the list
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub(crate) format: ListFormat,
}

/// A step that is taken down
#[derive(Args, Debug)]
pub(crate) struct Step {
    /// The request
    #[arg(value_name = "REQUEST")]
    pub(crate) request: String,
    /// What was said
    #[arg(long, value_name = "TEXT", value_parser = secret)]
    pub(crate) message: Option<SecretString>,
    /// When, if not now
    #[arg(long, value_name = "TIME", value_parser = super::values::moment)]
    pub(crate) at: Option<String>,
}

/// What is known of a request that came in
#[derive(Args, Debug)]
pub(crate) struct NewRequest {
    /// Whose law rules: eu, gb, us-ca …, or a region such as DE-BY
    #[arg(long, value_name = "CODE")]
    pub(crate) jurisdiction: String,
    /// Where the controller must act, if its holidays count: DE-BE
    #[arg(long, value_name = "CODE")]
    pub(crate) region: Option<String>,
    /// When it came in: 2026-03-31T10:00:00+02:00
    #[arg(long, value_name = "TIME", value_parser = super::values::moment)]
    pub(crate) received: String,
    /// What is asked for: access, deletion, correction, portability, restriction, objection
    #[arg(long = "type", value_name = "TYPE", default_value = "access")]
    pub(crate) kind: String,
    /// By which way it came
    #[arg(long, value_name = "CHANNEL", default_value = "letter")]
    pub(crate) channel: String,
    /// What the person wrote; `-` reads stdin
    #[arg(long, value_name = "FILE|-")]
    pub(crate) text: Option<PathBuf>,
    /// Who asks: subject, representative, `authorised_agent`
    #[arg(long, value_name = "TYPE", default_value = "subject")]
    pub(crate) requestor: String,
    /// What is known of the person it is about, as JSON; `-` reads stdin
    #[arg(long, value_name = "FILE|-")]
    pub(crate) subject: Option<PathBuf>,
    /// The name of whoever asks; of the person themselves, the file may say it
    #[arg(long, value_name = "VALUE", value_parser = secret)]
    pub(crate) name: Option<SecretString>,
    /// The e-mail address of whoever asks; of the person themselves, the file may say it
    #[arg(long, value_name = "VALUE", value_parser = secret)]
    pub(crate) email: Option<SecretString>,
    /// The id by which other systems know the person
    #[arg(long, value_name = "ID", value_parser = secret)]
    pub(crate) subject_id: Option<SecretString>,
    /// What else the person is looked for by; may be repeated
    #[arg(long, value_name = "KIND=VALUE", value_parser = secret)]
    pub(crate) id: Vec<SecretString>,
    /// There is more to it than usual
    #[arg(long)]
    pub(crate) complex: bool,
    /// Record that no proof of identity is needed
    #[arg(long)]
    pub(crate) no_verification: bool,
}

/// A step of proving who somebody is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ProofStep {
    /// Proof is asked for.
    Request,
    /// It is good.
    Approve,
    /// It is not.
    Reject,
    /// None is needed.
    Waive,
}

/// A decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Judgement {
    /// Yes.
    Approve,
    /// No.
    Reject,
}

/// What came of looking somewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Looked {
    /// Something was handed in.
    Answered,
    /// Nothing is there.
    NothingFound,
}

/// Verify and export the log of what was done
#[derive(Debug, Subcommand)]
pub(crate) enum Audit {
    /// Read the whole log and say whether anything of it was changed; 2 is the exit status if so
    Verify {
        /// Where the chain ended before, as this command printed it
        #[arg(long, value_name = "NUMBER:HASH")]
        head: Option<AuditHead>,
        /// An export to verify instead of the catalog; `-` reads stdin
        #[arg(value_name = "FILE|-")]
        file: Option<PathBuf>,
    },
    /// Write the log
    Export {
        /// jsonl can be verified, csv is for a spreadsheet
        #[arg(long, value_name = "FORMAT", default_value = "jsonl")]
        format: LogFormat,
        /// Only what was done with this request
        #[arg(long, value_name = "REQUEST")]
        request: Option<String>,
        /// Write to this file instead of stdout
        #[arg(long, short, value_name = "FILE")]
        output: Option<PathBuf>,
    },
}

/// Form of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// One JSON object per entry and line.
    Jsonl,
    /// One line per entry for a spreadsheet.
    Csv,
}
