//! Schemas of answers, from their examples: an example names every field that there may be, and the tests of the interface hold
//! each answer that they get against it.
//!
//! What an example cannot say: a field may be null or missing where nothing is known, and numbers may have decimals. An empty
//! object or list in an example stands for any, and null for anything.

use serde_json::Value;
use utoipa::openapi::schema::{AnyOfBuilder, ArrayBuilder, ObjectBuilder, SchemaType, Type};
use utoipa::openapi::{RefOr, Schema};

/// The schema of what such an answer is.
pub(super) fn of_answer(example: &Value) -> Schema {
    of(example, false)
}

fn of(example: &Value, may_be_null: bool) -> Schema {
    let kind = |kind: Type| {
        if may_be_null {
            SchemaType::from_iter([kind, Type::Null])
        } else {
            SchemaType::new(kind)
        }
    };
    match example {
        Value::Null => anything(),
        Value::Bool(_) => scalar(kind(Type::Boolean)),
        Value::Number(_) => scalar(kind(Type::Number)),
        Value::String(_) => scalar(kind(Type::String)),
        Value::Array(items) => {
            let items = RefOr::T(of_items(items));
            let mut list = ArrayBuilder::new().items(items).build();
            list.schema_type = kind(Type::Array);
            Schema::Array(list)
        }
        Value::Object(fields) => {
            let mut object = ObjectBuilder::new().schema_type(kind(Type::Object));
            for (name, field) in fields {
                object = object.property(name, RefOr::T(of(field, true)));
            }
            Schema::Object(object.build())
        }
    }
}

fn scalar(kind: SchemaType) -> Schema {
    Schema::Object(ObjectBuilder::new().schema_type(kind).build())
}

fn anything() -> Schema {
    scalar(SchemaType::AnyValue)
}

/// Items of different kinds are any of these.
fn of_items(items: &[Value]) -> Schema {
    match items {
        [] => anything(),
        [one] => of(one, true),
        several => {
            let mut kinds: Vec<Schema> = Vec::new();
            for schema in several.iter().map(|item| of(item, true)) {
                if !kinds.contains(&schema) {
                    kinds.push(schema);
                }
            }
            if let [one] = kinds.as_slice() {
                return one.clone();
            }
            let any = kinds
                .into_iter()
                .fold(AnyOfBuilder::new(), AnyOfBuilder::item);
            Schema::AnyOf(any.build())
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_example_tells_names_and_kinds() {
        let schema = of_answer(&json!({
            "id": "x", "rows": 7, "ok": true, "more": {}, "items": [{ "a": 1 }], "any": null, "free": [],
            "mixed": [1, "x"],
        }));
        let told = serde_json::to_value(schema).unwrap();
        assert_eq!(told["type"], "object");
        let fields = &told["properties"];
        assert_eq!(fields["id"]["type"], json!(["string", "null"]));
        assert_eq!(fields["rows"]["type"], json!(["number", "null"]));
        assert_eq!(
            fields["items"]["items"]["properties"]["a"]["type"],
            json!(["number", "null"])
        );
        assert!(fields["any"]["type"].is_null(), "{told:#}");
        assert_eq!(
            fields["mixed"]["items"]["anyOf"].as_array().unwrap().len(),
            2
        );
    }
}
