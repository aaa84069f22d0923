//! Saying something and having it answered: the changes that start runs.

mod begin;
mod birth;
mod import;
mod insert;
mod outlook;
mod saying;

use galaxy_domain::{
    ConversationId, Id, MessageId, Part, Permit, PersonId, RunId, WorkspaceId,
    access::Write,
    conversation::{Body, Settings},
    id::Conversation,
    notice::Notice,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    Store,
    conversations::record,
    db::{Strength, Tx, row, statement},
    error::StoreError,
    json,
    once::{self, Made, Once},
    runs, topics,
};
use saying::said;

/// How long a title made of a message is, in characters.
const TITLE: usize = 60;

pub use begin::Begun;
pub use birth::Birth;
pub use outlook::Outlook;

/// A run to start.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewRun {
    /// The model; `None` means the conversation's.
    pub model: Option<String>,
    /// Set when a worker carries it already; otherwise it waits for one.
    pub birth: Option<Birth>,
}

/// Something that a person says.
#[derive(Debug, Clone)]
pub struct Say {
    /// What it follows; `None` means the newest message that is shown.
    pub parent: Option<MessageId>,
    /// The message it stands beside, as another version of it; then `parent` does not count.
    pub sibling_of: Option<MessageId>,
    /// What is said.
    pub parts: Vec<Part>,
    /// The run that answers, if one shall.
    pub run: Option<NewRun>,
    /// How many runs the person may have waiting or under way, this one included.
    pub max_active: usize,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// The person's message.
    pub question: MessageId,
    /// The message that answers it.
    pub answer: Option<MessageId>,
    /// The run that writes the answer.
    pub run: Option<RunId>,
}

const FIND: &str = "SELECT c.owner_id, c.title, c.pinned, c.archived, c.settings, c.leaf_id,
    (SELECT r.state FROM messages m JOIN runs r ON r.id = m.run_id WHERE m.id = c.leaf_id) AS leaf,
    (SELECT COUNT(*) FROM runs WHERE owner_id = c.owner_id AND state IN ('queued', 'running'))
        AS active
    FROM conversations c WHERE c.id = $1 AND c.workspace_id = $2";
const PLACE: &str = "SELECT id, parent_id FROM messages
    WHERE id = $1 AND conversation_id = $2 AND workspace_id = $3";
const QUESTION: &str = "SELECT q.id, q.body FROM messages a JOIN messages q ON q.id = a.parent_id
    WHERE a.id = $1 AND a.conversation_id = $2 AND a.workspace_id = $3
    AND a.speaker = 'agent' AND q.speaker = 'person'";
const TOUCH: &str = "UPDATE conversations
    SET title = $3, settings = $4, leaf_id = $5, updated_at = $6
    WHERE id = $1 AND workspace_id = $2";

row! {
    /// A conversation that is about to grow.
    #[derive(Debug)]
    struct Chat {
        owner_id: Uuid,
        title: String,
        pinned: bool,
        archived: bool,
        settings: String,
        leaf_id: Option<Uuid>,
        leaf: Option<String>,
        active: i64,
    }
}

/// Where something is added.
#[derive(Debug, Clone, Copy)]
struct Place {
    conversation: ConversationId,
    workspace: WorkspaceId,
    owner: PersonId,
}

impl Store {
    /// Adds a person's message and, if asked for, an empty answer and the run that writes it.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] while the answer that is shown last is still being written,
    /// [`StoreError::TooMany`] when the person has too many runs waiting or under way,
    /// [`StoreError::NotFound`] when the message it refers to is not there,
    /// [`StoreError::Mismatch`] when the key was used with another request, and
    /// [`StoreError::Fenced`] when a run at its birth would answer after another message than its
    /// worker sees.
    pub async fn say(
        &self,
        permit: Permit<Write, Conversation>,
        say: Say,
        once: Option<&Once>,
    ) -> Result<Made<Said>, StoreError> {
        let body = json::write(&Body::Said { parts: say.parts.clone() })?;
        let input = (permit, say, body, once.cloned());
        self.write(Strength::Synced, input, |tx, (permit, say, body, once)| {
            Box::pin(async move {
                let (person, once) = (permit.person(), once.as_ref());
                if let Some(made) = once::replay(tx, person, once).await? {
                    return Ok(made);
                }
                let said = said(tx, permit, say, body).await?;
                once::keep(tx, person, once, said).await
            })
        })
        .await
    }

