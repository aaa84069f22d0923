use std::time::Duration;

use galaxy_domain::{
    ConversationId, Permit, access::Read, conversation::Settings, id::Conversation, notice::Notice,
};
use galaxy_store::{ConversationChange, Filter, Logged, NewConversation, Once, StoreError};
use galaxy_testkit::store::StoreFixture;

use crate::scene::{Scene, conversation};

galaxy_testkit::on_both_engines! {
    conversations_are_listed_pinned_first_then_newest,
    only_ones_own_are_listed,
    tools_are_fixed_by_the_first_message,
    a_conversation_is_deleted_with_everything_in_it,
    whoever_follows_a_conversation_is_told_that_it_is_gone,
    a_conversation_is_not_deleted_under_a_driver,
    making_one_with_a_key_makes_one,
}

async fn listed(
    store: &StoreFixture,
    who: galaxy_testkit::store::Someone,
    limit: usize,
) -> Vec<String> {
    let mut titles = Vec::new();
    let mut cursor = None;
    loop {
        let filter = Filter { archived: false, cursor, limit };
        let page = store.conversations(who.may_here(), filter).await.unwrap();
        titles.extend(page.items.into_iter().map(|row| row.title));
        cursor = page.next;
        if cursor.is_none() {
            return titles;
        }
    }
}

async fn conversations_are_listed_pinned_first_then_newest(fixture: &StoreFixture) {
    let ann = fixture.someone("ann@example.org").await;
    let mut ids = Vec::new();
    for idx in 0..7 {
        // Two at a time are of the same moment.
        if idx % 2 == 0 {
            fixture.clock.advance(Duration::from_secs(1));
        }
        ids.push(conversation(fixture, ann, &idx.to_string()).await);
    }
    for idx in [1, 4] {
        let change = ConversationChange { pinned: Some(true), ..ConversationChange::default() };
        fixture.change(ann.may(ids[idx]), change).await.unwrap();
    }
    let change = ConversationChange { archived: Some(true), ..ConversationChange::default() };
    let row = fixture.change(ann.may(ids[2]), change).await.unwrap();
    assert!(row.archived);
    for limit in 1..8 {
        assert_eq!(listed(fixture, ann, limit).await, ["4", "1", "6", "5", "3", "0"], "{limit}");
    }
    let archived = Filter { archived: true, cursor: None, limit: 9 };
    let page = fixture.conversations(ann.may_here(), archived).await.unwrap();
    assert_eq!(page.items.len(), 1);
    assert_eq!(fixture.count_conversations(ann.may_here()).await.unwrap(), 7);
    let broken = Filter { cursor: Some("x".to_owned()), ..Filter::default() };
    let refused = fixture.conversations(ann.may_here(), broken).await;
    assert!(matches!(refused, Err(StoreError::NotFound)));
}

async fn only_ones_own_are_listed(fixture: &StoreFixture) {
    let scene = Scene::new(fixture).await;
    let bob = fixture.someone("bob@example.org").await;
    conversation(fixture, bob, "bob's").await;
    assert_eq!(listed(fixture, bob, 9).await, ["bob's"]);
    let target = fixture.conversation_target(scene.chat).await.unwrap().unwrap();
    assert_eq!((target.owner, target.workspace), (scene.ann.id, scene.ann.workspace));
    assert!(fixture.conversation_target(ConversationId::fresh()).await.unwrap().is_none());
    let elsewhere: Permit<Read, Conversation> = galaxy_testkit::store::permit(
        scene.chat,
        galaxy_domain::WorkspaceId::fresh(),
        scene.ann.id,
    );
    let foreign = fixture.conversation(elsewhere).await;
    assert!(matches!(foreign, Err(StoreError::NotFound)));
}

