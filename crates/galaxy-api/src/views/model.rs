//! Models and tools as clients see them.

use galaxy_app::{models::ModelInfo, tools::ToolInfo};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{
    event::time,
    names::{EffectName, StatusName, VerdictName},
};

/// What a model can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct CapabilitiesView {
    /// Call tools.
    pub tools: bool,
    /// See images.
    pub images: bool,
    /// Think before it speaks.
    pub reasoning: bool,
    /// Keep to a JSON Schema.
    pub structured: bool,
}

/// How the last check of a model went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct HealthView {
    /// `ok`, `failed`, `unknown` or `disabled`.
    pub status: StatusName,
    /// From the request to the end of the answer.
    #[schema(required)]
    pub latency_ms: Option<u64>,
    /// A stable name for what went wrong.
    #[schema(required)]
    pub code: Option<&'static str>,
    /// What went wrong.
    #[schema(required)]
    pub message: Option<String>,
    /// What to do about it.
    #[schema(required)]
    pub advice: Option<&'static str>,
    /// The provider's own words.
    #[schema(required)]
    pub detail: Option<String>,
    /// When it was checked.
    #[schema(required)]
    pub checked_at: Option<String>,
}

/// A model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ModelView {
    /// What it is called here.
    pub name: String,
    /// What its provider calls it.
    pub model: String,
    /// Its provider.
    pub provider: String,
    /// The wire protocol.
    pub protocol: &'static str,
    /// Where it was configured.
    pub source: String,
    /// Whether it is the built-in demo model, which is no language model.
    pub demo: bool,
    /// Tokens that fit in one request.
    pub context_tokens: u32,
    /// What it can do.
    pub capabilities: CapabilitiesView,
    /// How its last check went.
    pub health: HealthView,
}

impl From<&ModelInfo> for ModelView {
    fn from(info: &ModelInfo) -> Self {
        let (profile, health) = (&info.profile, &info.health);
        Self {
            name: profile.name.clone(),
            model: profile.model.clone(),
            provider: info.provider_name.clone(),
            protocol: profile.protocol,
            source: info.source.clone(),
            demo: profile.demo,
            context_tokens: profile.context_tokens,
            capabilities: CapabilitiesView {
                tools: profile.tools,
                images: profile.images,
                reasoning: profile.reasoning,
                structured: profile.structured,
            },
            health: HealthView {
                status: health.status.into(),
                latency_ms: health
                    .latency
                    .map(|it| u64::try_from(it.as_millis()).unwrap_or(u64::MAX)),
                code: health.code,
                message: health.message.clone(),
                advice: health.advice,
                detail: health.detail.clone(),
                checked_at: health.checked_at.map(time),
            },
        }
    }
}

/// The models of the deployment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ModelsView {
    /// The one that answers when nobody chose.
    #[schema(required)]
    pub default: Option<String>,
    /// Whether calls to models are switched off.
    pub disabled: bool,
    /// All of them.
    pub items: Vec<ModelView>,
}

/// A tool.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ToolView {
    /// Its name.
    pub name: String,
    /// What it does.
    pub description: String,
    /// Where it comes from.
    pub origin: String,
    /// What it can do to the world: `reads`, `writes`, `reaches`, `asks`.
    pub effect: EffectName,
    /// What happens when an agent asks for it: `allow`, `ask`, `deny`.
    pub verdict: VerdictName,
    /// What would happen if nobody had said anything.
    pub default_verdict: VerdictName,
    /// JSON Schema of its arguments.
    pub schema: Value,
}

impl From<&ToolInfo> for ToolView {
    fn from(tool: &ToolInfo) -> Self {
        Self {
            name: tool.name.clone(),
            description: tool.description.clone(),
            origin: tool.origin.clone(),
            effect: tool.effect.into(),
            verdict: tool.verdict.into(),
            default_verdict: tool.default_verdict.into(),
            schema: tool.schema.clone(),
        }
    }
}
