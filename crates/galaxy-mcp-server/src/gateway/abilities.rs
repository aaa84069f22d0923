//! What a mounted server says that it is and can, as far as that goes through.

use galaxy_app::servers::Mounted;
use galaxy_tool::server::{Era, task};
use rmcp::model::{Implementation, ServerCapabilities, ServerConfig, SubscriptionFilter};
use serde_json::{Value, json};

/// What goes through to a client of what a server says that it can do.
const PASSED: [&str; 6] =
    ["prompts", "resources", "completions", "logging", "experimental", "extensions"];

/// What the server says of itself. A client that `hears` can be told things between its requests.
pub(super) fn config(mounted: &Mounted, hears: bool) -> ServerConfig {
    let told = mounted.server.health().server;
    let name = mounted.name.as_str();
    let (own, instructions) = match told.as_deref() {
        Some(info) => {
            let own = Implementation::new(&info.name, &info.version);
            let title = info.title.as_ref().unwrap_or(&mounted.title);
            (own.with_title(title), info.instructions.clone())
        }
        None => (Implementation::new(name, "").with_title(&mounted.title), None),
    };
    let config = ServerConfig::new(capabilities(&said(mounted), hears)).with_server_info(own);
    match instructions {
        Some(instructions) => config.with_instructions(instructions),
        None => config,
    }
}

/// What of `requested` a client can follow.
pub(super) fn followed(mounted: &Mounted, requested: &SubscriptionFilter) -> SubscriptionFilter {
    let said = said(mounted);
    let can = |key: &str| said.get(key).is_some_and(Value::is_object);
    let mut accepted = SubscriptionFilter::new();
    accepted.tools_list_changed = requested.tools_list_changed;
    accepted.prompts_list_changed = requested.prompts_list_changed.filter(|_| can("prompts"));
    accepted.resources_list_changed = requested.resources_list_changed.filter(|_| can("resources"));
    let single = said.pointer("/resources/subscribe").is_some_and(|it| it == true);
    accepted.resource_subscriptions = requested.resource_subscriptions.clone().filter(|_| single);
    accepted
}

fn said(mounted: &Mounted) -> Value {
    let health = mounted.server.health();
    let mut said = health.server.map(|it| it.capabilities.clone()).unwrap_or_default();
    // Older revisions had tasks of another kind.
    if health.era != Some(Era::Modern)
        && let Some(extensions) = said.get_mut("extensions").and_then(Value::as_object_mut)
    {
        extensions.remove(task::EXTENSION);
    }
    said
}

fn capabilities(told: &Value, hears: bool) -> ServerCapabilities {
    let mut passed = json!({ "tools": { "listChanged": true } });
    for key in PASSED {
        if let Some(value) = told.get(key) {
            passed[key] = value.clone();
        }
    }
    if !hears {
        let resources = passed.get_mut("resources").and_then(Value::as_object_mut);
        resources.map(|it| it.remove("subscribe"));
        passed.as_object_mut().map(|it| it.remove("logging"));
    }
    serde_json::from_value(passed).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_hears_nothing_is_promised_nothing() {
        let told = json!({ "resources": { "subscribe": true }, "logging": {}, "secret": {} });
        let written = |hears| serde_json::to_value(capabilities(&told, hears)).unwrap();
        let (all, less) = (written(true), written(false));
        assert_eq!(all["resources"]["subscribe"], true);
        assert!(all["logging"].is_object() && all.get("secret").is_none());
        assert!(less["resources"].get("subscribe").is_none() && less.get("logging").is_none());
    }
}
