//! What can be said of how a source is read: the settings of its connector, by the schema that they are read with.

use locard_connector::Connector;
use serde_json::{Map, Value};

use crate::settings::secrets::Secrets;
use crate::{Error, Home, Result};

/// Something that can be said of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceOption {
    /// Its name.
    pub name: String,
    /// What it holds: `text`, `number`, `yes or no`, or the words that it may be.
    pub kind: String,
    /// What it means.
    pub about: String,
}

/// What can be said of sources of a connector, by name.
pub fn source_options(home: &Home, connector: &str) -> Result<Vec<SourceOption>> {
    let found = home.connectors.iter().find(|it| it.name() == connector);
    let found = found.ok_or_else(|| {
        let known: Vec<&str> = home.connectors.iter().map(|it| it.name()).collect();
        Error::not_found("there is no such connector").hint(format!("one of {}", known.join(", ")))
    })?;
    let schema = found.settings();
    let mut options: Vec<SourceOption> = properties(&schema)
        .map(|(name, property)| {
            let about = property.get("description").and_then(Value::as_str);
            SourceOption {
                name: name.clone(),
                kind: Holds::of(&schema, property).told(),
                about: about.unwrap_or_default().replace('\n', " "),
            }
        })
        .collect();
    options.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(options)
}

/// Settings of a target with what is said besides, without the secrets that are kept elsewhere. What the target says
/// itself is not said again.
pub(crate) fn said(
    connector: &dyn Connector,
    mut settings: Value,
    options: &[(String, String)],
    secrets: &Secrets,
) -> Result<Value> {
    let schema = connector.settings();
    let holds = |name: &str| {
        let mut known = properties(&schema);
        let found = known.find(|(known, _)| *known == name);
        let property = found.map(|(_, property)| Holds::of(&schema, property));
        property.ok_or_else(|| unknown(connector, &schema))
    };
    let Some(map) = settings.as_object_mut() else {
        return Ok(settings);
    };
    for (name, text) in options {
        let value = holds(name)?.read(text);
        if map
            .insert(name.clone(), value)
            .is_some_and(|before| !before.is_null())
        {
            let sentence = format!("the target says {name} already");
            return Err(Error::usage(sentence).hint("say it once"));
        }
    }
    let mut filled = map.clone();
    for name in secrets.0.keys() {
        if !holds(name)?.text {
            return Err(Error::usage(format!(
                "{name} is no secret of a {} source",
                connector.name()
            )));
        }
        filled.insert(name.clone(), "kept elsewhere".into());
        map.remove(name);
    }
    connector.check(Value::Object(filled))?;
    Ok(settings)
}

fn unknown(connector: &dyn Connector, schema: &Value) -> Error {
    let mut known: Vec<&str> = properties(schema).map(|(name, _)| name.as_str()).collect();
    known.sort_unstable();
    Error::usage(format!("a {} source has no such option", connector.name()))
        .hint(format!("it has {}", known.join(", ")))
}

fn properties(schema: &Value) -> impl Iterator<Item = (&String, &Value)> {
    let properties = schema.get("properties").and_then(Value::as_object);
    properties.into_iter().flat_map(Map::iter)
}

/// What a setting may hold.
#[derive(Default)]
struct Holds {
    text: bool,
    number: bool,
    flag: bool,
    list: bool,
    object: bool,
    /// The words that it may be.
    words: Vec<String>,
}

impl Holds {
    fn of(schema: &Value, property: &Value) -> Self {
        let mut holds = Self::default();
        holds.add(schema, property);
        holds
    }

    fn add(&mut self, schema: &Value, property: &Value) {
        let pointer = property.get("$ref").and_then(Value::as_str);
        let target = pointer.and_then(|pointer| schema.pointer(pointer.strip_prefix('#')?));
        if let Some(target) = target {
            self.add(schema, target);
        }
        for several in ["anyOf", "oneOf", "allOf"] {
            let several = property.get(several).and_then(Value::as_array);
            several
                .into_iter()
                .flatten()
                .for_each(|one| self.add(schema, one));
        }
        let words = property.get("enum").and_then(Value::as_array);
        let words = words.into_iter().flatten().chain(property.get("const"));
        let before = self.words.len();
        self.words
            .extend(words.filter_map(|word| Some(word.as_str()?.to_owned())));
        let is_words = self.words.len() > before;
        let kinds = match property.get("type") {
            Some(Value::Array(kinds)) => kinds.iter().collect(),
            Some(kind) => vec![kind],
            None => Vec::new(),
        };
        for kind in kinds {
            match kind.as_str() {
                Some("string") => self.text |= !is_words,
                Some("integer" | "number") => self.number = true,
                Some("boolean") => self.flag = true,
                Some("array") => self.list = true,
                Some("object") => self.object = true,
                _ => {}
            }
        }
    }

    fn told(&self) -> String {
        let mut told: Vec<&str> = self.words.iter().map(String::as_str).collect();
        let kinds = [
            (self.text, "text"),
            (self.number, "number"),
            (self.flag, "yes or no"),
            (self.list, "list"),
            (self.object, "object"),
        ];
        told.extend(
            kinds
                .iter()
                .filter(|(holds, _)| *holds)
                .map(|(_, kind)| *kind),
        );
        told.join(", ")
    }

    /// What was typed as what it means here. Whether it makes sense is for the connector to say.
    fn read(&self, text: &str) -> Value {
        let flag = match text.to_lowercase().as_str() {
            "true" | "yes" | "on" => Some(true),
            "false" | "no" | "off" => Some(false),
            _ => None,
        };
        if let (true, Some(flag)) = (self.flag, flag) {
            return flag.into();
        }
        let json = || serde_json::from_str::<Value>(text).ok();
        if self.number
            && let Some(number) = json().filter(Value::is_number)
        {
            return number;
        }
        if self.object
            && let Some(object) = json().filter(Value::is_object)
        {
            return object;
        }
        if self.list {
            let list = json().filter(Value::is_array);
            return list
                .unwrap_or_else(|| text.split(',').map(|one| Value::from(one.trim())).collect());
        }
        text.into()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn schema() -> Value {
        json!({
            "properties": {
                "host": {"type": "string"},
                "port": {"type": ["integer", "null"]},
                "tls": {"$ref": "#/$defs/Tls"},
                "schemas": {"type": "array", "items": {"type": "string"}},
                "wide": {"type": "boolean"},
            },
            "$defs": {"Tls": {"oneOf": [
                {"type": "string", "const": "disable"}, {"type": "string", "const": "prefer"},
            ]}},
        })
    }

    #[test]
    fn what_is_typed_is_what_the_schema_says_it_is() {
        let schema = schema();
        let read =
            |name: &str, text: &str| Holds::of(&schema, &schema["properties"][name]).read(text);
        assert_eq!(read("host", "5432"), json!("5432"));
        assert_eq!(read("port", "5432"), json!(5432));
        assert_eq!(read("port", "many"), json!("many"));
        assert_eq!(read("tls", "prefer"), json!("prefer"));
        assert_eq!(read("schemas", "a, b"), json!(["a", "b"]));
        assert_eq!(read("schemas", "[\"a,b\"]"), json!(["a,b"]));
        assert_eq!(read("wide", "no"), json!(false));
    }

    #[test]
    fn every_setting_tells_what_it_holds() {
        let schema = schema();
        let told = |name: &str| Holds::of(&schema, &schema["properties"][name]).told();
        let names = ["host", "port", "tls", "schemas", "wide"];
        let kinds = ["text", "number", "disable, prefer", "list", "yes or no"];
        assert_eq!(names.map(told), kinds);
    }
}
