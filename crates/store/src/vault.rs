//! Sealing: AES-256-GCM under keys that an organisation's data key gives, bound to the cell it was made for.
//!
//! A blob is `version 2 | nonce 12 | ciphertext and tag`. The associated data names organisation, table, column and
//! row, so that a blob moved to another cell does not open. Nonces are random, and NIST allows 2^32 seals with such under
//! one key. Nobody counts them: each cell has a key of its own, the HMAC of its place under the data key, so what is
//! limited is how often one cell is written. Version 1, of older catalogs, is the same under the data key itself.

use aes_gcm::aead::{Aead as _, KeyInit as _, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use hmac::{Hmac, Mac as _};
use locard_model::{KeyId, OrgId};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::Sha256;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::master::fill;
use crate::{DsarKey, Error, ErrorKind, MasterKey, Result, SketchKey};

/// What is sealed under a key itself: wrapped keys, texts for files, and cells of older catalogs.
const VERSION: u8 = 1;

/// Cells that are sealed under keys of their own.
const OF_CELL: u8 = 2;
const NONCE: usize = 12;

/// One sealed cell.
#[derive(Clone, Copy)]
pub(crate) struct Cell<'a> {
    /// Table and column: `sources.settings`.
    pub(crate) name: &'static str,
    /// The row's key without the organisation.
    pub(crate) row: &'a [Uuid],
}

/// An organisation's keys, unwrapped.
pub(crate) struct Vault {
    org: OrgId,
    cipher: Aes256Gcm,
    digest: Zeroizing<[u8; 32]>,
    /// Gives the keys of cells.
    cells: Zeroizing<[u8; 32]>,
    sketch: SketchKey,
}

impl Vault {
    pub(crate) fn new(org: OrgId, data: &Zeroizing<[u8; 32]>, sketch: SketchKey) -> Result<Self> {
        let derived = |purpose: &[u8]| hmac(data.as_slice(), &[purpose]).map(Zeroizing::new);
        let digest = derived(b"locard digest key")?;
        let cells = derived(b"locard cells key")?;
        Ok(Self {
            org,
            cipher: Aes256Gcm::new(data.as_slice().try_into().map_err(|_| broken())?),
            digest,
            cells,
            sketch,
        })
    }

    /// One that seals under another key.
    pub(crate) fn under(&self, key: &DsarKey) -> Result<Self> {
        self.under_bytes(&Zeroizing::new(*key.expose()))
    }

    /// The same with the bytes of a key.
    pub(crate) fn under_bytes(&self, key: &Zeroizing<[u8; 32]>) -> Result<Self> {
        Self::new(self.org, key, self.sketch.clone())
    }

    /// A key of the organisation for one purpose, which is not stored.
    pub(crate) fn key_for(&self, purpose: &'static str) -> Result<Zeroizing<[u8; 32]>> {
        let key = hmac(self.digest.as_slice(), &[purpose.as_bytes()])?;
        Ok(Zeroizing::new(key))
    }

    pub(crate) fn org(&self) -> OrgId {
        self.org
    }

    pub(crate) fn sketch_key(&self) -> &SketchKey {
        &self.sketch
    }

    pub(crate) fn seal(&self, cell: Cell<'_>, plain: &[u8]) -> Result<Vec<u8>> {
        let place = associated(self.org, cell);
        let mut blob = seal(&self.of_cell(&place)?, &place, plain)?;
        if let Some(version) = blob.first_mut() {
            *version = OF_CELL;
        }
        Ok(blob)
    }

    pub(crate) fn unseal(&self, cell: Cell<'_>, blob: &[u8]) -> Result<Vec<u8>> {
        let place = associated(self.org, cell);
        let plain = match blob.split_first() {
            Some((&OF_CELL, sealed)) => opened(&self.of_cell(&place)?, &place, sealed),
            _ => unseal(&self.cipher, &place, blob),
        };
        plain.ok_or_else(|| {
            Error::corrupt(format_args!(
                "{} was altered or belongs elsewhere",
                cell.name
            ))
        })
    }

    /// The cipher of one cell.
    fn of_cell(&self, place: &[u8]) -> Result<Aes256Gcm> {
        cipher(&Zeroizing::new(hmac(self.cells.as_slice(), &[place])?))
    }

    pub(crate) fn seal_as<T: Serialize>(&self, cell: Cell<'_>, value: &T) -> Result<Vec<u8>> {
        let plain = Zeroizing::new(serde_json::to_vec(value).map_err(|error| {
            Error::new(
                ErrorKind::Invalid,
                format!("{} cannot be written as JSON", cell.name),
            )
            .cause(error)
        })?);
        self.seal(cell, &plain)
    }