    /// Starts another run for the question that `answer` answers; its answer stands beside the
    /// old one and is shown instead.
    ///
    /// # Errors
    /// As for [`Store::say`].
    pub async fn regenerate(
        &self,
        permit: Permit<Write, Conversation>,
        answer: MessageId,
        new: NewRun,
        max_active: usize,
        once: Option<&Once>,
    ) -> Result<Made<Said>, StoreError> {
        let input = (permit, answer, new, max_active, once.cloned());
        self.write(Strength::Synced, input, |tx, (permit, old, new, max_active, once)| {
            Box::pin(async move {
                let (person, once) = (permit.person(), once.as_ref());
                if let Some(made) = once::replay(tx, person, once).await? {
                    return Ok(made);
                }
                let (place, chat) = open(tx, permit, Some(*max_active)).await?;
                let (question, parts) = question(tx, place, *old).await?;
                let (answer, run) = (MessageId::fresh(), RunId::fresh());
                let message = insert::Message::answer(answer, question, run);
                insert::messages(tx, place, &[message]).await?;
                insert::run(tx, place, new, (run, question, answer), &parts).await?;
                touch(tx, place, chat, answer).await?;
                let said = Said { question, answer: Some(answer), run: Some(run) };
                once::keep(tx, person, once, said).await
            })
        })
        .await
    }
}

/// Looks whether the conversation may grow, and keeps others from letting it grow meanwhile.
/// `limit` is given when a run shall start.
async fn open(
    tx: &mut Tx,
    permit: &Permit<Write, Conversation>,
    limit: Option<usize>,
) -> Result<(Place, Chat), StoreError> {
    let (conversation, workspace) = (permit.resource(), permit.workspace());
    record::hold(tx, conversation).await?;
    if limit.is_some() {
        // What a person has under way is counted in many conversations.
        topics::hold(tx, conversation, permit.person()).await?;
    }
    let chat: Chat = statement!(tx.fetch_one(FIND, conversation.uuid(), workspace.uuid()))?;
    let leaf = chat.leaf.as_deref().map(runs::record::state).transpose()?;
    if leaf.is_some_and(|state| !state.is_over()) {
        return Err(StoreError::Conflict("busy".to_owned()));
    }
    if let Some(limit) = limit
        && usize::try_from(chat.active).unwrap_or_default() >= limit
    {
        return Err(StoreError::TooMany { limit });
    }
    let owner = Id::from_uuid(chat.owner_id);
    Ok((Place { conversation, workspace, owner }, chat))
}

/// What the new message follows.
async fn parent(
    tx: &mut Tx,
    place: Place,
    say: &Say,
    leaf: Option<Uuid>,
) -> Result<Option<MessageId>, StoreError> {
    let Some(named) = say.sibling_of.or(say.parent) else {
        return Ok(leaf.map(Id::from_uuid));
    };
    let (conversation, workspace) = (place.conversation.uuid(), place.workspace.uuid());
    let (id, parent): (Uuid, Option<Uuid>) =
        statement!(tx.fetch_one(PLACE, named.uuid(), conversation, workspace))?;
    Ok(if say.sibling_of.is_some() { parent } else { Some(id) }.map(Id::from_uuid))
}

/// The question that `answer` answers.
async fn question(
    tx: &mut Tx,
    place: Place,
    answer: MessageId,
) -> Result<(MessageId, Vec<Part>), StoreError> {
    let (conversation, workspace) = (place.conversation.uuid(), place.workspace.uuid());
    let (id, body): (Uuid, String) =
        statement!(tx.fetch_one(QUESTION, answer.uuid(), conversation, workspace))?;
    match json::read(&body)? {
        Body::Said { parts } => Ok((Id::from_uuid(id), parts)),
        Body::Answered { .. } => {
            Err(StoreError::Corrupt("a person's message holds an answer".to_owned()))
        }
    }
}

/// Shows `leaf`, fixes the tools, and tells.
async fn touch(tx: &mut Tx, place: Place, chat: Chat, leaf: MessageId) -> Result<(), StoreError> {
    let (conversation, workspace) = (place.conversation.uuid(), place.workspace.uuid());
    let mut settings: Settings = json::read(&chat.settings)?;
    settings.tools_locked = true;
    let (settings, title, now) = (json::write(&settings)?, chat.title, tx.now.as_millis());
    let leaf = leaf.uuid();
    statement!(tx.execute(TOUCH, conversation, workspace, title.as_str(), settings, leaf, now))?;
    changed(tx, place, title, (chat.pinned, chat.archived));
    Ok(())
}

/// Tells what a conversation is now: its title, and whether it is pinned and archived.
fn changed(tx: &mut Tx, place: Place, title: String, (pinned, archived): (bool, bool)) {
    let conversation = place.conversation;
    let notice = Notice::ConversationChanged { conversation, title, pinned, archived };
    tx.notify_chat(place.workspace, conversation, place.owner, notice);
}
