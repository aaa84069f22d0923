//! The models of a deployment: found by name, checked for health, each in its decorators.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError},
};

use futures::{FutureExt, StreamExt, future::BoxFuture, stream};
use galaxy_base::Clock;

use self::wrap::{Endpoint, Off};
pub use self::{
    health::{Health, Status},
    remote::{FRESH_FOR, RemoteModels},
};
use crate::{
    breaker::BreakerState,
    error::ModelError,
    fallback::Fallback,
    provider::{Model, Profile, Provider},
};

mod health;
mod remote;
#[cfg(test)]
mod tests;
mod wrap;

/// So many models are probed at once.
const PROBES: usize = 4;

/// A configured model.
#[derive(Clone)]
pub struct CatalogueEntry {
    /// What it is and can do; its name is unique.
    pub profile: Profile,
    /// The name of its provider. Models of one provider share its breaker, its places, its retry
    /// budget and its list of remote models.
    pub provider_name: String,
    /// Where it comes from.
    pub provider: Arc<dyn Provider>,
    /// Names of models that step in when it cannot answer, best first.
    pub fallbacks: Vec<String>,
    /// Where it was configured, for people.
    pub source: String,
    /// How many answers its provider gives at once; the smallest number of a provider's models
    /// counts for all of them.
    pub max_concurrent: usize,
}

/// A model as people see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// What it is and can do.
    pub profile: Profile,
    /// The name of its provider.
    pub provider_name: String,
    /// Where it was configured.
    pub source: String,
    /// Models that step in for it.
    pub fallbacks: Vec<String>,
    /// How its last check went.
    pub health: Health,
    /// Whether its provider is being given a rest.
    pub breaker: BreakerState,
}

/// What is wrong with a list of models.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Mistake {
    /// Two models share a name.
    #[error("there are two models named `{0}`")]
    NameTaken(String),
    /// A fallback is no model of this list.
    #[error("model `{model}` falls back on `{fallback}`, which does not exist")]
    NoSuchFallback {
        /// The model.
        model: String,
        /// What it names.
        fallback: String,
    },
    /// A model falls back on itself.
    #[error("model `{0}` falls back on itself")]
    FallsBackOnItself(String),
}

/// The models of a deployment.
pub struct Catalogue {
    models: Vec<Entry>,
    places: HashMap<String, usize>,
    endpoints: BTreeMap<String, Endpoint>,
    health: Mutex<HashMap<String, Health>>,
    disabled: bool,
    clock: Clock,
}

struct Entry {
    profile: Profile,
    provider_name: String,
    source: String,
    fallbacks: Vec<String>,
    /// In all its decorators.
    model: Arc<dyn Model>,
    /// For probes: a breaker or a fallback would hide what is wrong with it.
    bare: Arc<dyn Model>,
}

impl Catalogue {
    /// Wraps every model of `entries`. With `disabled` no call leaves the process: every model
    /// but the demo model, which makes none, answers [`ModelError::Disabled`].
    ///
    /// # Errors
    /// Every mistake at once.
    pub fn new(
        entries: Vec<CatalogueEntry>,
        clock: Clock,
        disabled: bool,
    ) -> Result<Self, Vec<Mistake>> {
        check(&entries)?;
        let endpoints = endpoints(&entries);
        let pairs: Vec<_> = entries.iter().map(|it| wrap(it, &endpoints, disabled)).collect();
        let places: HashMap<String, usize> =
            entries.iter().enumerate().map(|(at, it)| (it.profile.name.clone(), at)).collect();
        let models = entries.into_iter().zip(&pairs).map(|(entry, (bare, sturdy))| {
            let others = entry.fallbacks.iter().filter_map(|name| places.get(name));
            let others: Vec<Arc<dyn Model>> = others.map(|at| pairs[*at].1.clone()).collect();
            let model: Arc<dyn Model> = if others.is_empty() {
                sturdy.clone()
            } else {
                Arc::new(Fallback::new(sturdy.clone(), others))
            };
            Entry {
                profile: entry.profile,
                provider_name: entry.provider_name,
                source: entry.source,
                fallbacks: entry.fallbacks,
                model,
                bare: bare.clone(),
            }
        });
        let models = models.collect();
        Ok(Self { models, places, endpoints, health: Mutex::default(), disabled, clock })
    }

    /// The model of that name; without one the default: the first healthy model, else the first,
    /// and the demo model only where there is no other.
    pub fn get(&self, name: Option<&str>) -> Option<Arc<dyn Model>> {
        let entry = match name {
            Some(name) => self.entry(name)?,
            None => self.default_entry()?,
        };
        Some(entry.model.clone())
    }

    /// All models in the order of the configuration.
    pub fn list(&self) -> Vec<Listed> {
        let listed = self.models.iter().map(|it| Listed {
            profile: it.profile.clone(),
            provider_name: it.provider_name.clone(),
            source: it.source.clone(),
            fallbacks: it.fallbacks.clone(),
            health: self.health(it),
            breaker: self
                .endpoints
                .get(&it.provider_name)
                .map_or(BreakerState::Closed, |it| it.breaker.state()),
        });
        listed.collect()
    }