    pub(crate) fn unseal_as<T: DeserializeOwned>(&self, cell: Cell<'_>, blob: &[u8]) -> Result<T> {
        let plain = Zeroizing::new(self.unseal(cell, blob)?);
        serde_json::from_slice(&plain)
            .map_err(|_| Error::corrupt(format_args!("{} has an unknown form", cell.name)))
    }

    /// A keyed digest, for columns that must be unique without being readable.
    pub(crate) fn digest(&self, purpose: &'static str, text: &[u8]) -> Result<Uuid> {
        let digest = hmac(self.digest.as_slice(), &[purpose.as_bytes(), &[0], text])?;
        Ok(Uuid::from_slice(&digest[..16]).unwrap_or_default())
    }
}

/// A key wrapped under the master key, bound to its organisation, kind and id.
pub(crate) fn wrap(
    master: &MasterKey,
    org: OrgId,
    kind: &str,
    id: KeyId,
    key: &[u8],
) -> Result<Vec<u8>> {
    seal(&master_cipher(master)?, &wrapping(org, kind, id), key)
}

/// The wrapped key; `WrongKey` when the master key is another one, or the blob was altered.
pub(crate) fn unwrap(
    master: &MasterKey,
    org: OrgId,
    kind: &str,
    id: KeyId,
    blob: &[u8],
) -> Result<Zeroizing<Vec<u8>>> {
    unseal(&master_cipher(master)?, &wrapping(org, kind, id), blob)
        .map(Zeroizing::new)
        .ok_or_else(|| {
            Error::new(
                ErrorKind::WrongKey,
                "the store's keys cannot be unwrapped: wrong master key, or altered keys",
            )
        })
}

/// A key for one purpose of an organisation that is not stored: the same wherever the master key is.
pub(crate) fn derive(master: &MasterKey, org: OrgId, purpose: &str) -> Result<Zeroizing<[u8; 16]>> {
    let derived = Zeroizing::new(hmac(
        master.bytes(),
        &[purpose.as_bytes(), &[0], org.0.as_bytes()],
    )?);
    let mut key = Zeroizing::new([0; 16]);
    key.copy_from_slice(&derived[..16]);
    Ok(key)
}

/// Seals what goes to other catalogs of the same master key in a file: hex of a sealed blob. The same text gives the
/// same blob, so that a file changes only where its meaning does; its nonce is drawn from the text and the key.
pub(crate) fn seal_for_file(master: &MasterKey, org: OrgId, plain: &str) -> Result<String> {
    let key = file_key(master, org)?;
    let drawn = hmac(key.as_slice(), &[b"nonce", &[0], plain.as_bytes()])?;
    let mut nonce = [0; NONCE];
    nonce.copy_from_slice(&drawn[..NONCE]);
    let blob = seal_with(&cipher(&key)?, nonce, FILE, plain.as_bytes())?;
    Ok(blob
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect::<Vec<_>>()
        .concat())
}

/// What was sealed so; `None` where that was done under another master key, or the text was altered.
pub(crate) fn unseal_from_file(
    master: &MasterKey,
    org: OrgId,
    text: &str,
) -> Result<Option<Zeroizing<String>>> {
    let digits = text.as_bytes().chunks(2);
    let byte = |two: &[u8]| {
        let two = std::str::from_utf8(two).ok().filter(|two| two.len() == 2)?;
        u8::from_str_radix(two, 16).ok()
    };
    let Some(blob) = digits.map(byte).collect::<Option<Vec<u8>>>() else {
        return Ok(None);
    };
    let plain = unseal(&cipher(&file_key(master, org)?)?, FILE, &blob);
    Ok(plain
        .and_then(|plain| String::from_utf8(plain).ok())
        .map(Zeroizing::new))
}

/// Binds what is sealed for files to that.
const FILE: &[u8] = b"locard file";

fn file_key(master: &MasterKey, org: OrgId) -> Result<Zeroizing<[u8; 32]>> {
    let purpose: &[u8] = b"locard file key";
    Ok(Zeroizing::new(hmac(
        master.bytes(),
        &[purpose, &[0], org.0.as_bytes()],
    )?))
}

fn cipher(key: &Zeroizing<[u8; 32]>) -> Result<Aes256Gcm> {
    Ok(Aes256Gcm::new(
        key.as_slice().try_into().map_err(|_| broken())?,
    ))
}

fn master_cipher(master: &MasterKey) -> Result<Aes256Gcm> {
    Ok(Aes256Gcm::new(
        master.bytes().as_slice().try_into().map_err(|_| broken())?,
    ))
}

fn seal(cipher: &Aes256Gcm, aad: &[u8], plain: &[u8]) -> Result<Vec<u8>> {
    let mut nonce = [0; NONCE];
    fill(&mut nonce)?;
    seal_with(cipher, nonce, aad, plain)
}

