//! Looking through a person's tasks, page by page.
//!
//! A page starts after the last task of the page before it, by sort key and id, so tasks that are
//! made or deleted meanwhile neither repeat nor hide others.

mod place;

use galaxy_base::Timestamp;
use galaxy_domain::{
    Permit,
    access::Read,
    id::Workspace,
    task::{Priority, TaskRow},
};
use uuid::Uuid;

use super::{Record, columns, priority_number};
use crate::{
    Store,
    db::{Conn, statement},
    error::StoreError,
    json, terms,
};
use place::Place;

/// How many tasks one page has at most.
const MAX_PAGE: usize = 200;

/// Which tasks, and in which order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TaskFilter {
    /// Done or not.
    pub status: TaskStatus,
    /// Part of the title or the description, whatever its case and accents.
    pub text: Option<String>,
    /// One of the labels, exactly.
    pub tag: Option<String>,
    /// How much it matters.
    pub priority: Option<Priority>,
    /// Due before then.
    pub due_before: Option<Timestamp>,
    /// What decides the order.
    pub sort: TaskSort,
    /// The other way round.
    pub descending: bool,
    /// Go on after [`TaskPage::next`]; everything else must be as it was.
    pub cursor: Option<String>,
    /// How many; at least 1 and at most 200.
    pub limit: usize,
}

/// Done or not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum TaskStatus {
    /// Both.
    #[default]
    All,
    /// Not done.
    Pending,
    /// Done.
    Completed,
}

/// What decides the order of tasks; among equals, which was made first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum TaskSort {
    /// When it was made.
    #[default]
    Created,
    /// When it was last changed.
    Updated,
    /// When it should be done; those without a date come after all others.
    Due,
    /// How much it matters.
    Priority,
    /// What it is called, without case and accents.
    Title,
}

/// Some of the tasks that were asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskPage {
    /// In the order asked for.
    pub items: Vec<TaskRow>,
    /// Where the next page goes on, if there is one.
    pub next: Option<String>,
    /// How many tasks there are on all pages together.
    pub total: i64,
}

macro_rules! matching {
    () => {
        " FROM tasks WHERE workspace_id = $1 AND owner_id = $2
            AND ($3 IS NULL OR completed = $3)
            AND ($4 IS NULL OR REPLACE(folded, $4, '') <> folded)
            AND ($5 IS NULL OR REPLACE(tags, $5, '') <> tags)
            AND ($6 IS NULL OR priority = $6)
            AND ($7 IS NULL OR due_at < $7)"
    };
}

const COUNT: &str = concat!("SELECT COUNT(*)", matching!());

/// The statement that reads a page in one order.
macro_rules! page {
    ($key:literal, $after:literal, $direction:literal) => {
        concat!(
            "SELECT ",
            columns!(),
            matching!(),
            " AND ($8 IS NULL OR (",
            $key,
            ", id) ",
            $after,
            " ($8, $9)) ORDER BY ",
            $key,
            " ",
            $direction,
            ", id ",
            $direction,
            " LIMIT $10"
        )
    };
    ($key:literal) => {
        [page!($key, ">", "ASC"), page!($key, "<", "DESC")]
    };
}

const BY_CREATED: [&str; 2] = page!("created_at");
const BY_UPDATED: [&str; 2] = page!("updated_at");
const BY_DUE: [&str; 2] = page!("COALESCE(due_at, 9223372036854775807)");
const BY_PRIORITY: [&str; 2] = page!("priority");
const BY_TITLE: [&str; 2] = page!("SUBSTR(folded, 1, 100)");

impl Store {
    /// A page of the tasks of the permit's person.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the cursor is none of this order's.
    pub async fn tasks(
        &self,
        permit: Permit<Read, Workspace>,
        filter: &TaskFilter,
    ) -> Result<TaskPage, StoreError> {
        let filter = Bound::of(&permit, filter)?;
        let mut conn = self.reader().await?;
        let (total,): (i64,) = filter.count(&mut conn).await?;
        let records = filter.page(&mut conn).await?;
        let rows: Result<Vec<TaskRow>, _> = records.into_iter().map(Record::row).collect();
        let mut items = rows?;
        let more = items.len() > filter.limit;
        items.truncate(filter.limit);
        let last = items.last().filter(|_| more);
        let next = last.map(|it| Place::of(it, filter.sort).write(filter.sort));
        Ok(TaskPage { items, next, total })
    }
}

/// A filter in the form that statements take.
struct Bound {
    workspace: Uuid,
    owner: Uuid,
    completed: Option<bool>,
    text: Option<String>,
    tag: Option<String>,
    priority: Option<i64>,
    due_before: Option<i64>,
    sort: TaskSort,
    descending: bool,
    after: Option<Place>,
    limit: usize,
}

impl Bound {
    fn of(permit: &Permit<Read, Workspace>, filter: &TaskFilter) -> Result<Self, StoreError> {
        let text = filter.text.as_deref().map(terms::folded);
        let after = filter
            .cursor
            .as_deref()
            .map(|cursor| Place::read(cursor, filter.sort).ok_or(StoreError::NotFound));
        Ok(Self {
            workspace: permit.workspace().uuid(),
            owner: permit.person().uuid(),
            completed: match filter.status {
                TaskStatus::All => None,
                TaskStatus::Pending => Some(false),
                TaskStatus::Completed => Some(true),
            },
            text: text.filter(|it| !it.is_empty()),
            // Quotes inside a label are escaped in JSON, so a quoted label is a whole label.
            tag: filter.tag.as_ref().map(json::write).transpose()?,
            priority: filter.priority.map(priority_number),
            due_before: filter.due_before.map(Timestamp::as_millis),
            sort: filter.sort,
            descending: filter.descending,
            after: after.transpose()?,
            limit: filter.limit.clamp(1, MAX_PAGE),
        })
    }

    async fn count(&self, conn: &mut Conn) -> Result<(i64,), StoreError> {
        statement!(conn.fetch_one(
            COUNT,
            self.workspace,
            self.owner,
            self.completed,
            self.text.as_deref(),
            self.tag.as_deref(),
            self.priority,
            self.due_before,
        ))
    }

    /// One more than the limit, to know whether there are more.
    async fn page(&self, conn: &mut Conn) -> Result<Vec<Record>, StoreError> {
        macro_rules! fetch {
            ($texts:expr, $key:expr) => {
                statement!(conn.fetch_all(
                    $texts[usize::from(self.descending)],
                    self.workspace,
                    self.owner,
                    self.completed,
                    self.text.as_deref(),
                    self.tag.as_deref(),
                    self.priority,
                    self.due_before,
                    $key,
                    self.after.as_ref().map(|it| it.task.uuid()),
                    i64::try_from(self.limit + 1).unwrap_or(i64::MAX),
                ))
            };
        }
        let number = self.after.as_ref().and_then(|it| it.key.number());
        match self.sort {
            TaskSort::Created => fetch!(BY_CREATED, number),
            TaskSort::Updated => fetch!(BY_UPDATED, number),
            TaskSort::Due => fetch!(BY_DUE, number),
            TaskSort::Priority => fetch!(BY_PRIORITY, number),
            TaskSort::Title => fetch!(BY_TITLE, self.after.as_ref().and_then(|it| it.key.text())),
        }
    }
}
