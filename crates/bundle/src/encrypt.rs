//! Encryption to a recipient, in the format of age (age-encryption.org/v1), which `age` and `rage` read.
//!
//! It is put around a bundle: [`BundleWriter`](crate::BundleWriter) writes into an [`Encrypting`]. Keys and nonces are drawn
//! from the system's randomness, so that no two encryptions of a bundle have the same bytes.

use std::io::{self, Read, Write};

use age::stream::StreamWriter;
use age::{Decryptor, Encryptor, scrypt, x25519};
use locard_model::SecretString;

use crate::{Error, Result};

/// Work to derive a key from a passphrase: 2^18 rounds of scrypt over 256 MiB, some seconds, as `age` itself chooses. It is
/// fixed, since the library would else measure it by the clock. Tests do not wait for it.
const WORK: u8 = if cfg!(test) { 8 } else { 18 };

/// Who is able to read a bundle.
pub enum Recipient {
    /// Whoever has the identity to this public key, written `age1…`.
    Key(x25519::Recipient),
    /// Whoever knows the passphrase. It is for people, and for one alone.
    Passphrase(SecretString),
}

impl std::fmt::Debug for Recipient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Key(_) => "Key(***)",
            Self::Passphrase(_) => "Passphrase(***)",
        })
    }
}

impl std::str::FromStr for Recipient {
    type Err = Error;

    /// A public key, `age1…`.
    fn from_str(text: &str) -> Result<Self> {
        text.parse().map(Self::Key).map_err(|_| Error::Key)
    }
}

/// Encrypts what is written into it. Without [`Encrypting::finish`] nobody can decrypt it.
pub struct Encrypting<W: Write>(StreamWriter<W>);

impl<W: Write> Encrypting<W> {
    /// Encrypts to these keys, or to one passphrase. `Key` where there is none, or a passphrase among others.
    pub fn new(out: W, recipients: &[Recipient]) -> Result<Self> {
        let recipients: Vec<Box<dyn age::Recipient>> = recipients
            .iter()
            .map(|recipient| -> Box<dyn age::Recipient> {
                match recipient {
                    Recipient::Key(key) => Box::new(key.clone()),
                    Recipient::Passphrase(passphrase) => {
                        let mut recipient = scrypt::Recipient::new(passphrase.clone());
                        recipient.set_work_factor(WORK);
                        Box::new(recipient)
                    }
                }
            })
            .collect();
        let recipients = recipients.iter().map(AsRef::as_ref);
        let encryptor = Encryptor::with_recipients(recipients).map_err(|_| Error::Key)?;
        Ok(Self(encryptor.wrap_output(out)?))
    }

    /// Ends and gives the writer back.
    pub fn finish(self) -> Result<W> {
        Ok(self.0.finish()?)
    }
}

impl<W: Write> Write for Encrypting<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Decrypts with a passphrase, or else with an identity (`AGE-SECRET-KEY-1…`). What is read fails where it was altered or
/// cut off.
pub fn decrypt<R: Read>(input: R, secret: &Secret) -> Result<age::stream::StreamReader<R>> {
    let refused = |_| Error::NotDecrypted;
    let decryptor = Decryptor::new(input).map_err(refused)?;
    match secret {
        Secret::Identity(identity) => decryptor.decrypt(std::iter::once(identity as _)),
        Secret::Passphrase(passphrase) => {
            let mut identity = scrypt::Identity::new(passphrase.clone());
            // More would be a stranger's way to take the time of this machine.
            identity.set_max_work_factor(WORK + 2);
            decryptor.decrypt(std::iter::once(&identity as _))
        }
    }
    .map_err(refused)
}

/// What opens an encrypted bundle.
pub enum Secret {
    /// The private key of a recipient.
    Identity(x25519::Identity),
    /// The passphrase.
    Passphrase(SecretString),
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(***)")
    }
}

impl std::str::FromStr for Secret {
    type Err = Error;

    /// An identity, `AGE-SECRET-KEY-1…`.
    fn from_str(text: &str) -> Result<Self> {
        text.parse().map(Self::Identity).map_err(|_| Error::Key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair() -> (Recipient, Secret) {
        let identity = x25519::Identity::generate();
        (
            Recipient::Key(identity.to_public()),
            Secret::Identity(identity),
        )
    }

    fn encrypted(recipients: &[Recipient]) -> Vec<u8> {
        let mut out = Encrypting::new(Vec::new(), recipients).unwrap();
        out.write_all(b"a bundle").unwrap();
        out.finish().unwrap()
    }

    fn decrypted(bytes: &[u8], secret: &Secret) -> Result<Vec<u8>> {
        let mut plain = Vec::new();
        decrypt(bytes, secret)?.read_to_end(&mut plain)?;
        Ok(plain)
    }

    #[test]
    fn each_recipient_reads_it_and_nobody_else() {
        let ((one, secret), (other, other_secret), (_, stranger)) = (pair(), pair(), pair());
        let bytes = encrypted(&[one, other]);
        assert_eq!(decrypted(&bytes, &secret).unwrap(), b"a bundle");
        assert_eq!(decrypted(&bytes, &other_secret).unwrap(), b"a bundle");
        assert!(matches!(
            decrypted(&bytes, &stranger),
            Err(Error::NotDecrypted)
        ));
        for at in 0..bytes.len() {
            let mut altered = bytes.clone();
            altered[at] ^= 1;
            assert!(decrypted(&altered, &secret).is_err(), "byte {at}");
            assert!(decrypted(&bytes[..at], &secret).is_err(), "cut at {at}");
        }
    }

    #[test]
    fn a_passphrase_opens_what_it_closed() {
        let of = |text: &str| SecretString::from(text.to_owned());
        let bytes = encrypted(&[Recipient::Passphrase(of("correct horse"))]);
        let open = |text| decrypted(&bytes, &Secret::Passphrase(of(text)));
        assert_eq!(open("correct horse").unwrap(), b"a bundle");
        assert!(matches!(open("battery staple"), Err(Error::NotDecrypted)));
    }

    #[test]
    fn recipients_that_do_not_go_together_are_refused_and_none_is_printed() {
        let passphrase = || Recipient::Passphrase(SecretString::from("x".to_owned()));
        for recipients in [
            vec![],
            vec![passphrase(), pair().0],
            vec![passphrase(), passphrase()],
        ] {
            assert!(matches!(
                Encrypting::new(Vec::new(), &recipients),
                Err(Error::Key)
            ));
        }
        assert!(matches!("age1nobody".parse::<Recipient>(), Err(Error::Key)));
        assert!(matches!(
            "AGE-SECRET-KEY-1".parse::<Secret>(),
            Err(Error::Key)
        ));
        let (key, secret) = pair();
        assert_eq!(
            format!("{key:?} {secret:?} {:?}", passphrase()),
            "Key(***) Secret(***) Passphrase(***)"
        );
    }
}
