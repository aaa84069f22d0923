use futures::future::join_all;
use galaxy_domain::{
    Item, Part, RunState,
    conversation::{Body, Speaker},
};
use galaxy_store::{NewRun, Once, Said, Say, StoreError};
use galaxy_testkit::store::StoreFixture;

use crate::scene::{Scene, asking, conversation};

galaxy_testkit::on_both_engines! {
    a_question_is_kept_with_an_empty_answer_and_a_run_that_waits,
    one_key_starts_one_run_however_often_it_is_sent,
    nothing_is_said_while_an_answer_is_being_written,
    nobody_has_more_runs_than_allowed,
    editing_the_first_message_makes_another_root,
    regenerating_asks_the_same_question_again,
    saying_without_a_run_only_adds_a_message,
}

async fn a_question_is_kept_with_an_empty_answer_and_a_run_that_waits(fixture: &StoreFixture) {
    let scene = Scene::new(fixture).await;
    let said = scene.ask("  What is 17 * 23?\nPlease").await;
    let (answer, run) = (said.answer.unwrap(), said.run.unwrap());

    let question = fixture.message(scene.read(), said.question).await.unwrap();
    assert_eq!(question.speaker, Speaker::Person);
    let parts = vec![Part::text("  What is 17 * 23?\nPlease")];
    assert_eq!(question.body, Body::Said { parts: parts.clone() });
    let answer = fixture.message(scene.read(), answer).await.unwrap();
    assert_eq!(answer.body, Body::Answered { entries: Vec::new() });
    assert_eq!((answer.run, answer.state), (Some(run), Some(RunState::Queued)));
    assert_eq!(answer.parent, Some(said.question));

    let log = fixture.run_log(scene.ann.may(run), 0, 10).await.unwrap();
    assert_eq!(log.len(), 1);
    assert_eq!((log[0].seq, &log[0].item), (1, &Item::User { message: said.question, parts }));

    let row = fixture.conversation(scene.read()).await.unwrap();
    assert_eq!((row.title.as_str(), row.messages), ("What is 17 * 23?", 2));
    assert_eq!((row.leaf, row.state), (said.answer, Some(RunState::Queued)));
    assert!(row.settings.tools_locked);
    let active = fixture.active_runs(scene.ann.may_here()).await.unwrap();
    assert_eq!(active.iter().map(|run| run.id).collect::<Vec<_>>(), [run]);
}

async fn one_key_starts_one_run_however_often_it_is_sent(fixture: &StoreFixture) {
    let scene = Scene::new(fixture).await;
    let once = Once { route: "say", key: "k".to_owned(), body_hash: "h".to_owned() };
    let calls = (0..100).map(|_| fixture.say(scene.write(), asking("once"), Some(&once)));
    let made: Vec<_> = join_all(calls).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(made.iter().filter(|made| !made.replayed).count(), 1);
    let said: Said = made[0].value;
    assert!(made.iter().all(|made| made.value == said));
    assert_eq!(fixture.queue_depth().await.unwrap(), 1);
    assert_eq!(scene.shown().await, [said.question, said.answer.unwrap()]);

    let other = Once { body_hash: "other".to_owned(), ..once.clone() };
    let refused = fixture.say(scene.write(), asking("twice"), Some(&other)).await;
    assert!(matches!(refused, Err(StoreError::Mismatch)));
}

async fn nothing_is_said_while_an_answer_is_being_written(fixture: &StoreFixture) {
    let scene = Scene::new(fixture).await;
    let asked = (0..8).map(|_| fixture.say(scene.write(), asking("at once"), None));
    let ends = join_all(asked).await;
    assert_eq!(ends.iter().filter(|end| end.is_ok()).count(), 1);
    assert_eq!(ends.iter().filter(|end| matches!(end, Err(StoreError::Conflict(_)))).count(), 7);
    scene.answer("done").await;
    scene.ask("and now").await;
}

async fn nobody_has_more_runs_than_allowed(fixture: &StoreFixture) {
    let scene = Scene::new(fixture).await;
    let mut chats = Vec::new();
    for _ in 0..6 {
        chats.push(conversation(fixture, scene.ann, "").await);
    }
    let say = |chat| {
        let say = Say { max_active: 2, ..asking("me") };
        fixture.say(scene.ann.may(chat), say, None)
    };
    let ends = join_all(chats.iter().copied().map(say)).await;
    assert_eq!(ends.iter().filter(|end| end.is_ok()).count(), 2);
    let refused = |end: &&Result<_, _>| matches!(end, Err(StoreError::TooMany { limit: 2 }));
    assert_eq!(ends.iter().filter(refused).count(), 4);

    let bob = fixture.someone("bob@example.org").await;
    let chat = conversation(fixture, bob, "").await;
    let say = Say { max_active: 1, ..asking("me too") };
    fixture.say(bob.may(chat), say, None).await.unwrap();
}

async fn editing_the_first_message_makes_another_root(fixture: &StoreFixture) {
    let scene = Scene::new(fixture).await;
    let first = scene.exchange("tea?", "yes").await;
    let edit = Say { sibling_of: Some(first.question), ..asking("coffee?") };
    let second = fixture.say(scene.write(), edit, None).await.unwrap().value;
    assert_eq!(scene.shown().await, [second.question, second.answer.unwrap()]);
    let root = fixture.message(scene.read(), second.question).await.unwrap();
    assert_eq!((root.parent, root.siblings), (None, vec![first.question, second.question]));

    let stranger = Scene::new(fixture).await;
    let elsewhere = Say { sibling_of: Some(first.question), ..asking("mine?") };
    let refused = fixture.say(stranger.write(), elsewhere, None).await;
    assert!(matches!(refused, Err(StoreError::NotFound)));
}

async fn regenerating_asks_the_same_question_again(fixture: &StoreFixture) {
    let scene = Scene::new(fixture).await;
    let first = scene.exchange("a poem", "roses").await;
    let new = NewRun { model: Some("other".to_owned()), birth: None };
    let old = first.answer.unwrap();
    let again = fixture.regenerate(scene.write(), old, new, 5, None).await.unwrap().value;
    assert_eq!(again.question, first.question);
    let answer = fixture.message(scene.read(), again.answer.unwrap()).await.unwrap();
    assert_eq!(answer.siblings, [old, again.answer.unwrap()]);
    let run = fixture.run(scene.ann.may(again.run.unwrap())).await.unwrap();
    assert_eq!(run.model.as_deref(), Some("other"));
    let log = fixture.run_log(scene.ann.may(run.id), 0, 10).await.unwrap();
    let parts = vec![Part::text("a poem")];
    assert_eq!(log[0].item, Item::User { message: first.question, parts });

    let question = first.question;
    scene.answer("violets").await;
    let refused = fixture.regenerate(scene.write(), question, NewRun::default(), 5, None).await;
    assert!(matches!(refused, Err(StoreError::NotFound)), "a question is no answer");
}

async fn saying_without_a_run_only_adds_a_message(fixture: &StoreFixture) {
    let scene = Scene::new(fixture).await;
    let say = Say { run: None, max_active: 0, ..asking("a note") };
    let said = fixture.say(scene.write(), say, None).await.unwrap().value;
    assert_eq!((said.answer, said.run), (None, None));
    assert_eq!(scene.shown().await, [said.question]);
    assert_eq!(fixture.queue_depth().await.unwrap(), 0);
}
