//! Puts the decorators around a model, in the one right order.
//!
//! From the outside in: fallback, meter, limit, retry, breaker, timeouts, the model. A place is
//! held through the retries, so that a provider in trouble is not crowded by them; each try
//! counts for the breaker; each try has its own time.

use std::sync::Arc;

use futures::{FutureExt, future::BoxFuture};
use tokio::sync::Semaphore;

use super::{CatalogueEntry, remote::RemoteList};
use crate::{
    answer::Answer,
    breaker::{Breaker, Guarded, Rules},
    error::ModelError,
    limit::Limited,
    meter::Metered,
    provider::{Model, Profile},
    request::Request,
    retry::{Budget, Policy, Retry},
    timeouts::{Patience, Timed},
};

/// What all models of a provider share.
pub(super) struct Endpoint {
    pub(super) breaker: Arc<Breaker>,
    pub(super) remote: RemoteList,
    places: Arc<Semaphore>,
    budget: Arc<Budget>,
}

impl Endpoint {
    pub(super) fn new(entry: &CatalogueEntry, max_concurrent: usize) -> Self {
        Self {
            breaker: Breaker::new(&entry.provider_name, Rules::default()),
            remote: RemoteList::new(entry.provider.clone()),
            places: Arc::new(Semaphore::new(max_concurrent.clamp(1, Semaphore::MAX_PERMITS))),
            budget: Arc::default(),
        }
    }

    /// The model bounded in time only: what a probe asks.
    pub(super) fn bare(&self, entry: &CatalogueEntry) -> Arc<dyn Model> {
        let patience = Patience::of(&entry.profile);
        Arc::new(Timed::new(entry.provider.model(entry.profile.clone()), patience))
    }

    /// Everything around `bare` but its fallbacks.
    pub(super) fn sturdy(&self, bare: Arc<dyn Model>) -> Arc<dyn Model> {
        let guarded = Arc::new(Guarded::new(bare, self.breaker.clone()));
        let retry = Arc::new(Retry::new(guarded, Policy::default(), self.budget.clone()));
        let limited = Arc::new(Limited::new(retry, self.places.clone()));
        Arc::new(Metered::new(limited))
    }
}

/// A model that is switched off.
pub(super) struct Off(pub(super) Profile);

impl Model for Off {
    fn profile(&self) -> &Profile {
        &self.0
    }

    fn answer(&self, _request: Request) -> BoxFuture<'_, Result<Answer, ModelError>> {
        async { Err(ModelError::Disabled) }.boxed()
    }
}
