//! Which calls may run. Decided from data that is loaded before the run moves, so that the same
//! call gets the same judgement after a restart.

use std::collections::BTreeMap;

use galaxy_domain::{Effect, ToolCall, Verdict, tool::ToolRule};
use galaxy_tool::{AnyTool, Toolbox, server::names};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// What is to become of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Judgement {
    /// It may run.
    Allow,
    /// It may run if a person agrees.
    Ask,
    /// The person answers it, not the machine.
    Answer,
    /// It must not run; the reason is told to the model.
    Deny(String),
    /// It makes no sense; the model is told what is wrong and can do better.
    Refuse(String),
}

/// What a judgement about a tool rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grounds {
    /// A standing rule of the person.
    Rule,
    /// What holds where nobody said anything.
    Default,
}

/// Judges tool calls.
pub trait Policy: Send + Sync {
    /// Judges `call`. Pure.
    fn judge(&self, call: &ToolCall) -> Judgement;

    /// What a yes to a call of `tool` with the arguments `input` is bound to, as the tool is
    /// defined now ([`digest`]); `None` when there is no such tool. Pure.
    fn bound_to(&self, tool: &str, input: &Value) -> Option<String>;

    /// What judgements about `tool` rest on. Pure.
    fn grounds(&self, _tool: &str) -> Grounds {
        Grounds::Default
    }
}

/// What a person's standing rules, a deployment's defaults and the tools themselves say.
pub struct Rules {
    toolbox: Toolbox,
    rules: BTreeMap<String, Verdict>,
}

impl Rules {
    /// Rules for the tools of `toolbox`. Of two rules about a tool the one for the conversation
    /// wins; a rule that was given for another definition of the tool says nothing.
    pub fn new(toolbox: Toolbox, rules: &[ToolRule]) -> Self {
        let mut chosen = BTreeMap::new();
        let (wide, narrow): (Vec<_>, Vec<_>) =
            rules.iter().partition(|rule| rule.conversation.is_none());
        for rule in wide.into_iter().chain(narrow) {
            let known = toolbox.get(&rule.tool);
            if known.is_some_and(|tool| definition(&**tool) == rule.definition) {
                chosen.insert(rule.tool.clone(), rule.verdict);
            }
        }
        Self { toolbox, rules: chosen }
    }

    /// What is said of a tool that is not among those that are offered: one of a server whose
    /// other tools are may well have been there a moment ago.
    fn not_there(&self, tool: &str) -> String {
        let listed = |of: Option<&str>| {
            let known = self.toolbox.iter().filter(|it| of.is_none_or(|of| it.origin() == of));
            known.map(|it| it.name()).collect::<Vec<_>>().join(", ")
        };
        let server = names::server_of(tool);
        match server.filter(|it| self.toolbox.iter().any(|tool| tool.origin() == *it)) {
            Some(server) => format!(
                "there is no tool `{tool}` at the moment: either the server {server} has none, or \
                 somebody has to allow it (again) on the page Tools; its tools are: {}",
                listed(Some(server)),
            ),
            None => format!("there is no tool `{tool}`; the tools are: {}", listed(None)),
        }
    }

    /// What is said about a tool before any call.
    pub fn verdict(&self, tool: &dyn AnyTool) -> Verdict {
        self.rules.get(tool.name()).copied().unwrap_or_else(|| tool.default_verdict())
    }
}

impl Policy for Rules {
    fn judge(&self, call: &ToolCall) -> Judgement {
        let Some(tool) = self.toolbox.get(&call.tool) else {
            return Judgement::Refuse(self.not_there(&call.tool));
        };
        if let Err(wrong) = tool.schema().check(&call.input) {
            return Judgement::Refuse(format!("invalid arguments: {wrong}"));
        }
        if let Some((tool, input)) = tool.stands_for(&call.input)
            && tool != call.tool
        {
            return self.judge(&ToolCall { tool, input, ..call.clone() });
        }
        match (self.verdict(&**tool), tool.effect()) {
            (Verdict::Deny, _) => Judgement::Deny("a rule forbids this tool".to_owned()),
            (Verdict::Allow | Verdict::Ask, Effect::Asks) => Judgement::Answer,
            (Verdict::Allow, Effect::Reads | Effect::Writes | Effect::Reaches) => Judgement::Allow,
            (Verdict::Ask, Effect::Reads | Effect::Writes | Effect::Reaches) => Judgement::Ask,
        }
    }

    fn bound_to(&self, tool: &str, input: &Value) -> Option<String> {
        self.toolbox.get(tool).map(|tool| digest(&definition(&**tool), input))
    }

