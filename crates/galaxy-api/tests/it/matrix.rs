//! Who may do what: every operation there is, for every kind of caller.

mod fresh;
mod table;

use std::collections::BTreeSet;

use galaxy_api::{
    Policy,
    routes::{Declared, declared},
};
use galaxy_domain::Role;
use galaxy_testkit::store::StoreFixture;
use serde_json::json;

use self::table::{About, Scene, Scope, Way, ways};
use crate::{
    call::{Call, Reply},
    house::{House, Person, mounted},
    talk::text,
};

galaxy_testkit::on_both_engines! {
    every_operation_is_open_to_those_it_is_meant_for_and_to_nobody_else,
    a_viewer_looks_at_what_they_own_and_changes_nothing,
}

#[test]
fn every_declared_operation_is_in_the_table_and_every_line_of_it_is_declared() {
    let declared = everything();
    let in_code: BTreeSet<String> = declared.iter().map(operation).collect();
    let ways = ways();
    let in_table: BTreeSet<String> = ways.iter().map(|it| it.operation.to_owned()).collect();
    assert_eq!(in_code, in_table);
    assert_eq!(ways.len(), declared.len(), "nothing is declared twice");
}

/// Everybody who tries.
struct Cast {
    owner: Person,
    stranger: Person,
    viewer: Person,
    admin: Person,
    /// A session that was ended.
    gone: Person,
    /// Keys of the owner: one for each scope.
    chat_key: String,
    tasks_key: String,
    /// A key of the administrator that is not good for that.
    admin_key: String,
}

async fn every_operation_is_open_to_those_it_is_meant_for_and_to_nobody_else(store: &StoreFixture) {
    let house = House::open(store).await;
    let cast = cast(&house).await;
    for way in ways() {
        let policy = policy_of(&way);
        let scene = Scene::make(&house, &cast.owner).await;
        let key = scene.fill("/api/auth/keys/{key}");
        // Those who are refused come first: what they could break, the owner would miss.
        nobody(&house, &cast, &way, policy, &scene).await;
        strangers(&house, &cast, &way, policy, &scene).await;
        keys(&house, &cast, &way, policy, &scene).await;
        if policy == Policy::Bearer {
            // What a browser adds by itself is nobody's.
            let by_cookie = call(&house, &way, &scene).by(&cast.owner).send().await;
            by_cookie.refused(401, "unauthenticated");
            let reply = call(&house, &way, &scene).bearer(&cast.chat_key).send().await;
            assert_eq!(reply.status, way.status, "{}: {}", way.operation, reply.text());
            house.call("DELETE", &key).by(&cast.owner).send().await;
            continue;
        }
        let entitled = if policy == Policy::Admin { &cast.admin } else { &cast.owner };
        if way.operation.starts_with("GET ") && way.status < 400 {
            let head = house.call("HEAD", &scene.path(&way)).by(entitled).send().await;
            assert_eq!(head.status, way.status, "HEAD for {}", way.operation);
            assert!(head.body.is_empty(), "HEAD for {}", way.operation);
        }
        let reply = call(&house, &way, &scene).by(entitled).send().await;
        assert_eq!(reply.status, way.status, "{}: {}", way.operation, reply.text());
        // There are more operations than keys that one person may have.
        house.call("DELETE", &key).by(&cast.owner).send().await;
    }
}

/// Who is not signed in, and who no longer is.
async fn nobody(house: &House<'_>, cast: &Cast, way: &Way, policy: Policy, scene: &Scene) {
    let forged = "gx_0000000000000000000000000000000000000000000000000";
    let calls = [
        call(house, way, scene),
        call(house, way, scene).by(&cast.gone),
        call(house, way, scene).bearer(forged),
        call(house, way, scene).header("authorization", "Basic YTpi"),
    ];
    for call in calls {
        let reply = call.send().await;
        if policy == Policy::Public {
            assert_eq!(reply.status, way.status, "{}: {}", way.operation, reply.text());
        } else {
            assert_eq!(reply.status, 401, "{}: {}", way.operation, reply.text());
            assert_eq!(reply.json()["code"], "unauthenticated", "{}", way.operation);
        }
    }
}

/// Who is signed in, but does not own what it is about.
async fn strangers(house: &House<'_>, cast: &Cast, way: &Way, policy: Policy, scene: &Scene) {
    for person in [&cast.stranger, &cast.viewer, &cast.admin] {
        let is_admin = person.id == cast.admin.id;
        if policy == Policy::Admin && is_admin {
            continue;
        }
        let reply = call(house, way, scene).by(person).send().await;
        let is_viewer = person.id == cast.viewer.id;
        let expected = match way.about {
            _ if policy == Policy::Admin => 403,
            _ if policy == Policy::Bearer => 401,
            About::Looking(_) | About::Changing(_) => 404,
            About::Making(_) if is_viewer => 403,
            About::Nothing | About::Own(_) | About::Making(_) => way.status,
        };
        let operation = way.operation;
        assert_eq!(reply.status, expected, "{operation} by {}: {}", person.email, reply.text());
        // What is foreign looks exactly like what is not there.
        if expected == 404 {
            let missing = call(house, way, &scene.missing()).by(person).send().await;
            assert_eq!(reply.problem(), missing.problem(), "{operation}");
        }
        assert_tells_nothing(&reply, scene, operation);
    }
}

