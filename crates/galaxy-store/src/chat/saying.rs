//! Something that a person says, and the rows that it becomes.

use galaxy_base::text::headline;
use galaxy_domain::{
    MessageId, Permit, RunId, access::Write, conversation::Settings, id::Conversation,
    part::plain_text,
};

use super::{NewRun, Place, Said, Say, TITLE, changed, insert, open, outlook, parent, touch};
use crate::{NewConversation, conversations, db::Tx, error::StoreError, search, topics};

/// Something said that has its place.
struct Saying<'a> {
    say: &'a Say,
    /// Its stored form.
    body: &'a str,
    /// Its words.
    text: String,
    parent: Option<MessageId>,
    said: Said,
}

/// Adds what is said to a conversation; `body` is its stored form.
pub(super) async fn said(
    tx: &mut Tx,
    permit: &Permit<Write, Conversation>,
    say: &Say,
    body: &str,
) -> Result<Said, StoreError> {
    let limit = say.run.as_ref().map(|_| say.max_active);
    let (place, mut chat) = open(tx, permit, limit).await?;
    let parent = parent(tx, place, say, chat.leaf_id).await?;
    let saying = Saying::new(say, body, parent)?;
    saying.add(tx, place).await?;
    if chat.title.is_empty() {
        chat.title = headline(&saying.text, TITLE);
        search::put_title(tx, place.conversation, &chat.title).await?;
    }
    touch(tx, place, chat, saying.leaf()).await?;
    Ok(saying.said)
}

/// Makes the conversation that the permit is for as it is once the first thing is said in it.
pub(super) async fn first_said(
    tx: &mut Tx,
    permit: &Permit<Write, Conversation>,
    new: &NewConversation,
    say: &Say,
    body: &str,
) -> Result<Said, StoreError> {
    let (conversation, workspace, owner) = (permit.resource(), permit.workspace(), permit.person());
    let place = Place { conversation, workspace, owner };
    if say.run.is_some() {
        topics::hold(tx, conversation, owner).await?;
        if outlook::active(tx.conn(), owner).await? >= say.max_active {
            return Err(StoreError::TooMany { limit: say.max_active });
        }
    }
    let parent = parent(tx, place, say, None).await?;
    let saying = Saying::new(say, body, parent)?;
    let NewConversation { title, settings } = new.clone();
    let title = if title.is_empty() { headline(&saying.text, TITLE) } else { title };
    let settings = Settings { tools_locked: true, ..settings };
    let new = NewConversation { title, settings };
    conversations::insert(tx, permit, conversation, &new, Some(saying.leaf())).await?;
    saying.add(tx, place).await?;
    changed(tx, place, new.title, (false, false));
    Ok(saying.said)
}

impl<'a> Saying<'a> {
    fn new(say: &'a Say, body: &'a str, parent: Option<MessageId>) -> Result<Self, StoreError> {
        let birth = say.run.as_ref().and_then(|new| new.birth.as_ref());
        if birth.is_some_and(|birth| birth.after != parent) {
            return Err(StoreError::Fenced);
        }
        let question = birth.map_or_else(MessageId::fresh, |birth| birth.question);
        let (answer, run) = match (&say.run, birth) {
            (None, _) => (None, None),
            (Some(_), None) => (Some(MessageId::fresh()), Some(RunId::fresh())),
            (Some(_), Some(birth)) => (Some(birth.answer), Some(birth.run)),
        };
        let text = plain_text(&say.parts);
        Ok(Self { say, body, text, parent, said: Said { question, answer, run } })
    }

    /// The newest message once it is said.
    fn leaf(&self) -> MessageId {
        self.said.answer.unwrap_or(self.said.question)
    }

    /// Adds the question and, if a run shall answer, the answer and the run.
    async fn add(&self, tx: &mut Tx, place: Place) -> Result<(), StoreError> {
        let Self { say, body, text, parent, said } = self;
        let (question, parent) = (said.question, *parent);
        let asked = insert::Message { id: question, parent, speaker: "person", body, run: None };
        match (&say.run, said.answer, said.run) {
            (Some(new), Some(answer), Some(run)) => {
                let answering = insert::Message::answer(answer, question, run);
                insert::messages(tx, place, &[asked, answering]).await?;
                let new: &NewRun = new;
                insert::run(tx, place, new, (run, question, answer), &say.parts).await?;
            }
            _ => insert::messages(tx, place, &[asked]).await?,
        }
        search::put_message(tx, place.conversation, question, text).await
    }
}
