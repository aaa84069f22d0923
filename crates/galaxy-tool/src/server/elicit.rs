//! What a server may ask people while it works.

use futures::future::{BoxFuture, FutureExt, ready};
use serde_json::{Value, json};

use crate::server::spec::ServerName;

/// What a server wants to know. All of it is untrusted: show who asks.
#[derive(Debug, Clone, PartialEq)]
pub enum Question {
    /// Fill in a form.
    Form {
        /// What for.
        message: String,
        /// JSON Schema of the answer: an object of simple fields.
        schema: Value,
    },
    /// Open a page elsewhere and do something there.
    Page {
        /// What for.
        message: String,
        /// Where. Never opened by itself.
        url: String,
    },
}

impl Question {
    /// Reads the parameters of `elicitation/create`.
    pub fn read(params: &Value) -> Option<Self> {
        let message = params.get("message")?.as_str()?.to_owned();
        match params.get("mode").and_then(Value::as_str) {
            None | Some("form") => {
                Some(Self::Form { message, schema: params.get("requestedSchema")?.clone() })
            }
            Some("url") => {
                Some(Self::Page { message, url: params.get("url")?.as_str()?.to_owned() })
            }
            Some(_) => None,
        }
    }
}

/// A question, and who asks it.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// The server.
    pub server: ServerName,
    /// The tool that is being called, if one is.
    pub tool: Option<String>,
    /// What it wants to know.
    pub question: Question,
}

/// What a person says to a question.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// Yes, with what was filled in; an empty object for a page.
    Accept(Value),
    /// No.
    Decline,
    /// Neither: they closed it.
    Cancel,
    /// Not now. A modern server is left, and asked again with the answer some day
    /// ([`crate::server::Waiting`]); to a legacy one, which waits on the line, it is a cancel.
    Later,
}

impl Answer {
    /// The result of `elicitation/create`.
    pub fn into_result(self) -> Value {
        match self {
            Self::Accept(content) => json!({ "action": "accept", "content": content }),
            Self::Decline => json!({ "action": "decline" }),
            Self::Cancel | Self::Later => json!({ "action": "cancel" }),
        }
    }
}

/// Puts a server's questions to somebody. The time a question takes does not count as silence, but
/// the ceiling of the request holds.
pub trait Elicit: Send + Sync {
    /// Asks. Dropping the future takes the question back.
    fn ask(&self, asked: Asked) -> BoxFuture<'_, Answer>;
}

/// Declines every question.
#[derive(Debug, Clone, Copy, Default)]
pub struct Declines;

impl Elicit for Declines {
    fn ask(&self, _: Asked) -> BoxFuture<'_, Answer> {
        ready(Answer::Decline).boxed()
    }
}
