//! Conversations for tests about something else.

use galaxy_domain::{ConversationId, MessageId, Part, conversation::Settings};
use galaxy_store::{chat::Say, conversations::NewConversation};
use galaxy_testkit::store::{Someone, StoreFixture};

/// An empty conversation of `who`.
pub(crate) async fn conversation(
    store: &StoreFixture,
    who: Someone,
    title: &str,
) -> ConversationId {
    let new = NewConversation { title: title.to_owned(), settings: Settings::default() };
    store.create(who.may_here(), new, None).await.unwrap().value
}

/// Says `text` after what was said last; nobody answers.
pub(crate) async fn say(
    store: &StoreFixture,
    who: Someone,
    conversation: ConversationId,
    text: &str,
) -> MessageId {
    let say = Say {
        parent: None,
        sibling_of: None,
        parts: vec![Part::text(text)],
        run: None,
        max_active: 1,
    };
    store.say(who.may(conversation), say, None).await.unwrap().value.question
}
