//! Views of tool servers (MCP Apps): what they are made of, and what they ask for.
//!
//! **Invariants:** a view is untrusted. It belongs to one call of one run and reaches nothing but
//! the server of that call, and there only what its person could have an agent do as well: role,
//! rules, schema and pin decide as in a run. A yes is given by the person, signed in, never by a
//! view. What a view says to an agent carries a label that says whose words they are.

mod call;
mod context;
mod page;
mod result;

use std::sync::Arc;

use galaxy_access::Action;
use galaxy_domain::{
    CallId, Caller, Item, RunId, ToolServerId, Transcript,
    access::Read,
    tool::{Decision, ToolCall, View},
};
use galaxy_tool::server::{RemoteTool, RequestCx};
use serde_json::Value;

use crate::{
    App, AppError,
    runs::RunDetail,
    servers::{
        done,
        shelf::{Shelf, Shelved},
    },
};

pub use call::{AppCall, AppCalled, Question, Yes};
pub use context::Context;
pub use page::{Page, Wants};

/// So many times in a minute the views of one person may ask for something.
pub(crate) const REQUESTS_PER_MINUTE: std::num::NonZeroU32 =
    std::num::NonZeroU32::new(240).expect("not zero");

/// A view, ready to be shown.
#[derive(Debug, Clone)]
pub struct Shown {
    /// The server that it comes from.
    pub server: ToolServerId,
    /// The name of that server.
    pub name: String,
    /// What people read.
    pub title: String,
    /// The tool that was called, as its server describes it.
    pub tool: Arc<Value>,
    /// What is shown.
    pub page: Page,
}

/// A call that is shown with a view, and what there is around it.
struct Stage {
    detail: RunDetail,
    view: View,
    asked: ToolCall,
    shelf: Arc<Shelf>,
}

impl App {
    /// The view of a call, fetched from its server.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when the run is not the caller's; [`AppError::Conflict`] when the call
    /// has no view, or its server or tool is not what it was; what the server says.
    pub async fn app_view(
        &self,
        caller: &Caller,
        run: RunId,
        call: &CallId,
    ) -> Result<Shown, AppError> {
        let stage = self.stage::<Read>(caller, run, call).await?;
        self.asking.count(caller.person, None)?;
        let server = stage.server()?;
        let tool = stage.tool(server)?;
        let page = self.fetch_page(caller, server, &stage.view.uri).await?;
        Ok(Shown {
            server: server.row.id,
            name: server.row.name.clone(),
            title: server.row.title.clone(),
            tool: tool.definition().raw.clone(),
            page,
        })
    }

    /// What a call gave, as its view gets it: what the server answered, or what was told to the
    /// agent where that was not kept.
    ///
    /// # Errors
    /// As [`App::app_view`]; [`AppError::Conflict`] while the call is under way.
    pub async fn app_result(
        &self,
        caller: &Caller,
        run: RunId,
        call: &CallId,
    ) -> Result<Value, AppError> {
        let stage = self.stage::<Read>(caller, run, call).await?;
        let result = result::of(&stage.detail.transcript, call);
        result.ok_or_else(|| AppError::Conflict("The call is still under way.".to_owned()))
    }

    /// Reads a resource for a view, of its own server; the result as the server sends it.
    ///
    /// # Errors
    /// As [`App::app_view`].
    pub async fn read_for_app(
        &self,
        caller: &Caller,
        run: RunId,
        call: &CallId,
        uri: &str,
    ) -> Result<Value, AppError> {
        let stage = self.stage::<Read>(caller, run, call).await?;
        self.asking.count(caller.person, None)?;
        let server = stage.server()?;
        let handle = self.servers.handle(&server.row, Some(caller.person))?;
        done(handle.read(uri, &RequestCx::default()).await?)
    }

    /// The call `call` of a run that the caller may do `A` to, if it has a view.
    async fn stage<A: Action>(
        &self,
        caller: &Caller,
        run: RunId,
        call: &CallId,
    ) -> Result<Stage, AppError> {
        self.run_permit::<A>(caller, run).await?;
        let detail = self.run(caller, run).await?;
        let found = view_of(&detail.transcript, call).zip(asked(&detail.transcript, call));
        let none = || AppError::Conflict("This call has no view.".to_owned());
        let (view, asked) = found.ok_or_else(none)?;
        let shelf = self.servers.shelf(caller.person, caller.workspace).await?;
        Ok(Stage { detail, view, asked, shelf })
    }
}

impl Stage {
    /// The server of the view, if the person may still use it.
    fn server(&self) -> Result<&Shelved, AppError> {
        let gone = || AppError::Conflict("Its tool server is not in use any more.".to_owned());
        self.shelf.server(&self.view.server).ok_or_else(gone)
    }

    /// The tool that was called, if it still has this view: what changed waits to be allowed.
    fn tool<'a>(&self, server: &'a Shelved) -> Result<&'a Arc<RemoteTool>, AppError> {
        use galaxy_tool::AnyTool as _;
        let named = self.shelf.everything.get(&self.asked.tool);
        let passed_on = named.and_then(|it| it.stands_for(&self.asked.input));
        let name = passed_on.map_or_else(|| self.asked.tool.clone(), |(name, _)| name);
        let same = |it: &&Arc<RemoteTool>| {
            it.name() == name && it.definition().view.uri.as_ref() == Some(&self.view.uri)
        };
        let changed = || AppError::Conflict("The tool is not what it was.".to_owned());
        server.tools.iter().find(same).ok_or_else(changed)
    }
}

/// The view that a call was shown with when it last began.
fn view_of(transcript: &Transcript, wanted: &CallId) -> Option<View> {
    transcript.items().iter().rev().find_map(|item| {
        let Item::Began { call, view, .. } = item else { return None };
        if call == wanted { view.clone() } else { None }
    })
}

/// The call as it ran, with the arguments that a person may have changed.
fn asked(transcript: &Transcript, wanted: &CallId) -> Option<ToolCall> {
    let mut asked = transcript.items().iter().find_map(|item| {
        let Item::Assistant { calls, .. } = item else { return None };
        calls.iter().find(|it| it.id == *wanted).cloned()
    })?;
    let changed = transcript.items().iter().find_map(|item| {
        let Item::Approval { call, decision, .. } = item else { return None };
        let Decision::Allow { input, .. } = decision else { return None };
        if call == wanted { input.clone() } else { None }
    });
    asked.input = changed.unwrap_or(asked.input);
    Some(asked)
}
