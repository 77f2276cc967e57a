//! The body of a request, field by field: what is not asked for is told, and what is of the wrong type is named.

use std::collections::BTreeSet;

use axum::body::Bytes;
use locard_model::SecretString;
use serde_json::{Map, Value};

use crate::fault::Fault;

/// A JSON object and which of its fields were heeded.
pub(crate) struct Fields {
    within: &'static str,
    map: Map<String, Value>,
    heeded: BTreeSet<String>,
}

impl Fields {
    /// Of a whole body; an empty one has no fields.
    pub(crate) fn of(body: &Bytes) -> Result<Self, Fault> {
        if body.iter().all(u8::is_ascii_whitespace) {
            return Self::new("", Value::Object(Map::new()));
        }
        // What is wrong is told by place only: the rest may be a secret.
        let value = serde_json::from_slice(body).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            let message = format!("the body is no JSON at line {line}, column {column}");
            Fault {
                code: Some(locard_requests::Code::InvalidJson),
                ..Fault::new(axum::http::StatusCode::BAD_REQUEST, message)
            }
        })?;
        Self::new("", value)
    }

    /// Of an object within a body, or of a body; its name is told where something is wrong.
    pub(crate) fn new(within: &'static str, value: Value) -> Result<Self, Fault> {
        match value {
            Value::Object(map) => Ok(Self {
                within,
                map,
                heeded: BTreeSet::new(),
            }),
            _ if within.is_empty() => Err(Fault::field("body", "an object is wanted")),
            _ => Err(Fault::field(within, "an object is wanted")),
        }
    }

    /// The fields of an object within; none where it is not there.
    pub(crate) fn object(&mut self, name: &'static str) -> Result<Self, Fault> {
        let value = self.take(name).unwrap_or_else(|| Value::Object(Map::new()));
        Self::new(name, value)
    }

    /// The names of all fields that hold something.
    pub(crate) fn names(&self) -> Vec<String> {
        let given = self.map.iter().filter(|(_, value)| !value.is_null());
        given.map(|(name, _)| name.clone()).collect()
    }

    /// Whether that field is there, also as null.
    pub(crate) fn is_there(&self, name: &str) -> bool {
        self.map.contains_key(name)
    }

    /// Whether that field holds something.
    pub(crate) fn is_given(&self, name: &str) -> bool {
        self.map.get(name).is_some_and(|value| !value.is_null())
    }

    /// The field as it was given.
    pub(crate) fn value(&mut self, name: &str) -> Option<Value> {
        self.take(name)
    }

    fn take(&mut self, name: &str) -> Option<Value> {
        self.heeded.insert(name.to_owned());
        self.map.get(name).filter(|value| !value.is_null()).cloned()
    }

    fn full(&self, name: &str) -> String {
        match self.within {
            "" => name.to_owned(),
            within => format!("{within}.{name}"),
        }
    }

    fn wrong(&self, name: &str, wanted: &str) -> Fault {
        Fault::field(&self.full(name), &format!("{wanted} is wanted"))
    }

    /// A text that is not empty; a number is taken for its digits.
    pub(crate) fn text(&mut self, name: &str) -> Result<Option<String>, Fault> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::String(text)) if text.trim().is_empty() => Ok(None),
            Some(Value::String(text)) if text.len() <= 10_000 => Ok(Some(text)),
            Some(Value::Number(number)) => Ok(Some(number.to_string())),
            Some(_) => Err(self.wrong(name, "a text")),
        }
    }

    /// A text as people write letters.
    pub(crate) fn long(&mut self, name: &str) -> Result<Option<String>, Fault> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::String(text)) if text.trim().is_empty() => Ok(None),
            Some(Value::String(text)) if text.len() <= 1_000_000 => Ok(Some(text)),
            Some(_) => Err(self.wrong(name, "a text")),
        }
    }

    /// A list of anything.
    pub(crate) fn items(&mut self, name: &str, most: usize) -> Result<Option<Vec<Value>>, Fault> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::Array(items)) if items.len() <= most => Ok(Some(items)),
            Some(_) => Err(self.wrong(name, &format!("a list of at most {most}"))),
        }
    }

    /// The first of these texts that is there: names of one thing in several times.
    pub(crate) fn any_text(&mut self, names: &[&str]) -> Result<Option<String>, Fault> {
        let mut found = None;
        for name in names {
            found = found.or(self.text(name)?);
        }
        Ok(found)
    }

    /// The same of what nobody may see.
    pub(crate) fn secret(&mut self, names: &[&str]) -> Result<Option<SecretString>, Fault> {
        Ok(self.any_text(names)?.map(SecretString::from))
    }

    /// A list of texts; nothing is an empty one. Objects with a `value` are taken for that.
    pub(crate) fn list(&mut self, name: &str) -> Result<Vec<String>, Fault> {
        const MOST: usize = 10_000;
        let items = match self.take(name) {
            None => return Ok(Vec::new()),
            Some(Value::Array(items)) if items.len() <= MOST => items,
            Some(_) => return Err(self.wrong(name, "a list of at most 10,000 texts")),
        };
        let text = |item: Value| match item {
            Value::String(text) => Ok(text),
            Value::Object(mut object) => match object.remove("value") {
                Some(Value::String(text)) => Ok(text),
                _ => Err(self.wrong(name, "a list of texts")),
            },
            _ => Err(self.wrong(name, "a list of texts")),
        };
        items.into_iter().map(text).collect()
    }

    /// A list that must not be empty.
    pub(crate) fn some(&mut self, name: &str) -> Result<Vec<String>, Fault> {
        let list = self.list(name)?;
        if list.is_empty() {
            return Err(self.wrong(name, "a list of at least one"));
        }
        Ok(list)
    }

    /// A number, or a text of one.
    pub(crate) fn number(&mut self, name: &str) -> Result<Option<f64>, Fault> {
        let number = match self.take(name) {
            None => return Ok(None),
            Some(Value::String(text)) if text.trim().is_empty() => return Ok(None),
            Some(Value::Number(number)) => number.as_f64(),
            Some(Value::String(text)) => text.trim().parse().ok(),
            Some(_) => None,
        };
        let number = number.filter(|number: &f64| number.is_finite() && *number >= 0.0);
        number.map(Some).ok_or_else(|| self.wrong(name, "a number"))
    }

    /// Yes or no; nothing is no.
    pub(crate) fn flag(&mut self, name: &str) -> Result<bool, Fault> {
        match self.take(name) {
            None => Ok(false),
            Some(Value::Bool(flag)) => Ok(flag),
            Some(Value::String(text)) if text.eq_ignore_ascii_case("true") => Ok(true),
            Some(Value::String(text)) if text.is_empty() || text.eq_ignore_ascii_case("false") => {
                Ok(false)
            }
            Some(_) => Err(self.wrong(name, "true or false")),
        }
    }

    /// What was given and not heeded: named, so that nobody takes it for done.
    pub(crate) fn unheeded(&self, known: &[&str]) -> Vec<String> {
        let given = self.map.iter().filter(|(_, value)| !value.is_null());
        let rest = given.filter(|(name, _)| !self.heeded.contains(*name));
        rest.map(|(name, _)| {
            let shown: String = self.full(name).chars().take(80).collect();
            if known.contains(&name.as_str()) {
                format!("{shown}: has no meaning here and was not heeded")
            } else {
                format!("{shown}: is not known and was not heeded")
            }
        })
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(text: &'static str) -> Fields {
        Fields::of(&Bytes::from_static(text.as_bytes())).unwrap()
    }

    #[test]
    fn what_is_not_heeded_is_named_and_null_is_nothing() {
        let mut fields =
            fields(r#"{"host": "a", "port": 5432, "jobClasspath": "x", "odd": 1, "note": null}"#);
        assert_eq!(fields.text("host").unwrap().as_deref(), Some("a"));
        assert_eq!(fields.text("port").unwrap().as_deref(), Some("5432"));
        let told = fields.unheeded(&["jobClasspath"]);
        assert_eq!(
            told,
            [
                "jobClasspath: has no meaning here and was not heeded",
                "odd: is not known and was not heeded",
            ]
        );
    }

    #[test]
    fn a_field_of_the_wrong_type_is_named_without_its_value() {
        let mut outer = fields(r#"{"scope": "SECRET", "configs": {"sampleValue": "SECRET"}}"#);
        let fault = outer.some("scope").unwrap_err();
        assert_eq!(fault.field.as_deref(), Some("scope"));
        assert!(!fault.message.contains("SECRET"));
        let mut configs = outer.object("configs").unwrap();
        let fault = configs.number("sampleValue").unwrap_err();
        assert_eq!(fault.field.as_deref(), Some("configs.sampleValue"));
        assert!(Fields::of(&Bytes::from_static(b"[1]")).is_err());
        assert!(Fields::of(&Bytes::from_static(b"{\"password\": SECRET")).is_err());
    }
}
