use std::time::Duration;

use galaxy_domain::{
    Kind, TaskId,
    notice::Notice,
    task::{Priority, TaskRow},
};
use galaxy_store::{
    Logged, Once, StoreError,
    tasks::{NewTask, TaskChange, TaskFilter},
};
use galaxy_testkit::store::{START, Someone, StoreFixture};

pub(crate) fn titled(title: &str) -> NewTask {
    NewTask { title: title.to_owned(), ..NewTask::default() }
}

pub(crate) async fn make(store: &StoreFixture, who: Someone, new: NewTask) -> TaskRow {
    store.create_task(who.may_here(), new, None).await.unwrap().value
}

pub(crate) async fn all(store: &StoreFixture, who: Someone, filter: TaskFilter) -> Vec<String> {
    let filter = TaskFilter { limit: 200, ..filter };
    let page = store.tasks(who.may_here(), &filter).await.unwrap();
    assert_eq!(page.total, i64::try_from(page.items.len()).unwrap());
    page.items.into_iter().map(|it| it.title).collect()
}

async fn a_task_is_kept_as_it_was_made(store: &StoreFixture) {
    let ada = store.someone("ada@example.org").await;
    let first = make(store, ada, titled("Measure")).await;
    let new = NewTask {
        title: "Cut".to_owned(),
        description: "with the “good” saw".to_owned(),
        priority: Priority::High,
        tags: ["wood", "home", "wood"].map(str::to_owned).to_vec(),
        due_at: Some(START.after(Duration::from_secs(60))),
        assignee: Some(ada.id),
        depends_on: vec![first.id, first.id],
    };
    let made = make(store, ada, new).await;
    assert_eq!(made.tags, ["home", "wood"]);
    assert_eq!(made.depends_on, [first.id]);
    assert_eq!((made.created_at, made.completed_at), (START, None));
    assert_eq!(store.task(ada.may(made.id)).await.unwrap(), made);
    let target = store.task_target(made.id).await.unwrap().unwrap();
    assert_eq!((target.owner, target.workspace), (ada.id, ada.workspace));
    assert!(store.task_target(TaskId::fresh()).await.unwrap().is_none());
}

async fn one_key_makes_one_task(store: &StoreFixture) {
    let ada = store.someone("ada@example.org").await;
    let once =
        |hash: &str| Once { route: "tasks", key: "k".to_owned(), body_hash: hash.to_owned() };
    let (same, other) = (once("a"), once("b"));
    let calls = (0..20).map(|_| store.create_task(ada.may_here(), titled("Tea"), Some(&same)));
    let made = futures::future::try_join_all(calls).await.unwrap();
    assert_eq!(made.iter().filter(|it| !it.replayed).count(), 1);
    assert!(made.iter().all(|it| it.value == made[0].value));
    let refused = store.create_task(ada.may_here(), titled("Coffee"), Some(&other)).await;
    assert!(matches!(refused, Err(StoreError::Mismatch)));
    assert_eq!(all(store, ada, TaskFilter::default()).await, ["Tea"]);
}

async fn a_change_leaves_the_rest_alone(store: &StoreFixture) {
    let ada = store.someone("ada@example.org").await;
    let due = Some(START);
    let task = make(store, ada, NewTask { due_at: due, ..titled("Tea") }).await;
    store.clock.advance(Duration::from_secs(1));
    let done = TaskChange { completed: Some(true), ..TaskChange::default() };
    let changed = store.change_task(ada.may(task.id), done.clone()).await.unwrap();
    let later = START.after(Duration::from_secs(1));
    let expected =
        TaskRow { completed: true, completed_at: Some(later), updated_at: later, ..task.clone() };
    assert_eq!(changed, expected);
    // Saying it again changes nothing, not even the time.
    store.clock.advance(Duration::from_secs(1));
    assert_eq!(store.change_task(ada.may(task.id), done).await.unwrap(), expected);
    let undo = TaskChange { completed: Some(false), due_at: Some(None), ..TaskChange::default() };
    let changed = store.change_task(ada.may(task.id), undo).await.unwrap();
    assert_eq!((changed.completed_at, changed.due_at), (None, None));
    assert_eq!(changed.title, "Tea");
}

async fn simultaneous_changes_do_not_undo_each_other(store: &StoreFixture) {
    let ada = store.someone("ada@example.org").await;
    let task = make(store, ada, titled("Tea")).await;
    let title = TaskChange { title: Some("Green tea".to_owned()), ..TaskChange::default() };
    let done = TaskChange { completed: Some(true), ..TaskChange::default() };
    let (one, two) = tokio::join!(
        store.change_task(ada.may(task.id), title),
        store.change_task(ada.may(task.id), done),
    );
    one.unwrap();
    two.unwrap();
    let task = store.task(ada.may(task.id)).await.unwrap();
    assert_eq!((task.title.as_str(), task.completed), ("Green tea", true));
}

