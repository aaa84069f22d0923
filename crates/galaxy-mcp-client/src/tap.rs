//! Results as they came, caught before any type can drop a field of them.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use galaxy_tool::server::ServerError;
use rmcp::model::{ClientJsonRpcMessage, ClientRequest, RequestId};
use serde_json::Value;

/// What is known of a request that was sent.
#[derive(Debug)]
enum Caught {
    /// Nothing came yet.
    Nothing {
        /// What was asked for.
        method: String,
    },
    /// What came.
    Result(Result<Value, ServerError>),
}

/// Catches the results of our own requests by their ids. Holds one entry for each request under
/// way, and none for others.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tap(Arc<Mutex<HashMap<String, Caught>>>);

impl Tap {
    /// Waits for the result of `message`, if it is a request of ours.
    pub(crate) fn expect(&self, message: &ClientJsonRpcMessage) {
        if let ClientJsonRpcMessage::Request(sent) = message
            && let ClientRequest::CustomRequest(request) = &sent.request
        {
            let nothing = Caught::Nothing { method: request.method.clone() };
            self.lock().insert(sent.id.to_string(), nothing);
        }
    }

    /// What the request `id` asked for, if its result is still waited for.
    pub(crate) fn method(&self, id: &str) -> Option<String> {
        match self.lock().get(id) {
            Some(Caught::Nothing { method }) => Some(method.clone()),
            Some(Caught::Result(_)) | None => None,
        }
    }

    /// The only request that is waited for, if there is just one.
    pub(crate) fn sole(&self) -> Option<String> {
        let caught = self.lock();
        let mut waiting = caught.iter().filter(|(_, it)| matches!(it, Caught::Nothing { .. }));
        let (id, _) = waiting.next()?;
        waiting.next().is_none().then(|| id.clone())
    }

    /// Keeps the result of the request `id`, if it is waited for.
    pub(crate) fn put(&self, id: &str, result: Result<Value, ServerError>) {
        if let Some(caught @ Caught::Nothing { .. }) = self.lock().get_mut(id) {
            *caught = Caught::Result(result);
        }
    }

    /// Takes what came, and waits no longer.
    pub(crate) fn take(&self, id: &RequestId) -> Option<Result<Value, ServerError>> {
        match self.lock().remove(&id.to_string()) {
            Some(Caught::Result(result)) => Some(result),
            Some(Caught::Nothing { .. }) | None => None,
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Caught>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
