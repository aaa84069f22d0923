//! The ports: a model, and the provider that offers it.

use std::sync::Arc;

use futures::future::BoxFuture;

use crate::{answer::Answer, error::ModelError, request::Request};

/// What a model can do. Data, so that adding a capability does not grow the trait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// Unique in the deployment, shown to people: `name` of the configuration.
    pub name: String,
    /// What the provider calls it.
    pub model: String,
    /// The wire protocol, such as `openai_chat`; opaque parts carry it.
    pub protocol: &'static str,
    /// Tokens that fit in one request, answer included.
    pub context_tokens: u32,
    /// Whether it can be offered tools.
    pub tools: bool,
    /// Whether it can see images.
    pub images: bool,
    /// Whether it can be told how hard to think.
    pub reasoning: bool,
    /// Whether its answer can be bound to a JSON Schema.
    pub structured: bool,
    /// Whether it is the built-in demo model, which is no language model.
    pub demo: bool,
}

/// A language model: a function from a request to a stream of events, plus data about itself.
/// Retries, limits, metering and fallbacks are other `Model`s that wrap one.
pub trait Model: Send + Sync {
    /// What it can do.
    fn profile(&self) -> &Profile;

    /// Starts an answer. Nothing is sent before the future is polled; dropping the future or
    /// the answer abandons the request.
    fn answer(&self, request: Request) -> BoxFuture<'_, Result<Answer, ModelError>>;
}

/// One configured endpoint of a provider.
pub trait Provider: Send + Sync {
    /// Asks which models there are, by the provider's names; may take a round trip.
    fn list(&self) -> BoxFuture<'_, Result<Vec<String>, ModelError>>;

    /// A model of this endpoint. Does not ask whether it exists.
    fn model(&self, profile: Profile) -> Arc<dyn Model>;
}
