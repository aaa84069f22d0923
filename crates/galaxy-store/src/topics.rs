//! The logs of conversations and people: notices, numbered without gaps.

use std::{collections::BTreeMap, sync::Arc};

use galaxy_base::Timestamp;
use galaxy_domain::{
    ConversationId, Entry, Id, Permit, PersonId, TopicId, WorkspaceId, access::Read, notice::Notice,
};
use uuid::Uuid;

use crate::{
    Store,
    db::{
        Conn, Tx,
        rows::{ROWS, Texts},
        statement,
    },
    error::StoreError,
    growth::{Growth, Logged},
    json,
};

/// What the rows of notices say in `kind`, where those of runs name their item.
const NOTICE: &str = "notice";
/// What the last word of a topic that is gone says there.
const ENDED: &str = "ended";

/// Topics of conversations are locked first …
pub(crate) const CHAT: u8 = 0;
/// … then those of people, so that two changes never wait for each other in a circle.
pub(crate) const PERSON: u8 = 1;

/// A stretch of a topic's log.
#[derive(Debug, Clone, PartialEq)]
pub struct Replay {
    /// What comes next, oldest first.
    pub logged: Vec<Logged>,
    /// The number of the newest entry there is.
    pub last: u64,
    /// What was asked for is gone, or never was: the reader takes a snapshot and goes on after
    /// `last`. Then `logged` is empty.
    pub reset: bool,
}

const LAST: &str =
    "SELECT COALESCE(MAX(seq), 0) FROM events WHERE topic_id = $1 AND workspace_id = $2";
const CLEAR: &str = "DELETE FROM events WHERE topic_id = $1 AND workspace_id = $2";
const LAST_WORD: &str = "INSERT INTO events (topic_id, seq, workspace_id, at, kind, body)
    VALUES ($1, $2, $3, $4, 'ended', $5)";
const AFTER: &str = "SELECT seq, at, kind, body FROM events
    WHERE topic_id = $1 AND workspace_id = $2 AND seq > $3 ORDER BY seq LIMIT $4";

impl Store {
    /// What was logged in a run's, a conversation's or a person's topic after entry `after`, at
    /// most `limit` entries. The log of a run that is long over lacks its passing entries; that
    /// is no reset, because what is left says the same.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn events<R>(
        &self,
        permit: Permit<Read, R>,
        after: u64,
        limit: usize,
    ) -> Result<Replay, StoreError>
    where
        TopicId: From<Id<R>>,
    {
        let mut conn = self.reader().await?;
        let topic = TopicId::from(permit.resource()).uuid();
        let workspace = permit.workspace().uuid();
        let rows: Vec<(i64, i64, String, String)> =
            statement!(conn.fetch_all(AFTER, topic, workspace, to_sql(after), count(limit)))?;
        let notices = rows.first().is_some_and(|(_, _, kind, _)| kind == NOTICE || kind == ENDED);
        let first = rows.first().map(|(seq, ..)| from_sql(*seq));
        let logged: Vec<Logged> = rows.into_iter().map(logged).collect::<Result<_, _>>()?;
        // A page that is not full ends with the newest entry.
        let last = match logged.last().map(Logged::seq).filter(|_| logged.len() < limit) {
            Some(last) => last,
            None => {
                let (last,): (i64,) = statement!(conn.fetch_one(LAST, topic, workspace))?;
                from_sql(last)
            }
        };
        let gone = notices && first.is_some_and(|first| first > after + 1);
        if gone || after > last {
            return Ok(Replay { logged: Vec::new(), last, reset: true });
        }
        Ok(Replay { logged, last, reset: false })
    }
}

