//! Which requests the strictest providers would not take.

use std::collections::BTreeSet;

use galaxy_domain::{CallId, Part, ToolCall};
use galaxy_model::{Message, Request};

/// Checks what every provider demands: the conversation begins with a person and ends with
/// something to answer, nothing is empty, names are unique, and each call is answered exactly
/// once, before anybody speaks again.
///
/// # Errors
/// The first thing that is wrong, in words.
pub fn check_request(request: &Request) -> Result<(), String> {
    let mut names = BTreeSet::new();
    if let Some(tool) = request.tools.iter().find(|it| !names.insert(&it.name)) {
        return Err(format!("tool `{}` is offered twice", tool.name));
    }
    let mut conversation = Conversation::default();
    for (at, message) in request.messages.iter().enumerate() {
        conversation.push(message).map_err(|err| format!("message {at}: {err}"))?;
    }
    conversation.end()
}

#[derive(Default)]
struct Conversation<'a> {
    seen: BTreeSet<&'a CallId>,
    open: Vec<&'a ToolCall>,
    last: Option<&'a Message>,
}

impl<'a> Conversation<'a> {
    fn push(&mut self, message: &'a Message) -> Result<(), String> {
        match message {
            Message::User { parts } => {
                self.check_settled()?;
                check_content(parts)?;
            }
            Message::Assistant { parts, calls } => {
                self.check_settled()?;
                if self.last.is_none() {
                    return Err("the conversation begins with the model".to_owned());
                }
                if calls.is_empty() {
                    check_content(parts)?;
                }
                for call in calls {
                    if !self.seen.insert(&call.id) {
                        return Err(format!("call `{}` was made before", call.id));
                    }
                    self.open.push(call);
                }
            }
            Message::Result { call, tool, .. } => {
                let found = self.open.iter().position(|it| it.id == *call);
                let at =
                    found.ok_or_else(|| format!("result of `{call}`, which is no open call"))?;
                let asked = self.open.remove(at);
                if asked.tool != *tool {
                    return Err(format!("`{call}` asked for `{}`, not for `{tool}`", asked.tool));
                }
            }
        }
        self.last = Some(message);
        Ok(())
    }

    fn check_settled(&self) -> Result<(), String> {
        match self.open.first() {
            Some(call) => Err(format!("call `{}` has no result", call.id)),
            None => Ok(()),
        }
    }

    fn end(self) -> Result<(), String> {
        self.check_settled()?;
        match self.last {
            None => Err("there are no messages".to_owned()),
            Some(Message::Assistant { .. }) => Err("there is nothing to answer".to_owned()),
            Some(Message::User { .. } | Message::Result { .. }) => Ok(()),
        }
    }
}

fn check_content(parts: &[Part]) -> Result<(), String> {
    if parts.is_empty() {
        return Err("it has no content".to_owned());
    }
    let blank = |it: &Part| matches!(it, Part::Text { text } if text.trim().is_empty());
    if parts.iter().any(blank) { Err("a text part is blank".to_owned()) } else { Ok(()) }
}
