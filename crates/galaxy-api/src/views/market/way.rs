//! The ways in which an entry can be had.

use galaxy_app::market::registry::{How, Question, Way};
use serde::Serialize;
use utoipa::ToSchema;

use crate::views::names::InputFormatName;

/// Something that is asked before a server can be added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct QuestionView {
    /// Names it among `inputs`.
    pub key: String,
    /// What it fills.
    pub label: String,
    /// What it is for.
    pub description: String,
    /// Whether there must be an answer.
    pub required: bool,
    /// Whether the answer is stored sealed and never shown again.
    pub secret: bool,
    /// What kind of value it is.
    pub format: InputFormatName,
    /// What can be answered, if not everything.
    pub choices: Vec<String>,
    /// What counts when nobody answers.
    #[schema(required)]
    pub default: Option<String>,
    /// What an answer might look like.
    #[schema(required)]
    pub placeholder: Option<String>,
    /// Whether there may be several answers.
    pub repeated: bool,
}

impl From<Question> for QuestionView {
    fn from(it: Question) -> Self {
        Self {
            key: it.key,
            label: it.label,
            description: it.description,
            required: it.is_required,
            secret: it.is_secret,
            format: it.format.into(),
            choices: it.choices,
            default: it.default,
            placeholder: it.placeholder,
            repeated: it.is_repeated,
        }
    }
}

/// One way to have a server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct WayView {
    /// Names it within its entry.
    pub key: String,
    /// `remote`, or the kind of package: `npm`, `pypi`, `oci`, `nuget`, `mcpb`, ….
    pub kind: String,
    /// The address, or the package.
    pub what: String,
    /// Whether it is a program, which only administrators add.
    pub program: bool,
    /// What runs it.
    #[schema(required)]
    pub runner: Option<String>,
    /// Why it cannot be taken here.
    #[schema(required)]
    pub obstacle: Option<String>,
    /// What is asked.
    pub questions: Vec<QuestionView>,
}

impl From<&Way> for WayView {
    fn from(way: &Way) -> Self {
        let (kind, what) = match &way.how {
            How::Remote(remote) => ("remote", remote.url.as_str()),
            How::Package(package) => (package.kind.as_str(), package.identifier.as_str()),
            How::Unreadable { .. } => ("unreadable", ""),
        };
        Self {
            key: way.key.clone(),
            kind: kind.to_owned(),
            what: what.to_owned(),
            program: matches!(way.how, How::Package(_)),
            runner: way.runner().map(str::to_owned),
            obstacle: way.obstacle(),
            questions: way.questions().into_iter().map(QuestionView::from).collect(),
        }
    }
}
