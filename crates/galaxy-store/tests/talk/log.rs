use futures::future::join_all;
use galaxy_domain::{
    CallId, Item, PersonId, RunState, Stop,
    conversation::Body,
    tool::{Decision, Reach},
    transcript::Question,
};
use galaxy_store::{Along, StoreError, Strength};
use galaxy_testkit::store::StoreFixture;

use crate::scene::{LEASE, Scene, asking, conversation, delta, is_fenced, spoken};

galaxy_testkit::on_both_engines! {
    entries_are_numbered_and_read_back,
    of_two_drivers_with_one_fence_one_is_fenced,
    entries_of_many_runs_are_written_together,
    a_gap_is_refused,
    an_end_writes_the_answer_without_passing_entries,
    a_parked_run_goes_on_after_a_decision,
    a_decision_about_a_run_that_moved_on_is_refused,
    a_run_that_waits_is_cancelled_at_once,
}

async fn entries_are_numbered_and_read_back(fixture: &StoreFixture) {
    let scene = Scene::new(fixture).await;
    scene.ask("hello").await;
    let run = scene.claim().await;
    let drive = scene.drive(run.id);
    let mut last = 1;
    for idx in 0..5 {
        let items = vec![delta(&format!("{idx}a")), delta(&format!("{idx}b"))];
        last = fixture.append(drive, run.fence, last, items, Strength::Relaxed).await.unwrap();
    }
    assert_eq!(last, 11);
    let log = fixture.driven_log(drive, 0, 100).await.unwrap();
    assert_eq!(log.iter().map(|entry| entry.seq).collect::<Vec<_>>(), Vec::from_iter(1..=11));
    assert_eq!(log[10].item, delta("4b"));
    let page = fixture.run_log(scene.ann.may(run.id), 9, 1).await.unwrap();
    assert_eq!((page.len(), page[0].seq), (1, 10));
}

async fn of_two_drivers_with_one_fence_one_is_fenced(fixture: &StoreFixture) {
    let scene = Scene::new(fixture).await;
    scene.ask("hello").await;
    let run = scene.claim().await;
    let drive = scene.drive(run.id);
    for after in 1..20 {
        let write =
            |text| fixture.append(drive, run.fence, after, vec![delta(text)], Strength::Synced);
        let (one, two) = futures::join!(write("one"), write("two"));
        assert_eq!(u8::from(is_fenced(&one)) + u8::from(is_fenced(&two)), 1, "{one:?} {two:?}");
        assert_eq!(one.or(two).unwrap(), after + 1);
    }
}

async fn entries_of_many_runs_are_written_together(fixture: &StoreFixture) {
    let ann = fixture.someone("ann@example.org").await;
    for _ in 0..20 {
        let chat = conversation(fixture, ann, "").await;
        fixture.say(ann.may(chat), asking("go"), None).await.unwrap();
    }
    let runs = fixture.claim("w", LEASE, 100, 100).await.unwrap();
    assert_eq!(runs.len(), 20);
    let drive = |run: galaxy_domain::run::RunRow| async move {
        // One of them shows a fence that is not its own, and takes no other down.
        let fence = if run.id.uuid().as_bytes()[15].is_multiple_of(5) { 99 } else { run.fence };
        let mut after = 1;
        for _ in 0..10 {
            let items = vec![delta("a"), delta("b"), delta("c")];
            after = fixture.append(ann.may(run.id), fence, after, items, Strength::Relaxed).await?;
        }
        Ok::<u64, StoreError>(after)
    };
    let ends = join_all(runs.iter().cloned().map(drive)).await;
    for (run, end) in runs.iter().zip(ends) {
        if run.id.uuid().as_bytes()[15].is_multiple_of(5) {
            assert!(is_fenced(&end));
        } else {
            assert_eq!(end.unwrap(), 31);
            let log = fixture.run_log(ann.may(run.id), 0, 100).await.unwrap();
            assert!(log.iter().map(|entry| entry.seq).eq(1..=31));
        }
    }
}

async fn a_gap_is_refused(fixture: &StoreFixture) {
    let scene = Scene::new(fixture).await;
    scene.ask("hello").await;
    let run = scene.claim().await;
    let drive = scene.drive(run.id);
    let items = || vec![delta("x")];
    assert!(is_fenced(&fixture.append(drive, run.fence, 5, items(), Strength::Relaxed).await));
    assert!(is_fenced(&fixture.finish(drive, run.fence, 5, items(), RunState::Finished).await));
    assert_eq!(scene.state(run.id).await, RunState::Running);
    assert_eq!(fixture.run_log(scene.ann.may(run.id), 0, 9).await.unwrap().len(), 1);
}

