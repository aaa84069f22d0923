//! Models by the usual variables: one of any server, and one of each service whose key is there.

use std::collections::BTreeSet;

use galaxy_base::SecretString;
use galaxy_providers::Protocol;
use url::Url;

use super::Configured;
use crate::settings::{Given, Setting, schema};

/// A service that is used as soon as its key is there.
struct Service {
    keys: &'static [&'static Setting<SecretString>],
    model: &'static Setting<String>,
    /// Names another server that speaks the same protocol.
    base: Option<&'static Setting<Url>>,
    protocol: Protocol,
    /// The protocol of servers that stand in for it.
    stand_in: Protocol,
    /// Where it is, unless the protocol says so.
    address: Option<&'static str>,
    context_tokens: u32,
    images: bool,
    reasoning: bool,
    structured: bool,
}

const SERVICES: [Service; 5] = [
    Service {
        keys: &[&schema::OPENAI_API_KEY],
        model: &schema::OPENAI_MODEL,
        base: Some(&schema::OPENAI_BASE_URL),
        protocol: Protocol::OpenaiResponses,
        // Few of the servers that imitate OpenAI know its newer protocol.
        stand_in: Protocol::OpenaiChat,
        address: None,
        context_tokens: 272_000,
        images: true,
        reasoning: true,
        structured: true,
    },
    Service {
        keys: &[&schema::ANTHROPIC_API_KEY],
        model: &schema::ANTHROPIC_MODEL,
        base: Some(&schema::ANTHROPIC_BASE_URL),
        protocol: Protocol::Anthropic,
        stand_in: Protocol::Anthropic,
        address: None,
        context_tokens: 200_000,
        images: true,
        reasoning: true,
        structured: false,
    },
    Service {
        keys: &[&schema::GEMINI_API_KEY, &schema::GOOGLE_API_KEY],
        model: &schema::GEMINI_MODEL,
        base: None,
        protocol: Protocol::Gemini,
        stand_in: Protocol::Gemini,
        address: None,
        context_tokens: 1_000_000,
        images: true,
        reasoning: true,
        structured: true,
    },
    Service {
        keys: &[&schema::GROQ_API_KEY],
        model: &schema::GROQ_MODEL,
        base: None,
        protocol: Protocol::OpenaiChat,
        stand_in: Protocol::OpenaiChat,
        address: Some("https://api.groq.com/openai/v1"),
        context_tokens: 128_000,
        images: false,
        reasoning: false,
        structured: false,
    },
    Service {
        keys: &[&schema::OPENROUTER_API_KEY],
        model: &schema::OPENROUTER_MODEL,
        base: None,
        protocol: Protocol::OpenaiChat,
        stand_in: Protocol::OpenaiChat,
        address: Some("https://openrouter.ai/api/v1"),
        context_tokens: 128_000,
        images: false,
        reasoning: false,
        structured: false,
    },
];

/// The models by variables; a key that the file `used` adds none of its own.
pub(super) fn read(given: &mut Given, used: &BTreeSet<String>) -> Vec<Configured> {
    let mut models: Vec<Configured> = single(given).into_iter().collect();
    models.extend(SERVICES.iter().filter_map(|service| of_service(given, service, used)));
    models
}

/// The model that `LLM_*` describe.
fn single(given: &mut Given) -> Option<Configured> {
    let base_url = given.optional(&schema::LLM_BASE_URL);
    let api_key = given.optional(&schema::LLM_API_KEY);
    let name = schema::LLM_MODEL_NAME.name;
    let Some(model) = given.optional(&schema::LLM_MODEL_NAME) else {
        if base_url.is_some() || api_key.is_some() {
            given.refuse(name, "is missing: LLM_BASE_URL and LLM_API_KEY are of no use alone");
        }
        return None;
    };
    let plain = Configured::new(&model, Protocol::OpenaiChat, &model, name);
    Some(Configured { base_url, api_key, ..plain })
}

fn of_service(given: &mut Given, service: &Service, used: &BTreeSet<String>) -> Option<Configured> {
    let mut found = None;
    for setting in service.keys {
        let key = given.optional(setting);
        found = found.or(key.map(|key| (setting.name, key)));
    }
    let model = given.value(service.model);
    let stand_in = service.base.and_then(|setting| given.optional(setting));
    let (source, key) = found?;
    if service.keys.iter().any(|setting| used.contains(setting.name)) {
        return None;
    }
    let protocol = if stand_in.is_some() { service.stand_in } else { service.protocol };
    let address = service.address.and_then(|address| Url::parse(address).ok());
    Some(Configured {
        base_url: stand_in.or(address),
        api_key: Some(key),
        context_tokens: service.context_tokens,
        images: service.images,
        reasoning: service.reasoning,
        structured: service.structured,
        ..Configured::new(&model, protocol, &model, source)
    })
}
