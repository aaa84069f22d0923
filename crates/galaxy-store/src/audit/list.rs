//! Looking at records, the newest first.

use galaxy_base::Timestamp;
use galaxy_domain::{
    Id, Permit, PersonId, RunId,
    access::{Administer, Read},
    audit::{Act, Ending, Place, Written},
    id::{Person, Workspace},
};
use uuid::Uuid;

use super::row::{Row, columns};
use crate::{Page, Store, db::statement, error::StoreError};

/// Which records.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Those of a person.
    pub person: Option<PersonId>,
    /// Those of an act.
    pub act: Option<Act>,
    /// Those about a thing, by its id, or the name of a tool.
    pub subject: Option<String>,
    /// Those of a run.
    pub run: Option<RunId>,
    /// Those that ended so.
    pub ending: Option<Ending>,
    /// Those of this moment and later.
    pub from: Option<Timestamp>,
    /// Those before this moment.
    pub until: Option<Timestamp>,
}

/// Where a page of records ends: the next one begins after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    at: i64,
    place: Place,
}

impl Cursor {
    /// After this record.
    pub const fn after(record: &Written) -> Self {
        Self { at: record.at.as_millis(), place: record.place }
    }

    /// Parses what [`ToString`] gives.
    pub fn parse(text: &str) -> Option<Self> {
        let mut numbers = text.split('.').map(str::parse);
        let mut number = || numbers.next()?.ok();
        let cursor = Self { at: number()?, place: Place { chain: number()?, seq: number()? } };
        numbers.next().is_none().then_some(cursor)
    }
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{}", self.at, self.place.chain, self.place.seq)
    }
}

/// The statement for a filter that has an index; the others are compared row by row.
macro_rules! list {
    ($first:literal) => {
        concat!(
            "SELECT ",
            columns!(),
            " FROM audit_log WHERE workspace_id = $1 AND ",
            $first,
            " AND ($2 IS NULL OR person_id = $2) AND ($3 IS NULL OR act = $3)
            AND ($4 IS NULL OR subject_id = $4) AND ($5 IS NULL OR run_id = $5)
            AND ($6 IS NULL OR ending = $6) AND at >= $7 AND at <= $8
            AND (at, chain, seq) < ($8, $9, $10)
            ORDER BY at DESC, chain DESC, seq DESC LIMIT $11"
        )
    };
}
const BY_TIME: &str = list!("1 = 1");
const BY_PERSON: &str = list!("person_id = $2");
const BY_ACT: &str = list!("act = $3");
const BY_SUBJECT: &str = list!("subject_id = $4");
const BY_RUN: &str = list!("run_id = $5");

impl Wanted {
    /// The statement that looks at the fewest rows.
    const fn statement(&self) -> &'static str {
        match self {
            Self { run: Some(_), .. } => BY_RUN,
            Self { subject: Some(_), .. } => BY_SUBJECT,
            Self { act: Some(_), .. } => BY_ACT,
            Self { person: Some(_), .. } => BY_PERSON,
            Self { .. } => BY_TIME,
        }
    }
}

impl Store {
    /// Records of the workspace.
    ///
    /// # Errors
    /// What the database says.
    pub async fn audit_records(
        &self,
        permit: Permit<Administer, Workspace>,
        wanted: &Wanted,
        after: Option<Cursor>,
        limit: usize,
    ) -> Result<Page<Written>, StoreError> {
        self.records(permit.workspace().uuid(), wanted, after, limit).await
    }

    /// Records of what was done in a person's own name.
    ///
    /// # Errors
    /// What the database says.
    pub async fn own_audit_records(
        &self,
        permit: Permit<Read, Person>,
        wanted: &Wanted,
        after: Option<Cursor>,
        limit: usize,
    ) -> Result<Page<Written>, StoreError> {
        let wanted = Wanted { person: Some(permit.resource()), ..wanted.clone() };
        self.records(permit.workspace().uuid(), &wanted, after, limit).await
    }

    async fn records(
        &self,
        workspace: Uuid,
        wanted: &Wanted,
        after: Option<Cursor>,
        limit: usize,
    ) -> Result<Page<Written>, StoreError> {
        let (person, run) = (wanted.person.map(Id::uuid), wanted.run.map(Id::uuid));
        let (act, ending) = (wanted.act.map(Act::as_str), wanted.ending.map(Ending::as_str));
        let subject = wanted.subject.as_deref();
        let from = wanted.from.map_or(i64::MIN, Timestamp::as_millis);
        let until = wanted.until.map_or(i64::MAX, Timestamp::as_millis);
        // Nothing of the last moment itself: no chain has a number below the first.
        let (at, chain, seq) =
            after.map_or((until, 0, 0), |it| (it.at, it.place.chain, it.place.seq));
        let more = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
        let text = wanted.statement();
        let mut conn = self.reader().await?;
        let rows: Vec<Row> = statement!(conn.fetch_all(
            text, workspace, person, act, subject, run, ending, from, at, chain, seq, more
        ))?;
        drop(conn);
        let has_more = rows.len() > limit;
        let items = rows.into_iter().take(limit).map(Row::written);
        let items: Vec<Written> = items.collect::<Result<_, _>>()?;
        let next = items.last().filter(|_| has_more).map(|it| Cursor::after(it).to_string());
        Ok(Page { items, next })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_survives_its_text() {
        let cursor = Cursor { at: 1_767_225_600_000, place: Place { chain: 2, seq: 7 } };
        assert_eq!(Cursor::parse(&cursor.to_string()), Some(cursor));
        for wrong in ["", "1", "1.2", "1.2.3.4", "a.b.c"] {
            assert_eq!(Cursor::parse(wrong), None, "{wrong}");
        }
    }
}