async fn tools_are_fixed_by_the_first_message(fixture: &StoreFixture) {
    let scene = Scene::new(fixture).await;
    let choose = |tools: &[&str]| {
        let tools = Some(tools.iter().map(|tool| (*tool).to_owned()).collect());
        let settings = Settings { tools, ..Settings::default() };
        let settings = Some(settings);
        fixture.change(scene.write(), ConversationChange { settings, ..Default::default() })
    };
    choose(&["fetch"]).await.unwrap();
    scene.exchange("hello", "good day").await;
    assert!(matches!(choose(&["math"]).await, Err(StoreError::Conflict(_))));
    let row = choose(&["fetch"]).await.unwrap();
    assert!(row.settings.tools_locked, "nothing unlocks them");
}

async fn a_conversation_is_deleted_with_everything_in_it(fixture: &StoreFixture) {
    let scene = Scene::new(fixture).await;
    let said = scene.exchange("a marmot", "a groundhog").await;
    let before = fixture.events(scene.ann.may(scene.ann.id), 0, 100).await.unwrap().last;
    fixture.delete(scene.write()).await.unwrap();
    assert!(matches!(fixture.conversation(scene.read()).await, Err(StoreError::NotFound)));
    assert!(matches!(fixture.delete(scene.write()).await, Err(StoreError::NotFound)));
    assert!(fixture.run_target(said.run.unwrap()).await.unwrap().is_none());
    assert!(fixture.run_log(scene.ann.may(said.run.unwrap()), 0, 9).await.unwrap().is_empty());
    assert!(fixture.search(scene.ann.may_here(), "marmot", 9).await.unwrap().is_empty());
    let news = fixture.events(scene.ann.may(scene.ann.id), before, 100).await.unwrap().logged;
    let deleted = Notice::ConversationDeleted { conversation: scene.chat };
    assert!(matches!(&news[..], [Logged::Notice { notice, .. }] if *notice == deleted));
}

async fn whoever_follows_a_conversation_is_told_that_it_is_gone(fixture: &StoreFixture) {
    let scene = Scene::new(fixture).await;
    scene.exchange("a marmot", "a groundhog").await;
    let seen = fixture.events(scene.read(), 0, 100).await.unwrap().last;
    fixture.delete(scene.write()).await.unwrap();
    let replay = fixture.events(scene.read(), seen, 100).await.unwrap();
    let deleted = Notice::ConversationDeleted { conversation: scene.chat };
    let [Logged::Notice { seq, notice, .. }] = &replay.logged[..] else { panic!("{replay:?}") };
    assert_eq!((*seq, notice), (seen + 1, &deleted), "nothing else is left");
    let late = fixture.events(scene.read(), seen - 1, 100).await.unwrap();
    assert!(late.reset && late.last == seen + 1, "{late:?}");
    // A day later that is gone, too.
    fixture.clock.advance(std::time::Duration::from_hours(25));
    fixture.sweep(fixture.clock.now()).await.unwrap();
    assert_eq!(fixture.events(scene.read(), 0, 100).await.unwrap().last, 0);
}

async fn a_conversation_is_not_deleted_under_a_driver(fixture: &StoreFixture) {
    let scene = Scene::new(fixture).await;
    scene.ask("hello").await;
    scene.claim().await;
    assert!(matches!(fixture.delete(scene.write()).await, Err(StoreError::Conflict(_))));
    fixture.conversation(scene.read()).await.unwrap();
}

async fn making_one_with_a_key_makes_one(fixture: &StoreFixture) {
    let ann = fixture.someone("ann@example.org").await;
    let once = Once { route: "create", key: "k".to_owned(), body_hash: "h".to_owned() };
    let create = || fixture.create(ann.may_here(), NewConversation::default(), Some(&once));
    let (first, second) = (create().await.unwrap(), create().await.unwrap());
    assert_eq!(first.value, second.value);
    assert_eq!((first.replayed, second.replayed), (false, true));
    let bob = fixture.someone("bob@example.org").await;
    let his = fixture.create(bob.may_here(), NewConversation::default(), Some(&once)).await;
    assert!(!his.unwrap().replayed, "keys of different people do not meet");
}
