//! Records as a file: a JSON object a line, or comma-separated values. However many there are, only
//! one page of them is in memory.

use futures::stream::{self, BoxStream, StreamExt};
use galaxy_access::administer;
use galaxy_domain::{
    Caller,
    audit::{Act, Fact, Record, Thing, Written},
};
use galaxy_store::{Store, Strength};
use serde_json::{Value, json};

use super::{Cursor, Wanted};
use crate::{App, AppError, export::Export};

/// How many records are read at once.
const PAGE: usize = 500;
/// The columns of the table.
const COLUMNS: &str = "chain,seq,at,act,ending,person,way,credential,address,subject_kind,\
                       subject_id,subject_name,run,facts,hash";

/// How records are written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A JSON object a line.
    Lines,
    /// Comma-separated values (RFC 4180).
    Table,
}

impl App {
    /// All records of the workspace that are wanted, the newest first. That they were is written
    /// down before the first is given.
    ///
    /// # Errors
    /// [`AppError::Denied`] to all but administrators.
    pub async fn export_audit(
        &self,
        caller: &Caller,
        wanted: Wanted,
        format: Format,
    ) -> Result<Export, AppError> {
        let permit = administer(caller)?;
        let (ending, media_type) = match format {
            Format::Lines => ("jsonl", "application/jsonl"),
            Format::Table => ("csv", "text/csv; charset=utf-8"),
        };
        let record = Record::by(&permit, Act::LogExported).about(Thing::Log, "all");
        self.store.record(record.with(Fact::Format, ending), Strength::Synced).await?;
        let store = self.store.clone();
        let read = move |after: Option<Cursor>| {
            let (store, wanted) = (store.clone(), wanted.clone());
            async move { store.audit_records(permit, &wanted, after, PAGE).await }
        };
        let pages = stream::try_unfold(Some(None), move |after| {
            let read = read.clone();
            async move {
                let Some(after) = after else { return Ok(None) };
                let page = read(after).await?;
                let text: String = page.items.iter().map(|it| written(format, it)).collect();
                let next = page.next.as_deref().and_then(Cursor::parse);
                Ok::<_, AppError>(Some((text, next.map(Some))))
            }
        });
        let head = match format {
            Format::Lines => String::new(),
            Format::Table => format!("{COLUMNS}\r\n"),
        };
        let pieces: BoxStream<'static, Result<String, AppError>> =
            stream::once(async { Ok(head) }).chain(pages).boxed();
        let file_name = format!("audit.{ending}");
        Ok(Export { file_name, media_type, pieces })
    }
}

/// The records of a store as lines, for whoever may read the data itself.
///
/// # Errors
/// When the store fails.
pub async fn lines(
    store: &Store,
    permit: galaxy_domain::Permit<galaxy_domain::access::Administer, galaxy_domain::id::Workspace>,
    after: Option<Cursor>,
) -> Result<(String, Option<Cursor>), AppError> {
    let page = store.audit_records(permit, &Wanted::default(), after, PAGE).await?;
    let text = page.items.iter().map(|it| written(Format::Lines, it)).collect();
    Ok((text, page.next.as_deref().and_then(Cursor::parse)))
}

fn written(format: Format, it: &Written) -> String {
    match format {
        Format::Lines => format!("{}\n", object(it)),
        Format::Table => row(it),
    }
}

/// A record with everything that is hashed.
fn object(it: &Written) -> Value {
    let Record { workspace, actor, act, ending, subject, run, facts } = &it.record;
    json!({
        "chain": it.place.chain,
        "seq": it.place.seq,
        "at": it.at.as_millis(),
        "workspace": workspace,
        "act": act.as_str(),
        "ending": ending.as_str(),
        "person": actor.person,
        "way": actor.way.as_str(),
        "credential": actor.credential.map(|it| it.to_string()),
        "address": actor.address,
        "subject_kind": subject.as_ref().map(|it| it.kind.as_str()),
        "subject_id": subject.as_ref().map(|it| &it.id),
        "subject_name": subject.as_ref().and_then(|it| it.name.as_ref()),
        "run": run,
        "facts": facts.to_json(),
        "hash": it.hash,
    })
}

fn row(it: &Written) -> String {
    let object = object(it);
    let cell = |name: &str| match &object[name] {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other @ (Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
            other.to_string()
        }
    };
    let cells: Vec<String> = COLUMNS.split(',').map(|name| quoted(&cell(name))).collect();
    format!("{}\r\n", cells.join(","))
}

/// A cell that says the same to every program: quoted where it has to be, and never a formula.
fn quoted(text: &str) -> String {
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let text = if is_formula { format!("'{text}") } else { text.to_owned() };
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_quoted_where_it_has_to_be_and_never_a_formula() {
        for (text, cell) in [
            ("mail__send", "mail__send"),
            ("a,b", "\"a,b\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
            ("=HYPERLINK(\"x\")", "\"'=HYPERLINK(\"\"x\"\")\""),
            ("@cmd", "'@cmd"),
            ("", ""),
        ] {
            assert_eq!(quoted(text), cell, "{text}");
        }
    }
}
