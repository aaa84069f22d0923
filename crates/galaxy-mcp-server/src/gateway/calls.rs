//! Calls of tools, and other requests, passed on.

use std::sync::Arc;

use galaxy_app::servers::Relayed;
use galaxy_tool::server::{Declines, Request, RequestCx, ServerError};
use rmcp::{
    ErrorData, RoleServer,
    model::{CallToolResult, ErrorCode, ProtocolVersion},
    service::RequestContext,
};
use serde_json::Value;

use super::{
    progress::{Notes, telling},
    session::Session,
};
use crate::answers;

impl Session {
    /// Passes a call on; the result is put aside as it came, and what is given keeps its place.
    pub(super) async fn call(
        &self,
        context: &RequestContext<RoleServer>,
    ) -> Result<CallToolResult, ErrorData> {
        let params = self.opened(self.params.clone())?;
        let (notes, heard) = Notes::channel();
        let cx = cx(context, notes);
        let relay = self.app.relay_call(&self.caller, &self.mounted, params, &cx);
        let name = self.params.get("name").and_then(Value::as_str).unwrap_or_default();
        Ok(match telling(context, heard, relay).await {
            Ok(Relayed::Answered(result)) if asks(&result) && !can_be_asked(context) => {
                answers::failed(
                    "the server wants to ask the person something, and this client cannot be \
                     asked: have an agent of Galaxy call the tool instead",
                )
            }
            Ok(Relayed::Answered(result)) => {
                self.slot.put(self.sealed(result));
                CallToolResult::success(Vec::new())
            }
            Ok(Relayed::Failed(err)) => self.failed(&err)?,
            Ok(Relayed::Asks) => answers::asks(name),
            Ok(Relayed::Unfit(wrong)) => answers::failed(format!("invalid arguments: {wrong}")),
            Ok(Relayed::Changed) => answers::failed(
                "the tool was not called: its server describes it differently now, and somebody \
                 has to allow it again",
            ),
            Ok(Relayed::Unknown) => return Err(answers::unknown(name)),
            Err(err) => answers::troubled(&err)?,
        })
    }

    /// Passes another request on, with the parameters as they came.
    pub(super) async fn pass(
        &self,
        method: &str,
        context: &RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        let (notes, heard) = Notes::channel();
        let cx = cx(context, notes);
        let request = Request::new(method, self.opened(self.params.clone())?);
        let request = self.mounted.server.request(request, &cx);
        let result = telling(context, heard, request).await.map_err(|err| self.refused(&err))?;
        if asks(&result) && !can_be_asked(context) {
            let words = "the server wants to ask the person something, and this client cannot be";
            return Err(ErrorData::invalid_request(words, None));
        }
        self.slot.put(self.sealed(result));
        Ok(())
    }

    /// A call that the server did not answer: told to the model where it can help.
    fn failed(&self, err: &ServerError) -> Result<CallToolResult, ErrorData> {
        if matches!(err, ServerError::Said { .. }) {
            return Err(self.refused(err));
        }
        let doubt =
            if err.may_have_happened() { "; it may have taken effect all the same" } else { "" };
        Ok(answers::failed(format!("{}{doubt}", self.mounted.server.explain(err))))
    }

    /// The server's own errors go through as they are.
    pub(super) fn refused(&self, err: &ServerError) -> ErrorData {
        match err {
            ServerError::Said { code, message, data } => {
                let code = i32::try_from(*code).unwrap_or(ErrorCode::INTERNAL_ERROR.0);
                ErrorData::new(ErrorCode(code), message.clone(), data.clone())
            }
            ServerError::NeedsSignIn { .. }
            | ServerError::Refused(_)
            | ServerError::Unavailable { .. }
            | ServerError::Lost(_)
            | ServerError::TimedOut(_)
            | ServerError::Cancelled
            | ServerError::TooLarge(_)
            | ServerError::Garbled(_) => {
                ErrorData::internal_error(self.mounted.server.explain(err), None)
            }
        }
    }

    /// What the server wants back is the caller's alone.
    fn sealed(&self, mut result: Value) -> Value {
        if let Some(Value::String(state)) = result.get_mut("requestState") {
            *state = self.app.seal_state(&self.caller, self.mounted.id, state);
        }
        result
    }

    fn opened(&self, mut params: Value) -> Result<Value, ErrorData> {
        if let Some(Value::String(state)) = params.get_mut("requestState") {
            let opened = self.app.open_state(&self.caller, self.mounted.id, state);
            let foreign = || ErrorData::invalid_params("`requestState` is not yours", None);
            *state = opened.ok_or_else(foreign)?;
        }
        Ok(params)
    }
}

fn cx(context: &RequestContext<RoleServer>, notes: Notes) -> RequestCx {
    RequestCx {
        cancel: context.ct.clone(),
        progress: Arc::new(notes),
        // Whoever asks on the line asks somebody who has no line back.
        elicit: Arc::new(Declines),
    }
}

fn asks(result: &Value) -> bool {
    result.get("resultType").is_some_and(|it| it == "input_required")
}

/// Whether the client speaks the revision in which it can be asked, and says that it wants to.
fn can_be_asked(context: &RequestContext<RoleServer>) -> bool {
    let modern = context.protocol_version().is_some_and(|it| it >= ProtocolVersion::V_2026_07_28);
    modern && context.client_capabilities().is_some_and(|it| it.elicitation.is_some())
}
