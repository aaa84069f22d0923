//! Which models a provider offers, asked rarely.

use std::{sync::Arc, time::Duration};

use galaxy_base::{Clock, Timestamp};
use tokio::{
    sync::Mutex,
    time::{Instant, timeout},
};

use crate::{error::ModelError, provider::Provider};

/// How long an answer is good for.
pub const FRESH_FOR: Duration = Duration::from_secs(10 * 60);
/// How long a provider has to answer.
const LIST_TIME: Duration = Duration::from_secs(30);

/// The models a provider offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteModels {
    /// Their names at the provider, sorted.
    pub names: Vec<String>,
    /// When the provider said so.
    pub asked_at: Timestamp,
}

/// One provider's list. Callers that come together share one round trip.
pub(super) struct RemoteList {
    provider: Arc<dyn Provider>,
    kept: Mutex<Option<(Instant, RemoteModels)>>,
}

impl RemoteList {
    pub(super) fn new(provider: Arc<dyn Provider>) -> Self {
        Self { provider, kept: Mutex::default() }
    }

    /// The list; asks the provider when there is none, it is old, or `refresh` says so and the
    /// kept one is older than the question.
    pub(super) async fn get(
        &self,
        refresh: bool,
        clock: &Clock,
    ) -> Result<RemoteModels, ModelError> {
        let wanted_at = Instant::now();
        let mut kept = self.kept.lock().await;
        if let Some((at, models)) = &*kept
            && (*at >= wanted_at || (!refresh && at.elapsed() < FRESH_FOR))
        {
            return Ok(models.clone());
        }
        let names = timeout(LIST_TIME, self.provider.list()).await.unwrap_or_else(|_| {
            let message = format!("no list of models within {} s", LIST_TIME.as_secs());
            Err(ModelError::TimedOut { message })
        });
        let mut names = names?;
        names.sort();
        names.dedup();
        let models = RemoteModels { names, asked_at: clock.now() };
        *kept = Some((Instant::now(), models.clone()));
        Ok(models)
    }
}
