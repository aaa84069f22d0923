//! The models of a house.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use galaxy_model::catalogue::{Catalogue, CatalogueEntry};
use galaxy_testkit::{Script, ScriptedModel, ScriptedProvider, scripted, store::StoreFixture};

use super::SMALL_TALK;

/// A model that plays `scripts`, and then makes small talk.
pub(super) fn model(scripts: Arc<Mutex<VecDeque<Script>>>) -> ScriptedModel {
    ScriptedModel::improvising(move |_| {
        let next = scripts.lock().unwrap().pop_front();
        next.unwrap_or_else(|| Script::says(SMALL_TALK).usage(12, 3))
    })
}

/// Two models that are one.
pub(super) fn catalogue(model: &Arc<ScriptedModel>, store: &StoreFixture) -> Catalogue {
    let entry = |name: &str| CatalogueEntry {
        profile: galaxy_model::Profile { name: name.to_owned(), ..scripted::profile() },
        provider_name: "stage".to_owned(),
        provider: Arc::new(ScriptedProvider(model.clone())),
        fallbacks: Vec::new(),
        source: "test".to_owned(),
        max_concurrent: 64,
    };
    Catalogue::new(vec![entry("scripted"), entry("other")], store.clock.clone(), false).unwrap()
}
