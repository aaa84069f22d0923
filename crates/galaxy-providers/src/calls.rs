//! Tool calls that arrive in pieces, and the names they get.
//!
//! **Invariant:** a call's id is unique among the calls of the request and of the answer,
//! whatever the provider sent; memory is bounded by what was really received.

use std::collections::{HashSet, VecDeque};

use galaxy_base::random;
use galaxy_domain::{CallId, Part, ToolCall};
use galaxy_model::{Event, Message, ModelError, Request};
use serde_json::{Map, Value};

/// How many calls one answer may hold.
const MAX_CALLS: usize = 128;

/// How long one call's arguments may be, in bytes.
const MAX_ARGUMENTS: usize = 256 * 1024;

/// Longer ids are nobody's: they are replaced.
const MAX_ID: usize = 128;

/// The calls of one answer.
#[derive(Debug)]
pub(crate) struct Calls {
    seen: HashSet<String>,
    open: Vec<Open>,
}

/// One call, while its arguments arrive.
#[derive(Debug)]
struct Open {
    wire_id: String,
    id: CallId,
    tool: String,
    arguments: String,
    /// How much of `arguments` was passed on: nothing is, before the tool's name is known.
    shown: usize,
    opaque: Option<Part>,
    is_closed: bool,
}

impl Calls {
    /// No calls yet; the ids in `request` are taken.
    pub(crate) fn new(request: &Request) -> Self {
        let taken = request.messages.iter().flat_map(|message| match message {
            Message::Assistant { calls, .. } => calls.as_slice(),
            Message::User { .. } | Message::Result { .. } => &[],
        });
        Self { seen: taken.map(|call| call.id.0.clone()).collect(), open: Vec::new() }
    }

    /// Begins a call; gives its number. An id that is missing, taken or odd is replaced.
    pub(crate) fn begin(&mut self, wire_id: &str, tool: &str) -> Result<usize, ModelError> {
        if self.open.len() == MAX_CALLS {
            return Err(ModelError::truncated(format!(
                "the model made more than {MAX_CALLS} calls"
            )));
        }
        let id = if is_usable(wire_id) && !self.seen.contains(wire_id) {
            wire_id.to_owned()
        } else {
            format!("call_{}", &random::token()[..24])
        };
        self.seen.insert(id.clone());
        self.open.push(Open {
            wire_id: wire_id.to_owned(),
            id: CallId(id),
            tool: tool.to_owned(),
            arguments: String::new(),
            shown: 0,
            opaque: None,
            is_closed: false,
        });
        Ok(self.open.len() - 1)
    }

    /// The newest open call that the provider named `wire_id`.
    pub(crate) fn find(&self, wire_id: &str) -> Option<usize> {
        self.open.iter().rposition(|call| call.wire_id == wire_id && !call.is_closed)
    }

    /// The newest open call.
    pub(crate) fn last(&self) -> Option<usize> {
        self.open.iter().rposition(|call| !call.is_closed)
    }

    /// The provider's id of call `number`; empty if it gave none.
    pub(crate) fn wire_id(&self, number: usize) -> &str {
        &self.open[number].wire_id
    }

    /// Names the tool of call `number`, if it has no name yet.
    pub(crate) fn name(&mut self, number: usize, tool: &str, out: &mut VecDeque<Event>) {
        let call = &mut self.open[number];
        if call.tool.is_empty() && !tool.is_empty() {
            call.tool = tool.to_owned();
            call.show(out);
        }
    }

    /// Adds to the arguments of call `number` and passes it on.
    pub(crate) fn add(
        &mut self,
        number: usize,
        text: &str,
        out: &mut VecDeque<Event>,
    ) -> Result<(), ModelError> {
        let call = &mut self.open[number];
        if call.is_closed || text.is_empty() {
            return Ok(());
        }
        if call.arguments.len() + text.len() > MAX_ARGUMENTS {
            let message = format!("a call has arguments of more than {MAX_ARGUMENTS} bytes");
            return Err(ModelError::truncated(message));
        }
        call.arguments.push_str(text);
        call.show(out);
        Ok(())
    }

    /// Whether no arguments came for call `number` yet.
    pub(crate) fn is_empty(&self, number: usize) -> bool {
        self.open[number].arguments.is_empty()
    }

