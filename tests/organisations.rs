//! Two organisations in one store: no route of the interface tells one of them anything of the other.

use std::collections::BTreeSet;

use locard_model::{ColumnId, EntityId, EntityPath, OrgId, SecretString, SourceId};
use locard_store::{
    ApiKeyDraft, AuditDraft, BusinessRuleDraft, BusinessRuleId, CollectionDraft, CollectionId,
    EntityFilter, Grant, JobDraft, JobFilter, KeyPlace, Page, Place, ScheduleDraft, ScheduleId,
    SourceDraft, Store, WebhookDraft, WebhookId,
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::client::Server;
use crate::serve::PEOPLE;
use crate::support::{Bench, end_gracefully};

const OURS: OrgId = OrgId::DEFAULT;
const THEIRS: OrgId = OrgId(Uuid::from_u128(2));

/// An administrator's key of the other organisation.
const THEIR_KEY: &str = "locard_strangers_key_of_another_organisation";

const RULE: &str = "SELECT count(*) AS total_count, count(email) AS scopeCount, \
    sum(CASE WHEN email NOT LIKE '%@%' THEN 1 ELSE 0 END) AS nonCompliant FROM \"ourown_people.csv\"";

/// As the other organisation calls what ours calls so.
fn renamed(text: &str) -> String {
    text.replace("ourown", "stranger")
}

fn renamed_value(value: &Value) -> Value {
    serde_json::from_str(&renamed(&value.to_string())).unwrap()
}

/// What the interface makes: one of each thing that has a name.
fn furnish(bench: &Bench) -> String {
    let mut server = Server::start(bench, &[]);
    let data = bench.data();
    server.folder(&data, "ourown_source");
    let profiled = server.run_job("data-profiling", &json!({ "scope": ["ourown_source"] }));
    assert_eq!(profiled["status"], "COMPLETED", "{profiled:#}");
    let scope = json!({ "scope": ["ourown_source"] });
    for (path, body) in [
        (
            "schedules",
            json!({ "name": "ourown schedule", "cron": "0 2 * * *", "job": "data-profiling", "body": scope }),
        ),
        (
            "collections",
            json!({ "name": "ourown collection", "members": ["ourown_source/**"] }),
        ),
        (
            "business-rules",
            json!({ "name": "ourown rule", "sql": RULE, "scope": ["ourown_source"] }),
        ),
        (
            "webhooks",
            json!({ "name": "ourown webhook", "url": "https://ourown.example/" }),
        ),
        ("keys", json!({ "name": "ourown key", "role": "viewer" })),
    ] {
        let made = server.post(&format!("/api/v1/{path}"), &body);
        assert_eq!(made.status, 200, "{path}: {made:?}");
    }
    assert_eq!(end_gracefully(&mut server.child), Some(0));
    server.key.clone()
}

/// Gives the other organisation what ours has, under its own ids and names, and answers the ids.
async fn copied(store: &dyn Store) -> Vec<Uuid> {
    store.create_organisation(THEIRS, "stranger").await.unwrap();
    let mut ids = places(store).await;
    let all = Page::default();
    for known in store.schedules(OURS, all).await.unwrap().items {
        let id = ScheduleId(Uuid::new_v4());
        let draft = ScheduleDraft {
            id,
            name: renamed(&known.name),
            spec: renamed_value(&known.spec),
            is_enabled: false,
            next_at: None,
        };
        store.put_schedule(THEIRS, &draft).await.unwrap();
        ids.push(id.0);
    }
    for known in store.collections(OURS, all).await.unwrap().items {
        let id = CollectionId(Uuid::new_v4());
        let draft = CollectionDraft {
            id,
            name: renamed(&known.name),
            spec: renamed_value(&known.spec),
        };
        store.put_collection(THEIRS, &draft).await.unwrap();
        ids.push(id.0);
    }
    for known in store.business_rules(OURS, all).await.unwrap().items {
        let id = BusinessRuleId(Uuid::new_v4());
        let draft = BusinessRuleDraft {
            id,
            name: renamed(&known.name),
            spec: renamed_value(&known.spec),
        };
        store.put_business_rule(THEIRS, &draft).await.unwrap();
        ids.push(id.0);
    }
    let webhook = WebhookDraft {
        id: WebhookId(Uuid::new_v4()),
        name: "stranger webhook".to_owned(),
        url: SecretString::from("https://stranger.example/"),
        events: Vec::new(),
        is_enabled: false,
        secret: Some(SecretString::from("whsec_x")),
    };
    store.put_webhook(THEIRS, &webhook).await.unwrap();
    ids.push(webhook.id.0);
    for known in store
        .jobs(OURS, &JobFilter::default(), all)
        .await
        .unwrap()
        .items
    {
        let draft = JobDraft {
            details: renamed_value(&known.details),
            ..JobDraft::new(known.kind, renamed_value(&known.spec))
        };
        ids.push(store.start_job(THEIRS, &draft).await.unwrap().job.id.0);
    }
    let act = AuditDraft::new("locate", "stranger actor", json!({ "for": "stranger" }));
    store.record_audit(THEIRS, &act).await.unwrap();
    let hash = ring::digest::digest(&ring::digest::SHA256, THEIR_KEY.as_bytes());
    let key = ApiKeyDraft {
        token_hash: hash.as_ref().try_into().unwrap(),
        name: "stranger key".to_owned(),
        grant: Grant::Administrator,
        scopes: Vec::new(),
        expires_at: None,
    };
    ids.push(store.add_api_key(THEIRS, &key).await.unwrap().id.0);
    ids
}

/// Sources with their entities, columns and what was said of them.
async fn places(store: &dyn Store) -> Vec<Uuid> {
    let mut ids = Vec::new();
    for known in store.sources(OURS).await.unwrap() {
        let id = SourceId::derive(&renamed(&known.name));
        let draft = SourceDraft {
            id,
            name: renamed(&known.name),
            kind: known.kind,
            target: "file:///data/stranger".to_owned(),
            settings: SecretString::from("{}"),
            owner: Some("stranger owner".to_owned()),
            key: known.key.as_deref().map(renamed),
        };
        store.put_source(THEIRS, &draft).await.unwrap();
        ids.push(id.0);
        let filter = EntityFilter {
            source: Some(known.id),
            ..EntityFilter::default()
        };
        let entities = store.entities(OURS, &filter, Page::default()).await;
        for entity in entities.unwrap().items {
            let columns = store.columns(OURS, entity.id).await.unwrap();
            let mut theirs = entity;
            let segments = theirs.path.segments().iter().map(|name| renamed(name));
            theirs.path = EntityPath::new(segments);
            theirs.id = EntityId::derive(id, theirs.kind, &theirs.path);
            (theirs.source, theirs.parent) = (id, None);
            let entities = std::slice::from_ref(&theirs);
            store.put_entities(THEIRS.into(), entities).await.unwrap();
            let columns: Vec<_> = columns
                .into_iter()
                .map(|mut column| {
                    column.path = renamed(&column.path);
                    column.id = ColumnId::derive(theirs.id, &column.path);
                    (column.entity, column.source) = (theirs.id, id);
                    column
                })
                .collect();
            store
                .put_columns(THEIRS.into(), theirs.id, &columns)
                .await
                .unwrap();
            ids.push(theirs.id.0);
        }
    }
    ids
}

/// A path with something in place of each of its parameters.
fn filled(path: &str, with: &str) -> String {
    let parts = path.split('/');
    let parts = parts.map(|part| if part.starts_with('{') { with } else { part });
    parts.collect::<Vec<_>>().join("/")
}

#[test]
fn no_route_tells_of_another_organisation() {
    let bench = Bench::new();
    bench.write(
        "ourown_people.csv",
        PEOPLE.replace("id,name", "id,ourown_name"),
    );
    let key = furnish(&bench);
    let keys = KeyPlace {
        given: Some(SecretString::from("0f".repeat(32))),
        file: bench.path("no-key"),
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let ids = runtime.block_on(async {
        let opened = locard_store::open(&Place::Home(bench.home()), &keys).await;
        let store = opened.unwrap().store;
        let ids = copied(&*store).await;
        store.close().await;
        ids
    });
    let server = Server::again(&bench, &key, &["--no-jobs"]);
    // Ids as they are, as the reference has them, and keys and names by which things are looked up.
    let short = ids
        .iter()
        .map(|id| id.simple().to_string()[..24].to_owned());
    let names: Vec<String> = ids
        .iter()
        .map(ToString::to_string)
        .chain(short)
        .chain(["stranger_source".to_owned()])
        .collect();
    let document = serde_json::to_value(locard_server::document()).unwrap();
    let mut told = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        let Some(operation) = methods.get("get") else {
            continue;
        };
        let asked: Vec<String> = if path.contains('{') {
            names.iter().map(|name| filled(path, name)).collect()
        } else {
            vec![path.clone()]
        };
        for asking in asked {
            let answer = server.get(&asking);
            // What was asked for may be repeated.
            let text = answer.text.replace("stranger_source", "");
            assert!(!text.contains("stranger"), "{asking} tells of them: {text}");
            if text.contains("ourown") {
                told.insert(path.clone());
            }
        }
        if operation["description"] != "For: anybody" {
            let refused = server.ask_as(THEIR_KEY, "GET", &filled(path, &names[0]), "");
            assert_eq!(refused.status, 401, "{path}");
        }
    }
    // Else nothing would be told of anybody.
    for of in [
        "sources",
        "entities",
        "schedules",
        "collections",
        "business-rules",
        "webhooks",
        "keys",
        "findings",
    ] {
        assert!(
            told.contains(&format!("/api/v1/{of}")),
            "{of} does not tell of ours: {told:?}"
        );
    }
}
