use galaxy_domain::{
    CallId, Item, RunState, Stop,
    access::Drive,
    id::Run,
    transcript::{Finish, Question},
};
use galaxy_store::{
    Strength,
    chat::{NewRun, Say},
    verify::Verified,
};
use galaxy_testkit::store::{Someone, StoreFixture};

use crate::talk;

/// A store with a run of every kind: over, waiting for a person, and waiting for a worker.
async fn full(store: &StoreFixture) -> Someone {
    let ada = store.someone("ada@example.org").await;
    for (idx, kind) in ["over", "parked", "queued"].into_iter().enumerate() {
        let chat = talk::conversation(store, ada, kind).await;
        let parts = vec![galaxy_domain::Part::text(format!("Say {kind}."))];
        let (run, max_active) = (Some(NewRun::default()), 9);
        let say = Say { parent: None, sibling_of: None, parts, run, max_active };
        store.say(ada.may(chat), say, None).await.unwrap();
        if idx < 2 {
            settle(store, ada, idx == 1).await;
        }
    }
    let gone = talk::conversation(store, ada, "gone").await;
    store.delete(ada.may(gone)).await.unwrap();
    ada
}

/// Has the only run that waits speak, and be over or ask.
async fn settle(store: &StoreFixture, ada: Someone, asks: bool) {
    let run = store.claim("w", std::time::Duration::from_hours(1), 1, 9).await.unwrap().remove(0);
    let drive: galaxy_domain::Permit<Drive, Run> = ada.may(run.id);
    let sampling = Item::Sampling { model: "demo".to_owned(), because: None };
    store.append(drive, run.fence, 1, vec![sampling], Strength::Synced).await.unwrap();
    let call = CallId("c".to_owned());
    let calls = asks.then(|| galaxy_domain::ToolCall {
        id: call.clone(),
        tool: "send".to_owned(),
        input: serde_json::Value::Null,
        opaque: None,
    });
    let finish = if asks { Finish::Calls } else { Finish::Stop };
    let (calls, model) = (calls.into_iter().collect(), "demo".to_owned());
    let spoke = Item::Assistant { parts: vec![], calls, finish, model };
    let asked = Item::Asked { call, question: Question::Approval, digest: "d".to_owned() };
    let (last, state) = if asks {
        (asked, RunState::Parked)
    } else {
        (Item::Stopped { stop: Stop::Finished }, RunState::Finished)
    };
    store.finish(drive, run.fence, 2, vec![spoke, last], state).await.unwrap();
}

fn told(verified: &Verified) -> Vec<&str> {
    verified.troubles.iter().map(|it| it.what.as_str()).collect()
}

async fn a_good_store_is_found_good(store: &StoreFixture) {
    let none: [&str; 0] = [];
    assert_eq!(told(&store.verify().await.unwrap()), none, "a fresh one, too");
    full(store).await;
    let verified = store.verify().await.unwrap();
    assert_eq!(told(&verified), none);
    assert!(verified.is_good());
    assert_eq!((verified.runs, verified.entries, verified.answers), (3, 9, 2));
    let rows = |name| verified.rows.iter().find(|it| it.0 == name).unwrap().1;
    assert_eq!((rows("people"), rows("conversations"), rows("messages")), (1, 3, 6));
    // What is swept is no damage.
    store.clock.advance(std::time::Duration::from_hours(48));
    store.sweep(store.clock.now()).await.unwrap();
    assert_eq!(told(&store.verify().await.unwrap()), none);
}

/// What is changed behind the store's back, how it is put right again, and what has to be told.
const DAMAGE: [[&str; 3]; 8] = [
    [
        "UPDATE events SET seq = seq + 10 WHERE kind = 'stopped'",
        "UPDATE events SET seq = seq - 10 WHERE kind = 'stopped'",
        "entry 3 is followed by entry 14",
    ],
    [
        "UPDATE events SET seq = 0 WHERE kind = 'user'",
        "UPDATE events SET seq = 1 WHERE kind = 'user'",
        "its log begins with entry 0",
    ],
    [
        "UPDATE events SET body = '?' || body WHERE kind = 'stopped'",
        "UPDATE events SET body = substr(body, 2) WHERE kind = 'stopped'",
        "entry 4: ",
    ],
    [
        "UPDATE events SET kind = 'usage' WHERE kind = 'stopped'",
        "UPDATE events SET kind = 'stopped' WHERE kind = 'usage'",
        "entry 4 is listed as `usage` and is `stopped`",
    ],
    [
        "UPDATE runs SET state = 'failed' WHERE state = 'finished'",
        "UPDATE runs SET state = 'finished' WHERE state = 'failed'",
        "it is `failed`, and its log says that it is finished",
    ],
    [
        "UPDATE messages SET body = replace(body, 'demo', 'other') WHERE speaker = 'agent'",
        "UPDATE messages SET body = replace(body, 'other', 'demo') WHERE speaker = 'agent'",
        "its answer says something else than its log",
    ],
    [
        "UPDATE conversations SET leaf_id = owner_id",
        "UPDATE conversations SET leaf_id = (SELECT m.id FROM messages m
            WHERE m.conversation_id = conversations.id AND m.speaker = 'agent')",
        "shows a message that it does not have",
    ],
    [
        "UPDATE runs SET answer_id = question_id",
        "UPDATE runs SET answer_id = (SELECT m.id FROM messages m
            WHERE m.conversation_id = runs.conversation_id AND m.speaker = 'agent')",
        "has no question or no answer in its conversation",
    ],
];

async fn every_damage_is_told(store: &StoreFixture) {
    full(store).await;
    for [damage, repair, what] in DAMAGE {
        store.tamper(damage).await;
        let verified = store.verify().await.unwrap();
        let told = told(&verified);
        assert!(told.iter().any(|it| it.starts_with(what)), "{damage}: {told:?}");
        assert!(!verified.is_good());
        store.tamper(repair).await;
    }
    let none: [&str; 0] = [];
    assert_eq!(told(&store.verify().await.unwrap()), none, "all is right again");
}

async fn a_log_of_nobody_is_told(store: &StoreFixture) {
    full(store).await;
    store.tamper("UPDATE events SET kind = 'notice' WHERE kind = 'ended'").await;
    assert_eq!(told(&store.verify().await.unwrap()), ["belongs to nothing"]);
}

galaxy_testkit::on_both_engines! {
    a_good_store_is_found_good,
    every_damage_is_told,
    a_log_of_nobody_is_told,
}
