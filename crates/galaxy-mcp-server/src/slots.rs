//! Results that are to be sent as they are: what stands behind a handler said more than `rmcp`'s
//! types can hold.
//!
//! A handler puts the result aside under the id of its request and answers with a placeholder; on
//! the way out the placeholder gives way to it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use rmcp::{
    RoleServer,
    model::{CustomResult, JsonRpcMessage, RequestId, ServerResult},
    service::TxJsonRpcMessage,
};
use serde_json::Value;

/// What `rmcp` adds to a result for a client of the newest revision: the rest of the placeholder
/// gives way to what was put aside.
const FRAME: [&str; 3] = ["resultType", "ttlMs", "cacheScope"];
/// Results that nobody took for so long that this many others came are forgotten.
const MOST: usize = 256;

/// The results of requests under way. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Slots(Arc<Mutex<HashMap<String, Value>>>);

impl Slots {
    /// Keeps the result of the request `id`.
    pub fn put(&self, id: &RequestId, result: Value) {
        let mut kept = self.lock();
        if kept.len() >= MOST {
            kept.clear();
        }
        kept.insert(key(id), result);
    }

    /// Takes it, if there is one.
    pub(crate) fn take(&self, id: &RequestId) -> Option<Value> {
        self.lock().remove(&key(id))
    }

    /// `message` with the result that was put aside for it, if one was.
    pub(crate) fn filled(
        &self,
        mut message: TxJsonRpcMessage<RoleServer>,
    ) -> TxJsonRpcMessage<RoleServer> {
        if let JsonRpcMessage::Response(response) = &mut message
            && let Some(result) = self.take(&response.id)
            && let Ok(placeholder) = serde_json::to_value(&response.result)
        {
            response.result =
                ServerResult::CustomResult(CustomResult(merged(&placeholder, result)));
        }
        message
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Value>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The number 1 and the text "1" are different ids.
fn key(id: &RequestId) -> String {
    match id {
        RequestId::Number(number) => number.to_string(),
        RequestId::String(text) => format!("\"{text}"),
    }
}

/// `result` in the place of `placeholder`, with what the client's revision wants beside it.
pub(crate) fn merged(placeholder: &Value, mut result: Value) -> Value {
    let Some(fields) = result.as_object_mut() else { return result };
    let modern = placeholder.get("resultType").is_some();
    for key in FRAME {
        match placeholder.get(key) {
            Some(value) => {
                fields.entry(key).or_insert_with(|| value.clone());
            }
            // An older client knows nothing of it.
            None if !modern => {
                fields.remove(key);
            }
            None => (),
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn nothing_of_what_was_said_is_lost() {
        let said = json!({ "content": [{ "type": "hologram", "x": 1 }], "future": [null] });
        let mut expected = said.clone();
        expected["resultType"] = json!("complete");
        let modern = json!({ "content": [], "resultType": "complete" });
        assert_eq!(merged(&modern, said), expected);
        let told = json!({ "content": [], "resultType": "complete", "future": 1 });
        let old = json!({ "content": [] });
        assert_eq!(merged(&old, told), json!({ "content": [], "future": 1 }));
    }

    #[test]
    fn a_result_is_taken_once_and_under_its_own_id() {
        let slots = Slots::default();
        slots.put(&RequestId::Number(1), json!({ "a": 1 }));
        assert_eq!(slots.take(&RequestId::String("1".into())), None);
        assert_eq!(slots.take(&RequestId::Number(1)), Some(json!({ "a": 1 })));
        assert_eq!(slots.take(&RequestId::Number(1)), None);
        for id in 0..=MOST {
            slots.put(&RequestId::Number(id as i64), json!({}));
        }
        assert_eq!(slots.lock().len(), 1, "nobody took the others");
    }
}
