use std::time::Duration;

use galaxy_domain::WorkspaceId;
use galaxy_testkit::store::{START, Someone, StoreFixture};

use crate::talk;

async fn the_overview_counts_messages_latest_first(store: &StoreFixture) {
    let ada = store.someone("ada@example.org").await;
    let bob = store.someone("bob@example.org").await;
    let first = talk::conversation(store, ada, "first").await;
    let second = talk::conversation(store, ada, "second").await;
    talk::conversation(store, bob, "his").await;
    talk::say(store, ada, second, "one").await;
    store.clock.advance(Duration::from_secs(1));
    talk::say(store, ada, first, "one").await;
    talk::say(store, ada, first, "two").await;
    let overview = store.sessions_overview(ada.may_here()).await.unwrap();
    let counts: Vec<_> =
        overview.iter().map(|it| (it.conversation, it.title.as_str(), it.messages)).collect();
    assert_eq!(counts, [(first, "first", 2), (second, "second", 1)]);
    let later = START.after(Duration::from_secs(1));
    assert_eq!((overview[0].created_at, overview[0].updated_at), (START, later));
    let elsewhere = Someone { workspace: WorkspaceId::fresh(), ..ada };
    assert!(store.sessions_overview(elsewhere.may_here()).await.unwrap().is_empty());
}

async fn an_open_store_answers_and_a_closed_one_does_not(store: &StoreFixture) {
    store.ping().await.unwrap();
    store.close().await;
    assert!(store.ping().await.is_err());
}

galaxy_testkit::on_both_engines! {
    the_overview_counts_messages_latest_first,
    an_open_store_answers_and_a_closed_one_does_not,
}
