//! Object stores: Amazon S3 and compatible, Azure Blob Storage and Data Lake Gen2, Google Cloud Storage.
//!
//! Reading is `locard-files`; here is only where objects are. The crate `object_store` brings credentials, signatures and
//! the HTTP client; requests are made here, since its own cannot name every object that a bucket may hold
//! (docs/decisions/object-names.md). What the three stores have in common is [`Bucket`]; `s3.rs`, `azure.rs` and
//! `gcs.rs` say in which they differ.

mod address;
mod azure;
mod bucket;
mod client;
mod gcs;
mod listing;
mod names;
mod object;
mod place;
mod profile;
mod refusal;
mod role;
mod s3;
mod store;
mod xml;

use locard_connector::{Kind, Result, Source, Target};
use locard_files::{Files, Sizes};

pub use azure::Settings as AzureSettings;
pub use bucket::Bucket;
pub use gcs::Settings as GcsSettings;
pub use s3::Settings as S3Settings;

/// Text is read as one stream: finding out where its records divide would move every byte once more.
const SIZES: Sizes = Sizes {
    split_bytes: u64::MAX,
};

/// Amazon S3 and what speaks its language: `s3://bucket/path`.
#[derive(Debug)]
pub struct S3;

impl Kind for S3 {
    const NAME: &'static str = "s3";
    const FOLDER: &'static str = "objects";
    const HOLDS_FILES: bool = true;
    type Settings = S3Settings;

    fn target(text: &str) -> Option<Result<Target>> {
        s3::target(text)
    }

    fn base(settings: S3Settings) -> Option<String> {
        Some(settings.canonical())
    }

    async fn open(settings: S3Settings) -> Result<impl Source> {
        Ok(Files::with_sizes(Bucket::s3(settings)?, SIZES))
    }
}

/// Azure Blob Storage and Data Lake Gen2: `az://container@account/path`, `abfss://…`.
#[derive(Debug)]
pub struct Azure;

impl Kind for Azure {
    const NAME: &'static str = "azure";
    const FOLDER: &'static str = "objects";
    const HOLDS_FILES: bool = true;
    type Settings = AzureSettings;

    fn target(text: &str) -> Option<Result<Target>> {
        azure::target(text)
    }

    fn base(settings: AzureSettings) -> Option<String> {
        Some(settings.canonical())
    }

    async fn open(settings: AzureSettings) -> Result<impl Source> {
        Ok(Files::with_sizes(Bucket::azure(settings)?, SIZES))
    }
}

/// Google Cloud Storage: `gs://bucket/path`.
#[derive(Debug)]
pub struct Gcs;

impl Kind for Gcs {
    const NAME: &'static str = "gcs";
    const FOLDER: &'static str = "objects";
    const HOLDS_FILES: bool = true;
    type Settings = GcsSettings;

    fn target(text: &str) -> Option<Result<Target>> {
        gcs::target(text)
    }

    fn base(settings: GcsSettings) -> Option<String> {
        Some(settings.canonical())
    }

    async fn open(settings: GcsSettings) -> Result<impl Source> {
        Ok(Files::with_sizes(Bucket::gcs(settings)?, SIZES))
    }
}
