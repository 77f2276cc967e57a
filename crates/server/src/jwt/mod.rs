//! Tokens that an identity provider signed: who somebody is, and which of its roles are ours.
//!
//! What a reader gets wrong: a key decides how it may be used, never the token. So no token can have its signature checked
//! by another algorithm than the key's own, nor by none.

mod keys;
mod token;

use locard_app::{Actor, Grant, TokenOptions};
use locard_model::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value};

use keys::Keys;

/// Seconds by which clocks may differ.
const LEEWAY: f64 = 60.0;

/// Bytes of the longest token that is looked at.
const LONGEST: usize = 16 << 10;

/// Why a token lets nobody in; never a part of it.
pub(crate) type Refusal = &'static str;

/// Checks tokens.
pub(crate) struct Jwt {
    options: TokenOptions,
    keys: Keys,
}

impl Jwt {
    pub(crate) fn new(options: TokenOptions) -> Self {
        Self {
            keys: Keys::new(options.keys.clone()),
            options,
        }
    }

    /// Whose tokens let in, and what for.
    pub(crate) fn options(&self) -> &TokenOptions {
        &self.options
    }

    /// Whether it has the form of a token.
    pub(crate) fn is_one(text: &SecretString) -> bool {
        let text = text.expose_secret();
        text.len() <= LONGEST && text.bytes().filter(|byte| *byte == b'.').count() == 2
    }

    /// Who shows this token, and what they may do by any of their roles.
    pub(crate) async fn caller(&self, text: &SecretString) -> Result<(Actor, Vec<Grant>), Refusal> {
        let token = token::parse(text.expose_secret())?;
        let claims = self.keys.check(&token).await?;
        let now = jiff::Timestamp::now().as_second() as f64;
        self.judge(&claims, now)?;
        let subject = text_of(&claims, "sub").ok_or("the token names nobody")?;
        let name = ["preferred_username", "email", "name"]
            .into_iter()
            .find_map(|name| text_of(&claims, name));
        let actor = Actor {
            id: format!("token {subject}"),
            name: name.unwrap_or(subject).chars().take(200).collect(),
        };
        Ok((actor, self.grants(&claims)))
    }

    /// Whether the claims are those of a token for us, now.
    fn judge(&self, claims: &Map<String, Value>, now: f64) -> Result<(), Refusal> {
        let number = |name: &str| claims.get(name).map(Value::as_f64);
        match number("exp") {
            Some(Some(end)) if now < end + LEEWAY => {}
            Some(Some(_)) => return Err("the token has expired"),
            _ => return Err("the token never expires"),
        }
        match number("nbf") {
            None => {}
            Some(Some(begin)) if begin <= now + LEEWAY => {}
            Some(_) => return Err("the token does not hold yet"),
        }
        if text_of(claims, "iss") != Some(self.options.issuer.as_str()) {
            return Err("the token is of another issuer");
        }
        let wanted = self.options.audience.as_str();
        let is_for_us = match claims.get("aud") {
            Some(Value::String(one)) => one == wanted,
            Some(Value::Array(many)) => many.iter().any(|one| one.as_str() == Some(wanted)),
            _ => false,
        };
        if is_for_us {
            Ok(())
        } else {
            Err("the token is for somebody else")
        }
    }

    /// What its roles are here.
    fn grants(&self, claims: &Map<String, Value>) -> Vec<Grant> {
        let named: Vec<&str> = match claim(claims, &self.options.role_claim) {
            Some(Value::String(text)) => text.split_whitespace().collect(),
            Some(Value::Array(roles)) => roles.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        let known = self.options.roles.iter();
        known
            .filter(|(role, _)| named.contains(&role.as_str()))
            .map(|(_, grant)| *grant)
            .collect()
    }
}

fn text_of<'a>(claims: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    let text = claims.get(name)?.as_str()?;
    (!text.is_empty()).then_some(text)
}

/// The claim of that name; where there is none, what the path leads to.
fn claim<'a>(claims: &'a Map<String, Value>, path: &str) -> Option<&'a Value> {
    if let Some(value) = claims.get(path) {
        return Some(value);
    }
    let mut parts = path.split('.');
    let first = claims.get(parts.next()?)?;
    parts.try_fold(first, |value, part| value.get(part))
}

#[cfg(test)]
mod tests {
    use locard_app::TokenKeys;
    use serde_json::json;

    use super::*;

    fn jwt(role_claim: &str) -> Jwt {
        Jwt::new(TokenOptions {
            keys: TokenKeys::Secret(SecretString::from("x".repeat(32))),
            issuer: "https://id.example".to_owned(),
            audience: "locard".to_owned(),
            role_claim: role_claim.to_owned(),
            roles: vec![
                ("ops".to_owned(), Grant::Operator),
                ("dpo".to_owned(), Grant::PrivacyOfficer),
            ],
        })
    }

    fn claims(changes: &Value) -> Map<String, Value> {
        let mut claims = json!({ "iss": "https://id.example", "aud": ["account", "locard"], "exp": 1_000, "sub": "7" });
        for (name, value) in changes.as_object().unwrap() {
            claims[name] = value.clone();
        }
        claims.as_object().unwrap().clone()
    }

    #[test]
    fn a_token_of_another_time_issuer_or_audience_lets_nobody_in() {
        let jwt = jwt("roles");
        let judge = |changes: Value, now: f64| jwt.judge(&claims(&changes), now).is_ok();
        assert!(judge(json!({}), 900.0));
        assert!(
            judge(json!({ "aud": "locard", "nbf": 950 }), 900.0),
            "clocks differ"
        );
        assert!(!judge(json!({}), 1_061.0));
        for changes in [
            json!({ "exp": null }),
            json!({ "exp": "9999" }),
            json!({ "nbf": 2_000 }),
            json!({ "nbf": "soon" }),
            json!({ "iss": "https://id.example.evil" }),
            json!({ "iss": null }),
            json!({ "aud": "account" }),
            json!({ "aud": ["locard2"] }),
            json!({ "aud": { "locard": true } }),
        ] {
            assert!(!judge(changes.clone(), 900.0), "{changes}");
        }
    }

    /// As Keycloak and Entra write them.
    #[test]
    fn roles_are_found_where_providers_put_them() {
        let keycloak = json!({ "realm_access": { "roles": ["offline_access", "ops"] } });
        assert_eq!(
            jwt("realm_access.roles").grants(&claims(&keycloak)),
            [Grant::Operator]
        );
        let client = json!({ "resource_access": { "locard": { "roles": ["dpo", "ops"] } } });
        let both = jwt("resource_access.locard.roles").grants(&claims(&client));
        assert_eq!(both, [Grant::Operator, Grant::PrivacyOfficer]);
        assert_eq!(
            jwt("roles").grants(&claims(&json!({ "roles": ["dpo"] }))),
            [Grant::PrivacyOfficer]
        );
        let named = json!({ "https://locard.example/roles": "ops else" });
        assert_eq!(
            jwt("https://locard.example/roles").grants(&claims(&named)),
            [Grant::Operator]
        );
        for none in [
            json!({}),
            json!({ "roles": { "ops": true } }),
            json!({ "roles": ["OPS", 1] }),
        ] {
            assert_eq!(jwt("roles").grants(&claims(&none)), []);
        }
    }
}
