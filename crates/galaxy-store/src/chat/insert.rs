//! The rows that a new message and its run consist of.

use galaxy_domain::{Item, MessageId, Part, RunId, RunState, notice::Notice};

use super::{NewRun, Place};
use crate::{
    db::{
        Tx,
        rows::{Texts, values},
        statement,
    },
    error::StoreError,
    runs::{
        body,
        lines::{self, Lines},
        queue,
    },
};

static MESSAGES: Texts = Texts::new(|rows| {
    format!(
        "INSERT INTO messages
        (id, workspace_id, conversation_id, parent_id, speaker, body, run_id, created_at)
        VALUES {}",
        values(rows, 8)
    )
});
const RUN: &str = "INSERT INTO runs
    (id, workspace_id, owner_id, conversation_id, question_id, answer_id, state, model, created_at,
        fence, attempts, lease_owner, lease_until)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10, $11, $12)";

/// A message to add.
#[derive(Debug)]
pub(super) struct Message<'a> {
    pub(super) id: MessageId,
    pub(super) parent: Option<MessageId>,
    /// `person` or `agent`.
    pub(super) speaker: &'static str,
    pub(super) body: &'a str,
    /// The run that writes it, if an agent speaks.
    pub(super) run: Option<RunId>,
}

impl Message<'static> {
    /// An answer that `run` is going to write.
    pub(super) fn answer(id: MessageId, question: MessageId, run: RunId) -> Self {
        Self { id, parent: Some(question), speaker: "agent", body: body::EMPTY, run: Some(run) }
    }
}

/// Adds `messages`, parents first, and tells of them.
pub(super) async fn messages(
    tx: &mut Tx,
    place: Place,
    messages: &[Message<'_>],
) -> Result<(), StoreError> {
    let (conversation, workspace) = (place.conversation.uuid(), place.workspace.uuid());
    let now = tx.now.as_millis();
    statement!(tx.execute(
        MESSAGES.rows(messages.len()),
        for it in messages
            => it.id.uuid(), workspace, conversation, it.parent.map(MessageId::uuid),
               it.speaker, it.body,
               it.run.map(RunId::uuid), now
    ))?;
    for it in messages {
        let (conversation, message, run) = (place.conversation, it.id, it.run);
        let notice = Notice::MessageAdded { conversation, message, run };
        tx.notify_chat(place.workspace, conversation, place.owner, notice);
    }
    Ok(())
}

/// Adds a run and the first entry of its log. It waits for a worker, unless one was there at its
/// birth: that is its first claim.
pub(super) async fn run(
    tx: &mut Tx,
    place: Place,
    NewRun { model, birth }: &NewRun,
    (run, question, answer): (RunId, MessageId, MessageId),
    parts: &[Part],
) -> Result<(), StoreError> {
    let Place { conversation, workspace, owner } = place;
    let now = tx.now;
    let state = if birth.is_some() { RunState::Running } else { RunState::Queued };
    let claims = i64::from(birth.is_some());
    let until = match birth {
        Some(birth) => Some(queue::after(queue::lease_time(tx).await?, birth.lease)),
        None => None,
    };
    statement!(tx.execute(
        RUN,
        run.uuid(),
        workspace.uuid(),
        owner.uuid(),
        conversation.uuid(),
        question.uuid(),
        answer.uuid(),
        state.as_str(),
        model.as_deref(),
        now.as_millis(),
        claims,
        birth.as_ref().map(|birth| birth.worker.as_str()),
        until,
    ))?;
    let first = Item::User { message: question, parts: parts.to_vec() };
    let lines = Lines::number(run, workspace, 0, now, vec![first])?;
    lines::insert(tx, &[&lines]).await?;
    if birth.is_none() {
        tx.queued();
    }
    let notice = Notice::RunChanged { conversation, run, state };
    tx.notify_chat(workspace, conversation, owner, notice);
    Ok(())
}
