//! Folding a run's log into the message it writes.

use galaxy_domain::{ConversationId, Item, MessageId, Part, WorkspaceId, part::plain_text};
use serde::Serialize;
use serde_json::value::RawValue;
use uuid::Uuid;

use super::lines::Lines;
use crate::{
    db::{Tx, statement},
    error::StoreError,
    json, search,
};

/// What an answer says before its run has stopped for the first time.
pub(crate) const EMPTY: &str = r#"{"kind":"answered","entries":[]}"#;

const SETTLED: &str = "SELECT seq, at, kind, body FROM events
    WHERE topic_id = $1 AND workspace_id = $2 AND kind NOT IN ('delta', 'progress', 'sampling')
    ORDER BY seq";
const PUT: &str = "UPDATE messages SET body = $3 WHERE id = $1 AND workspace_id = $2";

/// Where a run's answer stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) run: Uuid,
    pub(super) workspace: WorkspaceId,
    pub(super) conversation: ConversationId,
    pub(super) answer: MessageId,
}

/// `Body::Answered`, made of texts that need not be read for it.
#[derive(Serialize)]
#[serde(tag = "kind", rename = "answered")]
struct Answered<'a> {
    entries: Vec<Settled<'a>>,
}

#[derive(Serialize)]
struct Settled<'a> {
    seq: i64,
    at: i64,
    item: &'a RawValue,
}

/// Writes the settled entries of a run's log into its answer, and what was said into the index.
/// `lines` come last; they are not in the log yet.
pub(super) async fn fold(tx: &mut Tx, place: Place, lines: &Lines) -> Result<(), StoreError> {
    let workspace = place.workspace.uuid();
    let rows: Vec<(i64, i64, String, String)> =
        statement!(tx.fetch_all(SETTLED, place.run, workspace))?;
    let rows = rows.iter().map(|(seq, at, kind, body)| (*seq, *at, kind.as_str(), body.as_str()));
    let lines = lines.settled().map(|(seq, at, kind, body)| (seq, at, kind, &**body));
    let (body, said) = folded(rows.chain(lines))?;
    statement!(tx.execute(PUT, place.answer.uuid(), workspace, body))?;
    if said.is_empty() {
        return Ok(());
    }
    search::put_message(tx, place.conversation, place.answer, &said).await
}

/// The body, and what of it is searchable.
fn folded<'a>(
    rows: impl Iterator<Item = (i64, i64, &'a str, &'a str)>,
) -> Result<(String, String), StoreError> {
    let mut entries = Vec::new();
    let mut said = Vec::new();
    for (seq, at, kind, body) in rows {
        let item =
            serde_json::from_str(body).map_err(|err| StoreError::Corrupt(err.to_string()))?;
        entries.push(Settled { seq, at, item });
        if kind == "assistant" {
            said.push(plain_text(&parts(body)?));
        }
    }
    said.retain(|text| !text.is_empty());
    Ok((json::write(&Answered { entries })?, said.join("\n\n")))
}

fn parts(body: &str) -> Result<Vec<Part>, StoreError> {
    match json::read(body)? {
        Item::Assistant { parts, .. } => Ok(parts),
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
        | Item::Resumed { .. } => Ok(Vec::new()),
    }
}

#[cfg(test)]
mod tests {
    use galaxy_base::Timestamp;
    use galaxy_domain::{Entry, Stop, conversation::Body, transcript::Finish};

    use super::*;

    #[test]
    fn a_folded_log_reads_back_as_what_was_said() {
        let spoke = Item::Assistant {
            parts: vec![Part::text("It is 391.")],
            calls: Vec::new(),
            finish: Finish::Stop,
            model: "demo".to_owned(),
        };
        let items = [spoke, Item::Stopped { stop: Stop::Finished }];
        let entries = (1..).zip(&items).map(|(seq, item)| Entry {
            seq,
            at: Timestamp::from_millis(7),
            item: item.clone(),
        });
        let texts: Vec<String> = items.iter().map(|item| json::write(item).unwrap()).collect();
        let rows = (1..).zip(items.iter().zip(&texts));
        let rows = rows.map(|(seq, (item, text))| (seq, 7, item.kind(), text.as_str()));
        let (body, said) = folded(rows).unwrap();
        assert_eq!(said, "It is 391.");
        assert_eq!(
            json::read::<Body>(&body).unwrap(),
            Body::Answered { entries: entries.collect() }
        );
        assert_eq!(json::read::<Body>(EMPTY).unwrap(), Body::Answered { entries: Vec::new() });
    }
}
