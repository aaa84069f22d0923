//! Ends and turns of a run: the log, its row, its answer and the news of it change together.

use galaxy_domain::{
    Id, Item, Permit, RunState, WorkspaceId,
    access::{Drive, Write},
    audit::Record,
    id::{Person, Run},
    notice::Notice,
    tool::ToolRule,
};
use uuid::Uuid;

use super::{
    Entries,
    body::{self, Place},
    lines::{self, Lines},
};
use crate::{
    Store,
    db::{Strength, Tx, statement},
    error::StoreError,
    once::{self, Once},
    tool_rules, topics,
};

/// What the updates below give back, and how they end.
macro_rules! turned {
    () => {
        "RETURNING owner_id, conversation_id, answer_id,
        (SELECT COALESCE(MAX(seq), 0) FROM events WHERE topic_id = $1), stop_requested"
    };
}

// A stop that came while the run was being put down is not forgotten: the run is queued instead,
// and whoever claims it stops it.
const FINISH: &str = concat!(
    "UPDATE runs SET
        state = CASE WHEN stop_requested AND $4 = 'parked' THEN 'queued' ELSE $4 END,
        stop_requested = (stop_requested AND $4 = 'parked'),
        ended_at = $5, lease_owner = NULL, lease_until = NULL
    WHERE id = $1 AND workspace_id = $2 AND state = 'running' AND fence = $3 ",
    turned!()
);
// What a person decides is a new beginning, so earlier attempts do not count against the run.
const DECIDE: &str = concat!(
    "UPDATE runs SET state = $3, ended_at = $4, stop_requested = FALSE, compacted = FALSE,
        attempts = 0
    WHERE id = $1 AND workspace_id = $2 AND state <> 'running' ",
    turned!()
);
const EXISTS: &str = "SELECT state FROM runs WHERE id = $1 AND workspace_id = $2";
const TOUCH: &str = "UPDATE conversations SET updated_at = $3 WHERE id = $1 AND workspace_id = $2";

/// Owner, conversation, answer, the number of the last entry before the turn, and whether the run
/// still has to be stopped.
type Turned = (Uuid, Uuid, Uuid, i64, bool);

#[derive(Debug)]
struct Turn {
    run: galaxy_domain::RunId,
    workspace: WorkspaceId,
    after: u64,
    lines: Lines,
    state: RunState,
    records: Vec<Record>,
}

impl Turn {
    fn last(&self) -> u64 {
        self.after + self.lines.len() as u64
    }
}

/// What comes with a decision, in the same change.
#[derive(Debug, Clone, Default)]
pub struct Along {
    /// A standing rule of the person.
    pub rule: Option<(Permit<Write, Person>, ToolRule)>,
    /// The request, when it must not be done twice.
    pub once: Option<Once>,
    /// What is written down of it.
    pub records: Vec<Record>,
}

impl Store {
    /// Appends the last `items` of this drive after entry `after`, leaves the run in `state`,
    /// gives the lease back and writes the answer, all at once. Gives the last number.
    ///
    /// # Errors
    /// [`StoreError::Fenced`] as for [`Store::append`].
    pub async fn finish(
        &self,
        permit: Permit<Drive, Run>,
        fence: i64,
        after: u64,
        entries: impl Into<Entries>,
        state: RunState,
    ) -> Result<u64, StoreError> {
        let turn = self.turn(&permit, after, entries.into(), state)?;
        let finished = self.write(Strength::Synced, (turn, fence), |tx, (turn, fence)| {
            Box::pin(async move {
                let (run, workspace) = (turn.run.uuid(), turn.workspace.uuid());
                let (state, ended) = (turn.state.as_str(), ended(tx, turn.state));
                let turned: Option<Turned> =
                    statement!(tx.fetch_optional(FINISH, run, workspace, *fence, state, ended))?;
                let turned = turned.ok_or(StoreError::Fenced)?;
                if topics::from_sql(turned.3) != turn.after {
                    return Err(StoreError::Fenced);
                }
                turn_over(tx, turn, turned).await
            })
        });
        match finished.await {
            // Somebody else took the number.
            Err(StoreError::Conflict(_)) => Err(StoreError::Fenced),
            end => end,
        }
    }

