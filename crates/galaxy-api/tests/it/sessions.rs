//! Sessions as their owner sees them, and what ends with them.

use std::time::Duration;

use futures::future::join_all;
use galaxy_testkit::{
    Script,
    store::{StoreFixture, sqlite},
};
use serde_json::json;

use crate::{
    events::Events,
    house::House,
    socket::Socket,
    talk::{items, text},
};

galaxy_testkit::on_both_engines! {
    sessions_are_listed_and_ended_one_by_one_or_all_but_this,
    a_session_ends_after_its_time,
    an_open_stream_ends_with_its_session_even_while_it_is_busy,
    an_open_socket_ends_with_its_session,
}

async fn sessions_are_listed_and_ended_one_by_one_or_all_but_this(store: &StoreFixture) {
    let house = House::open(store).await;
    let here = house.member("bo@example.org").await;
    let there = house.sign_in(here.id, &here.email).await;
    let elsewhere = house.sign_in(here.id, &here.email).await;
    let listed = items(&house.get("/api/auth/sessions").by(&here).send().await.ok(200));
    assert_eq!(listed.len(), 3);
    let current: Vec<_> = listed.iter().filter(|it| it["current"] == true).collect();
    assert_eq!(current.len(), 1);
    assert_eq!(text(&current[0]["id"]), here.session.to_string());
    assert!(listed.iter().all(|it| it["client"] == "Firefox"));
    let path = format!("/api/auth/sessions/{}", there.session);
    house.delete(&path).by(&here).send().await.ok(204);
    house.delete(&path).by(&here).send().await.refused(404, "not_found");
    house.get("/api/auth/me").by(&there).send().await.refused(401, "unauthenticated");
    house.get("/api/auth/me").by(&elsewhere).send().await.ok(200);
    house.delete("/api/auth/sessions").by(&here).send().await.ok(204);
    house.get("/api/auth/me").by(&elsewhere).send().await.refused(401, "unauthenticated");
    house.get("/api/auth/me").by(&here).send().await.ok(200);
}

async fn a_session_ends_after_its_time(store: &StoreFixture) {
    let house = House::open(store).await;
    let bo = house.member("bo@example.org").await;
    store.clock.advance(Duration::from_secs(86_400));
    house.get("/api/auth/me").by(&bo).send().await.refused(401, "unauthenticated");
}

async fn an_open_stream_ends_with_its_session_even_while_it_is_busy(store: &StoreFixture) {
    let house = House::open(store).await;
    let here = house.member("bo@example.org").await;
    let there = house.sign_in(here.id, &here.email).await;
    let live = format!("/api/live?topic=user:{}", here.id);
    let mut stream = house.get(&live).by(&there).follow().await;
    let path = format!("/api/auth/sessions/{}", there.session);
    house.delete(&path).by(&here).send().await.ok(204);
    let busy = async {
        loop {
            let task = json!({ "title": "Sweep" });
            house.post("/api/tasks").by(&here).json(&task).send().await.ok(201);
        }
    };
    // It ends while there is always something to read.
    let ended = async { while stream.next().await.is_some() {} };
    tokio::select! { () = ended => (), () = busy => () }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_open_stream_ends_with_the_account() {
    let store = sqlite().await;
    let house = House::open(&store).await;
    let (admin, bo) = (house.admin().await, house.member("bo@example.org").await);
    let key = json!({ "name": "Script", "scopes": ["read"] });
    let key = text(&house.post("/api/auth/keys").by(&bo).json(&key).send().await.ok(201)["key"]);
    let live = format!("/api/live?topic=user:{}", bo.id);
    let (started, gate) = house.stuck(&bo, "Once upon").await;
    house.script(Script::says("Never heard.").held_by(&gate));
    let question = json!({ "message": "Hello?" });
    let mut streams = vec![
        house.get(&live).bearer(&key).follow().await,
        house.get(&live).by(&bo).follow().await,
        house.post("/api/chat/stream").by(&bo).json(&question).follow().await,
    ];
    let mut run = house.events(&bo, &started.run, 0).await;
    run.until("message.delta").await;
    let path = format!("/api/people/{}", bo.id);
    house.patch(&path).by(&admin).json(&json!({ "disabled": true })).send().await.ok(200);
    streams.push(run);
    join_all(streams.into_iter().map(Events::all)).await;
}

async fn an_open_socket_ends_with_its_session(store: &StoreFixture) {
    let house = House::open(store).await;
    let here = house.member("bo@example.org").await;
    let there = house.sign_in(here.id, &here.email).await;
    let address = house.listen().await;
    let mut socket = Socket::open(address, &there).await;
    socket.follow(&format!("user:{}", here.id), 0).await;
    let task = json!({ "title": "Sweep" });
    house.post("/api/tasks").by(&here).json(&task).send().await.ok(201);
    socket.until("task.updated").await;
    let path = format!("/api/auth/sessions/{}", there.session);
    house.delete(&path).by(&here).send().await.ok(204);
    assert_eq!(socket.next().await, None);
}
