use galaxy_domain::{
    CallId, Item, PersonId, RunState, Stop, Verdict,
    run::RunRow,
    tool::{Decision, Reach, ToolRule},
    transcript::Question,
};
use galaxy_store::{Along, Once, StoreError};
use galaxy_testkit::store::{Someone, StoreFixture};

use crate::scene::{Scene, conversation};

galaxy_testkit::on_both_engines! {
    a_rule_comes_with_its_decision,
    without_the_decision_there_is_no_rule,
    without_the_rule_there_is_no_decision,
    a_decision_with_a_key_is_made_once,
}

/// A run that waits for a yes; its log ends with entry 2.
async fn parked(scene: &Scene<'_>) -> RunRow {
    scene.ask("delete it").await;
    let run = scene.claim().await;
    let call = CallId("call-1".to_owned());
    let asked = Item::Asked { call, question: Question::Approval, digest: "d".to_owned() };
    let drive = scene.drive(run.id);
    scene.store.finish(drive, run.fence, 1, vec![asked], RunState::Parked).await.unwrap();
    run
}

fn allowed(by: PersonId) -> Vec<Item> {
    let decision = Decision::Allow { reach: Reach::Conversation, input: None };
    vec![Item::Approval { call: CallId("call-1".to_owned()), decision, by }]
}

fn rule(scene: &Scene<'_>) -> ToolRule {
    let (tool, definition) = ("delete".to_owned(), "v1".to_owned());
    ToolRule { tool, conversation: Some(scene.chat), verdict: Verdict::Allow, definition }
}

fn with_rule(who: Someone, rule: ToolRule) -> Along {
    Along { rule: Some((who.may_self(), rule)), ..Along::default() }
}

async fn rules(scene: &Scene<'_>) -> Vec<ToolRule> {
    scene.store.all_rules(scene.ann.may_self()).await.unwrap()
}

async fn last(scene: &Scene<'_>, run: &RunRow) -> u64 {
    let log = scene.store.run_log(scene.ann.may(run.id), 0, 9).await.unwrap();
    log.last().unwrap().seq
}

async fn a_rule_comes_with_its_decision(fixture: &StoreFixture) {
    let scene = Scene::new(fixture).await;
    let run = parked(&scene).await;
    let along = with_rule(scene.ann, rule(&scene));
    let (permit, items) = (scene.ann.may(run.id), allowed(scene.ann.id));
    fixture.decide(permit, 2, items, RunState::Queued, along).await.unwrap();
    assert_eq!(rules(&scene).await, [rule(&scene)]);
    assert_eq!(last(&scene, &run).await, 3);
}

async fn without_the_decision_there_is_no_rule(fixture: &StoreFixture) {
    let scene = Scene::new(fixture).await;
    let run = parked(&scene).await;
    let (permit, items) = (scene.ann.may(run.id), || allowed(scene.ann.id));
    let along = || with_rule(scene.ann, rule(&scene));
    let moved = fixture.decide(permit, 1, items(), RunState::Queued, along()).await;
    assert!(matches!(moved, Err(StoreError::Conflict(_))), "{moved:?}");
    assert!(rules(&scene).await.is_empty());
    let stopped = vec![Item::Stopped { stop: Stop::Cancelled }];
    fixture.decide(permit, 2, stopped, RunState::Queued, Along::default()).await.unwrap();
    scene.claim().await;
    let driven = fixture.decide(permit, 3, items(), RunState::Queued, along()).await;
    assert!(matches!(driven, Err(StoreError::Conflict(_))), "{driven:?}");
    assert!(rules(&scene).await.is_empty());
}

async fn without_the_rule_there_is_no_decision(fixture: &StoreFixture) {
    let scene = Scene::new(fixture).await;
    let run = parked(&scene).await;
    let bob = fixture.someone("bob@example.org").await;
    let his = conversation(fixture, bob, "his").await;
    let along = with_rule(scene.ann, ToolRule { conversation: Some(his), ..rule(&scene) });
    let (permit, items) = (scene.ann.may(run.id), allowed(scene.ann.id));
    let end = fixture.decide(permit, 2, items, RunState::Queued, along).await;
    assert!(matches!(end, Err(StoreError::NotFound)), "{end:?}");
    assert_eq!((last(&scene, &run).await, scene.state(run.id).await), (2, RunState::Parked));
    assert!(rules(&scene).await.is_empty());
}

async fn a_decision_with_a_key_is_made_once(fixture: &StoreFixture) {
    let scene = Scene::new(fixture).await;
    let run = parked(&scene).await;
    let once = Once { route: "decide", key: "k".to_owned(), body_hash: "h".to_owned() };
    let decide = |once: &Once| {
        let along = Along { once: Some(once.clone()), ..Along::default() };
        let (permit, items) = (scene.ann.may(run.id), allowed(scene.ann.id));
        fixture.decide(permit, 2, items, RunState::Queued, along)
    };
    assert_eq!(fixture.made_before::<u64>(scene.ann.id, &once).await.unwrap(), None);
    assert_eq!(decide(&once).await.unwrap(), 3);
    assert_eq!(fixture.made_before::<u64>(scene.ann.id, &once).await.unwrap(), Some(3));
    // While it is driven, and after, too.
    scene.claim().await;
    assert_eq!(decide(&once).await.unwrap(), 3);
    let other = Once { body_hash: "other".to_owned(), ..once.clone() };
    assert!(matches!(decide(&other).await, Err(StoreError::Mismatch)));
    let looked = fixture.made_before::<u64>(scene.ann.id, &other).await;
    assert!(matches!(looked, Err(StoreError::Mismatch)), "{looked:?}");
    let bob = fixture.someone("bob@example.org").await;
    assert_eq!(fixture.made_before::<u64>(bob.id, &once).await.unwrap(), None);
    assert_eq!(last(&scene, &run).await, 3);
}
