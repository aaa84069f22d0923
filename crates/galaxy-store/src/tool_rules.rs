//! What a person said about a tool once and for all, or for one conversation.
//!
//! **Invariant:** a person has at most one rule per tool and conversation, and one per tool for
//! everywhere.

use galaxy_domain::{
    ConversationId, Permit, PersonId, Verdict, WorkspaceId,
    access::{Read, Write},
    audit::{Act, Fact, Record, Thing},
    id::Person,
    tool::ToolRule,
};
use uuid::Uuid;

use crate::{
    Store, Strength,
    db::{Tx, statement},
    error::StoreError,
};

/// What holds in a conversation comes first, because it is the closer word.
const RULES: &str = "SELECT tool, conversation_id, verdict, definition FROM tool_rules
    WHERE person_id = $1 AND workspace_id = $2 AND (conversation_id IS NULL OR conversation_id = $3)
    ORDER BY CASE WHEN conversation_id IS NULL THEN 1 ELSE 0 END, tool, id";
const ALL: &str = "SELECT tool, conversation_id, verdict, definition FROM tool_rules
    WHERE person_id = $1 AND workspace_id = $2 ORDER BY id DESC LIMIT 1000";
const PUT_EVERYWHERE: &str = "INSERT INTO tool_rules
        (id, workspace_id, person_id, conversation_id, tool, verdict, definition, created_at)
    VALUES ($1, $2, $3, NULL, $4, $5, $6, $7)
    ON CONFLICT (person_id, tool) WHERE conversation_id IS NULL DO UPDATE
    SET verdict = excluded.verdict, definition = excluded.definition,
        created_at = excluded.created_at";
const PUT_IN_CONVERSATION: &str = "INSERT INTO tool_rules
        (id, workspace_id, person_id, conversation_id, tool, verdict, definition, created_at)
    SELECT $1, c.workspace_id, $3, c.id, $4, $5, $6, $7 FROM conversations c
    WHERE c.id = $8 AND c.workspace_id = $2 AND c.owner_id = $3
    ON CONFLICT (person_id, tool, conversation_id) WHERE conversation_id IS NOT NULL DO UPDATE
    SET verdict = excluded.verdict, definition = excluded.definition,
        created_at = excluded.created_at";
const DELETE_EVERYWHERE: &str = "DELETE FROM tool_rules
    WHERE person_id = $1 AND workspace_id = $2 AND tool = $3 AND conversation_id IS NULL";
const DELETE_IN_CONVERSATION: &str = "DELETE FROM tool_rules
    WHERE person_id = $1 AND workspace_id = $2 AND tool = $3 AND conversation_id = $4";

impl Store {
    /// The rules of `person` that hold in `conversation`, those made for it first; without one,
    /// those that hold everywhere. For the runs of that person, which need no further permit.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn rules(
        &self,
        person: PersonId,
        workspace: WorkspaceId,
        conversation: Option<ConversationId>,
    ) -> Result<Vec<ToolRule>, StoreError> {
        let conversation = conversation.map(ConversationId::uuid);
        let mut conn = self.reader().await?;
        let rows: Vec<Row> =
            statement!(conn.fetch_all(RULES, person.uuid(), workspace.uuid(), conversation))?;
        rows.into_iter().map(rule).collect()
    }

    /// All rules of a person, the newest first, at most 1,000.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn all_rules(
        &self,
        permit: Permit<Read, Person>,
    ) -> Result<Vec<ToolRule>, StoreError> {
        let (person, workspace) = (permit.resource().uuid(), permit.workspace().uuid());
        let mut conn = self.reader().await?;
        let rows: Vec<Row> = statement!(conn.fetch_all(ALL, person, workspace))?;
        rows.into_iter().map(rule).collect()
    }

    /// Makes a rule of the person; it replaces the one for the same tool and conversation.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the conversation is not theirs.
    pub async fn put_rule(
        &self,
        permit: Permit<Write, Person>,
        rule: ToolRule,
    ) -> Result<(), StoreError> {
        self.write(Strength::Synced, (permit, rule), |tx, (permit, rule)| {
            Box::pin(put(tx, permit, rule))
        })
        .await
    }

    /// Deletes the person's rule for a tool: the one for `conversation`, or the one for everywhere.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is none.
    pub async fn delete_rule(
        &self,
        permit: Permit<Write, Person>,
        tool: &str,
        conversation: Option<ConversationId>,
    ) -> Result<(), StoreError> {
        let input = (permit, tool.to_owned(), conversation);
        self.write(Strength::Synced, input, |tx, (permit, tool, conversation)| {
            Box::pin(delete(tx, permit, tool, *conversation))
        })
        .await
    }
}

pub(crate) async fn put(
    tx: &mut Tx,
    permit: &Permit<Write, Person>,
    rule: &ToolRule,
) -> Result<(), StoreError> {
    let (id, now) = (Uuid::now_v7(), tx.now.as_millis());
    let (person, workspace) = (permit.resource().uuid(), permit.workspace().uuid());
    let (tool, definition) = (rule.tool.as_str(), rule.definition.as_str());
    let verdict = rule.verdict.as_str();
    let made = match rule.conversation.map(ConversationId::uuid) {
        None => statement!(tx.execute(
            PUT_EVERYWHERE,
            id,
            workspace,
            person,
            tool,
            verdict,
            definition,
            now
        ))?,
        Some(conversation) => statement!(tx.execute(
            PUT_IN_CONVERSATION,
            id,
            workspace,
            person,
            tool,
            verdict,
            definition,
            now,
            conversation
        ))?,
    };
    if made == 0 {
        return Err(StoreError::NotFound);
    }
    let reach = if rule.conversation.is_some() { "conversation" } else { "always" };
    let record = Record::by(permit, Act::RuleSet).about(Thing::Tool, tool);
    tx.record(record.with(Fact::Verdict, verdict).with(Fact::Reach, reach));
    Ok(())
}

async fn delete(
    tx: &mut Tx,
    permit: &Permit<Write, Person>,
    tool: &str,
    conversation: Option<ConversationId>,
) -> Result<(), StoreError> {
    let (person, workspace) = (permit.resource().uuid(), permit.workspace().uuid());
    let gone = match conversation.map(ConversationId::uuid) {
        None => statement!(tx.execute(DELETE_EVERYWHERE, person, workspace, tool))?,
        Some(conversation) => {
            statement!(tx.execute(DELETE_IN_CONVERSATION, person, workspace, tool, conversation))?
        }
    };
    if gone == 0 {
        return Err(StoreError::NotFound);
    }
    let reach = if conversation.is_some() { "conversation" } else { "always" };
    let record = Record::by(permit, Act::RuleDeleted).about(Thing::Tool, tool);
    tx.record(record.with(Fact::Reach, reach));
    Ok(())
}

type Row = (String, Option<Uuid>, String, String);

fn rule((tool, conversation, verdict, definition): Row) -> Result<ToolRule, StoreError> {
    let known = Verdict::parse(&verdict);
    let verdict = known.ok_or_else(|| StoreError::Corrupt(format!("a rule says `{verdict}`")))?;
    let conversation = conversation.map(ConversationId::from_uuid);
    Ok(ToolRule { tool, conversation, verdict, definition })
}