    /// Appends what a person decided to a run that nobody drives (parked, over, or still queued),
    /// after entry `after`, and leaves it in `state`: [`RunState::Queued`] wakes the workers,
    /// anything else writes the answer too. What comes `along` holds from the same moment. Gives
    /// the last number.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when a worker drives the run, or when its log has moved on;
    /// [`StoreError::NotFound`] when the conversation of a rule is not theirs;
    /// [`StoreError::Mismatch`] when the key was used with another request.
    pub async fn decide(
        &self,
        permit: Permit<Write, Run>,
        after: u64,
        items: Vec<Item>,
        state: RunState,
        mut along: Along,
    ) -> Result<u64, StoreError> {
        let records = std::mem::take(&mut along.records);
        let turn = self.turn(&permit, after, Entries { items, records }, state)?;
        let input = (turn, permit.person(), along);
        self.write(Strength::Synced, input, |tx, (turn, person, along)| {
            Box::pin(async move {
                let once = along.once.as_ref();
                if let Some(made) = once::replay(tx, *person, once).await? {
                    return Ok(made.value);
                }
                let (run, workspace) = (turn.run.uuid(), turn.workspace.uuid());
                let (state, ended) = (turn.state.as_str(), ended(tx, turn.state));
                let turned: Option<Turned> =
                    statement!(tx.fetch_optional(DECIDE, run, workspace, state, ended))?;
                let Some(turned) = turned else {
                    let _: (String,) = statement!(tx.fetch_one(EXISTS, run, workspace))?;
                    return Err(StoreError::Conflict("the run is under way".to_owned()));
                };
                if topics::from_sql(turned.3) != turn.after {
                    return Err(StoreError::Conflict("the run has moved on".to_owned()));
                }
                if let Some((permit, rule)) = &along.rule {
                    tool_rules::put(tx, permit, rule).await?;
                }
                let last = turn_over(tx, turn, turned).await?;
                Ok(once::keep(tx, *person, once, last).await?.value)
            })
        })
        .await
    }

    fn turn<A>(
        &self,
        permit: &Permit<A, Run>,
        after: u64,
        Entries { items, records }: Entries,
        state: RunState,
    ) -> Result<Turn, StoreError> {
        let (run, workspace) = (permit.resource(), permit.workspace());
        let lines = Lines::number(run, workspace, after, self.clock().now(), items)?;
        Ok(Turn { run, workspace, after, lines, state, records })
    }
}

/// When a run that is now in `state` stopped moving, if it did.
fn ended(tx: &Tx, state: RunState) -> Option<i64> {
    match state {
        RunState::Queued | RunState::Running => None,
        RunState::Parked
        | RunState::Finished
        | RunState::Exhausted
        | RunState::Cancelled
        | RunState::Incomplete
        | RunState::Failed => Some(tx.now.as_millis()),
    }
}

/// All that follows from the turn of the row.
async fn turn_over(tx: &mut Tx, turn: &Turn, turned: Turned) -> Result<u64, StoreError> {
    let (owner, conversation, answer, _, is_to_stop) = turned;
    turn.records.iter().for_each(|it| tx.record(it.clone()));
    let (conversation, answer) = (Id::from_uuid(conversation), Id::from_uuid(answer));
    let state = if is_to_stop { RunState::Queued } else { turn.state };
    match state {
        RunState::Queued => tx.queued(),
        RunState::Running => (),
        RunState::Parked
        | RunState::Finished
        | RunState::Exhausted
        | RunState::Cancelled
        | RunState::Incomplete
        | RunState::Failed => {
            let (run, workspace) = (turn.run.uuid(), turn.workspace);
            body::fold(tx, Place { run, workspace, conversation, answer }, &turn.lines).await?;
        }
    }
    lines::insert(tx, &[&turn.lines]).await?;
    let (workspace, now) = (turn.workspace.uuid(), tx.now.as_millis());
    statement!(tx.execute(TOUCH, conversation.uuid(), workspace, now))?;
    let notice = Notice::RunChanged { conversation, run: turn.run, state };
    tx.notify_chat(turn.workspace, conversation, Id::from_uuid(owner), notice);
    Ok(turn.last())
}