fn assert_tells_nothing(reply: &Reply, scene: &Scene, operation: &str) {
    let told = reply.text();
    for id in scene.ids() {
        assert!(!told.contains(id), "{operation} tells a stranger of {id}: {told}");
    }
}

/// Keys that are good for something else.
async fn keys(house: &House<'_>, cast: &Cast, way: &Way, policy: Policy, scene: &Scene) {
    let scope = match way.about {
        About::Own(scope)
        | About::Making(scope)
        | About::Looking(scope)
        | About::Changing(scope) => Some(scope),
        About::Nothing => None,
    };
    let keys: &[&String] = match scope {
        _ if policy == Policy::Admin => &[&cast.chat_key, &cast.admin_key],
        Some(Scope::Chat) => &[&cast.tasks_key],
        Some(Scope::Tasks) => &[&cast.chat_key],
        Some(Scope::Servers) => &[&cast.chat_key, &cast.tasks_key],
        Some(Scope::Person) => &[&cast.chat_key, &cast.tasks_key, &cast.admin_key],
        None => &[],
    };
    for key in keys {
        let reply = call(house, way, scene).bearer(key).send().await;
        assert_eq!(reply.status, 403, "{} with a key: {}", way.operation, reply.text());
        assert_eq!(reply.json()["code"], "forbidden", "{}", way.operation);
        assert_tells_nothing(&reply, scene, way.operation);
    }
}

async fn a_viewer_looks_at_what_they_own_and_changes_nothing(store: &StoreFixture) {
    let house = House::open(store).await;
    let admin = house.admin().await;
    let vera = house.member("vera@example.org").await;
    for way in ways() {
        let scene = match way.about {
            About::Making(_) | About::Looking(_) | About::Changing(_) => {
                Scene::make(&house, &vera).await
            }
            About::Nothing | About::Own(_) => continue,
        };
        set_role(&house, &admin, &vera, "viewer").await;
        let reply = call(&house, &way, &scene).by(&vera).send().await;
        let expected = match way.about {
            About::Making(_) | About::Changing(_) => 403,
            About::Nothing | About::Own(_) | About::Looking(_) => way.status,
        };
        assert_eq!(reply.status, expected, "{}: {}", way.operation, reply.text());
        set_role(&house, &admin, &vera, "member").await;
    }
}

async fn set_role(house: &House<'_>, admin: &Person, person: &Person, role: &str) {
    let path = format!("/api/people/{}", person.id);
    house.patch(&path).by(admin).json(&json!({ "role": role })).send().await.ok(200);
}

async fn cast(house: &House<'_>) -> Cast {
    let (admin, owner) = (house.admin().await, house.member("bo@example.org").await);
    let gone = house.sign_in(owner.id, &owner.email).await;
    house.post("/api/auth/sign-out").by(&gone).send().await.ok(204);
    Cast {
        stranger: house.member("cy@example.org").await,
        viewer: house.someone("vi@example.org", Role::Viewer).await,
        chat_key: key(house, &owner, &["chat"]).await,
        tasks_key: key(house, &owner, &["tasks"]).await,
        admin_key: key(house, &admin, &["chat", "read", "tasks"]).await,
        admin,
        owner,
        gone,
    }
}

async fn key(house: &House<'_>, by: &Person, scopes: &[&str]) -> String {
    let wanted = json!({ "name": scopes.join(" and "), "scopes": scopes });
    text(&house.post("/api/auth/keys").by(by).json(&wanted).send().await.ok(201)["key"])
}

fn call(house: &House<'_>, way: &Way, scene: &Scene) -> Call {
    let (method, _) = way.operation.split_once(' ').unwrap();
    let call = house.call(method, &scene.path(way));
    let call = call.header("accept", "application/json, text/event-stream");
    match scene.body(way) {
        Some(body) => call.json(&body),
        None => call,
    }
}

/// Our own routes, and those that are mounted.
fn everything() -> Vec<Declared> {
    let mut all = declared();
    all.extend(mounted());
    all
}

fn operation(it: &Declared) -> String {
    format!("{} {}", it.method, it.path)
}

fn policy_of(way: &Way) -> Policy {
    let found = everything().into_iter().find(|it| operation(it) == way.operation);
    found.expect("the table names operations that are declared").policy
}
