//! How hard a model may think, in the words of its generation.
//!
//! Up to generation 4.5 a model is given a budget of tokens; since 4.6 it is given an effort and
//! decides itself; since 4.7 a budget, or a temperature, is refused.

use galaxy_model::Effort;
use serde::Serialize;

use crate::{
    openai_chat::request::effort,
    turns::{Piece, Turn},
    wire::Asked,
};

/// What an answer may take when nobody says; the protocol demands a number.
const DEFAULT_OUTPUT: u32 = 16_384;

/// The smallest budget the API accepts.
const SMALLEST_BUDGET: u32 = 1_024;

/// Models that take a budget, by a piece of their name.
const WITH_BUDGET: [&str; 9] = [
    "claude-3",
    "opus-4-0",
    "opus-4-1",
    "opus-4-5",
    "opus-4-2025",
    "sonnet-4-0",
    "sonnet-4-5",
    "sonnet-4-2025",
    "haiku-4-5",
];

/// The `thinking` object.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Thinking {
    /// Up to so many tokens.
    Enabled {
        /// The budget.
        budget_tokens: u32,
    },
    /// As much as the effort allows.
    Adaptive {
        /// Otherwise newer models keep the words to themselves.
        display: &'static str,
    },
}

/// The settings that depend on one another.
#[derive(Debug, PartialEq)]
pub(super) struct Settings {
    /// Upper bound of everything the model writes, thoughts included.
    pub(super) max_tokens: u32,
    /// Whether and how it thinks.
    pub(super) thinking: Option<Thinking>,
    /// How hard.
    pub(super) effort: Option<&'static str>,
    /// The temperature, where it is allowed.
    pub(super) temperature: Option<f32>,
}

/// Decides the settings of a request.
pub(super) fn settings(asked: &Asked<'_>, turns: &[Turn<'_>]) -> Settings {
    let Asked { profile, request, .. } = *asked;
    let model = profile.model.as_str();
    let wanted = request.effort.filter(|_| profile.reasoning && may_think(turns));
    let with_budget = !model.contains("claude") || WITH_BUDGET.iter().any(|it| model.contains(it));
    let default = DEFAULT_OUTPUT.min(profile.context_tokens / 2).max(1);
    let mut settings = Settings {
        max_tokens: request.max_output_tokens.unwrap_or(default),
        thinking: None,
        effort: None,
        temperature: request.temperature.filter(|_| with_budget || model.contains("-4-6")),
    };
    let Some(wanted) = wanted else { return settings };
    if !with_budget {
        settings.thinking = Some(Thinking::Adaptive { display: "summarized" });
        settings.effort = Some(effort(wanted));
    } else if settings.max_tokens > SMALLEST_BUDGET {
        let budget = budget(wanted);
        if request.max_output_tokens.is_none() {
            settings.max_tokens += budget;
        }
        // A budget as large as the limit would leave nothing to answer with.
        let half = (settings.max_tokens / 2).max(SMALLEST_BUDGET);
        settings.thinking = Some(Thinking::Enabled { budget_tokens: budget.min(half) });
    }
    if settings.thinking.is_some() {
        settings.temperature = None;
    }
    settings
}

/// Inside a round of tool calls that began without thoughts, none may begin: it happens when
/// another provider's model made the calls.
fn may_think(turns: &[Turn<'_>]) -> bool {
    let in_round = matches!(turns.last(), Some(Turn::Results(_)));
    let last = turns.iter().rev().find_map(|turn| match turn {
        Turn::Assistant { pieces, .. } => Some(pieces),
        Turn::User(_) | Turn::Results(_) => None,
    });
    let thought = |pieces: &Vec<Piece<'_>>| pieces.iter().any(|it| matches!(it, Piece::Opaque(_)));
    !in_round || last.is_some_and(thought)
}

const fn budget(effort: Effort) -> u32 {
    match effort {
        Effort::Low => 2_048,
        Effort::Medium => 8_192,
        Effort::High => 15_360,
    }
}

#[cfg(test)]
mod tests {
    use galaxy_model::{Profile, Request};

    use super::*;

    fn decided(model: &str, max: Option<u32>, effort: Option<Effort>) -> Settings {
        let profile = Profile {
            name: "m".to_owned(),
            model: model.to_owned(),
            protocol: "anthropic",
            context_tokens: 200_000,
            tools: true,
            images: true,
            reasoning: true,
            structured: true,
            demo: false,
        };
        let request = Request {
            max_output_tokens: max,
            temperature: Some(0.5),
            effort,
            ..Request::default()
        };
        settings(&Asked { profile: &profile, request: &request, official: false }, &[])
    }

    #[test]
    fn each_generation_is_asked_in_its_own_words() {
        let old = decided("claude-sonnet-4-5", None, Some(Effort::Medium));
        assert_eq!(old.thinking, Some(Thinking::Enabled { budget_tokens: 8_192 }));
        assert_eq!((old.max_tokens, old.effort, old.temperature), (24_576, None, None));
        let new = decided("claude-opus-5", None, Some(Effort::High));
        assert_eq!(new.thinking, Some(Thinking::Adaptive { display: "summarized" }));
        assert_eq!((new.max_tokens, new.effort, new.temperature), (16_384, Some("high"), None));
    }

    #[test]
    fn temperature_is_left_out_where_it_is_refused() {
        assert_eq!(decided("claude-sonnet-4-5", None, None).temperature, Some(0.5));
        assert_eq!(decided("claude-sonnet-4-6", None, None).temperature, Some(0.5));
        assert_eq!(decided("claude-opus-4-7", None, None).temperature, None);
        assert_eq!(decided("deepseek-chat", None, None).temperature, Some(0.5));
    }

    #[test]
    fn a_budget_leaves_room_for_the_answer() {
        let small = decided("claude-haiku-4-5", Some(3), Some(Effort::High));
        assert_eq!((small.max_tokens, small.thinking), (3, None));
        let tight = decided("claude-haiku-4-5", Some(4_000), Some(Effort::High));
        assert_eq!(tight.thinking, Some(Thinking::Enabled { budget_tokens: 2_000 }));
    }
}
