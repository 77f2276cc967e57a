//! The keys of an identity provider, kept for a while and asked for again when a token names one that is not among them.

use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use locard_app::TokenKeys;
use locard_model::ExposeSecret as _;
use ring::{hmac, signature};
use serde_json::{Map, Value};
use tokio::sync::{Mutex, MutexGuard};

use super::Refusal;
use super::token::{Algorithm, Token, decode};

/// How long keys are used without asking again.
const FRESH: Duration = Duration::from_mins(10);

/// How long they are used where nobody answers.
const STALE: Duration = Duration::from_hours(24);

/// How soon they may be asked for again: tokens with made-up keys must not make us ask all the time.
const PAUSE: Duration = Duration::from_secs(10);

/// How long the provider may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Bytes of a set of keys, and keys of it.
const LARGEST: usize = 1 << 20;
const MOST: usize = 100;

/// A key; how it is used is its own affair.
enum Key {
    Secret(hmac::Key),
    Rsa { n: Vec<u8>, e: Vec<u8> },
    P256(Vec<u8>),
    Ed25519(Vec<u8>),
}

struct Named {
    name: Option<String>,
    key: Key,
}

#[derive(Default)]
struct Kept {
    keys: Arc<Vec<Named>>,
    read: Option<Instant>,
}

/// The keys.
pub(super) struct Keys {
    place: TokenKeys,
    kept: std::sync::Mutex<Kept>,
    /// When they were asked for last; held by whoever asks.
    asking: Mutex<Option<Instant>>,
}

impl Keys {
    pub(super) fn new(place: TokenKeys) -> Self {
        Self {
            place,
            kept: std::sync::Mutex::default(),
            asking: Mutex::default(),
        }
    }

    /// What the token says, if a key signed it.
    pub(super) async fn check(&self, token: &Token<'_>) -> Result<Map<String, Value>, Refusal> {
        let keys = self.for_token(token).await?;
        let fitting = keys.iter().filter(|named| named.fits(token));
        let mut any = false;
        for named in fitting {
            any = true;
            if named.key.verifies(token) {
                return token.claims();
            }
        }
        Err(if any {
            "the token's signature is wrong"
        } else {
            "nobody knows the token's key"
        })
    }

    /// The keys as they are kept, or anew where they are old or do not fit.
    async fn for_token(&self, token: &Token<'_>) -> Result<Arc<Vec<Named>>, Refusal> {
        let within = |at: Option<Instant>, limit| at.is_some_and(|at| at.elapsed() < limit);
        let (kept, read) = self.kept();
        let fits = kept.iter().any(|named| named.fits(token));
        if fits && within(read, FRESH) {
            return Ok(kept);
        }
        // One asks. Whoever has keys that fit and are not too old does not wait for the answer.
        let asking = match self.asking.try_lock() {
            Ok(asking) => asking,
            Err(_) if fits && within(read, STALE) => return Ok(kept),
            Err(_) => self.asking.lock().await,
        };
        self.ask(asking).await;
        let (kept, read) = self.kept();
        if !within(read, STALE) {
            return Err("the keys for tokens cannot be read now");
        }
        Ok(kept)
    }

    fn kept(&self) -> (Arc<Vec<Named>>, Option<Instant>) {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        (Arc::clone(&kept.keys), kept.read)
    }

    /// Reads the keys, unless somebody did a moment ago.
    async fn ask(&self, mut answered: MutexGuard<'_, Option<Instant>>) {
        if answered.is_some_and(|at| at.elapsed() < PAUSE) {
            return;
        }
        let loaded = self.load().await;
        *answered = Some(Instant::now());
        match loaded {
            Ok(keys) => {
                let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
                kept.keys = Arc::new(keys);
                kept.read = Some(Instant::now());
            }
            Err(why) => tracing::warn!(why, "the keys for tokens could not be read"),
        }
    }

    async fn load(&self) -> Result<Vec<Named>, Refusal> {
        let text = match &self.place {
            TokenKeys::Secret(secret) => {
                let key = hmac::Key::new(hmac::HMAC_SHA256, secret.expose_secret().as_bytes());
                let key = Key::Secret(key);
                return Ok(vec![Named { name: None, key }]);
            }
            TokenKeys::File(path) => {
                let path = path.clone();
                let read = tokio::task::spawn_blocking(move || std::fs::read(path)).await;
                let read = read.ok().and_then(Result::ok);
                read.ok_or("the file of the keys cannot be read")?
            }
            TokenKeys::Url(url) => fetch(url).await?,
        };
        parse(&text)
    }
}

/// The set of keys at an address. A redirection is not followed: whoever configured the address trusts that one.
async fn fetch(url: &str) -> Result<Vec<u8>, Refusal> {
    const SILENT: Refusal = "the address of the keys does not answer";
    let client = reqwest::Client::builder()
        .timeout(PATIENCE)
        .redirect(reqwest::redirect::Policy::none())
        .build();
    let client = client.map_err(|_| SILENT)?;
    let answer = client.get(url).send().await.map_err(|_| SILENT)?;
    if !answer.status().is_success() {
        return Err("the address of the keys answers without any");
    }
    let mut answer = answer;
    let mut text = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|_| SILENT)? {
        if text.len() + chunk.len() > LARGEST {
            return Err("the set of keys is too large");
        }
        text.extend_from_slice(&chunk);
    }
    Ok(text)
}

/// A JSON Web Key Set; keys that are not for this are passed over.
fn parse(text: &[u8]) -> Result<Vec<Named>, Refusal> {
    let set: Value = serde_json::from_slice(text).map_err(|_| "the set of keys is no JSON")?;
    let keys = set.get("keys").and_then(Value::as_array);
    let keys = keys.ok_or("the set of keys has none")?;
    Ok(keys.iter().take(MOST).filter_map(named).collect())
}

