//! Full-text search over titles and messages.
//!
//! **Invariant:** both engines only find candidates, the newest [`CANDIDATES`] by the same rule;
//! the ranking is made here, so the same data gives the same answer on both.

mod rank;
mod snippet;

use galaxy_base::Timestamp;
use galaxy_domain::{
    ConversationId, MessageId, Permit, access::Read, conversation::Body, id::Workspace,
    part::plain_text, transcript::Item,
};
use uuid::Uuid;

use crate::{
    Store,
    db::{Conn, Tx, statement},
    error::StoreError,
    json,
    terms::{self, Asked},
};

/// How many matches are ranked.
const CANDIDATES: i64 = 300;

/// How many hits one question gives at most.
pub const MAX_HITS: usize = 50;

/// A place where a question's words were found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// In which conversation.
    pub conversation: ConversationId,
    /// In which message; `None` means in the title.
    pub message: Option<MessageId>,
    /// What the conversation is called.
    pub title: String,
    /// The text around the words, in order; a piece that is marked `true` is such a word.
    pub snippet: Vec<(String, bool)>,
    /// When the message was made, or when something was last said in the conversation.
    pub at: Timestamp,
}

const CANDIDATES_SQLITE: &str = "SELECT s.message_id, s.conversation_id, s.terms
    FROM search_terms JOIN search s ON s.id = search_terms.rowid
    JOIN conversations c ON c.id = s.conversation_id
    WHERE search_terms MATCH $1 AND c.workspace_id = $2 AND c.owner_id = $3
    ORDER BY s.message_id DESC LIMIT $4";
const CANDIDATES_POSTGRES: &str = "SELECT s.message_id, s.conversation_id, s.terms
    FROM search s JOIN conversations c ON c.id = s.conversation_id
    WHERE s.vector @@ $1::tsquery AND c.workspace_id = $2 AND c.owner_id = $3
    ORDER BY s.message_id DESC LIMIT $4";
const DETAILS: &str = "SELECT c.title, c.updated_at, m.body, m.created_at
    FROM conversations c LEFT JOIN messages m ON m.id = $2 AND m.conversation_id = c.id
    WHERE c.id = $1 AND c.workspace_id = $3";

impl Store {
    /// Where the words of `question` stand in the titles and messages of the permit's person,
    /// best first, at most [`MAX_HITS`]. A question may be anything: only its words count, and
    /// the one that ends it stands for all words that begin with it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn search(
        &self,
        permit: Permit<Read, Workspace>,
        question: &str,
        limit: usize,
    ) -> Result<Vec<Hit>, StoreError> {
        let asked = terms::asked(question);
        if asked.is_empty() {
            return Ok(Vec::new());
        }
        let mut conn = self.reader().await?;
        let mut found = candidates(&mut conn, &permit, &asked, Wanted::All).await?;
        let room = usize::try_from(CANDIDATES).unwrap_or(usize::MAX);
        if found.len() < room && asked.len() > 1 {
            let any = candidates(&mut conn, &permit, &asked, Wanted::Any).await?;
            let fresh =
                any.into_iter().filter(|it| !found.iter().any(|old| old.message == it.message));
            let fresh: Vec<Candidate> = fresh.collect();
            found.extend(fresh);
            found.truncate(room);
        }
        let mut hits = Vec::new();
        for candidate in rank::best(&asked, &found).take(limit.min(MAX_HITS)) {
            hits.extend(hit(&mut conn, &permit, &asked, candidate).await?);
        }
        Ok(hits)
    }
}

/// Makes `text` the searchable content of a message. It goes with its conversation by itself.
pub(crate) async fn put_message(
    tx: &mut Tx,
    conversation: ConversationId,
    message: MessageId,
    text: &str,
) -> Result<(), StoreError> {
    put(tx, conversation, message.uuid(), text).await
}

/// Makes `title` what a conversation is found by.
pub(crate) async fn put_title(
    tx: &mut Tx,
    conversation: ConversationId,
    title: &str,
) -> Result<(), StoreError> {
    // A title stands in the index like a message whose id is the conversation's.
    put(tx, conversation, conversation.uuid(), title).await
}

