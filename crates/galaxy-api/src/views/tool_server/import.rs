//! Tool servers out of the files of other applications.

use galaxy_app::servers::Candidate;
use serde::Serialize;
use utoipa::ToSchema;

use super::{LinkView, ToolServerView};

/// Something that is wrong with what was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct MistakeView {
    /// Where (RFC 6901).
    pub pointer: String,
    /// What.
    pub message: String,
}

/// A server of a file, and what would become of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CandidateView {
    /// What the file calls it.
    pub label: String,
    /// What it would be called here.
    pub name: String,
    /// How it would be reached, in full.
    pub link: LinkView,
    /// Why it cannot be added as it is.
    pub mistakes: Vec<MistakeView>,
}

impl From<&Candidate> for CandidateView {
    fn from(candidate: &Candidate) -> Self {
        let mistakes = candidate
            .mistakes
            .iter()
            .map(|it| MistakeView { pointer: it.pointer.clone(), message: it.message.clone() });
        Self {
            label: candidate.label.clone(),
            name: candidate.server.name.clone(),
            link: match &candidate.link {
                Some(link) => link.into(),
                None => (&candidate.server.link).into(),
            },
            mistakes: mistakes.collect(),
        }
    }
}

/// What came of a server of a file.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ImportedView {
    /// What the file calls it.
    pub label: String,
    /// The server, if it was added.
    #[schema(required)]
    pub server: Option<ToolServerView>,
    /// Why it was not.
    #[schema(required)]
    pub message: Option<String>,
}