fn seal_with(cipher: &Aes256Gcm, nonce: [u8; NONCE], aad: &[u8], plain: &[u8]) -> Result<Vec<u8>> {
    let sealed = cipher
        .encrypt(&Nonce::from(nonce), Payload { msg: plain, aad })
        .map_err(|_| broken())?;
    let mut blob = Vec::with_capacity(1 + NONCE + sealed.len());
    blob.push(VERSION);
    blob.extend(nonce);
    blob.extend(sealed);
    Ok(blob)
}

fn unseal(cipher: &Aes256Gcm, aad: &[u8], blob: &[u8]) -> Option<Vec<u8>> {
    let (version, sealed) = blob.split_first()?;
    (*version == VERSION).then_some(())?;
    opened(cipher, aad, sealed)
}

/// What is sealed, from its nonce on.
fn opened(cipher: &Aes256Gcm, aad: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
    let (nonce, sealed) = sealed.split_first_chunk::<NONCE>()?;
    cipher
        .decrypt(&Nonce::from(*nonce), Payload { msg: sealed, aad })
        .ok()
}

/// Unambiguous: ids have a fixed length, and the name ends before the first zero.
fn associated(org: OrgId, cell: Cell<'_>) -> Vec<u8> {
    let mut aad = org.0.as_bytes().to_vec();
    aad.extend(cell.name.as_bytes());
    aad.push(0);
    for id in cell.row {
        aad.extend(id.as_bytes());
    }
    aad
}

fn wrapping(org: OrgId, kind: &str, id: KeyId) -> Vec<u8> {
    let mut aad = org.0.as_bytes().to_vec();
    aad.extend(kind.as_bytes());
    aad.push(0);
    aad.extend(id.0.to_be_bytes());
    aad
}

fn hmac(key: &[u8], parts: &[&[u8]]) -> Result<[u8; 32]> {
    let mut mac = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(key).map_err(|_| broken())?;
    for part in parts {
        mac.update(part);
    }
    Ok(mac.finalize().into_bytes().into())
}

