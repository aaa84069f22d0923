//! How a server is, for people.

use std::time::Duration;

use galaxy_base::Timestamp;
use galaxy_domain::tool_server::Check;
use galaxy_tool::server::{self, Obstacle};

use super::signing_in::Auth;

/// How a server is.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Health {
    /// A name of a state: `idle`, `connecting`, `ready`, `needs_sign_in`, `backing_off`, `failed`.
    pub state: String,
    /// How long the last look took.
    pub latency: Option<Duration>,
    /// When it last answered or failed to.
    pub checked: Option<Timestamp>,
    /// What is wrong.
    pub trouble: Option<HealthTrouble>,
    /// How often it was started again in the last ten minutes.
    pub restarts: u32,
}

/// What is wrong with a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HealthTrouble {
    /// What happened.
    pub message: String,
    /// What to do about it, while that is known.
    pub advice: Option<String>,
}

/// How a connection that is open is.
pub(super) fn of_live(live: &server::Health) -> Health {
    Health {
        state: live.state.as_str().to_owned(),
        latency: live.latency,
        checked: live.checked,
        trouble: live.trouble.as_ref().map(|it| HealthTrouble {
            message: it.error.to_string(),
            advice: Some(it.error.advice().to_owned()),
        }),
        restarts: live.restarts,
    }
}

/// How a server is that is not started.
pub(super) fn of_obstacle(obstacle: &Obstacle, last: Option<&Check>) -> Health {
    let trouble =
        HealthTrouble { message: obstacle.to_string(), advice: Some(obstacle.advice().to_owned()) };
    Health {
        state: server::State::Failed.as_str().to_owned(),
        checked: last.map(|it| it.at),
        trouble: Some(trouble),
        ..Health::default()
    }
}

/// How a server was when it was last looked at.
pub(super) fn of_last(last: Option<&Check>) -> Health {
    let Some(last) = last else {
        return Health { state: server::State::Idle.as_str().to_owned(), ..Health::default() };
    };
    let latency = last.latency_ms.and_then(|it| u64::try_from(it).ok());
    let trouble = last.trouble.clone();
    Health {
        state: last.state.clone(),
        latency: latency.map(Duration::from_millis),
        checked: Some(last.at),
        trouble: trouble.map(|message| HealthTrouble { message, advice: None }),
        restarts: 0,
    }
}

/// How a server is for a person, who may have signed in since it was last looked at, or not yet.
/// That they have not is no failure of the server.
pub(super) fn to_person(health: Health, auth: &Auth) -> Health {
    let waits = server::State::NeedsSignIn.as_str();
    let state = match auth {
        Auth::None => return health,
        Auth::Needed { .. } | Auth::Refused { .. } => waits,
        Auth::Connected { .. } if health.state == waits => server::State::Idle.as_str(),
        Auth::Connected { .. } => return health,
    };
    Health { state: state.to_owned(), trouble: None, ..health }
}
