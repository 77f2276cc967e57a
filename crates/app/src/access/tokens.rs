//! Whose tokens let in at the programming interface, besides its own keys.

use std::path::PathBuf;

use locard_model::SecretString;
use locard_store::Grant;

/// Where the keys are with which tokens are checked.
#[derive(Clone, Debug)]
pub enum TokenKeys {
    /// A shared secret, for HS256.
    Secret(SecretString),
    /// A file with a JSON Web Key Set.
    File(PathBuf),
    /// The same at an address.
    Url(String),
}

/// Whose tokens let in, and what for.
#[derive(Clone, Debug)]
pub struct TokenOptions {
    /// Where the keys are.
    pub keys: TokenKeys,
    /// Who must have made a token.
    pub issuer: String,
    /// For whom it must be.
    pub audience: String,
    /// Where a token names roles: a claim, or a path with dots into one.
    pub role_claim: String,
    /// Roles of the provider, and what they are here.
    pub roles: Vec<(String, Grant)>,
}
