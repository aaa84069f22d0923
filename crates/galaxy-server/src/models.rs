//! The models of the deployment: from the file, from variables, found on this machine, and the
//! demo model, in this order. Of two that are the same the first stays.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use galaxy_base::{Clock, ExposeSecret, SecretString};
use galaxy_model::{Catalogue, CatalogueEntry, Profile, Provider};
use galaxy_net::Client;
use galaxy_providers::{Endpoint, Protocol, demo};
use http::HeaderMap;
use url::Url;

use crate::settings::{Given, schema};

mod file;
mod found;
mod variables;

/// What a model has room for when nobody says, in tokens.
const CONTEXT_TOKENS: u32 = 128_000;
/// How many requests a model gets at once when nobody says.
const MAX_CONCURRENT: usize = 64;
/// The demo model, which no other may be called.
const DEMO: &str = demo::NAME;

/// The models, as far as they are known before anything is asked.
#[derive(Debug)]
pub(crate) struct Config {
    /// From the file and from variables.
    configured: Vec<Configured>,
    /// Where to look for an Ollama.
    ollama: Option<Url>,
    disabled: bool,
    demo_word_delay: Duration,
}

/// One configured model.
#[derive(Debug, Clone)]
struct Configured {
    name: String,
    /// `None` for the demo model.
    protocol: Option<Protocol>,
    base_url: Option<Url>,
    api_key: Option<SecretString>,
    model: String,
    context_tokens: u32,
    tools: bool,
    images: bool,
    reasoning: bool,
    structured: bool,
    fallbacks: Vec<String>,
    max_concurrent: usize,
    /// Where it was configured, for people.
    source: String,
}

impl Configured {
    /// A model of which nothing is known but where it is.
    fn new(name: &str, protocol: Protocol, model: &str, source: &str) -> Self {
        Self {
            name: name.to_owned(),
            protocol: Some(protocol),
            base_url: None,
            api_key: None,
            model: model.to_owned(),
            context_tokens: CONTEXT_TOKENS,
            tools: true,
            images: false,
            reasoning: false,
            structured: false,
            fallbacks: Vec::new(),
            max_concurrent: MAX_CONCURRENT,
            source: source.to_owned(),
        }
    }

    /// Where it is: models that agree in this and in the key share a provider.
    fn base(&self) -> String {
        let default = self.protocol.map(Protocol::default_base_url).unwrap_or_default();
        let given = self.base_url.as_ref().map_or(default, Url::as_str);
        given.trim_end_matches('/').to_owned()
    }

    fn is_same(&self, other: &Self) -> bool {
        self.model == other.model && self.base() == other.base()
    }
}

impl Config {
    /// Reads the settings and the file.
    pub(crate) fn read(given: &mut Given) -> Self {
        let (mut configured, used) = file::read(given);
        for model in variables::read(given, &used) {
            add(&mut configured, model);
        }
        check_fallbacks(given, &configured);
        let disabled = given.value(&schema::DISABLE_LLM_CALLS);
        let ollama = found::address(given);
        let demo_word_delay = Duration::from_millis(given.value(&schema::DEMO_WORD_DELAY_MS));
        Self { configured, ollama: ollama.filter(|_| !disabled), disabled, demo_word_delay }
    }

    /// The names of the configured models, each with where it was configured.
    pub(crate) fn names(&self) -> impl Iterator<Item = (&str, &str)> {
        self.configured.iter().map(|it| (it.name.as_str(), it.source.as_str()))
    }

    /// The catalogue: what is configured, what is found on this machine, the demo model.
    ///
    /// # Errors
    /// What the catalogue finds wrong with its models.
    pub(crate) async fn build(&self, client: &Client) -> anyhow::Result<Arc<Catalogue>> {
        let mut models = self.configured.clone();
        if let Some(address) = &self.ollama {
            for model in found::look(client, address).await {
                add(&mut models, model);
            }
        }
        let mut providers = Providers { client, known: BTreeMap::new() };
        let mut entries: Vec<CatalogueEntry> =
            models.iter().map(|model| self.entry(model, &mut providers)).collect();
        if !entries.iter().any(|entry| entry.profile.demo) {
            entries.push(self.demo_entry(DEMO, "built in"));
        }
        let catalogue = Catalogue::new(entries, Clock::System, self.disabled);
        catalogue.map(Arc::new).map_err(|mistakes| {
            let all: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
            anyhow::anyhow!("the models do not fit together: {}", all.join("; "))
        })
    }

