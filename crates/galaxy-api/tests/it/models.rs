//! Models and tools as people see them.

use galaxy_model::ModelError;
use galaxy_testkit::{Script, store::StoreFixture};
use serde_json::json;

use crate::{house::House, talk::items};

galaxy_testkit::on_both_engines! {
    models_are_listed_with_their_health,
    tools_are_listed_with_what_they_can_do,
}

async fn models_are_listed_with_their_health(store: &StoreFixture) {
    let house = House::open(store).await;
    let bo = house.member("bo@example.org").await;
    let listed = house.get("/api/models").by(&bo).send().await.ok(200);
    assert_eq!((&listed["default"], &listed["disabled"]), (&json!("scripted"), &json!(false)));
    assert_eq!(items(&listed)[0]["health"]["status"], "unknown");
    let check = |body| house.post("/api/models/check").by(&bo).json(&body);
    let checked = check(json!({ "name": "scripted" })).send().await.ok(200);
    assert_eq!(items(&checked)[0]["health"]["status"], "ok");
    assert_eq!(items(&checked)[1]["health"]["status"], "unknown");
    house.script(Script::refuses(ModelError::Unauthorized { message: "sk-canary".to_owned() }));
    let checked = check(json!({ "name": "other" })).send().await.ok(200);
    let health = &items(&checked)[1]["health"];
    assert_eq!(health["status"], "failed");
    assert!(health["advice"].as_str().is_some(), "{health}");
    check(json!({ "name": "none" })).send().await.refused(404, "not_found");
    let remote = house.get("/api/models/remote?provider=stage").by(&bo).send().await.ok(200);
    assert_eq!(remote["items"], json!(["scripted-1"]));
    let unknown = house.get("/api/models/remote?provider=none").by(&bo).send().await;
    unknown.refused(404, "not_found");
}

async fn tools_are_listed_with_what_they_can_do(store: &StoreFixture) {
    let house = House::open(store).await;
    let bo = house.member("bo@example.org").await;
    let vi = house.someone("vi@example.org", galaxy_domain::Role::Viewer).await;
    let listed = items(&house.get("/api/tools").by(&bo).send().await.ok(200));
    let math = listed.iter().find(|it| it["name"] == "math").unwrap();
    assert_eq!((&math["effect"], &math["verdict"]), (&json!("reads"), &json!("allow")));
    assert_eq!(math["schema"]["type"], "object");
    let offered = items(&house.get("/api/tools").by(&vi).send().await.ok(200));
    let changes = |effect: &serde_json::Value| effect == "writes" || effect == "reaches";
    assert!(!offered.iter().any(|it| changes(&it["effect"])), "a viewer's agents change nothing");
}
