//! What commands take that look things up: persons, reasons, rows, differences.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum as _};
use locard_model::SecretString;

use super::ListFormat;
use super::values::{number, secret};

/// Tell where one person occurs
#[derive(Args, Debug)]
#[command(after_help = "A subject file holds JSON, one object per subject:\n  \
    {\"subject\": \"request-1\", \"PERSON\": \"Ada Example\", \"EMAIL_ADDRESS\": [\"ada@example.org\"]}\n\
    Other users of this machine can see the arguments of a running command, so prefer --subject for real people.")]
pub(crate) struct Find {
    /// The person.
    #[command(flatten)]
    pub(crate) person: Person,

    /// Read the candidate columns again and answer with rows, and with those that only carry the key of a row that names
    /// the person, over foreign keys and confirmed relations
    #[arg(long)]
    pub(crate) verify: bool,

    /// Look for values of fewer than five letters and digits also in columns that are not named like their kind
    #[arg(long)]
    pub(crate) everywhere: bool,

    /// Follow no relations: only rows that name the person
    #[arg(long)]
    pub(crate) no_relations: bool,

    /// Form of the answer; in NDJSON and CSV whoever is in no place has a line that tells what that means
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub(crate) format: ListFormat,

    /// Write the answer to a file instead of stdout
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,

    /// Why the person is looked up: a request, an order. It stands in the log of acts for good, so name nobody
    #[arg(long, value_name = "TEXT")]
    pub(crate) purpose: Option<String>,

    /// Leave out weak matches: a name, a birth date or a shared phone alone
    #[arg(long)]
    pub(crate) no_weak: bool,

    /// Only this source, by name or target; may be repeated
    #[arg(long, value_name = "SOURCE", value_parser = secret)]
    pub(crate) source: Vec<SecretString>,
}

/// What is known of a person.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct Person {
    /// What is known of the person, as JSON; `-` reads stdin
    #[arg(long, value_name = "FILE|-")]
    pub(crate) subject: Option<PathBuf>,

    /// An e-mail address; may be repeated
    #[arg(long, value_name = "VALUE", value_parser = secret)]
    pub(crate) email: Vec<SecretString>,

    /// A telephone number in any notation; may be repeated
    #[arg(long, value_name = "VALUE", value_parser = secret)]
    pub(crate) phone: Vec<SecretString>,

    /// A full name; may be repeated
    #[arg(long, value_name = "VALUE", value_parser = secret)]
    pub(crate) name: Vec<SecretString>,

    /// Any other attribute, for instance `US_SSN=…`; may be repeated. One of fewer than five letters and digits is looked
    /// for only in columns named like its kind, in whatever language: CUSTOMER_ID=1008 in `customer_no` or `Kundennr`
    #[arg(long, value_name = "KIND=VALUE", value_parser = secret)]
    pub(crate) id: Vec<SecretString>,
}

/// Tell why a column was judged as it was, in numbers
#[derive(Args, Debug)]
pub(crate) struct Explain {
    /// An entity or column as a scan prints it: `crm/customers.csv` or `crm/customers.csv:email`; a name with a colon in
    /// it may stand in double quotes: `readings:"a:b"`
    #[arg(value_name = "ENTITY")]
    pub(crate) entity: String,

    /// Read this many values again and show them masked; nothing is stored
    #[arg(long, value_name = "N", value_parser = number)]
    pub(crate) samples: Option<u64>,

    /// Form of the answer
    #[arg(long, value_name = "FORMAT", default_value = "table", value_parser = no_list())]
    pub(crate) format: ListFormat,
}

/// The forms of an answer that is no list: it does not fit into the cells of one.
fn no_list() -> impl TypedValueParser<Value = ListFormat> {
    let forms = ListFormat::value_variants().iter();
    let forms = forms.filter(|form| **form != ListFormat::Csv);
    PossibleValuesParser::new(forms.filter_map(ListFormat::to_possible_value))
        .try_map(|form| ListFormat::from_str(&form, false))
}

/// List the rows in which an identifier occurs
#[derive(Args, Debug)]
pub(crate) struct Rows {
    /// An entity or column as a scan prints it; a name with a colon in it may stand in double quotes: `readings:"a:b"`
    #[arg(value_name = "ENTITY")]
    pub(crate) entity: String,

    /// The identifier
    #[arg(long, value_name = "KIND")]
    pub(crate) identifier: String,

    /// Stop after this many cells
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = number)]
    pub(crate) limit: u64,

    /// Form of the answer
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub(crate) format: ListFormat,
}

/// Tell what is there more than once: files, tables and attachments that hold the same
#[derive(Args, Debug)]
pub(crate) struct Duplicates {
    /// Only this source, by name or target; may be repeated
    #[arg(long, value_name = "SOURCE", value_parser = secret)]
    pub(crate) source: Vec<SecretString>,

    /// Form of the answer
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub(crate) format: ListFormat,
}

/// Compare the findings of two scans
#[derive(Args, Debug)]
pub(crate) struct Diff {
    /// The earlier scan: `previous`, a job id or its beginning, or an NDJSON or JSON result file
    #[arg(value_name = "A", default_value = "previous")]
    pub(crate) before: String,

    /// The later scan, named likewise
    #[arg(value_name = "B", default_value = "latest")]
    pub(crate) after: String,

    /// Form of the answer
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub(crate) format: ListFormat,
}