    /// Whether calls to models are switched off.
    pub fn is_disabled(&self) -> bool {
        self.disabled
    }

    /// Checks every model, a few at a time, and remembers the results.
    pub async fn probe_all(&self) {
        // Boxed, because the compiler loses a borrow in a stream of plain futures.
        let probe = |entry| self.probe_entry(entry).boxed();
        let probes: Vec<BoxFuture<'_, Health>> = self.models.iter().map(probe).collect();
        stream::iter(probes).buffer_unordered(PROBES).for_each(async |_| ()).await;
    }

    /// Checks one model and remembers the result; `None` when there is no such model.
    pub async fn probe(&self, name: &str) -> Option<Health> {
        Some(self.probe_entry(self.entry(name)?).await)
    }

    /// Which models a provider offers, asked at most every [`FRESH_FOR`] unless `refresh` is set;
    /// `None` when there is no such provider.
    ///
    /// # Errors
    /// Why the provider did not say. Errors are not kept.
    pub async fn remote_models(
        &self,
        provider: &str,
        refresh: bool,
    ) -> Option<Result<RemoteModels, ModelError>> {
        let endpoint = self.endpoints.get(provider)?;
        let is_demo = |it: &Entry| it.provider_name == provider && it.profile.demo;
        if self.disabled && !self.models.iter().any(is_demo) {
            return Some(Err(ModelError::Disabled));
        }
        Some(endpoint.remote.get(refresh, &self.clock).await)
    }

    fn entry(&self, name: &str) -> Option<&Entry> {
        self.models.get(*self.places.get(name)?)
    }

    fn default_entry(&self) -> Option<&Entry> {
        let real = || self.models.iter().filter(|it| !it.profile.demo);
        real()
            .find(|it| self.health(it).status == Status::Ok)
            .or_else(|| real().next())
            .or_else(|| self.models.first())
    }

    fn health(&self, entry: &Entry) -> Health {
        let health = self.health.lock().unwrap_or_else(PoisonError::into_inner);
        match health.get(&entry.profile.name) {
            Some(health) => health.clone(),
            None if self.disabled && !entry.profile.demo => Health::failed(&ModelError::Disabled),
            None => Health::UNKNOWN,
        }
    }

    async fn probe_entry(&self, entry: &Entry) -> Health {
        let result = health::check(&*entry.bare, &self.clock).await;
        let (model, status) = (&entry.profile.name, result.status.as_str());
        let (code, detail) = (result.code, result.detail.as_deref());
        tracing::info!(model, status, code, detail, "model checked");
        let mut health = self.health.lock().unwrap_or_else(PoisonError::into_inner);
        health.insert(entry.profile.name.clone(), result.clone());
        result
    }
}

/// The model bounded in time, and in all decorators but its fallbacks.
fn wrap(
    entry: &CatalogueEntry,
    endpoints: &BTreeMap<String, Endpoint>,
    disabled: bool,
) -> (Arc<dyn Model>, Arc<dyn Model>) {
    match endpoints.get(&entry.provider_name) {
        Some(endpoint) if entry.profile.demo || !disabled => {
            let bare = endpoint.bare(entry);
            (bare.clone(), endpoint.sturdy(bare))
        }
        Some(_) | None => {
            let off = Arc::new(Off(entry.profile.clone()));
            (off.clone(), off)
        }
    }
}

fn endpoints(entries: &[CatalogueEntry]) -> BTreeMap<String, Endpoint> {
    let mut endpoints = BTreeMap::new();
    for entry in entries {
        let name = &entry.provider_name;
        let siblings = entries.iter().filter(|it| it.provider_name == *name);
        let places = siblings.map(|it| it.max_concurrent).min().unwrap_or(1);
        endpoints.entry(name.clone()).or_insert_with(|| Endpoint::new(entry, places));
    }
    endpoints
}

fn check(entries: &[CatalogueEntry]) -> Result<(), Vec<Mistake>> {
    let mut mistakes = Vec::new();
    for (at, entry) in entries.iter().enumerate() {
        let name = &entry.profile.name;
        if entries[..at].iter().any(|it| it.profile.name == *name) {
            mistakes.push(Mistake::NameTaken(name.clone()));
        }
        for fallback in &entry.fallbacks {
            if fallback == name {
                mistakes.push(Mistake::FallsBackOnItself(name.clone()));
            } else if !entries.iter().any(|it| it.profile.name == *fallback) {
                let (model, fallback) = (name.clone(), fallback.clone());
                mistakes.push(Mistake::NoSuchFallback { model, fallback });
            }
        }
    }
    if mistakes.is_empty() { Ok(()) } else { Err(mistakes) }
}
