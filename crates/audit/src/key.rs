//! Keys: the one of a request, under which its details are sealed, and the one that turns a person into a digest.

use std::fmt;

use aes_gcm::aead::{Aead as _, KeyInit as _, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::{Error, Result};

const VERSION: u8 = 1;
const NONCE: usize = 12;

/// The key of one request. Destroying it destroys what was sealed under it: it is not copied, and dropping it wipes its
/// memory. Whoever stores it does so wrapped, and deletes that.
pub struct RequestKey(Zeroizing<[u8; 32]>);

impl RequestKey {
    /// A new key from the system's source of randomness.
    pub fn random() -> Result<Self> {
        let mut key = Zeroizing::new([0; 32]);
        getrandom::fill(key.as_mut_slice()).map_err(|_| Error::NotSealed)?;
        Ok(Self(key))
    }

    /// The key with these bytes, as unwrapped from a store.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The bytes, to be wrapped for a store.
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// Seals with AES-256-GCM, bound to the context: `version 1 | nonce 12 | ciphertext and tag`. Nonces are random, of
    /// which NIST SP 800-38D allows 2^32 under one key.
    pub fn seal(&self, context: &[u8], plain: &[u8]) -> Result<Vec<u8>> {
        let mut nonce = [0; NONCE];
        getrandom::fill(&mut nonce).map_err(|_| Error::NotSealed)?;
        let payload = Payload {
            msg: plain,
            aad: context,
        };
        let sealed = self.cipher().encrypt(&Nonce::from(nonce), payload);
        let sealed = sealed.map_err(|_| Error::NotSealed)?;
        Ok([&[VERSION][..], &nonce, &sealed].concat())
    }

    /// Opens what was sealed under this key in the same context.
    pub fn open(&self, context: &[u8], blob: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
        let (nonce, sealed) = blob
            .split_first()
            .filter(|(version, _)| **version == VERSION)
            .and_then(|(_, rest)| rest.split_first_chunk::<NONCE>())
            .ok_or(Error::NotOpened)?;
        let payload = Payload {
            msg: sealed,
            aad: context,
        };
        let plain = self.cipher().decrypt(&Nonce::from(*nonce), payload);
        plain.map(Zeroizing::new).map_err(|_| Error::NotOpened)
    }

    fn cipher(&self) -> Aes256Gcm {
        Aes256Gcm::new((&*self.0).into())
    }
}

impl fmt::Debug for RequestKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RequestKey(***)")
    }
}

/// An organisation's key for the digests of its data subjects.
pub struct SubjectKey(Zeroizing<[u8; 32]>);

impl SubjectKey {
    /// The key with these bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The digest of a person by their id: HMAC-SHA-256 (RFC 2104). The same id gives the same digest under one key, and
    /// nobody without the key can try ids out.
    pub fn digest(&self, subject: &str) -> Result<SubjectDigest> {
        let mac = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(self.0.as_slice());
        let mut mac = mac.map_err(|_| Error::NotSealed)?;
        mac.update(b"locard audit subject v1\0");
        mac.update(subject.as_bytes());
        Ok(SubjectDigest(mac.finalize().into_bytes().into()))
    }
}

impl fmt::Debug for SubjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SubjectKey(***)")
    }
}

/// A data subject as the log names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SubjectDigest(pub [u8; 32]);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sealed_opens_under_its_key_and_in_its_context_alone() {
        let (key, other) = (RequestKey::random().unwrap(), RequestKey::random().unwrap());
        let blob = key.seal(b"here", b"secret").unwrap();
        assert_eq!(*key.open(b"here", &blob).unwrap(), b"secret");
        assert!(key.open(b"there", &blob).is_err());
        assert!(other.open(b"here", &blob).is_err());
        assert_ne!(blob, key.seal(b"here", b"secret").unwrap());
        for at in 0..blob.len() {
            let mut altered = blob.clone();
            altered[at] ^= 1;
            assert!(key.open(b"here", &altered).is_err(), "byte {at}");
            assert!(key.open(b"here", &blob[..at]).is_err(), "cut at {at}");
        }
    }

    /// Logs hold these bytes: another cipher or layout is a new `VERSION`, and this one opens further on.
    #[test]
    fn what_was_sealed_by_the_first_version_opens() {
        let key = RequestKey::from_bytes([7; 32]);
        let again = RequestKey::from_bytes(*key.expose());
        let blob = key.seal(b"", b"x").unwrap();
        assert_eq!((blob[0], blob.len()), (1, 1 + 12 + 1 + 16));
        assert_eq!(*again.open(b"", &blob).unwrap(), b"x");
    }

    #[test]
    fn keys_are_not_printed() {
        let (request, subject) = (
            RequestKey::from_bytes([9; 32]),
            SubjectKey::from_bytes([9; 32]),
        );
        assert_eq!(
            format!("{request:?} {subject:?}"),
            "RequestKey(***) SubjectKey(***)"
        );
    }

    #[test]
    fn a_person_has_one_digest_under_each_key() {
        let key = |byte| SubjectKey::from_bytes([byte; 32]);
        let digest = |byte, subject| key(byte).digest(subject).unwrap();
        assert_eq!(digest(1, "anna"), digest(1, "anna"));
        assert_ne!(digest(1, "anna"), digest(1, "bert"));
        assert_ne!(digest(1, "anna"), digest(2, "anna"));
    }
}