/// What of a message is searchable.
pub(crate) fn text_of(body: &Body) -> String {
    match body {
        Body::Said { parts } => plain_text(parts),
        Body::Answered { entries } => {
            let said = entries.iter().filter_map(|entry| match &entry.item {
                Item::Assistant { parts, .. } => Some(plain_text(parts)),
                Item::User { .. }
                | Item::Sampling { .. }
                | Item::Delta { .. }
                | Item::Asked { .. }
                | Item::Approval { .. }
                | Item::Began { .. }
                | Item::TaskCreated { .. }
                | Item::Elicited { .. }
                | Item::Answered { .. }
                | Item::Progress { .. }
                | Item::Reply { .. }
                | Item::Usage { .. }
                | Item::Stopped { .. }
                | Item::Resumed { .. } => None,
            });
            said.filter(|text| !text.is_empty()).collect::<Vec<_>>().join("\n\n")
        }
    }
}

const PUT: &str = "INSERT INTO search (message_id, conversation_id, terms) VALUES ($1, $2, $3)
    ON CONFLICT (message_id) DO UPDATE SET terms = excluded.terms";
const REMOVE: &str = "DELETE FROM search WHERE message_id = $1";

async fn put(
    tx: &mut Tx,
    conversation: ConversationId,
    place: Uuid,
    text: &str,
) -> Result<(), StoreError> {
    let terms = terms::indexed(text);
    if terms.is_empty() {
        return statement!(tx.execute(REMOVE, place)).map(drop);
    }
    statement!(tx.execute(PUT, place, conversation.uuid(), terms.as_str())).map(drop)
}

/// A row that has some of the words.
#[derive(Debug)]
struct Candidate {
    message: Uuid,
    conversation: Uuid,
    terms: String,
}

impl Candidate {
    fn is_title(&self) -> bool {
        self.message == self.conversation
    }
}

#[derive(Clone, Copy)]
enum Wanted {
    All,
    Any,
}

async fn candidates(
    conn: &mut Conn,
    permit: &Permit<Read, Workspace>,
    asked: &[Asked],
    wanted: Wanted,
) -> Result<Vec<Candidate>, StoreError> {
    let (sql, query) = match conn {
        Conn::Sqlite(_) => (CANDIDATES_SQLITE, fts5(asked, wanted)),
        Conn::Postgres(_) => (CANDIDATES_POSTGRES, tsquery(asked, wanted)),
    };
    let (workspace, owner) = (permit.workspace().uuid(), permit.person().uuid());
    let rows: Vec<(Uuid, Uuid, String)> =
        statement!(conn.fetch_all(sql, query.as_str(), workspace, owner, CANDIDATES))?;
    let rows = rows.into_iter();
    Ok(rows
        .map(|(message, conversation, terms)| Candidate { message, conversation, terms })
        .collect())
}

/// Terms are letters, digits and marks only, so quotes are all the care they need.
fn fts5(asked: &[Asked], wanted: Wanted) -> String {
    let words =
        asked.iter().map(|it| format!("\"{}\"{}", it.text, if it.prefix { " *" } else { "" }));
    words.collect::<Vec<_>>().join(match wanted {
        Wanted::All => " AND ",
        Wanted::Any => " OR ",
    })
}

fn tsquery(asked: &[Asked], wanted: Wanted) -> String {
    let words =
        asked.iter().map(|it| format!("'{}'{}", it.text, if it.prefix { ":*" } else { "" }));
    words.collect::<Vec<_>>().join(match wanted {
        Wanted::All => " & ",
        Wanted::Any => " | ",
    })
}

async fn hit(
    conn: &mut Conn,
    permit: &Permit<Read, Workspace>,
    asked: &[Asked],
    candidate: &Candidate,
) -> Result<Option<Hit>, StoreError> {
    let (workspace, conversation) = (permit.workspace().uuid(), candidate.conversation);
    let details: Option<(String, i64, Option<String>, Option<i64>)> =
        statement!(conn.fetch_optional(DETAILS, conversation, candidate.message, workspace))?;
    // Between the two statements it may have been deleted.
    let Some((title, updated_at, body, created_at)) = details else { return Ok(None) };
    let text = match body {
        Some(body) => text_of(&json::read(&body)?),
        None if candidate.is_title() => title.clone(),
        None => return Ok(None),
    };
    let message = (!candidate.is_title()).then(|| MessageId::from_uuid(candidate.message));
    Ok(Some(Hit {
        conversation: ConversationId::from_uuid(conversation),
        message,
        snippet: snippet::around(&text, asked),
        title,
        at: Timestamp::from_millis(created_at.unwrap_or(updated_at)),
    }))
}