fn named(jwk: &Value) -> Option<Named> {
    let text = |name: &str| jwk.get(name).and_then(Value::as_str);
    let bytes = |name: &str| text(name).and_then(decode);
    if text("use").is_some_and(|used| used != "sig") {
        return None;
    }
    let key = match (text("kty")?, text("crv")) {
        ("oct", _) => {
            let secret = bytes("k").filter(|secret| secret.len() >= 32)?;
            Key::Secret(hmac::Key::new(hmac::HMAC_SHA256, &secret))
        }
        ("RSA", _) => Key::Rsa {
            n: bytes("n")?,
            e: bytes("e")?,
        },
        ("EC", Some("P-256")) => {
            let (x, y) = (bytes("x")?, bytes("y")?);
            (x.len() == 32 && y.len() == 32).then_some(())?;
            Key::P256([&[4], x.as_slice(), y.as_slice()].concat())
        }
        ("OKP", Some("Ed25519")) => Key::Ed25519(bytes("x")?),
        _ => return None,
    };
    let said = text("alg").map(Algorithm::parse);
    let named = Named {
        name: text("kid").map(str::to_owned),
        key,
    };
    said.is_none_or(|said| said == Some(named.key.algorithm()))
        .then_some(named)
}

impl Named {
    /// Whether it may have signed the token.
    fn fits(&self, token: &Token<'_>) -> bool {
        let same = token.key.is_none() || self.name.is_none() || token.key == self.name;
        same && self.key.algorithm() == token.algorithm
    }
}

impl Key {
    fn algorithm(&self) -> Algorithm {
        match self {
            Self::Secret(_) => Algorithm::Hs256,
            Self::Rsa { .. } => Algorithm::Rs256,
            Self::P256(_) => Algorithm::Es256,
            Self::Ed25519(_) => Algorithm::EdDsa,
        }
    }

    fn verifies(&self, token: &Token<'_>) -> bool {
        let (signed, given) = (token.signed.as_bytes(), token.signature.as_slice());
        let public = |kind: &'static dyn signature::VerificationAlgorithm, key: &[u8]| {
            signature::UnparsedPublicKey::new(kind, key)
                .verify(signed, given)
                .is_ok()
        };
        match self {
            Self::Secret(key) => hmac::verify(key, signed, given).is_ok(),
            Self::Rsa { n, e } => signature::RsaPublicKeyComponents { n, e }
                .verify(&signature::RSA_PKCS1_2048_8192_SHA256, signed, given)
                .is_ok(),
            Self::P256(point) => public(&signature::ECDSA_P256_SHA256_FIXED, point),
            Self::Ed25519(key) => public(&signature::ED25519, key),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::token;
    use super::*;

    /// The examples of RFC 7515 (A.1 to A.3) and RFC 8037 (A.4).
    const SET: &str = r#"{"keys": [
        {"kty": "oct", "kid": "h", "k": "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"},
        {"kty": "RSA", "kid": "r", "use": "sig", "alg": "RS256", "e": "AQAB", "n": "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"},
        {"kty": "EC", "kid": "e", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"},
        {"kty": "OKP", "kid": "o", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},
        {"kty": "RSA", "use": "enc", "n": "AQAB", "e": "AQAB"},
        {"kty": "oct", "k": "c2hvcnQ"},
        {"kty": "RSA", "alg": "HS256", "n": "AQAB", "e": "AQAB"},
        {"kty": "odd"}
    ]}"#;

    const CLAIMS: &str = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";

    fn examples() -> [String; 4] {
        [
            format!("eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.{CLAIMS}.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
            format!("eyJhbGciOiJSUzI1NiJ9.{CLAIMS}.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"),
            format!("eyJhbGciOiJFUzI1NiJ9.{CLAIMS}.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"),
            "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg".to_owned(),
        ]
    }

    #[test]
    fn each_kind_of_key_checks_its_own_tokens_and_no_others() {
        let keys = parse(SET.as_bytes()).ok().unwrap();
        assert_eq!(keys.len(), 4, "what is not for signatures is passed over");
        for (position, text) in examples().iter().enumerate() {
            let token = token::parse(text).ok().unwrap();
            let checked = keys
                .iter()
                .map(|named| named.fits(&token) && named.key.verifies(&token));
            let checked: Vec<bool> = checked.collect();
            let expected: Vec<bool> = (0..4).map(|key| key == position).collect();
            assert_eq!(checked, expected, "{text}");
            let mut altered = text.clone();
            let at = altered.find('.').unwrap() + 3;
            let other = if altered.as_bytes()[at] == b'A' {
                "B"
            } else {
                "A"
            };
            altered.replace_range(at..=at, other);
            let altered = token::parse(&altered).ok().unwrap();
            assert!(!keys[position].key.verifies(&altered));
        }
    }

    #[test]
    fn what_is_signed_by_nothing_is_no_token() {
        let token = |header: &str| {
            use base64::Engine as _;
            let header = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(header);
            token::parse(&format!("{header}.{CLAIMS}.")).is_ok()
        };
        assert!(token(r#"{"alg": "HS256"}"#));
        for header in [
            r#"{"alg": "none"}"#,
            r#"{"alg": "HS512"}"#,
            r#"{"alg": "HS256", "crit": ["b64"]}"#,
            r#"{"alg": 1}"#,
            "{}",
            "[]",
            "",
        ] {
            assert!(!token(header), "{header}");
        }
        for text in [
            "",
            ".",
            "..",
            "a.b.c",
            &format!("{CLAIMS}.{CLAIMS}.{CLAIMS}="),
        ] {
            assert!(token::parse(text).is_err(), "{text}");
        }
    }
}
