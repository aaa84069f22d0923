use std::time::Duration;

use galaxy_domain::{
    Kind, MessageId,
    feedback::{Feedback, Rating},
};
use galaxy_testkit::store::{START, Someone, StoreFixture};

use crate::talk;

async fn a_later_opinion_replaces_an_earlier_one(store: &StoreFixture) {
    let ada = store.someone("ada@example.org").await;
    let conversation = talk::conversation(store, ada, "talk").await;
    let message = talk::say(store, ada, conversation, "hello").await;
    let permit = ada.may(conversation);
    store.rate(permit, message, Rating::Up, "").await.unwrap();
    store.clock.advance(Duration::from_secs(1));
    store.rate(permit, message, Rating::Down, "wrong „year”").await.unwrap();
    let at = START.after(Duration::from_secs(1));
    let comment = "wrong „year”".to_owned();
    let expected =
        Feedback { message, conversation, person: ada.id, rating: Rating::Down, comment, at };
    assert_eq!(store.ratings(permit).await.unwrap(), [expected]);
    store.unrate(permit, message).await.unwrap();
    assert!(store.ratings(permit).await.unwrap().is_empty());
    store.unrate(permit, message).await.unwrap();
}

async fn administrators_see_everybodys_opinion_newest_first(store: &StoreFixture) {
    let mut messages = Vec::new();
    for email in ["ada@example.org", "bob@example.org", "eve@example.org"] {
        let who = store.someone(email).await;
        let conversation = talk::conversation(store, who, "talk").await;
        let message = talk::say(store, who, conversation, "hello").await;
        store.clock.advance(Duration::from_secs(1));
        store.rate(who.may(conversation), message, Rating::Up, email).await.unwrap();
        assert_eq!(store.ratings(who.may(conversation)).await.unwrap().len(), 1);
        messages.push(message);
    }
    messages.reverse();
    let ada = store.someone("ada@example.org").await;
    let all = async |who: Someone, limit| {
        let found = store.all_feedback(who.may_here(), limit).await.unwrap();
        found.into_iter().map(|it| it.message).collect::<Vec<_>>()
    };
    assert_eq!(all(ada, 10).await, messages);
    assert_eq!(all(ada, 2).await, messages[..2]);
    let elsewhere = Someone { workspace: galaxy_domain::WorkspaceId::fresh(), ..ada };
    assert_eq!(all(elsewhere, 10).await, []);
}

async fn only_messages_of_the_conversation_can_be_rated(store: &StoreFixture) {
    let ada = store.someone("ada@example.org").await;
    let (one, two) =
        (talk::conversation(store, ada, "one").await, talk::conversation(store, ada, "two").await);
    let message = talk::say(store, ada, one, "hello").await;
    let elsewhere = Someone { workspace: galaxy_domain::WorkspaceId::fresh(), ..ada };
    for (permit, message) in
        [(ada.may(two), message), (ada.may(one), MessageId::fresh()), (elsewhere.may(one), message)]
    {
        let refused = store.rate(permit, message, Rating::Up, "").await.unwrap_err();
        assert_eq!(refused.kind(), Kind::NotFound);
    }
    store.rate(ada.may(one), message, Rating::Up, "").await.unwrap();
    store.unrate(ada.may(two), message).await.unwrap();
    assert_eq!(store.ratings(ada.may(one)).await.unwrap().len(), 1);
}

galaxy_testkit::on_both_engines! {
    a_later_opinion_replaces_an_earlier_one,
    administrators_see_everybodys_opinion_newest_first,
    only_messages_of_the_conversation_can_be_rated,
}
