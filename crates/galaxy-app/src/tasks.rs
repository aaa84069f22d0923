//! To-dos.

use galaxy_access::{require, within};
use galaxy_domain::{
    Caller, Permit, TaskId,
    access::{Create, Read, Write},
    id::Task,
    task::TaskRow,
};
pub use galaxy_store::{NewTask, TaskChange, TaskFilter, TaskPage, TaskSort, TaskStatus};
use galaxy_store::{Once, Store};

use crate::{App, AppError, Mistake, conversations::listed};

/// A title is at most this long, in characters.
const TITLE_CHARS: usize = 500;
/// A description is at most this long, in characters.
const DESCRIPTION_CHARS: usize = 20_000;
/// Labels of one task.
const TAGS: usize = 20;
/// A label is at most this long, in characters.
const TAG_CHARS: usize = 40;
/// Tasks that one task can wait for.
const DEPENDENCIES: usize = 50;

/// The to-dos of people: shared by the API and the task tools.
#[derive(Clone)]
pub struct Tasks {
    store: Store,
}

impl App {
    /// The to-dos.
    pub fn tasks(&self) -> Tasks {
        Tasks::new(&self.store)
    }
}

impl Tasks {
    /// The to-dos in `store`.
    pub(crate) fn new(store: &Store) -> Self {
        Self { store: store.clone() }
    }

    /// Makes a task.
    ///
    /// # Errors
    /// [`AppError::Invalid`] for texts that are empty or too long.
    pub async fn create(
        &self,
        caller: &Caller,
        mut task: NewTask,
        once: Option<&Once>,
    ) -> Result<TaskRow, AppError> {
        let permit = within::<Create, Task>(caller)?;
        task.title = task.title.trim().to_owned();
        check(
            Some(&task.title),
            Some(&task.description),
            Some(&task.tags),
            Some(&task.depends_on),
        )?;
        Ok(self.store.create_task(permit, task, once).await?.value)
    }

    /// One task.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when it is not there or not the caller's.
    pub async fn get(&self, caller: &Caller, id: TaskId) -> Result<TaskRow, AppError> {
        Ok(self.store.task(self.permit::<Read>(caller, id).await?).await?)
    }

    /// The caller's tasks.
    ///
    /// # Errors
    /// [`AppError::Invalid`] for a cursor that makes no sense.
    pub async fn list(&self, caller: &Caller, filter: TaskFilter) -> Result<TaskPage, AppError> {
        let permit = within::<Read, Task>(caller)?;
        self.store.tasks(permit, &filter).await.map_err(listed)
    }

    /// Changes a task.
    ///
    /// # Errors
    /// [`AppError::NotFound`], [`AppError::Invalid`], or a conflict when tasks would wait for one
    /// another in a circle.
    pub async fn change(
        &self,
        caller: &Caller,
        id: TaskId,
        mut change: TaskChange,
    ) -> Result<TaskRow, AppError> {
        let permit = self.permit::<Write>(caller, id).await?;
        change.title = change.title.map(|title| title.trim().to_owned());
        check(
            change.title.as_deref(),
            change.description.as_deref(),
            change.tags.as_deref(),
            change.depends_on.as_deref(),
        )?;
        Ok(self.store.change_task(permit, change).await?)
    }

    /// Deletes a task.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when it is not there or not the caller's.
    pub async fn delete(&self, caller: &Caller, id: TaskId) -> Result<(), AppError> {
        let permit = self.permit::<Write>(caller, id).await?;
        Ok(self.store.delete_task(permit).await?)
    }

    async fn permit<A: galaxy_access::Action>(
        &self,
        caller: &Caller,
        id: TaskId,
    ) -> Result<Permit<A, Task>, AppError> {
        let target = self.store.task_target(id).await?.ok_or(AppError::NotFound)?;
        Ok(require::<A, _>(caller, &target)?)
    }
}

fn check(
    title: Option<&str>,
    description: Option<&str>,
    tags: Option<&[String]>,
    depends_on: Option<&[TaskId]>,
) -> Result<(), AppError> {
    let mut mistakes = Vec::new();
    let mut complain = |wrong: bool, pointer: &str, message: String| {
        if wrong {
            mistakes.push(Mistake { pointer: pointer.to_owned(), message });
        }
    };
    if let Some(title) = title {
        complain(title.is_empty(), "/title", "say what to do".to_owned());
        let long = title.chars().count() > TITLE_CHARS;
        complain(long, "/title", format!("at most {TITLE_CHARS} characters"));
    }
    let long = description.is_some_and(|it| it.chars().count() > DESCRIPTION_CHARS);
    complain(long, "/description", format!("at most {DESCRIPTION_CHARS} characters"));
    if let Some(tags) = tags {
        complain(tags.len() > TAGS, "/tags", format!("at most {TAGS} tags"));
        let odd = |tag: &String| tag.trim().is_empty() || tag.chars().count() > TAG_CHARS;
        complain(tags.iter().any(odd), "/tags", format!("each 1 to {TAG_CHARS} characters"));
    }
    let many = depends_on.is_some_and(|it| it.len() > DEPENDENCIES);
    complain(many, "/depends_on", format!("at most {DEPENDENCIES} tasks"));
    if mistakes.is_empty() { Ok(()) } else { Err(AppError::Invalid(mistakes)) }
}
