//! Tools that tell something: to whoever called them, or to everybody who listens.

use std::time::Duration;

use rmcp::{
    RoleServer,
    model::{
        CustomNotification, ProgressNotificationParam, PromptListChangedNotification,
        ResourceUpdatedNotification, ResourceUpdatedNotificationParam, ServerNotification,
        ToolListChangedNotification,
    },
    service::RequestContext,
};
use serde_json::{Value, json};

use super::{asking::is_new, handler::Suite, plain};

/// Between two signs of life.
const BEAT: Duration = Duration::from_millis(50);

impl Suite {
    /// Tools that tell something before they answer.
    pub(crate) async fn telling(
        &self,
        name: &str,
        context: &RequestContext<RoleServer>,
    ) -> Option<Value> {
        match name {
            "test_tool_with_progress" => {
                let token = context.meta.get_progress_token();
                for done in [0.0, 50.0, 100.0] {
                    if let Some(token) = &token {
                        let note = ProgressNotificationParam::new(token.clone(), done);
                        let _ = context.peer.notify_progress(note.with_total(100.0)).await;
                    }
                    tokio::time::sleep(BEAT).await;
                }
            }
            "test_tool_with_logging" => {
                for line in ["Tool execution started", "Tool processing data", "Tool completed"] {
                    self.log(context, line).await;
                    tokio::time::sleep(BEAT).await;
                }
            }
            "test_logging_tool" => self.log(context, "The log was asked for").await,
            "test_trigger_tool_change" => {
                let change = ToolListChangedNotification::default();
                self.tell_all(ServerNotification::ToolListChangedNotification(change)).await;
            }
            "test_trigger_prompt_change" => {
                let change = PromptListChangedNotification::default();
                self.tell_all(ServerNotification::PromptListChangedNotification(change)).await;
            }
            "test_touch_resource" => {
                let params = ResourceUpdatedNotificationParam::new("test://static-text");
                let change = ResourceUpdatedNotification::new(params);
                self.tell_all(ServerNotification::ResourceUpdatedNotification(change)).await;
            }
            _ => return None,
        }
        Some(plain::text(&format!("{name} is complete")))
    }

    /// Writes into the log, for clients of older revisions and for requests that want it.
    async fn log(&self, context: &RequestContext<RoleServer>, line: &str) {
        if is_new(context) && context.meta.log_level().is_none() {
            return;
        }
        let params = json!({ "level": "info", "logger": "suite", "data": line });
        let line = CustomNotification::new("notifications/message", Some(params));
        let _ = context.peer.send_notification(ServerNotification::CustomNotification(line)).await;
    }

    /// Tells everybody who listens.
    async fn tell_all(&self, change: ServerNotification) {
        let (sinks, peers) = {
            let shared = self.shared();
            (shared.sinks.clone(), shared.peers.clone())
        };
        for sink in sinks {
            let _ = sink.send(change.clone()).await;
        }
        for peer in peers {
            let _ = peer.send_notification(change.clone()).await;
        }
    }
}
