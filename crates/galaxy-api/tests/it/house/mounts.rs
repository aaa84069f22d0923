//! The routes of other crates that are mounted.

use galaxy_api::{Declared, Freshness, Mount, Policy};
use galaxy_mcp_server::{McpServer, Route};

pub(super) fn mount(mcp: &McpServer) -> Mount {
    Route::ALL.into_iter().fold(Mount::default(), |mount, route| {
        mount.add(policy(route), route.method(), route.path(), mcp.handler(route))
    })
}

/// The routes that are mounted, for the table of all.
pub(crate) fn mounted() -> Vec<Declared> {
    let declared = |it: Route| Declared {
        method: it.method(),
        path: it.path().to_owned(),
        policy: policy(it),
        freshness: Freshness::Any,
    };
    Route::ALL.map(declared).into()
}

fn policy(route: Route) -> Policy {
    if route.is_guarded() { Policy::Bearer } else { Policy::Public }
}
