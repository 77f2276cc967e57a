//! Ed25519 (RFC 8032) over the manifest, and over the archive's hash.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::archive::hex;
use crate::{Error, Result, Signer};

/// The name of the algorithm.
pub(crate) const ALGORITHM: &str = "Ed25519";

/// The key under which bundles are signed. It is of their own: manifests are signed as they are, without a prefix, so that
/// other programs can verify them. What else it signs begins otherwise than a manifest.
pub struct SigningKey(Ed25519KeyPair);

impl SigningKey {
    /// The key of that seed, which is its private key.
    pub fn from_seed(seed: &[u8; 32]) -> Result<Self> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed);
        pair.map(Self).map_err(|_| Error::Key)
    }

    /// The key by which others verify.
    pub fn public(&self) -> PublicKey {
        let mut key = [0; 32];
        key.copy_from_slice(self.0.public_key().as_ref());
        PublicKey(key)
    }

    pub(crate) fn signer(&self) -> Signer {
        let public_key = self.public();
        Signer {
            algorithm: ALGORITHM.to_owned(),
            key_id: public_key.id(),
            public_key,
        }
    }

    /// A signature over what is no manifest.
    pub(crate) fn seal(&self, text: &[u8]) -> Vec<u8> {
        self.0.sign(text).as_ref().to_vec()
    }

    pub(crate) fn sign(&self, manifest: &[u8]) -> Signature {
        Signature {
            signer: self.signer(),
            signature: STANDARD.encode(self.0.sign(manifest)),
        }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({}, ***)", self.public())
    }
}

/// A public key; text is base64.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PublicKey(pub [u8; 32]);

impl PublicKey {
    /// The name of the key: the first 16 digits of its SHA-256.
    pub fn id(&self) -> String {
        hex(&Sha256::digest(self.0)[..8])
    }

    pub(crate) fn verify(&self, text: &[u8], signature: &[u8]) -> bool {
        let key = UnparsedPublicKey::new(&ED25519, self.0);
        key.verify(text, signature).is_ok()
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&STANDARD.encode(self.0))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({self})")
    }
}

impl From<PublicKey> for String {
    fn from(key: PublicKey) -> Self {
        key.to_string()
    }
}

impl TryFrom<String> for PublicKey {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl std::str::FromStr for PublicKey {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let bytes = STANDARD.decode(text).map_err(|_| Error::Key)?;
        bytes.try_into().map(Self).map_err(|_| Error::Key)
    }
}

/// The content of `manifest.sig`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Signature {
    #[serde(flatten)]
    pub(crate) signer: Signer,
    /// Base64.
    signature: String,
}

impl Signature {
    /// Whether it is one over that manifest, by whomever.
    pub(crate) fn holds(&self, manifest: &[u8]) -> bool {
        let signature = STANDARD.decode(&self.signature);
        self.signer.algorithm == ALGORITHM
            && self.signer.key_id == self.signer.public_key.id()
            && signature.is_ok_and(|signature| self.signer.public_key.verify(manifest, &signature))
    }
}