/// A number of entries or rows, for a statement.
pub(crate) fn count(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

/// A sequence number, for a statement.
pub(crate) fn to_sql(seq: u64) -> i64 {
    i64::try_from(seq).unwrap_or(i64::MAX)
}

/// A sequence number, from a row.
pub(crate) fn from_sql(seq: i64) -> u64 {
    u64::try_from(seq).unwrap_or_default()
}

/// One entry, from a row.
pub(crate) fn logged(
    (seq, at, kind, body): (i64, i64, String, String),
) -> Result<Logged, StoreError> {
    let (seq, at) = (from_sql(seq), Timestamp::from_millis(at));
    if kind == NOTICE || kind == ENDED {
        return Ok(Logged::Notice { seq, at, notice: json::read(&body)? });
    }
    Ok(Logged::Item(Entry { seq, at, item: json::read(&body)? }))
}

/// A notice that is written at the end of its transaction.
#[derive(Debug)]
pub(crate) struct Pending {
    /// [`CHAT`] or [`PERSON`].
    pub(crate) rank: u8,
    /// Whose log it goes to.
    pub(crate) topic: TopicId,
    /// Where that lives.
    pub(crate) workspace: WorkspaceId,
    /// What it says.
    pub(crate) notice: Notice,
}

const LOCK: &str = "SELECT pg_advisory_xact_lock(topic) FROM unnest($1::bigint[]) AS topic";
static INSERT: Texts = Texts::new(|rows| {
    let row = |row: usize| {
        let [topic, count, workspace, at, body] = [1, 2, 3, 4, 5].map(|it| row * 5 + it);
        format!(
            "(${topic}, (SELECT COALESCE(MAX(seq), 0) FROM events WHERE topic_id = ${topic}) \
             + ${count}, ${workspace}, ${at}, 'notice', ${body})"
        )
    };
    let values: Vec<String> = (0..rows).map(row).collect();
    let values = values.join(", ");
    format!(
        "INSERT INTO events (topic_id, seq, workspace_id, at, kind, body) VALUES {values}
        RETURNING topic_id, seq"
    )
});

/// Numbers and writes `pending`, and has it told after the commit.
pub(crate) async fn write(tx: &mut Tx, mut pending: Vec<Pending>) -> Result<(), StoreError> {
    // Stable: notices of one topic keep their order.
    pending.sort_by_key(|it| (it.rank, it.topic));
    lock(tx, pending.iter().map(|it| lock_key(it.topic)).collect()).await?;
    let mut grown: Vec<(TopicId, WorkspaceId, Vec<Logged>)> = Vec::new();
    let mut pending = pending.into_iter().peekable();
    while pending.peek().is_some() {
        let chunk: Vec<Pending> = pending.by_ref().take(ROWS).collect();
        let numbers = insert(tx, &chunk).await?;
        for (Pending { topic, workspace, notice, .. }, seq) in chunk.into_iter().zip(numbers) {
            let logged = Logged::Notice { seq, at: tx.now, notice };
            match grown.last_mut().filter(|(last, ..)| *last == topic) {
                Some((.., list)) => list.push(logged),
                None => grown.push((topic, workspace, vec![logged])),
            }
        }
    }
    for (topic, workspace, logged) in grown {
        tx.grew(Growth { topic, workspace, logged: Arc::from(logged) });
    }
    Ok(())
}

/// Ends the log of `topic`: `notice` is all that is left of it, for those who follow it, until
/// the sweep removes that too.
pub(crate) async fn end(
    tx: &mut Tx,
    topic: TopicId,
    workspace: WorkspaceId,
    notice: Notice,
) -> Result<(), StoreError> {
    lock(tx, vec![lock_key(topic)]).await?;
    let (id, within, at) = (topic.uuid(), workspace.uuid(), tx.now);
    let (last,): (i64,) = statement!(tx.fetch_one(LAST, id, within))?;
    statement!(tx.execute(CLEAR, id, within))?;
    let body = json::write(&notice)?;
    statement!(tx.execute(LAST_WORD, id, last + 1, within, at.as_millis(), body.as_str()))?;
    let logged = Arc::from([Logged::Notice { seq: from_sql(last + 1), at, notice }]);
    tx.grew(Growth { topic, workspace, logged });
    Ok(())
}

/// Keeps others from changing what belongs to these topics, in the order in which every change
/// takes them.
pub(crate) async fn hold(
    tx: &mut Tx,
    conversation: ConversationId,
    person: PersonId,
) -> Result<(), StoreError> {
    lock(tx, vec![lock_key(conversation.into()), lock_key(person.into())]).await
}

/// Keeps others from numbering the same topics until this transaction ends. SQLite has one writer.
async fn lock(tx: &mut Tx, mut keys: Vec<i64>) -> Result<(), StoreError> {
    if tx.is_postgres()
        && let Conn::Postgres(conn) = tx.conn()
    {
        keys.dedup();
        sqlx::query(LOCK).bind(keys).execute(&mut **conn).await?;
    }
    Ok(())
}

/// The random half of a version 7 UUID.
fn lock_key(topic: TopicId) -> i64 {
    let (_, low) = topic.uuid().as_u64_pair();
    i64::from_be_bytes(low.to_be_bytes())
}

async fn insert(tx: &mut Tx, chunk: &[Pending]) -> Result<Vec<u64>, StoreError> {
    let at = tx.now.as_millis();
    let mut rows = Vec::with_capacity(chunk.len());
    let mut counts = BTreeMap::<TopicId, i64>::new();
    for it in chunk {
        let count = counts.entry(it.topic).or_default();
        *count += 1;
        rows.push((it.topic.uuid(), *count, it.workspace.uuid(), json::write(&it.notice)?));
    }
    let text = INSERT.rows(rows.len());
    let written: Vec<(Uuid, i64)> = statement!(tx.fetch_all(
        text,
        for (topic, count, workspace, body) in rows => topic, count, workspace, at, body
    ))?;
    // The engines do not promise to return rows in the order they were given.
    let mut written: BTreeMap<Uuid, Vec<i64>> =
        written.into_iter().fold(BTreeMap::new(), |mut map, (topic, seq)| {
            map.entry(topic).or_insert_with(Vec::new).push(seq);
            map
        });
    written.values_mut().for_each(|list| list.sort_unstable_by(|a, b| b.cmp(a)));
    let numbers = chunk.iter().map(|it| {
        let next = written.get_mut(&it.topic.uuid()).and_then(Vec::pop);
        next.and_then(|seq| u64::try_from(seq).ok())
    });
    let numbers: Option<Vec<u64>> = numbers.collect();
    numbers.ok_or_else(|| StoreError::Corrupt("a notice got no number".to_owned()))
}
