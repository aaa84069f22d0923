//! Lines of a server's log, for clients that want them.

use rmcp::{
    RoleServer,
    model::{CustomNotification, ServerNotification},
    service::{Peer, RequestContext},
};
use serde_json::Value;

/// What a line may be worth, from the least.
const LEVELS: [&str; 8] =
    ["debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"];

/// Whether a line of `level` is for somebody who wants those from `least` on.
pub(super) fn is_wanted(level: &str, least: &str) -> bool {
    let rank = |level: &str| LEVELS.iter().position(|it| *it == level);
    rank(level) >= rank(least)
}

/// The level from which on the request itself wants lines, as those of the newest revision say.
pub(super) fn asked_for(context: &RequestContext<RoleServer>) -> Option<String> {
    let level = context.meta.log_level()?;
    serde_json::to_value(level).ok()?.as_str().map(str::to_owned)
}

/// Sends the line `params` to `peer`, if it is worth `least`.
pub(super) async fn send(peer: &Peer<RoleServer>, params: Value, least: &str) {
    let level = params.get("level").and_then(Value::as_str).unwrap_or("info");
    if is_wanted(level, least) {
        let line = CustomNotification::new("notifications/message", Some(params));
        // A client that is gone needs nothing.
        let _ = peer.send_notification(ServerNotification::CustomNotification(line)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_lines_that_are_worth_it_are_sent() {
        assert!(is_wanted("error", "warning") && is_wanted("info", "info"));
        assert!(!is_wanted("debug", "info") && !is_wanted("shout", "debug"));
    }
}
