//! Calling a tool oneself, to see what it does.

use galaxy_access::{own, use_tool};
use galaxy_agent::{audit::ending, call};
use galaxy_domain::{Caller, Effect, Outcome, access::Write};
use galaxy_tool::{Notes, ToolCx, Whole};
use serde_json::Value;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::{App, AppError, audit::calls::Through};

impl App {
    /// Calls a tool of those that the caller's agents are offered, with arguments that they wrote
    /// themselves: that they do so is their yes. `cancel` ends it.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when there is no such tool; [`AppError::Invalid`] when the arguments
    /// do not fit; [`AppError::Denied`] to keys, and to those whose role forbids it.
    pub async fn try_tool(
        &self,
        caller: &Caller,
        tool: &str,
        input: Value,
        cancel: CancellationToken,
    ) -> Result<Outcome, AppError> {
        own::<Write>(caller)?;
        let shelf = self.servers.shelf(caller.person, caller.workspace).await?;
        let tool = shelf.toolbox.get(tool).filter(|it| it.effect() != Effect::Asks);
        let tool = tool.ok_or(AppError::NotFound)?;
        use_tool(caller, tool.scope(), !tool.effect().is_repeatable())?;
        tool.schema().check(&input).map_err(|wrong| AppError::invalid("/arguments", wrong))?;
        let through = Through::new("page", tool.name(), &input).allowed_by_person();
        let calling = self.calling(caller, through, tool.effect()).await?;
        let began = Instant::now();
        let (notes, _) = Notes::channel();
        let caller = caller.clone();
        let cx = ToolCx {
            caller,
            run: None,
            conversation: None,
            cancel,
            notes,
            asks: None,
            whole: Whole::default(),
        };
        let outcome = call(&**tool, input, &cx).await;
        calling.ended(ending(&outcome), began.elapsed()).await;
        Ok(outcome)
    }
}
