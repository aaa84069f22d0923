use std::sync::{Arc, Mutex};

use futures::future::join_all;
use galaxy_domain::{RunId, RunState, TopicId, notice::Notice};
use galaxy_store::{ConversationChange, Growth, Logged, Watcher};
use galaxy_testkit::store::StoreFixture;

use crate::scene::{Scene, asking, conversation};

galaxy_testkit::on_both_engines! {
    notices_have_no_gaps_however_many_write,
    a_log_is_read_from_any_number_on,
    what_is_told_is_what_is_read,
}

/// Hears everything.
#[derive(Default)]
struct Ear {
    grown: Mutex<Vec<Growth>>,
    queued: Mutex<usize>,
    stops: Mutex<Vec<RunId>>,
}

impl Watcher for Ear {
    fn grew(&self, growth: Growth) {
        self.grown.lock().unwrap().push(growth);
    }
    fn grew_elsewhere(&self, _: TopicId) {}
    fn queued(&self) {
        *self.queued.lock().unwrap() += 1;
    }
    fn stop_requested(&self, run: RunId) {
        self.stops.lock().unwrap().push(run);
    }
    fn missed(&self) {}
}

async fn notices_have_no_gaps_however_many_write(fixture: &StoreFixture) {
    let ann = fixture.someone("ann@example.org").await;
    let write = |idx: usize| async move {
        let chat = conversation(fixture, ann, &format!("chat {idx}")).await;
        for round in 0..10 {
            let change = ConversationChange {
                title: Some(format!("chat {idx}.{round}")),
                ..ConversationChange::default()
            };
            fixture.change(ann.may(chat), change).await.unwrap();
        }
        chat
    };
    let chats = join_all((0..8).map(write)).await;
    let mine = fixture.events(ann.may(ann.id), 0, 1_000).await.unwrap();
    assert!(mine.logged.iter().map(Logged::seq).eq(1..=88), "{mine:?}");
    assert_eq!((mine.last, mine.reset), (88, false));
    for chat in chats {
        let replay = fixture.events(ann.may(chat), 0, 1_000).await.unwrap();
        assert!(replay.logged.iter().map(Logged::seq).eq(1..=11));
    }
}

async fn a_log_is_read_from_any_number_on(fixture: &StoreFixture) {
    let scene = Scene::new(fixture).await;
    scene.exchange("hello", "good day").await;
    let whole = fixture.events(scene.read(), 0, 100).await.unwrap();
    let last = whole.last;
    assert_eq!(whole.logged.len() as u64, last);
    let rest = fixture.events(scene.read(), 2, 2).await.unwrap();
    assert_eq!(rest.logged, whole.logged[2..4]);
    assert_eq!((rest.last, rest.reset), (last, false));
    let end = fixture.events(scene.read(), last, 100).await.unwrap();
    assert_eq!((end.logged.len(), end.last, end.reset), (0, last, false));
    let future = fixture.events(scene.read(), last + 1, 100).await.unwrap();
    assert_eq!((future.logged.len(), future.last, future.reset), (0, last, true));

    let bob = fixture.someone("bob@example.org").await;
    let elsewhere = galaxy_domain::WorkspaceId::fresh();
    let foreign = galaxy_testkit::store::permit(scene.chat, elsewhere, bob.id);
    assert!(fixture.events(foreign, 0, 100).await.unwrap().logged.is_empty());
}

async fn what_is_told_is_what_is_read(fixture: &StoreFixture) {
    let scene = Scene::new(fixture).await;
    let ear = Arc::<Ear>::default();
    fixture.watch(ear.clone());
    let before = fixture.events(scene.read(), 0, 100).await.unwrap().last;
    let said = fixture.say(scene.write(), asking("hello"), None).await.unwrap().value;
    let run = scene.claim().await;
    fixture.request_stop(scene.ann.may(run.id)).await.unwrap();

    let told = |topic: TopicId| -> Vec<Logged> {
        let grown = ear.grown.lock().unwrap();
        let of_topic = grown.iter().filter(|growth| growth.topic == topic);
        of_topic.flat_map(|growth| growth.logged.iter().cloned()).collect()
    };
    let chat = fixture.events(scene.read(), before, 100).await.unwrap().logged;
    assert_eq!(told(scene.chat.into()), chat);
    let states: Vec<RunState> = chat
        .iter()
        .filter_map(|logged| match logged {
            Logged::Notice { notice: Notice::RunChanged { state, .. }, .. } => Some(*state),
            Logged::Notice { .. } | Logged::Item(_) => None,
        })
        .collect();
    assert_eq!(states, [RunState::Queued, RunState::Running]);
    let log = fixture.events(scene.ann.may(said.run.unwrap()), 0, 100).await.unwrap().logged;
    assert_eq!(told(run.id.into()), log);
    assert_eq!(*ear.queued.lock().unwrap(), 1);
    assert_eq!(*ear.stops.lock().unwrap(), [run.id]);
}
