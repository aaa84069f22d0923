//! Which tasks a client wants to see.

use galaxy_app::tasks::{TaskFilter, TaskSort, TaskStatus};
use galaxy_domain::task::Priority;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::moment;
use crate::{problem::Problem, routes::conversations::page_size, views::names};

/// Done or not.
#[derive(Deserialize, ToSchema, Clone, Copy, Default)]
#[serde(rename_all = "snake_case")]
enum Status {
    /// Both.
    #[default]
    All,
    /// Not done.
    Pending,
    /// Done.
    Completed,
}

/// What decides the order.
#[derive(Deserialize, ToSchema, Clone, Copy, Default)]
#[serde(rename_all = "snake_case")]
enum Sort {
    /// When it was made.
    #[default]
    Created,
    /// When it was last changed.
    Updated,
    /// When it should be done.
    Due,
    /// How much it matters.
    Priority,
    /// What it is called.
    Title,
}

/// Which tasks, and in which order.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct Listing {
    /// `all`, `pending` or `completed`.
    #[serde(default)]
    #[param(inline)]
    status: Status,
    /// Part of title or description.
    #[serde(default)]
    q: Option<String>,
    /// One of the labels.
    #[serde(default)]
    tag: Option<String>,
    /// `low`, `normal` or `high`.
    #[serde(default)]
    #[param(value_type = Option<names::PriorityName>)]
    priority: Option<Priority>,
    /// Due before then (RFC 3339).
    #[serde(default)]
    due_before: Option<String>,
    /// `created`, `updated`, `due`, `priority` or `title`.
    #[serde(default)]
    #[param(inline)]
    sort: Sort,
    /// The other way round.
    #[serde(default)]
    descending: bool,
    /// Where to begin: `next` of the page before.
    #[serde(default)]
    cursor: Option<String>,
    /// How many at most.
    #[serde(default)]
    limit: Option<usize>,
}

impl Listing {
    /// The filter it stands for.
    pub(super) fn filter(self) -> Result<TaskFilter, Problem> {
        Ok(TaskFilter {
            status: match self.status {
                Status::All => TaskStatus::All,
                Status::Pending => TaskStatus::Pending,
                Status::Completed => TaskStatus::Completed,
            },
            text: self.q.filter(|it| !it.trim().is_empty()),
            tag: self.tag,
            priority: self.priority,
            due_before: self.due_before.map(|it| moment("/due_before", &it)).transpose()?,
            sort: match self.sort {
                Sort::Created => TaskSort::Created,
                Sort::Updated => TaskSort::Updated,
                Sort::Due => TaskSort::Due,
                Sort::Priority => TaskSort::Priority,
                Sort::Title => TaskSort::Title,
            },
            descending: self.descending,
            cursor: self.cursor,
            limit: page_size(self.limit),
        })
    }
}