async fn tasks_never_wait_in_a_circle(store: &StoreFixture) {
    let ada = store.someone("ada@example.org").await;
    let after = |before: &TaskRow| NewTask { depends_on: vec![before.id], ..titled("next") };
    let first = make(store, ada, titled("first")).await;
    let second = make(store, ada, after(&first)).await;
    let third = make(store, ada, after(&second)).await;
    let wait = |on: TaskId| TaskChange { depends_on: Some(vec![on]), ..TaskChange::default() };
    for on in [first.id, second.id, third.id] {
        let refused = store.change_task(ada.may(first.id), wait(on)).await.unwrap_err();
        assert_eq!(refused.kind(), Kind::Conflict, "{refused}");
    }
    assert_eq!(store.task(ada.may(first.id)).await.unwrap(), first);
    // Two halves of a circle, at the same time: only one gets through.
    let (left, right) = (make(store, ada, titled("l")).await, make(store, ada, titled("r")).await);
    let (one, two) = tokio::join!(
        store.change_task(ada.may(left.id), wait(right.id)),
        store.change_task(ada.may(right.id), wait(left.id)),
    );
    assert_eq!([one.is_ok(), two.is_ok()].iter().filter(|it| **it).count(), 1);
}

async fn only_ones_own_tasks_can_be_waited_for(store: &StoreFixture) {
    let ada = store.someone("ada@example.org").await;
    let bob = store.someone("bob@example.org").await;
    let hers = make(store, ada, titled("hers")).await;
    for stranger in [hers.id, TaskId::fresh()] {
        let new = NewTask { depends_on: vec![stranger], ..titled("his") };
        let refused = store.create_task(bob.may_here(), new, None).await.unwrap_err();
        assert_eq!(refused.kind(), Kind::Conflict);
    }
    let new = NewTask { assignee: Some(galaxy_domain::PersonId::fresh()), ..titled("his") };
    let refused = store.create_task(bob.may_here(), new, None).await.unwrap_err();
    assert_eq!(refused.kind(), Kind::Conflict);
    assert_eq!(all(store, bob, TaskFilter::default()).await, Vec::<String>::new());
}

async fn what_is_deleted_is_waited_for_no_more(store: &StoreFixture) {
    let ada = store.someone("ada@example.org").await;
    let first = make(store, ada, titled("first")).await;
    let kept = make(store, ada, titled("kept")).await;
    let new = NewTask { depends_on: vec![first.id, kept.id], ..titled("second") };
    let second = make(store, ada, new).await;
    store.delete_task(ada.may(first.id)).await.unwrap();
    let gone = store.delete_task(ada.may(first.id)).await.unwrap_err();
    assert_eq!(gone.kind(), Kind::NotFound);
    assert_eq!(store.task(ada.may(second.id)).await.unwrap().depends_on, [kept.id]);
}

async fn every_change_is_told_to_the_owner(store: &StoreFixture) {
    let ada = store.someone("ada@example.org").await;
    let task = make(store, ada, titled("Tea")).await;
    let done = TaskChange { completed: Some(true), ..TaskChange::default() };
    let changed = store.change_task(ada.may(task.id), done).await.unwrap();
    store.delete_task(ada.may(task.id)).await.unwrap();
    let logged = store.events(ada.may_self(), 0, 100).await.unwrap().logged;
    let notices: Vec<Notice> = logged
        .into_iter()
        .map(|it| match it {
            Logged::Notice { notice, .. } => notice,
            Logged::Item(entry) => panic!("{entry:?}"),
        })
        .collect();
    let (made, changed) =
        (Notice::TaskChanged { task: task.clone() }, Notice::TaskChanged { task: changed });
    assert_eq!(notices, [made, changed, Notice::TaskDeleted { task: task.id }]);
}

async fn a_permit_of_another_workspace_opens_nothing(store: &StoreFixture) {
    let ada = store.someone("ada@example.org").await;
    let task = make(store, ada, titled("Tea")).await;
    let elsewhere = Someone { workspace: galaxy_domain::WorkspaceId::fresh(), ..ada };
    let found = store.task(elsewhere.may(task.id)).await.unwrap_err();
    assert_eq!(found.kind(), Kind::NotFound);
    let change = TaskChange { completed: Some(true), ..TaskChange::default() };
    let changed = store.change_task(elsewhere.may(task.id), change).await.unwrap_err();
    assert_eq!(changed.kind(), Kind::NotFound);
    let deleted = store.delete_task(elsewhere.may(task.id)).await.unwrap_err();
    assert_eq!(deleted.kind(), Kind::NotFound);
    assert_eq!(all(store, elsewhere, TaskFilter::default()).await, Vec::<String>::new());
    assert_eq!(store.task(ada.may(task.id)).await.unwrap(), task);
}

galaxy_testkit::on_both_engines! {
    a_task_is_kept_as_it_was_made,
    one_key_makes_one_task,
    a_change_leaves_the_rest_alone,
    simultaneous_changes_do_not_undo_each_other,
    tasks_never_wait_in_a_circle,
    only_ones_own_tasks_can_be_waited_for,
    what_is_deleted_is_waited_for_no_more,
    every_change_is_told_to_the_owner,
    a_permit_of_another_workspace_opens_nothing,
}