/// Lengths are fixed by the types, so this is not reached; it stands in for a panic.
fn broken() -> Error {
    Error::new(ErrorKind::Io, "the cipher refused its input")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vault(org: u128) -> Vault {
        let sketch = SketchKey {
            id: KeyId(1),
            key: Zeroizing::new([2; 16]),
        };
        Vault::new(
            OrgId(Uuid::from_u128(org)),
            &Zeroizing::new([7; 32]),
            sketch,
        )
        .unwrap()
    }

    const ROW: Uuid = Uuid::from_u128(9);

    #[test]
    fn what_was_sealed_opens_in_its_cell_only() {
        let (vault, foreign) = (vault(1), vault(2));
        let cell = Cell {
            name: "sources.settings",
            row: &[ROW],
        };
        let blob = vault.seal(cell, b"secret").unwrap();
        assert_eq!(vault.unseal(cell, &blob).unwrap(), b"secret");
        assert!(
            vault
                .unseal(
                    Cell {
                        name: "sources.sealed",
                        row: &[ROW]
                    },
                    &blob
                )
                .is_err()
        );
        assert!(
            vault
                .unseal(
                    Cell {
                        name: "sources.settings",
                        row: &[Uuid::nil()]
                    },
                    &blob
                )
                .is_err()
        );
        assert!(foreign.unseal(cell, &blob).is_err());
    }

    /// Catalogs hold these bytes: another cipher or layout is a new `VERSION`, and this one opens further on.
    #[test]
    fn a_sealed_cell_is_version_nonce_text_and_tag() {
        let vault = vault(1);
        let cell = Cell {
            name: "sources.settings",
            row: &[ROW],
        };
        let blobs = [(); 2].map(|()| vault.seal(cell, b"secret").unwrap());
        for blob in &blobs {
            assert_eq!((blob[0], blob.len()), (2, 1 + 12 + 6 + 16));
        }
        assert_ne!(
            blobs[0][1..13],
            blobs[1][1..13],
            "a nonce is never used twice"
        );
        let of_before = [
            0x01, 0xcd, 0x30, 0x9d, 0xf5, 0x98, 0x8a, 0xa4, 0x5e, 0xad, 0x97, 0x66, 0x69, 0x20,
            0x00, 0xad, 0xb6, 0x79, 0x81, 0x59, 0x1d, 0xdd, 0x72, 0x30, 0x20, 0xb0, 0xbd, 0x5b,
            0xc8, 0x8a, 0xbf, 0x4c, 0x67, 0x8b, 0xf3,
        ];
        assert_eq!(vault.unseal(cell, &of_before).unwrap(), b"secret");
        // Rows are found by it.
        let digest = Uuid::from_u128(0x7ee6_ad49_ac4d_8bdc_fc55_178d_b475_26ae);
        assert_eq!(vault.digest("source", b"crm").unwrap(), digest);
    }

    /// So nobody need count how much is sealed in all.
    #[test]
    fn each_cell_has_a_key_of_its_own() {
        let vault = vault(1);
        let keys = [[1_u128], [2]].map(|row| {
            let row = row.map(Uuid::from_u128);
            let name = "sources.settings";
            let place = associated(vault.org, Cell { name, row: &row });
            hmac(vault.cells.as_slice(), &[&place]).unwrap()
        });
        assert_ne!(keys[0], keys[1]);
        // What is of another cell opens under neither its key nor the data key.
        let (here, there) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let cell = |row| Cell {
            name: "sources.settings",
            row: std::slice::from_ref(row),
        };
        let mut blob = vault.seal(cell(&here), b"secret").unwrap();
        assert!(vault.unseal(cell(&there), &blob).is_err());
        blob[0] = VERSION;
        assert!(vault.unseal(cell(&here), &blob).is_err());
    }

    #[test]
    fn a_changed_bit_anywhere_is_noticed() {
        let vault = vault(1);
        let cell = Cell {
            name: "sources.settings",
            row: &[ROW],
        };
        let blob = vault.seal(cell, b"secret").unwrap();
        for at in 0..blob.len() {
            let mut altered = blob.clone();
            altered[at] ^= 1;
            assert!(vault.unseal(cell, &altered).is_err(), "byte {at}");
        }
        assert!(vault.unseal(cell, &[]).is_err());
    }

    #[test]
    fn a_key_unwraps_under_its_own_master_key_and_name_only() {
        let (master, other) = (MasterKey::random().unwrap(), MasterKey::random().unwrap());
        let org = OrgId::DEFAULT;
        let blob = wrap(&master, org, "data", KeyId(3), &[5; 32]).unwrap();
        assert_eq!(
            unwrap(&master, org, "data", KeyId(3), &blob)
                .unwrap()
                .as_slice(),
            [5; 32]
        );
        assert_eq!(
            unwrap(&other, org, "data", KeyId(3), &blob)
                .unwrap_err()
                .kind(),
            ErrorKind::WrongKey
        );
        assert!(unwrap(&master, org, "sketch", KeyId(3), &blob).is_err());
        assert!(unwrap(&master, org, "data", KeyId(4), &blob).is_err());
    }

    #[test]
    fn a_derived_key_depends_on_master_key_organisation_and_purpose() {
        let (master, other) = (MasterKey::random().unwrap(), MasterKey::random().unwrap());
        let key = |master: &MasterKey, org, purpose: &str| {
            derive(master, OrgId(Uuid::from_u128(org)), purpose)
        };
        let one = key(&master, 1, "names").unwrap();
        assert_eq!(one, key(&master.clone(), 1, "names").unwrap());
        for another in [
            key(&other, 1, "names"),
            key(&master, 2, "names"),
            key(&master, 1, "other"),
        ] {
            assert_ne!(one, another.unwrap());
        }
    }

    #[test]
    fn what_is_sealed_for_a_file_opens_under_the_same_master_key_alone() {
        let (master, other) = (MasterKey::random().unwrap(), MasterKey::random().unwrap());
        let org = OrgId::DEFAULT;
        let text = seal_for_file(&master, org, "info@example.org").unwrap();
        assert_eq!(
            text,
            seal_for_file(&master, org, "info@example.org").unwrap()
        );
        assert_ne!(
            text,
            seal_for_file(&master, org, "info@example.com").unwrap()
        );
        let open = |master, text: &str| unseal_from_file(master, org, text).unwrap();
        assert_eq!(open(&master, &text).unwrap().as_str(), "info@example.org");
        assert!(open(&other, &text).is_none());
        let another = OrgId(Uuid::from_u128(7));
        assert!(unseal_from_file(&master, another, &text).unwrap().is_none());
        for wrong in [
            "",
            "0",
            "zz",
            "é",
            &text[2..],
            &text[..text.len() - 2],
            &text.replace('a', "b"),
        ] {
            assert!(open(&master, wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn digests_depend_on_purpose_text_and_organisation() {
        let (one, two) = (vault(1), vault(1));
        assert_eq!(
            one.digest("source", b"crm").unwrap(),
            two.digest("source", b"crm").unwrap()
        );
        assert_ne!(
            one.digest("source", b"crm").unwrap(),
            one.digest("job", b"crm").unwrap()
        );
        assert_ne!(
            one.digest("source", b"crm").unwrap(),
            one.digest("source", b"erp").unwrap()
        );
    }
}