async fn an_end_writes_the_answer_without_passing_entries(fixture: &StoreFixture) {
    let scene = Scene::new(fixture).await;
    let said = scene.ask("17 * 23?").await;
    let run = scene.claim().await;
    let drive = scene.drive(run.id);
    let sampling = Item::Sampling { model: "demo".to_owned(), because: None };
    let passing = vec![sampling, delta("39"), delta("1")];
    let last = fixture.append(drive, run.fence, 1, passing, Strength::Relaxed).await.unwrap();
    let end = vec![spoken("It is 391, an aardvark."), Item::Stopped { stop: Stop::Finished }];
    let last = fixture.finish(drive, run.fence, last, end, RunState::Finished).await.unwrap();
    assert_eq!(last, 6);

    let answer = fixture.message(scene.read(), said.answer.unwrap()).await.unwrap();
    assert_eq!(answer.state, Some(RunState::Finished));
    let Body::Answered { entries } = answer.body else { panic!("an answer") };
    let log = fixture.run_log(scene.ann.may(run.id), 0, 100).await.unwrap();
    let settled: Vec<_> = log.into_iter().filter(|entry| !entry.item.is_passing()).collect();
    assert_eq!(entries, settled);
    assert_eq!(entries.iter().map(|entry| entry.seq).collect::<Vec<_>>(), [1, 5, 6]);

    let row = fixture.run(scene.ann.may(run.id)).await.unwrap();
    assert_eq!(row.ended_at, Some(fixture.clock.now()));
    let hits = fixture.search(scene.ann.may_here(), "aardvark", 5).await.unwrap();
    assert_eq!(hits[0].message, said.answer);
    let late = fixture.append(drive, run.fence, 6, vec![delta("more")], Strength::Relaxed).await;
    assert!(is_fenced(&late), "it is over");
}

fn asked() -> Item {
    let call = CallId("call-1".to_owned());
    Item::Asked { call, question: Question::Approval, digest: "d".to_owned() }
}

fn allowed(by: PersonId) -> Item {
    let decision = Decision::Allow { reach: Reach::Once, input: None };
    Item::Approval { call: CallId("call-1".to_owned()), decision, by }
}

async fn a_parked_run_goes_on_after_a_decision(fixture: &StoreFixture) {
    let scene = Scene::new(fixture).await;
    let said = scene.ask("delete it").await;
    let run = scene.claim().await;
    let drive = scene.drive(run.id);
    let items = vec![asked()];
    fixture.finish(drive, run.fence, 1, items, RunState::Parked).await.unwrap();
    let answer = fixture.message(scene.read(), said.answer.unwrap()).await.unwrap();
    let Body::Answered { entries } = answer.body else { panic!("an answer") };
    assert_eq!(entries.len(), 2, "a reload shows the question");
    assert!(fixture.claim("w", LEASE, 9, 9).await.unwrap().is_empty());

    let decide = || {
        fixture.decide(
            scene.ann.may(run.id),
            2,
            vec![allowed(scene.ann.id)],
            RunState::Queued,
            Along::default(),
        )
    };
    assert_eq!(decide().await.unwrap(), 3);
    let again = scene.claim().await;
    assert_eq!((again.id, again.fence), (run.id, run.fence + 1));
    let late = decide().await;
    assert!(matches!(late, Err(StoreError::Conflict(_))), "it is under way again");
    assert!(is_fenced(&fixture.finish(drive, run.fence, 3, vec![], RunState::Parked).await));
}

async fn a_decision_about_a_run_that_moved_on_is_refused(fixture: &StoreFixture) {
    let scene = Scene::new(fixture).await;
    scene.ask("delete it").await;
    let run = scene.claim().await;
    let items = vec![asked()];
    fixture.finish(scene.drive(run.id), run.fence, 1, items, RunState::Parked).await.unwrap();
    let decide = || {
        fixture.decide(
            scene.ann.may(run.id),
            2,
            vec![allowed(scene.ann.id)],
            RunState::Parked,
            Along::default(),
        )
    };
    let ends = join_all([decide(), decide(), decide()]).await;
    assert_eq!(ends.iter().filter(|end| end.is_ok()).count(), 1);
    let moved = |end: &&Result<u64, _>| matches!(end, Err(StoreError::Conflict(_)));
    assert_eq!(ends.iter().filter(moved).count(), 2);
    let log = fixture.run_log(scene.ann.may(run.id), 0, 9).await.unwrap();
    assert_eq!(log.len(), 3);
}

async fn a_run_that_waits_is_cancelled_at_once(fixture: &StoreFixture) {
    let scene = Scene::new(fixture).await;
    let said = scene.ask("never mind").await;
    let run = said.run.unwrap();
    assert_eq!(fixture.request_stop(scene.ann.may(run)).await.unwrap(), RunState::Queued);
    let items = vec![Item::Stopped { stop: Stop::Cancelled }];
    fixture
        .decide(scene.ann.may(run), 1, items, RunState::Cancelled, Along::default())
        .await
        .unwrap();
    assert_eq!(fixture.queue_depth().await.unwrap(), 0);
    let answer = fixture.message(scene.read(), said.answer.unwrap()).await.unwrap();
    assert_eq!(answer.state, Some(RunState::Cancelled));
    let Body::Answered { entries } = answer.body else { panic!("an answer") };
    assert_eq!(entries.len(), 2);
}
