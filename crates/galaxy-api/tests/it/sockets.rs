//! One WebSocket for all topics of a page.

use galaxy_testkit::{
    Script,
    store::{StoreFixture, sqlite},
};
use http::StatusCode;
use serde_json::{Value, json};

use crate::{
    house::{House, Person, Plan},
    socket::Socket,
    talk::chat_path,
};

galaxy_testkit::on_both_engines! {
    a_page_follows_several_topics_and_leaves_them,
    a_page_goes_on_where_it_was,
    a_foreign_topic_is_an_error_and_nothing_else,
    a_page_is_told_that_its_conversation_was_deleted,
}

fn seqs(frames: &[Value]) -> Vec<u64> {
    frames.iter().map(|it| it["seq"].as_u64().expect("a number")).collect()
}

async fn a_page_follows_several_topics_and_leaves_them(store: &StoreFixture) {
    let house = House::open(store).await;
    let bo = house.member("bo@example.org").await;
    let address = house.listen().await;
    let mut socket = Socket::open(address, &bo).await;
    let chat = house.chat(&bo, "Hello?").await;
    let run = format!("run:{}", chat.run);
    socket.follow(&run, 0).await;
    let heard = socket.until("run.finished").await;
    assert!(heard.iter().all(|it| it["topic"] == run.as_str()));
    assert_eq!(seqs(&heard), (1..=heard.len() as u64).collect::<Vec<_>>());
    let events = house.history(&bo, &chat.run).await;
    let same: Vec<Value> = events.into_iter().map(|it| it.data).collect();
    assert_eq!(heard, same, "the same events as by server-sent events");
    socket.follow(&format!("chat:{}", chat.conversation), 0).await;
    socket.until("message.added").await;
    socket.follow(&format!("user:{}", bo.id), 0).await;
    let task = json!({ "title": "Sweep" });
    house.post("/api/tasks").by(&bo).json(&task).send().await.ok(201);
    socket.until("task.updated").await;
    socket.say(&json!({ "op": "leave", "topic": format!("user:{}", bo.id) })).await;
    // An error frame comes after the order to leave was heeded.
    socket.follow("nonsense", 0).await;
    assert_eq!(socket.next().await.unwrap()["op"], "error");
    house.post("/api/tasks").by(&bo).json(&task).send().await.ok(201);
    let pin = json!({ "pinned": true });
    house.patch(&chat_path(&chat.conversation, "")).by(&bo).json(&pin).send().await.ok(200);
    let frame = socket.until("conversation.updated").await;
    assert!(frame.iter().all(|it| it["type"] != "task.updated"), "{frame:?}");
}

async fn a_page_goes_on_where_it_was(store: &StoreFixture) {
    let house = House::open(store).await;
    let bo = house.member("bo@example.org").await;
    let address = house.listen().await;
    let (started, gate) = house.stuck(&bo, "Once upon").await;
    let topic = format!("run:{}", started.run);
    let mut socket = Socket::open(address, &bo).await;
    socket.follow(&topic, 0).await;
    let mut heard = socket.until("message.delta").await;
    drop(socket);
    gate.open();
    let mut socket = Socket::open(address, &bo).await;
    socket.follow(&topic, *seqs(&heard).last().unwrap()).await;
    heard.extend(socket.until("run.finished").await);
    assert_eq!(seqs(&heard), (1..=heard.len() as u64).collect::<Vec<_>>());
    socket.follow(&topic, 999).await;
    let reset = socket.next().await.unwrap();
    assert_eq!(reset, json!({ "op": "reset", "topic": topic, "seq": heard.len() }));
}

async fn a_foreign_topic_is_an_error_and_nothing_else(store: &StoreFixture) {
    let house = House::open(store).await;
    let (bo, cy) = (house.member("bo@example.org").await, house.member("cy@example.org").await);
    let chat = house.chat(&cy, "Hello?").await;
    let address = house.listen().await;
    let mut socket = Socket::open(address, &bo).await;
    let foreign = [
        format!("run:{}", chat.run),
        format!("chat:{}", chat.conversation),
        format!("user:{}", cy.id),
        format!("run:{}", uuid::Uuid::now_v7()),
    ];
    for topic in foreign {
        socket.follow(&topic, 0).await;
        let error = json!({ "op": "error", "topic": topic, "code": "not_found" });
        assert_eq!(socket.next().await.unwrap(), error);
    }
    for broken in ["", "{", "[]", r#"{"op":"shout"}"#, r#"{"op":"follow"}"#] {
        socket.text(broken).await;
        assert_eq!(socket.next().await.unwrap()["code"], "bad_frame", "{broken}");
    }
    socket.say(&json!({ "op": "pong" })).await;
    socket.follow(&format!("user:{}", bo.id), 0).await;
    house.chat(&bo, "Still here.").await;
    socket.until("run.changed").await;
}

