//! The document of the interface, from the table of routes.

mod answers;
mod schema;

use utoipa::openapi::path::{HttpMethod, OperationBuilder, ParameterBuilder, ParameterIn, Paths};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::{
    ArrayBuilder, KnownFormat, Object, ObjectBuilder, SchemaFormat, SchemaType, Type,
};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{
    ComponentsBuilder, ContentBuilder, InfoBuilder, OpenApi, OpenApiBuilder, RefOr, Required,
    Schema, SecurityRequirement,
};

use crate::auth::Who;
use crate::examples;
use crate::fault::{Answer, Fault, json};
use crate::routes::{Field, Kind, ROUTES, Route};

/// The document.
pub(crate) async fn openapi() -> Answer {
    let document = serde_json::to_value(document());
    json(document.map_err(|_| {
        let message = "the document cannot be written";
        Fault::new(axum::http::StatusCode::INTERNAL_SERVER_ERROR, message)
    })?)
}

/// What the interface is.
pub fn document() -> OpenApi {
    let mut paths = Paths::new();
    for route in ROUTES {
        for path in route.paths() {
            let method = match route.method {
                "post" => HttpMethod::Post,
                "put" => HttpMethod::Put,
                "delete" => HttpMethod::Delete,
                "patch" => HttpMethod::Patch,
                _ => HttpMethod::Get,
            };
            let operation = operation(route, &path);
            paths.add_path_operation(&path, vec![method], operation);
        }
    }
    let info = InfoBuilder::new()
        .title("Locard")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some("Where personal data is, and the jobs that find it"))
        .build();
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
    let components = ComponentsBuilder::new()
        .security_scheme("bearer", SecurityScheme::Http(bearer))
        .security_scheme(
            "key",
            SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::new("X-API-Key"))),
        )
        .build();
    OpenApiBuilder::new()
        .info(info)
        .paths(paths)
        .components(Some(components))
        .build()
}

fn operation(route: &Route, path: &str) -> utoipa::openapi::path::Operation {
    let id = format!("{} {path}", route.method);
    let id: String = id
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join("_");
    let mut operation = OperationBuilder::new()
        .operation_id(Some(id))
        .summary(Some(route.summary))
        .description(Some(format!("For: {}", route.who.as_str())))
        .responses(answers::of(route, path).build());
    for name in route.parameters() {
        operation = operation.parameter(parameter(name, ParameterIn::Path));
    }
    for name in route.query {
        operation = operation.parameter(parameter(name, ParameterIn::Query));
    }
    for name in route.headers {
        operation = operation.parameter(parameter(name, ParameterIn::Header));
    }
    if !route.body.is_empty() {
        let body = RequestBodyBuilder::new()
            .content(
                "application/json",
                content(
                    Schema::Object(body(route.body)),
                    Some(examples::of(route.method, route.path).0),
                ),
            )
            .required(Some(Required::True))
            .build();
        operation = operation.request_body(Some(body));
    }
    if route.file {
        let file = ObjectBuilder::new()
            .schema_type(SchemaType::new(Type::String))
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Binary)));
        let any = content(Schema::Object(file.build()), None);
        let body = RequestBodyBuilder::new().content("application/octet-stream", any);
        operation = operation.request_body(Some(body.required(Some(Required::True)).build()));
    }
    if route.who != Who::Anybody {
        for scheme in ["bearer", "key"] {
            let security = SecurityRequirement::new::<_, [String; 0], String>(scheme, []);
            operation = operation.security(security);
        }
    }
    operation.build()
}

pub(super) fn content(
    schema: Schema,
    example: Option<serde_json::Value>,
) -> utoipa::openapi::Content {
    ContentBuilder::new()
        .schema(Some(RefOr::T(schema)))
        .example(example)
        .build()
}

fn any() -> Object {
    ObjectBuilder::new().build()
}

fn parameter(name: &str, place: ParameterIn) -> utoipa::openapi::path::Parameter {
    let required = if matches!(place, ParameterIn::Path) {
        Required::True
    } else {
        Required::False
    };
    ParameterBuilder::new()
        .name(name)
        .parameter_in(place)
        .required(required)
        .schema(Some(RefOr::T(Schema::Object(of(Type::String)))))
        .build()
}

fn of(kind: Type) -> Object {
    ObjectBuilder::new()
        .schema_type(SchemaType::new(kind))
        .build()
}

fn list(items: Object) -> Schema {
    let items = RefOr::T(Schema::Object(items));
    Schema::Array(ArrayBuilder::new().items(items).build())
}

fn body(fields: &[Field]) -> Object {
    let mut object = ObjectBuilder::new();
    for field in fields {
        let schema = match field.kind {
            Kind::Text => Schema::Object(of(Type::String)),
            Kind::Flag => Schema::Object(of(Type::Boolean)),
            Kind::Number => Schema::Object(of(Type::Number)),
            Kind::Object => Schema::Object(any()),
            Kind::Numbers => list(of(Type::Number)),
            Kind::Texts => list(of(Type::String)),
            Kind::Objects => list(of(Type::Object)),
        };
        object = object.property(field.name, RefOr::T(schema));
        if field.required {
            object = object.required(field.name);
        }
    }
    object.build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_parameters_and_decisions_are_several() {
        let document = serde_json::to_value(document()).unwrap();
        let paths = &document["paths"];
        let of = |path: &str, method: &str| {
            let parameters = paths[path][method]["parameters"].as_array();
            let headers = parameters.into_iter().flatten();
            let headers = headers.filter(|parameter| parameter["in"] == "header");
            let names = headers.map(|parameter| parameter["name"].as_str().unwrap().to_owned());
            names.collect::<Vec<_>>()
        };
        let download = of("/requests/{id}/artifacts/{artifactId}/download", "get");
        assert_eq!(download, ["x-delivery-token"]);
        let upload = of("/requests/{id}/verification/evidence/upload", "post");
        assert_eq!(upload, ["x-filename", "x-evidence-level"]);
        let review = &paths["/v1/compliance/dsar/{id}/review/decisions"]["post"];
        let schema = &review["requestBody"]["content"]["application/json"]["schema"];
        assert_eq!(schema["properties"]["decisions"]["type"], "array");
    }

    #[test]
    fn the_document_is_as_it_was() {
        let document = serde_json::to_value(document()).unwrap();
        let mut lines = Vec::new();
        for (path, methods) in document["paths"].as_object().unwrap() {
            for (method, operation) in methods.as_object().unwrap() {
                let body = &operation["requestBody"]["content"]["application/json"]["schema"];
                let fields = body["properties"].as_object();
                let fields: Vec<&str> = fields
                    .into_iter()
                    .flatten()
                    .map(|(name, _)| name.as_str())
                    .collect();
                let who = operation["description"].as_str().unwrap();
                let replies = operation["responses"].as_object().unwrap().iter();
                let done = replies.filter(|(status, _)| status.starts_with('2'));
                let told = done.filter_map(|(_, reply)| {
                    let schema = &reply["content"]["application/json"]["schema"];
                    let fields = schema["properties"].as_object()?;
                    Some(
                        fields
                            .keys()
                            .map(String::as_str)
                            .collect::<Vec<_>>()
                            .join(" "),
                    )
                });
                let told = told.collect::<std::collections::BTreeSet<_>>();
                let told = told.into_iter().collect::<Vec<_>>().join(" | ");
                lines.push(format!(
                    "{method} {path} ({who}) {} -> {told}",
                    fields.join(" ")
                ));
            }
        }
        insta::assert_snapshot!(lines.join("\n"));
    }
}
