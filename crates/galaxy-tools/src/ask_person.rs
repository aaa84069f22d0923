//! A question to the person. The person answers it, not this code.

use galaxy_domain::Effect;
use galaxy_tool::{Output, Tool, ToolCx, ToolError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Asks the person and gives back what they answer.
#[derive(Debug, Clone, Copy, Default)]
pub struct AskPerson;

/// The question, as the model writes it and the person sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The question, in the person's language.
    pub question: String,
    /// Answers to choose from. Leave them out to let the person write freely.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub choices: Option<Vec<String>>,
    /// Whether several of the choices may be picked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub multiple: Option<bool>,
}

impl Tool for AskPerson {
    type Input = Input;
    const NAME: &'static str = "ask_person";
    const DESCRIPTION: &'static str = "Asks the person you are talking to a question, with \
        choices if there are few possible answers, and waits for what they say. Use it when you \
        cannot go on without a decision only they can make.";
    const EFFECT: Effect = Effect::Asks;

    async fn run(&self, input: Input, _cx: &ToolCx) -> Result<Output, ToolError> {
        // Whoever runs calls hands those with `Effect::Asks` to the person. One that ends up here
        // was made where nobody can answer, such as from another program.
        Err(ToolError::tell(format!(
            "nobody is there to answer \"{}\": this tool works in a conversation only",
            galaxy_base::text::headline(&input.question, 80)
        )))
    }
}

#[cfg(test)]
mod tests {
    use galaxy_tool::tool::any;
    use serde_json::json;

    use super::*;

    #[test]
    fn choices_are_optional_and_typing_errors_are_told() {
        let tool = any(AskPerson);
        assert_eq!(tool.schema().check(&json!({ "question": "Which colour?" })), Ok(()));
        let choices =
            json!({ "question": "Which?", "choices": ["red", "green"], "multiple": true });
        assert_eq!(tool.schema().check(&choices), Ok(()));
        let wrong = tool.schema().check(&json!({ "question": "Which?", "options": [] }));
        assert!(wrong.unwrap_err().contains("options"));
        assert_eq!(tool.effect(), Effect::Asks);
    }
}