async fn a_page_is_told_that_its_conversation_was_deleted(store: &StoreFixture) {
    let house = House::open(store).await;
    let bo = house.member("bo@example.org").await;
    let chat = house.chat(&bo, "Hello?").await;
    let topic = format!("chat:{}", chat.conversation);
    let mut socket = Socket::open(house.listen().await, &bo).await;
    socket.follow(&topic, 0).await;
    socket.until("run.changed").await;
    house.delete(&chat_path(&chat.conversation, "")).by(&bo).send().await.ok(204);
    let last = socket.until("conversation.deleted").await.pop().unwrap();
    assert_eq!(
        (&last["topic"], &last["conversation_id"]),
        (&json!(topic), &json!(chat.conversation))
    );
    // Whoever comes later finds nothing.
    socket.follow(&topic, 0).await;
    let error = json!({ "op": "error", "topic": topic, "code": "not_found" });
    assert_eq!(socket.next().await.unwrap(), error);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_our_own_pages_and_programs_open_one() {
    let store = sqlite().await;
    let house = House::open(&store).await;
    let bo = house.member("bo@example.org").await;
    let address = house.listen().await;
    let own = format!("http://{address}");
    let refused = async |person: Option<&Person>, origin: Option<&str>| {
        Socket::try_open(address, person, origin).await.err()
    };
    assert_eq!(refused(None, Some(own.as_str())).await, Some(StatusCode::UNAUTHORIZED));
    assert_eq!(refused(None, None).await, Some(StatusCode::UNAUTHORIZED));
    let port = address.port();
    for foreign in [
        "http://evil.example".to_owned(),
        "null".to_owned(),
        String::new(),
        format!("http://evil.example:{port}"),
        format!("{own}.evil.example"),
        format!("http://127.0.0.1:{}", port ^ 1),
    ] {
        assert_eq!(
            refused(Some(&bo), Some(&foreign)).await,
            Some(StatusCode::FORBIDDEN),
            "{foreign}"
        );
    }
    for fitting in [Some(own.as_str()), None] {
        assert_eq!(refused(Some(&bo), fitting).await, None, "{fitting:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_it_is_switched_off_there_is_none() {
    let store = sqlite().await;
    let mut plan = Plan::default();
    plan.api.websocket = false;
    let house = House::with(&store, plan).await;
    let bo = house.member("bo@example.org").await;
    let address = house.listen().await;
    let refused = Socket::try_open(address, Some(&bo), None).await.err();
    assert_eq!(refused, Some(StatusCode::NOT_FOUND));
    let runtime = house.get("/api/runtime-config").send().await.ok(200);
    assert_eq!(runtime["features"]["websocket"], false);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stopping_server_says_so_and_hangs_up() {
    let store = sqlite().await;
    let house = House::open(&store).await;
    let bo = house.member("bo@example.org").await;
    let address = house.listen().await;
    let mut socket = Socket::open(address, &bo).await;
    socket.follow("nonsense", 0).await;
    socket.next().await.unwrap();
    house.stage.stop();
    let word = json!({ "op": "server-stopping", "retry_ms": 1_000 });
    assert_eq!(socket.next().await, Some(word));
    assert_eq!(socket.next().await, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn orders_are_heeded_while_a_long_log_is_on_its_way() {
    let store = sqlite().await;
    let house = House::open(&store).await;
    let bo = house.member("bo@example.org").await;
    let address = house.listen().await;
    let words = (0..400).flat_map(|_| ["more ", "and "]);
    let script = words.fold(Script::default(), |script, word| script.text(word).thinks("Hm."));
    house.script(script);
    let chat = house.chat(&bo, "Go on.").await;
    let mut socket = Socket::open(address, &bo).await;
    let began = tokio::time::Instant::now();
    for _ in 0..30 {
        socket.follow(&format!("run:{}", chat.run), 0).await;
        socket.text("nonsense").await;
    }
    let mut errors = 0;
    while errors < 30 {
        let frame = socket.next().await.expect("the socket stays open");
        errors += usize::from(frame["op"] == "error");
    }
    assert!(began.elapsed() < std::time::Duration::from_secs(10), "nothing got stuck");
}
