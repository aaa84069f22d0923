//! References that no foreign key keeps, and numbers that have to be without gaps.

use uuid::Uuid;

use super::{Verified, named};
use crate::{
    db::{Conn, statement},
    error::StoreError,
};

/// One thing that must not be: what kind of thing the statement finds, what is wrong with it, and
/// the statement, which gives ids.
struct Forbidden {
    kind: &'static str,
    what: &'static str,
    find: &'static str,
}

const FORBIDDEN: [Forbidden; 9] = [
    Forbidden {
        kind: "conversation",
        what: "shows a message that it does not have",
        find: "SELECT c.id FROM conversations c WHERE c.leaf_id IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM messages m WHERE m.id = c.leaf_id AND m.conversation_id = c.id)",
    },
    Forbidden {
        kind: "message",
        what: "follows a message of another conversation",
        find: "SELECT m.id FROM messages m JOIN messages p ON p.id = m.parent_id
            WHERE p.conversation_id <> m.conversation_id",
    },
    Forbidden {
        kind: "message",
        what: "is in another workspace than its conversation",
        find: "SELECT m.id FROM messages m JOIN conversations c ON c.id = m.conversation_id
            WHERE c.workspace_id <> m.workspace_id",
    },
    Forbidden {
        kind: "message",
        what: "is said to be written by a run that does not write it",
        find: "SELECT m.id FROM messages m WHERE m.run_id IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM runs r WHERE r.id = m.run_id AND r.answer_id = m.id
            AND r.conversation_id = m.conversation_id)",
    },
    Forbidden {
        kind: "run",
        what: "has no question or no answer in its conversation",
        find: "SELECT r.id FROM runs r WHERE (SELECT COUNT(*) FROM messages m
            WHERE m.id IN (r.question_id, r.answer_id) AND m.conversation_id = r.conversation_id
            ) <> 2",
    },
    Forbidden {
        kind: "run",
        what: "is somebody else's than its conversation",
        find: "SELECT r.id FROM runs r JOIN conversations c ON c.id = r.conversation_id
            WHERE c.owner_id <> r.owner_id OR c.workspace_id <> r.workspace_id",
    },
    Forbidden {
        kind: "log",
        what: "belongs to nothing",
        find: "SELECT topic_id FROM (SELECT DISTINCT topic_id FROM events WHERE kind <> 'ended')
            AS topics WHERE NOT EXISTS (SELECT 1 FROM runs WHERE id = topic_id)
            AND NOT EXISTS (SELECT 1 FROM conversations WHERE id = topic_id)
            AND NOT EXISTS (SELECT 1 FROM people WHERE id = topic_id)",
    },
    Forbidden {
        kind: "log",
        what: "has gaps between its notices",
        find: "SELECT topic_id FROM events WHERE kind = 'notice' GROUP BY topic_id
            HAVING MAX(seq) - MIN(seq) + 1 <> COUNT(*)",
    },
    Forbidden {
        kind: "message",
        what: "is in the index for searching and nowhere else",
        find: "SELECT s.message_id FROM search s WHERE s.message_id <> s.conversation_id
            AND NOT EXISTS (SELECT 1 FROM messages m
            WHERE m.id = s.message_id AND m.conversation_id = s.conversation_id)",
    },
];

pub(super) async fn check(conn: &mut Conn, verified: &mut Verified) -> Result<(), StoreError> {
    for Forbidden { kind, what, find } in FORBIDDEN {
        let found: Vec<(Uuid,)> = statement!(conn.fetch_all(find))?;
        found.into_iter().for_each(|(id,)| verified.add(named(kind, id), what));
    }
    Ok(())
}