    /// Keeps what goes back with call `number`.
    pub(crate) fn attach(&mut self, number: usize, opaque: Part) {
        self.open[number].opaque = Some(opaque);
    }

    /// Call `number` is complete. A second time says nothing.
    pub(crate) fn close(&mut self, number: usize, out: &mut VecDeque<Event>) {
        let call = &mut self.open[number];
        if call.is_closed {
            return;
        }
        call.is_closed = true;
        out.push_back(Event::Call(ToolCall {
            id: call.id.clone(),
            tool: std::mem::take(&mut call.tool),
            input: parsed(std::mem::take(&mut call.arguments)),
            opaque: call.opaque.take(),
        }));
    }

    /// Every call is complete.
    pub(crate) fn close_all(&mut self, out: &mut VecDeque<Event>) {
        for number in 0..self.open.len() {
            self.close(number, out);
        }
    }

    /// Whether the answer holds any call.
    pub(crate) fn any(&self) -> bool {
        !self.open.is_empty()
    }
}

impl Open {
    fn show(&mut self, out: &mut VecDeque<Event>) {
        if self.tool.is_empty() || self.shown == self.arguments.len() {
            return;
        }
        out.push_back(Event::Arguments {
            call: self.id.clone(),
            tool: self.tool.clone(),
            text: self.arguments[self.shown..].to_owned(),
        });
        self.shown = self.arguments.len();
    }
}

fn is_usable(id: &str) -> bool {
    !id.is_empty()
        && id.len() <= MAX_ID
        && !id.contains(|c: char| c.is_control() || c.is_whitespace())
}

/// Tools without parameters are often called with nothing at all.
fn parsed(arguments: String) -> Value {
    if arguments.trim().is_empty() {
        return Value::Object(Map::new());
    }
    serde_json::from_str(&arguments).unwrap_or(Value::String(arguments))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn answered(id: &str) -> Request {
        let call = ToolCall {
            id: CallId(id.to_owned()),
            tool: "t".to_owned(),
            input: Value::Null,
            opaque: None,
        };
        Request {
            messages: vec![Message::Assistant { parts: vec![], calls: vec![call] }],
            ..Request::default()
        }
    }

    #[test]
    fn ids_are_unique_over_the_conversation() {
        let mut calls = Calls::new(&answered("call_0"));
        let mut out = VecDeque::new();
        for id in ["call_0", "a", "a", "", "with space", &"x".repeat(129)] {
            calls.begin(id, "t").unwrap();
        }
        calls.close_all(&mut out);
        let ids: Vec<String> = out
            .into_iter()
            .filter_map(|event| if let Event::Call(call) = event { Some(call.id.0) } else { None })
            .collect();
        assert_eq!(ids.iter().collect::<HashSet<_>>().len(), 6);
        assert_eq!(ids[1], "a");
        assert!(ids.iter().all(|id| id != "call_0" && is_usable(id)));
    }

    #[test]
    fn arguments_wait_for_the_name_and_odd_ones_stay_text() {
        let mut calls = Calls::new(&Request::default());
        let mut out = VecDeque::new();
        let call = calls.begin("a", "").unwrap();
        calls.add(call, "{\"x\"", &mut out).unwrap();
        assert!(out.is_empty());
        calls.name(call, "t", &mut out);
        calls.add(call, ": oops", &mut out).unwrap();
        calls.close(call, &mut out);
        calls.close(call, &mut out);
        let mut texts = Vec::new();
        for event in &out {
            if let Event::Arguments { text, .. } = event {
                texts.push(text);
            }
        }
        assert_eq!(texts, ["{\"x\"", ": oops"]);
        let Some(Event::Call(call)) = out.back() else { panic!("{out:?}") };
        assert_eq!((call.input.clone(), out.len()), (json!("{\"x\": oops"), 3));
        assert_eq!(parsed(" ".to_owned()), json!({}));
    }

    #[test]
    fn calls_and_arguments_have_bounds() {
        let mut calls = Calls::new(&Request::default());
        let mut out = VecDeque::new();
        let call = calls.begin("a", "t").unwrap();
        calls.add(call, &"x".repeat(MAX_ARGUMENTS), &mut out).unwrap();
        assert!(calls.add(call, "x", &mut out).is_err());
        for _ in 1..MAX_CALLS {
            calls.begin("", "t").unwrap();
        }
        assert!(calls.begin("", "t").is_err());
    }
}
