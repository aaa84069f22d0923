//! What is written down of what happened: who did what to what, and how that ended.
//!
//! **Invariant:** a record holds ids, names, digests and counts, never contents. What others made
//! up is cut to a line and made visible before it gets in, and there is no other way in.

mod act;
mod actor;
mod fact;

use galaxy_base::Timestamp;

use crate::{
    access::Permit,
    id::{RunId, WorkspaceId},
};

pub use act::Act;
pub use actor::{Actor, Way};
pub use fact::{Fact, Facts, Value, name};

/// How something ended. Persisted tags.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ending {
    /// It was done.
    Done,
    /// It was tried, and did not succeed.
    Failed,
    /// It was not allowed.
    Refused,
    /// It was stopped.
    Aborted,
    /// Nobody knows whether it happened.
    Unknown,
    /// It has only begun; another record says how it ended.
    Begun,
}

impl Ending {
    /// Every one there is.
    pub const ALL: [Self; 6] =
        [Self::Done, Self::Failed, Self::Refused, Self::Aborted, Self::Unknown, Self::Begun];

    /// The name that is stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Refused => "refused",
            Self::Aborted => "aborted",
            Self::Unknown => "unknown",
            Self::Begun => "begun",
        }
    }

    /// Parses [`Ending::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == text)
    }
}

/// What kind of thing something was done to. Persisted tags.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Thing {
    /// An account.
    Person,
    /// A signed-in browser or client.
    Session,
    /// A key for programs.
    Key,
    /// A tool server.
    ToolServer,
    /// A tool, by the name that agents know.
    Tool,
    /// A conversation.
    Conversation,
    /// A run.
    Run,
    /// A task.
    Task,
    /// A route of the API.
    Route,
    /// The deployment itself.
    Deployment,
    /// The log of what happened.
    Log,
}

impl Thing {
    /// Every one there is.
    pub const ALL: [Self; 11] = [
        Self::Person,
        Self::Session,
        Self::Key,
        Self::ToolServer,
        Self::Tool,
        Self::Conversation,
        Self::Run,
        Self::Task,
        Self::Route,
        Self::Deployment,
        Self::Log,
    ];

    /// The name that is stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Session => "session",
            Self::Key => "key",
            Self::ToolServer => "tool_server",
            Self::Tool => "tool",
            Self::Conversation => "conversation",
            Self::Run => "run",
            Self::Task => "task",
            Self::Route => "route",
            Self::Deployment => "deployment",
            Self::Log => "log",
        }
    }

    /// Parses [`Thing::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == text)
    }
}

/// What something was done to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// What kind of thing.
    pub kind: Thing,
    /// Which: its id, or its name where it has none.
    pub id: String,
    /// What it was called then, if that says more.
    pub name: Option<String>,
}

/// Something to be written down. The moment is that of the change it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Where it happened.
    pub workspace: WorkspaceId,
    /// Who did it.
    pub actor: Actor,
    /// What.
    pub act: Act,
    /// How it ended.
    pub ending: Ending,
    /// To what.
    pub subject: Option<Subject>,
    /// In which run.
    pub run: Option<RunId>,
    /// What else is known of it.
    pub facts: Facts,
}

impl Record {
    /// That `actor` did it.
    pub fn new(workspace: WorkspaceId, actor: Actor, act: Act) -> Self {
        Self {
            workspace,
            actor,
            act,
            ending: Ending::Done,
            subject: None,
            run: None,
            facts: Facts::default(),
        }
    }

    /// That whoever holds `permit` did it.
    pub fn by<A, R>(permit: &Permit<A, R>, act: Act) -> Self {
        Self::new(permit.workspace(), Actor::of(permit), act)
    }

    /// To the thing with this id.
    #[must_use]
    pub fn about(self, kind: Thing, id: impl ToString) -> Self {
        let id = name(&id.to_string());
        Self { subject: Some(Subject { kind, id, name: None }), ..self }
    }

    /// Which was called so.
    #[must_use]
    pub fn called(mut self, text: &str) -> Self {
        if let Some(subject) = &mut self.subject {
            subject.name = Some(name(text));
        }
        self
    }

    /// In this run.
    #[must_use]
    pub fn within(self, run: Option<RunId>) -> Self {
        Self { run, ..self }
    }

    /// With this end.
    #[must_use]
    pub fn ended(self, ending: Ending) -> Self {
        Self { ending, ..self }
    }

    /// With something else that is known of it.
    #[must_use]
    pub fn with(mut self, fact: Fact, value: impl Into<Value>) -> Self {
        self.facts.set(fact, value.into());
        self
    }
}

/// Where a record stands: which chain, and which place in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The chain, counted from 1.
    pub chain: i64,
    /// The place in it, counted from 1.
    pub seq: i64,
}

/// A record as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Where it stands.
    pub place: Place,
    /// When.
    pub at: Timestamp,
    /// What it says.
    pub record: Record,
    /// SHA-256 of it and of all before it in its chain, in hexadecimal.
    pub hash: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_endings_and_things_lead_back_to_them() {
        assert!(Ending::ALL.into_iter().all(|it| Ending::parse(it.as_str()) == Some(it)));
        assert!(Thing::ALL.into_iter().all(|it| Thing::parse(it.as_str()) == Some(it)));
        assert_eq!(Ending::parse("fine"), None);
    }

    #[test]
    fn what_others_made_up_is_one_visible_line() {
        let record = Record::new(WorkspaceId::fresh(), Actor::system(), Act::ToolCalled)
            .about(Thing::Tool, "mail\u{202e}\nsecond line")
            .called(&"x".repeat(500));
        let subject = record.subject.unwrap();
        assert_eq!(subject.id, r"mail\u{202e}");
        assert!(subject.name.is_some_and(|it| it.chars().count() <= 120 && it.ends_with('…')));
    }
}
