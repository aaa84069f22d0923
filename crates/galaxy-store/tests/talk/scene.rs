//! What most tests begin with.

use std::time::Duration;

use galaxy_domain::{
    ConversationId, Item, MessageId, Part, Permit, RunId, RunState, Stop,
    access::{Drive, Read, Write},
    conversation::Settings,
    id::{Conversation, Run},
    run::RunRow,
    transcript::{Delta, Finish},
};
use galaxy_store::{NewConversation, NewRun, Said, Say, Store, StoreError};
use galaxy_testkit::store::{Someone, StoreFixture};

/// Long enough that no lease ends by itself.
pub(crate) const LEASE: Duration = Duration::from_secs(3600);

/// A person with one conversation.
pub(crate) struct Scene<'a> {
    pub(crate) store: &'a Store,
    pub(crate) ann: Someone,
    pub(crate) chat: ConversationId,
}

impl<'a> Scene<'a> {
    pub(crate) async fn new(fixture: &'a StoreFixture) -> Self {
        let ann = fixture.someone("ann@example.org").await;
        let chat = conversation(fixture, ann, "").await;
        Self { store: &fixture.store, ann, chat }
    }

    pub(crate) fn read(&self) -> Permit<Read, Conversation> {
        self.ann.may(self.chat)
    }

    pub(crate) fn write(&self) -> Permit<Write, Conversation> {
        self.ann.may(self.chat)
    }

    pub(crate) fn drive(&self, run: RunId) -> Permit<Drive, Run> {
        self.ann.may(run)
    }

    /// Says `text` where the shown branch ends, and has it answered.
    pub(crate) async fn ask(&self, text: &str) -> Said {
        self.store.say(self.write(), asking(text), None).await.unwrap().value
    }

    /// Claims the only run that waits.
    pub(crate) async fn claim(&self) -> RunRow {
        let mut runs = self.store.claim("worker", LEASE, 10, 10).await.unwrap();
        assert_eq!(runs.len(), 1);
        runs.remove(0)
    }

    /// Asks, and has the run answer `text`.
    pub(crate) async fn exchange(&self, question: &str, text: &str) -> Said {
        let said = self.ask(question).await;
        self.answer(text).await;
        said
    }

    /// Has the only run that waits answer `text`.
    pub(crate) async fn answer(&self, text: &str) -> RunRow {
        let run = self.claim().await;
        let items = vec![spoken(text), Item::Stopped { stop: Stop::Finished }];
        let drive = self.drive(run.id);
        self.store.finish(drive, run.fence, 1, items, RunState::Finished).await.unwrap();
        run
    }

    pub(crate) async fn state(&self, run: RunId) -> RunState {
        self.store.run(self.ann.may(run)).await.unwrap().state
    }

    /// The ids on the shown branch, oldest first.
    pub(crate) async fn shown(&self) -> Vec<MessageId> {
        let window = galaxy_store::Window { limit: 200, ..Default::default() };
        let page = self.store.messages(self.read(), window).await.unwrap();
        page.items.iter().map(|message| message.id).collect()
    }
}

pub(crate) async fn conversation(store: &Store, who: Someone, title: &str) -> ConversationId {
    let new = NewConversation { title: title.to_owned(), settings: Settings::default() };
    store.create(who.may_here(), new, None).await.unwrap().value
}

pub(crate) fn asking(text: &str) -> Say {
    Say {
        parent: None,
        sibling_of: None,
        parts: vec![Part::text(text)],
        run: Some(NewRun::default()),
        max_active: 100,
    }
}

pub(crate) fn delta(text: &str) -> Item {
    Item::Delta { delta: Delta::Text { text: text.to_owned() } }
}

pub(crate) fn spoken(text: &str) -> Item {
    Item::Assistant {
        parts: vec![Part::text(text)],
        calls: Vec::new(),
        finish: Finish::Stop,
        model: "demo".to_owned(),
    }
}

pub(crate) fn is_fenced<T>(result: &Result<T, StoreError>) -> bool {
    matches!(result, Err(StoreError::Fenced))
}
