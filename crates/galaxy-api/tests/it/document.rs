//! The API's own description.

use std::collections::BTreeSet;

use galaxy_api::{Declared, Policy, document, routes::declared};
use galaxy_testkit::store::sqlite;
use serde_json::Value;

use crate::house::House;

/// The document as clients get it.
fn written() -> Value {
    serde_json::to_value(document()).unwrap()
}

/// Every operation of the document: method, path and description.
fn operations(document: &Value) -> Vec<(String, String, &Value)> {
    let paths = document["paths"].as_object().unwrap();
    let all = paths.iter().flat_map(|(path, item)| {
        let item = item.as_object().unwrap();
        item.iter().map(move |(method, it)| (method.to_uppercase(), path.clone(), it))
    });
    all.collect()
}

#[tokio::test]
async fn it_is_served_as_it_is() {
    let store = sqlite().await;
    let house = House::open(&store).await;
    let served = house.get("/api/openapi.json").send().await;
    assert_eq!(served.ok(200), written());
    assert!(served.header("content-type").unwrap().starts_with("application/json"));
}

#[test]
fn it_is_a_document_of_openapi_3_1() {
    let document = written();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    for needed in ["title", "version"] {
        assert!(!document["info"][needed].as_str().unwrap().is_empty());
    }
    let mut names = BTreeSet::new();
    for (method, path, it) in operations(&document) {
        assert!(path.starts_with('/'), "{path}");
        assert!(names.insert(it["operationId"].as_str().unwrap()), "{method} {path}: named twice");
        assert!(!it["summary"].as_str().unwrap().is_empty(), "{method} {path}");
        let responses = it["responses"].as_object().unwrap();
        assert!(responses.keys().any(|it| it.starts_with(['2', '3'])), "{method} {path}");
        let in_path: BTreeSet<&str> =
            path.split('/').filter_map(|it| it.strip_prefix('{')?.strip_suffix('}')).collect();
        let parameters = it["parameters"].as_array().cloned().unwrap_or_default();
        let of_path = parameters.iter().filter(|it| it["in"] == "path");
        let described: BTreeSet<&str> = of_path.map(|it| it["name"].as_str().unwrap()).collect();
        assert_eq!(described, in_path, "{method} {path}");
        assert!(parameters.iter().all(|it| it["schema"].is_object()), "{method} {path}");
    }
}

#[test]
fn it_holds_every_route_that_programs_use_with_its_policy() {
    let document = written();
    let described: BTreeSet<(String, String, String)> = operations(&document)
        .into_iter()
        .map(|(method, path, it)| (method, path, it["x-policy"].as_str().unwrap().to_owned()))
        .collect();
    let for_people = ["/metrics", "/ws", "/api/openapi.json", "/api/docs", "/sandbox"];
    // What people come back to from signing in somewhere, and what that page loads.
    let is_page = |it: &Declared| it.method == "GET" && it.path.starts_with("/api/oauth/callback");
    let name = |policy| match policy {
        Policy::Public => "public",
        Policy::SignedIn => "signed_in",
        Policy::InPerson => "in_person",
        Policy::Bearer => "bearer",
        Policy::Admin => "admin",
    };
    let declared: BTreeSet<(String, String, String)> = declared()
        .into_iter()
        .filter(|it| !for_people.iter().any(|plain| it.path.starts_with(plain)) && !is_page(it))
        .map(|it| (it.method.to_string(), it.path, name(it.policy).to_owned()))
        .collect();
    assert_eq!(described, declared);
}

#[test]
fn every_reference_leads_somewhere() {
    let document = written();
    let mut references = BTreeSet::new();
    collect(&document, &mut references);
    assert!(references.len() > 30, "views are described by name");
    for reference in references {
        let pointer = reference.strip_prefix('#').expect("within the document");
        assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
}

fn collect(value: &Value, references: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            if let Some(reference) = fields.get("$ref").and_then(Value::as_str) {
                references.insert(reference.to_owned());
            }
            fields.values().for_each(|it| collect(it, references));
        }
        Value::Array(items) => items.iter().for_each(|it| collect(it, references)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => (),
    }
}

#[test]
fn problems_are_what_every_refusal_is_described_as() {
    for (method, path, it) in operations(&written()) {
        let Some(refused) = it["responses"].get("4XX") else { continue };
        let content = refused["content"].as_object().unwrap();
        let media_types: Vec<&str> = content.keys().map(String::as_str).collect();
        assert_eq!(media_types, ["application/problem+json"], "{method} {path}");
    }
}

/// Fields that are left out where there is nothing to say; all others are `null`.
const LEFT_OUT: [(&str, &str); 4] = [
    ("Problem", "request_id"),
    ("Problem", "errors"),
    ("CheckView", "detail"),
    // As the official registry writes it.
    ("RegistryMetadataView", "nextCursor"),
];

/// A client that checks its types has to look for one kind of nothing, not for two.
#[test]
fn every_field_of_a_reply_is_there() {
    let document = written();
    let mut waiting = BTreeSet::new();
    operations(&document).iter().for_each(|(.., it)| collect(&it["responses"], &mut waiting));
    let mut seen = BTreeSet::new();
    while let Some(reference) = waiting.pop_first() {
        let schema = document.pointer(&reference[1..]).unwrap();
        if seen.insert(reference.clone()) {
            collect(schema, &mut waiting);
            check_fields(reference.rsplit('/').next().unwrap(), schema);
        }
    }
    assert!(seen.len() > 30, "replies are described by name");
}

fn check_fields(name: &str, schema: &Value) {
    let required: Vec<&Value> = schema["required"].as_array().into_iter().flatten().collect();
    for field in schema["properties"].as_object().into_iter().flat_map(|it| it.keys()) {
        let left_out = LEFT_OUT.contains(&(name, field));
        assert_eq!(required.contains(&&Value::from(field.as_str())), !left_out, "{name}.{field}");
    }
    for key in ["oneOf", "allOf", "anyOf"] {
        schema[key].as_array().into_iter().flatten().for_each(|it| check_fields(name, it));
    }
}