    fn entry(&self, model: &Configured, providers: &mut Providers<'_>) -> CatalogueEntry {
        let Some(protocol) = model.protocol else {
            return self.demo_entry(&model.name, &model.source);
        };
        let (provider_name, provider) = providers.of(protocol, model);
        CatalogueEntry {
            profile: Profile {
                name: model.name.clone(),
                model: model.model.clone(),
                protocol: protocol.as_str(),
                context_tokens: model.context_tokens,
                tools: model.tools,
                images: model.images,
                reasoning: model.reasoning,
                structured: model.structured,
                demo: false,
            },
            provider_name,
            provider,
            fallbacks: model.fallbacks.clone(),
            source: model.source.clone(),
            max_concurrent: model.max_concurrent,
        }
    }

    fn demo_entry(&self, name: &str, source: &str) -> CatalogueEntry {
        CatalogueEntry {
            profile: Profile { name: name.to_owned(), ..demo::profile() },
            provider_name: demo::PROTOCOL.to_owned(),
            provider: Arc::new(demo::Demo::with_delay(self.demo_word_delay)),
            fallbacks: Vec::new(),
            source: source.to_owned(),
            max_concurrent: usize::MAX,
        }
    }
}

/// What tells providers apart: protocol, address, key.
type Place = (&'static str, String, Option<String>);

/// The providers made so far.
struct Providers<'a> {
    client: &'a Client,
    known: BTreeMap<Place, (String, Arc<dyn Provider>)>,
}

impl Providers<'_> {
    fn of(&mut self, protocol: Protocol, model: &Configured) -> (String, Arc<dyn Provider>) {
        let key = model.api_key.as_ref().map(|key| key.expose_secret().to_owned());
        let place = (protocol.as_str(), model.base(), key);
        if let Some(known) = self.known.get(&place) {
            return known.clone();
        }
        let name = self.free_name(&provider_name(protocol, model));
        let endpoint = Endpoint {
            name: name.clone(),
            base_url: model.base_url.clone(),
            api_key: model.api_key.clone(),
            headers: HeaderMap::new(),
            client: self.client.clone(),
        };
        let made = (name, galaxy_providers::provider(protocol, endpoint));
        self.known.insert(place, made.clone());
        made
    }

    fn free_name(&self, wanted: &str) -> String {
        let is_taken = |name: &str| self.known.values().any(|(taken, _)| taken == name);
        if !is_taken(wanted) {
            return wanted.to_owned();
        }
        let numbered = (2..).map(|number| format!("{wanted}-{number}"));
        numbered.into_iter().find(|name| !is_taken(name)).unwrap_or_default()
    }
}

/// What people know a provider by: the machine, or the service behind the protocol.
fn provider_name(protocol: Protocol, model: &Configured) -> String {
    let service = match protocol {
        Protocol::OpenaiChat | Protocol::OpenaiResponses => "openai",
        Protocol::Anthropic => "anthropic",
        Protocol::Gemini => "gemini",
        Protocol::Ollama => "ollama",
    };
    let Some(url) = &model.base_url else { return service.to_owned() };
    match (url.host_str(), url.port()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (Some(host), None) => host.to_owned(),
        (None, _) => service.to_owned(),
    }
}

/// Adds a model that nobody wrote down by name, under a name that is free; one that is there
/// already is left out.
fn add(models: &mut Vec<Configured>, mut model: Configured) {
    if models.iter().any(|it| it.is_same(&model)) {
        return;
    }
    let is_taken = |name: &str| name == DEMO || models.iter().any(|it| it.name == name);
    if is_taken(&model.name) {
        model.name = format!("{} ({})", model.name, model.source);
    }
    if !is_taken(&model.name) {
        models.push(model);
    }
}

/// Models that are found may be gone tomorrow, so nothing may rely on them.
fn check_fallbacks(given: &mut Given, models: &[Configured]) {
    for model in models {
        for fallback in &model.fallbacks {
            let key = format!("{}: model `{}`", model.source, model.name);
            if *fallback == model.name {
                given.refuse(&key, "falls back on itself");
            } else if fallback != DEMO && !models.iter().any(|it| it.name == *fallback) {
                given.refuse(&key, format!("falls back on `{fallback}`, which is no model"));
            }
        }
    }
}

#[cfg(test)]
mod tests;
