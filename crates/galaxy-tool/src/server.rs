//! The port of tool servers: what the application sees of servers that speak MCP.
//!
//! **Invariant:** what a server says is untrusted. It is bounded, it is shown with everything
//! hidden in it made visible, and it never widens what its own tools may do.

mod attend;
pub mod definition;
pub mod elicit;
mod entrusted;
pub mod error;
pub mod exchange;
pub mod health;
pub mod held;
pub mod inquiry;
pub mod names;
pub mod oauth;
pub mod obstacle;
pub mod output;
pub mod remote;
pub mod request;
mod rounds;
mod sign_in;
pub mod spec;
pub mod task;
pub mod view;

use std::sync::Arc;

use futures::future::BoxFuture;
use galaxy_domain::PersonId;
use serde_json::{Value, json};
use tokio::sync::watch;

pub use definition::{Definition, LeftOut, ToolList, pin};
pub use elicit::{Answer, Asked, Declines, Elicit, Question};
pub use error::ServerError;
pub use exchange::{Exchanged, Waiting};
pub use health::{Health, LogLine, LogSource, Probe, ServerInfo, Snapshot, State, Trouble};
pub use held::{Holds, OnEnd};
pub use oauth::{Credentials, SignIn, SignInError};
pub use obstacle::Obstacle;
pub use remote::{RemoteTool, remote_tools};
pub use request::{Listing, OnLog, OnProgress, OnTask, Progress, Request, RequestCx};
pub use spec::{
    Desk, Era, Limits, Network, Questions, ServerName, ServerSpec, Transport, Trust, Walls,
};
pub use view::ToolView;

/// Opens tool servers.
pub trait ToolServers: Send + Sync {
    /// Prepares a connection to the server that `spec` describes. Nothing is started or sent yet:
    /// the first verb does that.
    fn open(&self, spec: ServerSpec) -> Arc<dyn ToolServer>;
}

/// One tool server and the supervised connection to it. Every verb connects if need be, ends
/// within the limits of the spec, and fails at once while the server is backing off.
pub trait ToolServer: Send + Sync {
    /// What was asked to be opened.
    fn spec(&self) -> &ServerSpec;

    /// Connects afresh if there is no connection, and lists the tools; takes at most
    /// [`Limits::probe`].
    ///
    /// # Errors
    /// [`ServerError`]; the health then says the same, with what to do about it.
    fn probe(&self) -> BoxFuture<'_, Result<Probe, ServerError>>;

    /// The tools, from memory where they are still fresh: for [`Limits::fresh`] or as long as the
    /// server says, and until the server says that they changed.
    ///
    /// # Errors
    /// [`ServerError`].
    fn tools(&self) -> BoxFuture<'_, Result<Arc<ToolList>, ServerError>>;

    /// Everything of another kind that the server offers, page after page, as it came.
    ///
    /// # Errors
    /// [`ServerError`].
    fn list(&self, what: Listing) -> BoxFuture<'_, Result<Arc<Vec<Value>>, ServerError>>;

    /// Sends one request and gives back its result as it came: no field and no kind of content is
    /// lost. A result that asks for input (`input_required`) is a result like others.
    ///
    /// # Errors
    /// [`ServerError`].
    fn request<'a>(
        &'a self,
        request: Request,
        cx: &'a RequestCx,
    ) -> BoxFuture<'a, Result<Value, ServerError>>;

    /// Follows one resource: the number grows whenever the server says that it changed, also across
    /// connections. Whoever drops the receiver follows no longer.
    ///
    /// # Errors
    /// [`ServerError`]; that the server lets nobody follow anything is [`ServerError::Said`].
    fn follow<'a>(
        &'a self,
        uri: &'a str,
    ) -> BoxFuture<'a, Result<watch::Receiver<u64>, ServerError>>;

    /// What happens to the connection and to what the server offers, joined: a reader that is slow
    /// sees the newest only.
    fn changes(&self) -> watch::Receiver<Snapshot>;

    /// The last lines that the server wrote to its log, oldest first.
    fn log(&self) -> Vec<LogLine>;

    /// Ends the connection, and the process where there is one, within two seconds. A later verb
    /// starts it again.
    fn close(&self) -> BoxFuture<'_, ()>;

    /// The server as it is to one person, where that makes a difference: where people sign in,
    /// each has a connection of their own.
    fn facing(&self, _: PersonId) -> Option<Arc<dyn ToolServer>> {
        None
    }

    /// How the connection is.
    fn health(&self) -> Health {
        self.changes().borrow().health.clone()
    }
}

impl dyn ToolServer {
    /// Sends a request and answers what the server asks meanwhile through [`RequestCx::elicit`].
    ///
    /// # Errors
    /// [`ServerError`].
    pub async fn exchange(
        &self,
        request: Request,
        cx: &RequestCx,
    ) -> Result<Exchanged, ServerError> {
        exchange::exchange(self, request, cx).await
    }

    /// Calls the tool that the server names `tool`; a task is waited for ([`Self::attended`]).
    ///
    /// # Errors
    /// [`ServerError`]. That the tool itself failed is no error but a result with `isError`.
    pub async fn call(
        &self,
        tool: &str,
        arguments: Value,
        cx: &RequestCx,
    ) -> Result<Exchanged, ServerError> {
        let request = Request::call(tool, arguments);
        match self.exchange(request.clone(), cx).await? {
            Exchanged::Task(_, result) => {
                self.attended(&request, result, cx).await.map(Exchanged::Done)
            }
            other @ (Exchanged::Done(_) | Exchanged::Waits(_)) => Ok(other),
        }
    }

    /// Reads the resource at `uri`.
    ///
    /// # Errors
    /// [`ServerError`].
    pub async fn read(&self, uri: &str, cx: &RequestCx) -> Result<Exchanged, ServerError> {
        self.exchange(Request::new("resources/read", json!({ "uri": uri })), cx).await
    }

    /// Fills in the prompt called `name`.
    ///
    /// # Errors
    /// [`ServerError`].
    pub async fn prompt(
        &self,
        name: &str,
        arguments: Value,
        cx: &RequestCx,
    ) -> Result<Exchanged, ServerError> {
        let params = json!({ "name": name, "arguments": arguments });
        self.exchange(Request::new("prompts/get", params), cx).await
    }

    /// Asks how an argument may go on. `reference` is `{"type": "ref/prompt", "name": …}` or
    /// `{"type": "ref/resource", "uri": …}`; `argument` is `{"name": …, "value": …}`.
    ///
    /// # Errors
    /// [`ServerError`].
    pub async fn complete(
        &self,
        reference: Value,
        argument: Value,
        cx: &RequestCx,
    ) -> Result<Value, ServerError> {
        let params = json!({ "ref": reference, "argument": argument });
        self.request(Request::new("completion/complete", params), cx).await
    }
}
