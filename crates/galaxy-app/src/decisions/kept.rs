//! What is kept of a yes or a no beside the log of its run: a standing rule, and what is written down.

use galaxy_agent::policy::definition;
use galaxy_domain::{
    Caller, ConversationId,
    access::Write,
    audit::{Act, Fact, Record, Value},
    tool::{Decision, Reach, ToolRule},
};
use galaxy_tool::tool::AnyTool;

use super::{Rule, Ruling};
use crate::AppError;

/// The rule that a yes becomes which reaches further than one call. It is kept together with the
/// decision: the run goes on at once, and must find it.
pub(super) fn rule(
    caller: &Caller,
    conversation: ConversationId,
    tool: &dyn AnyTool,
    decision: &Decision,
) -> Result<Option<Rule>, AppError> {
    let conversation = match decision {
        Decision::Deny { .. } | Decision::Allow { reach: Reach::Once, .. } => return Ok(None),
        Decision::Allow { reach: Reach::Conversation, .. } => Some(conversation),
        Decision::Allow { reach: Reach::Always, .. } => None,
    };
    let (definition, tool) = (definition(tool), tool.name().to_owned());
    let verdict = galaxy_domain::Verdict::Allow;
    let rule = ToolRule { tool, conversation, verdict, definition };
    Ok(Some((galaxy_access::own::<Write>(caller)?, rule)))
}

/// What is written down of a yes or a no.
pub(super) fn decided(record: impl Fn(Act) -> Record, ruling: &Ruling) -> Record {
    let record = match &ruling.decision {
        Decision::Allow { reach, input } => {
            let reach = match reach {
                Reach::Once => "once",
                Reach::Conversation => "conversation",
                Reach::Always => "always",
            };
            let changed = input.is_some().then_some("arguments");
            record(Act::Approved)
                .with(Fact::Reach, reach)
                .with(Fact::Changed, changed.into_iter().collect::<Value>())
        }
        Decision::Deny { .. } => record(Act::Declined),
    };
    record.with(Fact::Digest, ruling.digest.as_str())
}
