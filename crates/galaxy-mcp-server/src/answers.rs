//! What use cases give, in the protocol's words. A host shows its model what a *tool error* says,
//! so whatever a model or a person can mend is one; protocol errors are for the rest.

use galaxy_app::{AppError, calls::Called};
use galaxy_domain::{Kind, Outcome, Part};
use rmcp::{
    ErrorData,
    model::{CallToolResponse, CallToolResult, ContentBlock},
};
use serde_json::Value;

/// What came of a call of one of the tools.
pub(crate) fn called(
    tool: &str,
    called: Result<Called, AppError>,
) -> Result<CallToolResponse, ErrorData> {
    let result = match called {
        Ok(Called::Ended(outcome)) => ended(outcome),
        Ok(Called::Asks) => asks(tool),
        Ok(Called::Forbidden(reason)) => failed(reason),
        Ok(Called::Unfit(wrong)) => failed(wrong),
        Ok(Called::Unknown) => return Err(unknown(tool)),
        Err(err) => troubled(&err)?,
    };
    Ok(result.into())
}

/// The person wants to be asked before the tool runs.
pub(crate) fn asks(tool: &str) -> CallToolResult {
    failed(format!(
        "the person wants to be asked before `{tool}` runs, and this client cannot ask them: they \
         can allow the tool in Galaxy (Tools), or have an agent call it (`run_agent`) and decide \
         there"
    ))
}

/// There is no such tool.
pub(crate) fn unknown(tool: &str) -> ErrorData {
    let name = galaxy_base::text::headline(tool, 100);
    ErrorData::invalid_params(format!("unknown tool: {name}"), None)
}

fn ended(outcome: Outcome) -> CallToolResult {
    match outcome {
        Outcome::Done { output } => {
            let mut result = CallToolResult::success(Vec::new());
            result.structured_content = structured(&output);
            result.content = output.into_iter().filter_map(block).collect();
            result
        }
        Outcome::Failed { message } => failed(message),
        Outcome::Denied { reason } => failed(reason.unwrap_or_else(|| "denied".to_owned())),
        Outcome::Aborted => failed("the call was cancelled before it changed anything"),
        Outcome::Unknown => failed("the call was cancelled; it may have taken effect all the same"),
    }
}

/// A tool that answers with one JSON object gives it to programs as such, too.
fn structured(output: &[Part]) -> Option<Value> {
    let [Part::Text { text }] = output else { return None };
    let looks = text.starts_with('{').then_some(text)?;
    serde_json::from_str(looks).ok().filter(Value::is_object)
}

fn block(part: Part) -> Option<ContentBlock> {
    match part {
        Part::Text { text } => Some(ContentBlock::text(text)),
        Part::Image { media_type, data } => Some(ContentBlock::image(data, media_type)),
        // Between a model and its provider only.
        Part::Reasoning { .. } | Part::Opaque { .. } => None,
    }
}

/// A tool error: told to the model.
pub(crate) fn failed(message: impl Into<String>) -> CallToolResult {
    CallToolResult::error(vec![ContentBlock::text(message.into())])
}

/// A use case that did not work, while a tool was called.
///
/// # Errors
/// When neither model nor person can do anything about it.
pub(crate) fn troubled(err: &AppError) -> Result<CallToolResult, ErrorData> {
    match err.kind() {
        Kind::Invalid
        | Kind::NotFound
        | Kind::Conflict
        | Kind::Forbidden
        | Kind::TooLarge
        | Kind::TooMany => Ok(failed(words(err))),
        Kind::Unauthenticated | Kind::Unavailable | Kind::Internal => Err(refused(err)),
    }
}

/// A use case that did not work, as a protocol error.
pub(crate) fn refused(err: &AppError) -> ErrorData {
    match err.kind() {
        Kind::Invalid => ErrorData::invalid_params(words(err), None),
        Kind::NotFound => ErrorData::resource_not_found("not found", None),
        Kind::Unauthenticated
        | Kind::Forbidden
        | Kind::Conflict
        | Kind::TooLarge
        | Kind::TooMany => ErrorData::invalid_request(words(err), None),
        Kind::Unavailable => {
            tracing::warn!(error = ?err, "not available");
            ErrorData::internal_error("this does not work at the moment; try again soon", None)
        }
        Kind::Internal => {
            tracing::error!(error = ?err, "a request broke");
            ErrorData::internal_error("something went wrong on our side", None)
        }
    }
}

fn words(err: &AppError) -> String {
    match err.kind() {
        Kind::Forbidden => {
            "you may not do this: your role or your key does not allow it".to_owned()
        }
        Kind::Invalid
        | Kind::Unauthenticated
        | Kind::NotFound
        | Kind::Conflict
        | Kind::TooLarge
        | Kind::TooMany
        | Kind::Unavailable
        | Kind::Internal => err.to_string(),
    }
}
