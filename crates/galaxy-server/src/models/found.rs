//! An Ollama on this machine, found by itself.

use std::time::Duration;

use futures::{StreamExt, stream};
use galaxy_net::{Client, Reach, Request};
use galaxy_providers::Protocol;
use serde::Deserialize;
use url::Url;

use super::Configured;
use crate::settings::{Given, schema};

/// How long an Ollama has to say what it has: nobody should wait for one that is not there.
const PATIENCE: Duration = Duration::from_millis(150);
/// How many of its models are taken.
const MOST_MODELS: usize = 20;
/// How much of an answer is read, in bytes. Some models come with a long licence.
const MOST_ANSWER: usize = 1 << 20;
/// How many models are asked about at once.
const AT_ONCE: usize = 8;
/// The port when the address has none.
const PORT: u16 = 11_434;
/// What a model that does not say has room for, in tokens.
const CONTEXT_TOKENS: u32 = 8_192;
/// The most that is used of what a model says: a longer context costs memory even when empty.
const MOST_CONTEXT: u32 = 32_768;

#[derive(Deserialize)]
struct Tags {
    models: Vec<Tag>,
}

#[derive(Deserialize)]
struct Tag {
    name: String,
}

/// What Ollama tells about one model. Older versions leave things out.
#[derive(Default, Deserialize)]
struct Shown {
    #[serde(default)]
    capabilities: Option<Vec<String>>,
    #[serde(default)]
    model_info: serde_json::Map<String, serde_json::Value>,
}

/// Where to look; `None` for nowhere.
pub(super) fn address(given: &mut Given) -> Option<Url> {
    let text = given.value(&schema::OLLAMA_HOST);
    if text.eq_ignore_ascii_case("off") {
        return None;
    }
    let url = parse(&text);
    if url.is_none() {
        given.refuse(schema::OLLAMA_HOST.name, format!("`{text}` is no host, such as 127.0.0.1"));
    }
    url
}

/// The models of the Ollama at `address`; none when it does not answer in time.
pub(super) async fn look(client: &Client, address: &Url) -> Vec<Configured> {
    match tokio::time::timeout(PATIENCE, models(client, address)).await {
        Ok(Some(models)) => {
            tracing::info!(%address, models = models.len(), "found an Ollama");
            models
        }
        Ok(None) | Err(_) => Vec::new(),
    }
}

async fn models(client: &Client, address: &Url) -> Option<Vec<Configured>> {
    let tags: Tags = ask(client, Request::get(address.join("api/tags").ok()?)).await?;
    let names = tags.models.into_iter().take(MOST_MODELS).map(|tag| tag.name);
    let models = stream::iter(names).map(|name| model(client, address, name)).buffered(AT_ONCE);
    Some(models.filter_map(|model| async { model }).collect().await)
}

async fn model(client: &Client, address: &Url, name: String) -> Option<Configured> {
    let question = serde_json::json!({ "model": name }).to_string();
    let url = address.join("api/show").ok()?;
    let shown: Shown = ask(client, Request::post_json(url, question)).await.unwrap_or_default();
    described(address, &name, &shown)
}

/// The model, unless it can only embed.
fn described(address: &Url, name: &str, shown: &Shown) -> Option<Configured> {
    let can =
        |what: &str| shown.capabilities.as_ref().is_some_and(|all| all.iter().any(|it| it == what));
    let only_embeds = match &shown.capabilities {
        Some(_) => !can("completion"),
        None => name.contains("embed"),
    };
    if only_embeds {
        return None;
    }
    let mut sizes = shown.model_info.iter().filter(|(key, _)| key.ends_with(".context_length"));
    let context = sizes.next().and_then(|(_, value)| u32::try_from(value.as_u64()?).ok());
    let title = name.strip_suffix(":latest").unwrap_or(name);
    let source = format!("Ollama at {}", address.authority());
    Some(Configured {
        base_url: Some(address.clone()),
        context_tokens: context.unwrap_or(CONTEXT_TOKENS).min(MOST_CONTEXT),
        // A model without tools answers an error to every request that offers some.
        tools: can("tools"),
        images: can("vision"),
        reasoning: can("thinking"),
        structured: true,
        max_concurrent: 4,
        ..Configured::new(title, Protocol::Ollama, name, &source)
    })
}

async fn ask<T: serde::de::DeserializeOwned>(client: &Client, request: Request) -> Option<T> {
    let response = client.send(Reach::Configured, request).await.ok()?;
    if !response.status().is_success() {
        return None;
    }
    let body = response.text_bounded(MOST_ANSWER).await.ok()?;
    serde_json::from_str(&body.text).ok()
}

/// The address in the ways in which Ollama itself takes it.
fn parse(text: &str) -> Option<Url> {
    let with_scheme = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
    let mut url = Url::parse(&with_scheme).ok().filter(Url::has_host)?;
    if url.port().is_none() && !text.contains("://") {
        url.set_port(Some(PORT)).ok()?;
    }
    if url.host_str() == Some("0.0.0.0") {
        // Where a server listens everywhere, it is asked here.
        url.set_host(Some("127.0.0.1")).ok()?;
    }
    if !url.path().ends_with('/') {
        url.set_path(&format!("{}/", url.path()));
    }
    matches!(url.scheme(), "http" | "https").then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_understood_as_ollama_does() {
        for (written, meant) in [
            ("127.0.0.1:11434", "http://127.0.0.1:11434/"),
            ("0.0.0.0", "http://127.0.0.1:11434/"),
            ("box", "http://box:11434/"),
            ("http://box:8080", "http://box:8080/"),
            ("https://box/ollama", "https://box/ollama/"),
        ] {
            assert_eq!(parse(written).unwrap().as_str(), meant, "{written}");
        }
        assert_eq!(parse("ftp://box"), None);
        assert_eq!(parse("a b"), None);
    }

    #[test]
    fn a_model_is_what_its_ollama_says() {
        let address = parse("box").unwrap();
        let shown: Shown = serde_json::from_str(
            r#"{"capabilities":["completion","tools","vision"],
                "model_info":{"llama.context_length":131072,"general.type":"model"}}"#,
        )
        .unwrap();
        let model = described(&address, "llama3.2:latest", &shown).unwrap();
        assert_eq!((model.name.as_str(), model.model.as_str()), ("llama3.2", "llama3.2:latest"));
        assert_eq!((model.tools, model.images, model.reasoning), (true, true, false));
        assert_eq!(model.context_tokens, MOST_CONTEXT);
        assert_eq!(model.source, "Ollama at box:11434");

        let embeds: Shown = serde_json::from_str(r#"{"capabilities":["embedding"]}"#).unwrap();
        assert!(described(&address, "anything", &embeds).is_none());
        let unknown = described(&address, "old", &Shown::default()).unwrap();
        assert_eq!((unknown.tools, unknown.context_tokens), (false, CONTEXT_TOKENS));
    }
}