    fn grounds(&self, tool: &str) -> Grounds {
        if self.rules.contains_key(tool) { Grounds::Rule } else { Grounds::Default }
    }
}

/// SHA-256, in hexadecimal, of all that a model is told about `tool` and of what it can do: a
/// changed tool is another tool.
pub fn definition(tool: &dyn AnyTool) -> String {
    let mut hasher = Sha256::new();
    for piece in [tool.origin(), tool.name(), tool.description()] {
        hasher.update((piece.len() as u64).to_le_bytes());
        hasher.update(piece);
    }
    hasher.update(canonical(tool.schema().json()));
    hasher.update(format!("{:?}", tool.effect()));
    hex::encode(hasher.finalize())
}

/// SHA-256, in hexadecimal, of a tool's definition and one call's arguments: what a yes is bound
/// to.
pub fn digest(definition: &str, input: &Value) -> String {
    let mut hasher = Sha256::new();
    hasher.update(definition);
    hasher.update(canonical(input));
    hex::encode(hasher.finalize())
}

/// JSON with sorted keys and no blanks. (`serde_json` keeps objects sorted.)
fn canonical(value: &Value) -> String {
    value.to_string()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use futures::{FutureExt, future::BoxFuture};
    use galaxy_domain::CallId;
    use galaxy_testkit::FakeTool;
    use galaxy_tool::{Output, Schema, ToolCx, ToolError};
    use serde_json::json;

    use super::*;

    /// Passes everything on to `mail`.
    struct Passes(Schema);

    impl AnyTool for Passes {
        fn name(&self) -> &str {
            "passes"
        }
        fn description(&self) -> &str {
            ""
        }
        fn origin(&self) -> &str {
            "test"
        }
        fn effect(&self) -> Effect {
            Effect::Reads
        }
        fn default_verdict(&self) -> Verdict {
            Verdict::Allow
        }
        fn time_limit(&self) -> std::time::Duration {
            std::time::Duration::from_secs(1)
        }
        fn schema(&self) -> &Schema {
            &self.0
        }
        fn stands_for(&self, input: &Value) -> Option<(String, Value)> {
            Some(("mail".to_owned(), input.clone()))
        }
        fn call<'a>(&'a self, _: Value, _: &'a ToolCx) -> BoxFuture<'a, Result<Output, ToolError>> {
            async { Ok(Vec::new()) }.boxed()
        }
    }

    #[test]
    fn a_call_that_is_passed_on_is_judged_as_what_it_stands_for() {
        let mut toolbox = Toolbox::default();
        toolbox.add(Arc::new(Passes(Schema::new(json!({ "type": "object" }))))).unwrap();
        let call = |input| ToolCall {
            id: CallId("c".to_owned()),
            tool: "passes".to_owned(),
            input,
            opaque: None,
        };
        let judge = |toolbox: &Toolbox, input| Rules::new(toolbox.clone(), &[]).judge(&call(input));
        assert!(matches!(judge(&toolbox, json!({})), Judgement::Refuse(_)), "there is no mail");
        toolbox
            .add(Arc::new(FakeTool::new("mail", Effect::Reaches, |_, _| async { Ok(Vec::new()) })))
            .unwrap();
        assert_eq!(judge(&toolbox, json!({})), Judgement::Ask);
    }

    #[test]
    fn a_tool_of_a_server_that_is_not_offered_now_is_told_from_one_that_never_was() {
        let mut toolbox = Toolbox::default();
        for name in ["birds__count", "add"] {
            let tool = FakeTool::new(name, Effect::Reads, |_, _| async { Ok(Vec::new()) });
            let tool = if name == "add" { tool } else { tool.of("birds") };
            toolbox.add(Arc::new(tool)).unwrap();
        }
        let rules = Rules::new(toolbox, &[]);
        let gone = rules.not_there("birds__ring");
        assert!(gone.contains("the page Tools; its tools are: birds__count"), "{gone}");
        assert_eq!(
            rules.not_there("bees__ring"),
            "there is no tool `bees__ring`; the tools are: add, birds__count"
        );
    }

    #[test]
    fn a_digest_depends_on_the_arguments_not_on_their_order() {
        let one = digest("d", &json!({ "a": 1, "b": [2, null] }));
        let same: Value = serde_json::from_str(r#"{ "b": [2, null], "a": 1 }"#).unwrap();
        assert_eq!(one, digest("d", &same));
        assert_ne!(one, digest("d", &json!({ "a": 1, "b": [null, 2] })));
        assert_ne!(one, digest("e", &same));
    }
}
