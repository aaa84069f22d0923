//! Why a program is not started.

use galaxy_domain::Kind;

/// Why a program is not started. Safe for people and models: what exactly is wrong with the walls is
/// for administrators, and not in here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Obstacle {
    /// The walls around programs do not hold here.
    #[error("programs are not started here, because the walls around them do not hold")]
    Walls,
    /// What it keeps is too much, or cannot be counted: in words that follow "its folder".
    #[error("its folder {0}")]
    Folder(String),
}

impl Obstacle {
    /// Sorts it.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Walls => Kind::Unavailable,
            Self::Folder(_) => Kind::Conflict,
        }
    }

    /// A stable name for programs.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Walls => "sandbox_unavailable",
            Self::Folder(_) => "folder_full",
        }
    }

    /// What a person can do about it.
    pub const fn advice(&self) -> &'static str {
        match self {
            Self::Walls => "An administrator finds the reason on the page Tools.",
            Self::Folder(_) => "An administrator can empty it on the server's page.",
        }
    }
}
