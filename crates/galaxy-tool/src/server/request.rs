//! What is asked of a tool server.

use std::{fmt, sync::Arc};

use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::{
    server::elicit::{Declines, Elicit},
    tool::Notes,
};

/// A request of the protocol, as it is sent. A `_meta` in the parameters is kept, except for what
/// the connection itself has to say there.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// The method, such as `tools/call`.
    pub method: String,
    /// The parameters.
    pub params: Option<Value>,
}

impl Request {
    /// A request with parameters.
    pub fn new(method: impl Into<String>, params: Value) -> Self {
        Self { method: method.into(), params: Some(params) }
    }

    /// A call of a tool.
    pub fn call(tool: &str, arguments: Value) -> Self {
        Self::new("tools/call", json!({ "name": tool, "arguments": arguments }))
    }

    /// The tool that is called, if this is a call.
    pub fn tool(&self) -> Option<&str> {
        let name = || self.params.as_ref()?.get("name")?.as_str();
        if self.method == "tools/call" { name() } else { None }
    }
}

/// What a server offers besides tools.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Listing {
    /// Resources.
    Resources,
    /// Templates of resources.
    Templates,
    /// Prompts.
    Prompts,
}

/// How far a request is, as the server counts it.
#[derive(Debug, Clone, PartialEq)]
pub struct Progress {
    /// What is done.
    pub done: f64,
    /// What there is to do, if known.
    pub total: Option<f64>,
    /// What it is doing, in words; untrusted, bounded.
    pub message: Option<String>,
}

/// Hears how far a request is.
pub trait OnProgress: Send + Sync {
    /// The server told how far it is. Must not block.
    fn progress(&self, progress: Progress);
}

/// A person reads a share and words.
impl OnProgress for Notes {
    fn progress(&self, progress: Progress) {
        let Progress { done, total, message } = progress;
        let total = total.filter(|it| *it > 0.0);
        let share = total.map(|total| (done / total).clamp(0.0, 1.0));
        let counted =
            || total.map_or_else(|| done.to_string(), |total| format!("{done} of {total}"));
        self.tell(share, message.unwrap_or_else(counted));
    }
}

/// Nobody hears.
impl OnProgress for () {
    fn progress(&self, _: Progress) {}
}

/// Hears what a server writes into its log while it works on a request.
pub trait OnLog: Send + Sync {
    /// The server wrote this: parameters of `notifications/message`, as they came. Must not block.
    fn logged(&self, params: Value);
}

/// Nobody hears.
impl OnLog for () {
    fn logged(&self, _: Value) {}
}

/// What becomes of an answer that is a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnTask {
    /// It is waited for: whoever asked hears of its end only.
    #[default]
    Waits,
    /// It is handed on to whoever asked, who looks after it.
    HandsOn,
}

/// What goes with every request.
#[derive(Clone)]
pub struct RequestCx {
    /// Gives the request up; the server is told.
    pub cancel: CancellationToken,
    /// Hears how far it is.
    pub progress: Arc<dyn OnProgress>,
    /// Is asked what the server wants to know while it waits on the line.
    pub elicit: Arc<dyn Elicit>,
    /// Hears its log, as far as it can be told which request a line belongs to.
    pub log: Arc<dyn OnLog>,
    /// What whoever stands behind the request can be asked, in the protocol's words
    /// (`ClientCapabilities`); what the connection itself says where it is not given. Only servers
    /// of the newest revision hear it: the others were told once, when the connection began.
    pub asker: Option<Value>,
    /// What whoever passes a call on does with a task ([`crate::server::task`]).
    pub on_task: OnTask,
}

impl Default for RequestCx {
    /// Nobody listens, and every question is declined.
    fn default() -> Self {
        Self {
            cancel: CancellationToken::new(),
            progress: Arc::new(()),
            elicit: Arc::new(Declines),
            log: Arc::new(()),
            asker: None,
            on_task: OnTask::default(),
        }
    }
}

impl fmt::Debug for RequestCx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestCx").field("cancel", &self.cancel).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_without_words_is_counted() {
        let (notes, mut heard) = Notes::channel();
        for (total, message) in
            [(Some(4.0), None), (None, None), (Some(4.0), Some("half")), (Some(0.0), None)]
        {
            notes.progress(Progress { done: 2.0, total, message: message.map(str::to_owned) });
        }
        let mut next = || heard.try_recv().map(|it| (it.share, it.text)).unwrap();
        assert_eq!(next(), (Some(0.5), "2 of 4".to_owned()));
        assert_eq!(next(), (None, "2".to_owned()));
        assert_eq!(next(), (Some(0.5), "half".to_owned()));
        assert_eq!(next(), (None, "2".to_owned()));
    }
}
