use galaxy_domain::{MessageId, conversation::Body};
use galaxy_store::{Say, StoreError, Window};
use galaxy_testkit::store::StoreFixture;

use crate::scene::{Scene, asking, conversation};

galaxy_testkit::on_both_engines! {
    the_shown_branch_is_read_page_by_page,
    a_page_can_be_built_around_a_message,
    showing_a_message_shows_its_newest_branch,
    a_run_reads_its_own_branch_only,
    a_fork_copies_one_branch,
}

fn page(before: Option<MessageId>, limit: usize) -> Window {
    Window { before, around: None, limit }
}

/// Notes, one after the other; gives their ids.
async fn notes(scene: &Scene<'_>, count: usize) -> Vec<MessageId> {
    let mut ids = Vec::new();
    for idx in 0..count {
        let say = Say { run: None, ..asking(&format!("note {idx}")) };
        ids.push(scene.store.say(scene.write(), say, None).await.unwrap().value.question);
    }
    ids
}

async fn the_shown_branch_is_read_page_by_page(fixture: &StoreFixture) {
    let scene = Scene::new(fixture).await;
    let empty = fixture.messages(scene.read(), page(None, 10)).await.unwrap();
    assert_eq!((empty.items.len(), empty.has_more), (0, false));

    let ids = notes(&scene, 7).await;
    let mut read = Vec::new();
    let mut before = None;
    loop {
        let part = fixture.messages(scene.read(), page(before, 3)).await.unwrap();
        let found: Vec<_> = part.items.iter().map(|message| message.id).collect();
        before = found.first().copied();
        read.splice(0..0, found);
        if !part.has_more {
            break;
        }
    }
    assert_eq!(read, ids);
    let start = fixture.messages(scene.read(), page(Some(ids[0]), 3)).await.unwrap();
    assert!(start.items.is_empty());
    let nowhere = fixture.messages(scene.read(), page(Some(MessageId::fresh()), 3)).await;
    assert!(matches!(nowhere, Err(StoreError::NotFound)));
}

async fn a_page_can_be_built_around_a_message(fixture: &StoreFixture) {
    let scene = Scene::new(fixture).await;
    let ids = notes(&scene, 9).await;
    let around = |message| Window { before: None, around: Some(message), limit: 5 };
    let found = |page: galaxy_store::MessagePage| -> Vec<MessageId> {
        page.items.iter().map(|message| message.id).collect()
    };
    let middle = fixture.messages(scene.read(), around(ids[4])).await.unwrap();
    assert!(middle.has_more);
    assert_eq!(found(middle), ids[2..7]);
    let end = fixture.messages(scene.read(), around(ids[8])).await.unwrap();
    assert_eq!(found(end), ids[4..9]);
    let start = fixture.messages(scene.read(), around(ids[0])).await.unwrap();
    assert_eq!(found(start), ids[0..3]);
}

async fn showing_a_message_shows_its_newest_branch(fixture: &StoreFixture) {
    let scene = Scene::new(fixture).await;
    let first = scene.exchange("one", "1").await;
    let second = scene.exchange("two", "2").await;
    let old = vec![first.question, first.answer.unwrap(), second.question, second.answer.unwrap()];
    assert_eq!(scene.shown().await, old);

    let edit = Say { sibling_of: Some(second.question), ..asking("zwei") };
    let other = fixture.say(scene.write(), edit, None).await.unwrap().value;
    scene.answer("2!").await;
    let new = vec![old[0], old[1], other.question, other.answer.unwrap()];
    assert_eq!(scene.shown().await, new);
    let item = fixture.message(scene.read(), other.question).await.unwrap();
    assert_eq!(item.siblings, [second.question, other.question]);

    fixture.show(scene.write(), second.question).await.unwrap();
    assert_eq!(scene.shown().await, old);
    fixture.show(scene.write(), first.answer.unwrap()).await.unwrap();
    assert_eq!(scene.shown().await, new, "of two branches the newer one");
    let hidden = Window { before: None, around: Some(second.answer.unwrap()), limit: 10 };
    let around = fixture.messages(scene.read(), hidden).await.unwrap();
    assert_eq!(around.items.iter().map(|message| message.id).collect::<Vec<_>>(), old);
    let nowhere = fixture.show(scene.write(), MessageId::fresh()).await;
    assert!(matches!(nowhere, Err(StoreError::NotFound)));
}

async fn a_run_reads_its_own_branch_only(fixture: &StoreFixture) {
    let scene = Scene::new(fixture).await;
    let first = scene.exchange("one", "1").await;
    let second = scene.exchange("two", "2").await;
    let edit = Say { sibling_of: Some(second.question), ..asking("zwei") };
    let other = fixture.say(scene.write(), edit, None).await.unwrap().value;
    let drive = scene.drive(other.run.unwrap());
    let path = fixture.path(drive, scene.chat, other.question).await.unwrap();
    let ids: Vec<_> = path.iter().map(|message| message.id).collect();
    assert_eq!(ids, [first.question, first.answer.unwrap(), other.question]);

    let elsewhere = conversation(fixture, scene.ann, "other").await;
    assert!(fixture.path(drive, elsewhere, other.question).await.unwrap().is_empty());
}

async fn a_fork_copies_one_branch(fixture: &StoreFixture) {
    let scene = Scene::new(fixture).await;
    let first = scene.exchange("one", "uno").await;
    scene.exchange("two", "due").await;
    let answer = first.answer.unwrap();
    let create = scene.ann.may_here();
    let copy = fixture.fork(scene.read(), create, answer, None).await.unwrap().value;
    let copied = Scene { chat: copy, ..Scene { store: scene.store, ..scene } };
    let page = fixture.messages(copied.read(), page(None, 10)).await.unwrap();
    assert_eq!(page.items.len(), 2);
    let original = fixture.message(copied.read(), first.question).await;
    assert!(matches!(original, Err(StoreError::NotFound)), "copies have their own ids");
    assert_eq!((page.items[1].run, page.items[1].state), (None, None));
    let Body::Answered { entries } = &page.items[1].body else { panic!("an answer") };
    assert_eq!(entries.len(), 3);
    assert_eq!(fixture.search(copied.ann.may_here(), "uno", 9).await.unwrap().len(), 2);

    let asked = copied.ask("and then?").await;
    let early = fixture.fork(copied.read(), create, asked.answer.unwrap(), None).await;
    assert!(matches!(early, Err(StoreError::Conflict(_))), "it is not written yet");
}
