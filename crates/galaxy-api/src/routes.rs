//! All routes, each with its policy beside it.

use std::sync::Arc;

use axum::{
    Router,
    http::{Extensions, HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version, header},
    middleware,
    response::{IntoResponse, Response},
    routing::MethodRouter,
};
use tower::util::option_layer;
use tower_http::{
    catch_panic::CatchPanicLayer,
    compression::{
        CompressionLayer, Predicate,
        predicate::{NotForContentType, SizeAbove},
    },
    cors::{AllowOrigin, CorsLayer},
};
use utoipa::openapi::{OpenApi, path::PathItem};
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};

use crate::{
    api::Api,
    gate::{Gate, Policies, gate},
    layers, page,
    problem::Problem,
};

use mount::AsItIs;
pub use mount::Mount;
pub use policy::{Declared, Freshness, Policy};

mod apps;
mod audit;
mod auth;
mod chat;
mod conversations;
mod docs;
mod export;
mod feedback;
mod keys;
mod live;
mod market;
mod messages;
mod models;
pub mod mount;
pub(crate) mod oauth;
mod people;
mod policy;
mod registry;
mod runs;
mod system;
mod tasks;
mod tool_servers;
mod tools;

/// Routes under construction. There is no way to add one without a policy.
pub(crate) struct Routes {
    router: OpenApiRouter<Api>,
    declared: Vec<Declared>,
}

impl Routes {
    /// Adds documented routes that are open however long ago their caller signed in.
    pub(crate) fn add(self, policy: Policy, routes: UtoipaMethodRouter<Api>) -> Self {
        self.add_for(policy, Freshness::Any, routes)
    }

    /// Adds documented routes.
    pub(crate) fn add_for(
        mut self,
        policy: Policy,
        freshness: Freshness,
        routes: UtoipaMethodRouter<Api>,
    ) -> Self {
        let (schemas, mut paths, methods) = routes;
        for (path, item) in &mut paths.paths {
            for (method, operation) in operations(item) {
                let extensions = operation.extensions.get_or_insert_default();
                extensions.insert("x-policy".to_owned(), policy.as_str().into());
                if let Some(name) = freshness.as_str() {
                    extensions.insert("x-fresh-sign-in".to_owned(), name.into());
                }
                operation.operation_id = Some(operation_id(&method, path));
                self.declared.push(Declared { method, path: path.clone(), policy, freshness });
            }
        }
        self.router = self.router.routes((schemas, paths, methods));
        self
    }

    /// Adds a route that no document speaks of: one that people, not programs, use.
    pub(crate) fn add_plain(
        mut self,
        policy: Policy,
        path: &str,
        methods: MethodRouter<Api>,
    ) -> Self {
        let (path_name, freshness) = (path.to_owned(), Freshness::Any);
        self.declared.push(Declared { method: Method::GET, path: path_name, policy, freshness });
        self.router = self.router.route(path, methods);
        self
    }
}

/// A name for generated clients: unique, because method and path are.
fn operation_id(method: &Method, path: &str) -> String {
    let words = path.split(|ch: char| !ch.is_ascii_alphanumeric()).filter(|it| !it.is_empty());
    let words: Vec<&str> = words.filter(|word| *word != "api").collect();
    format!("{}_{}", method.as_str().to_lowercase(), words.join("_"))
}

fn operations(
    item: &mut PathItem,
) -> impl Iterator<Item = (Method, &mut utoipa::openapi::path::Operation)> {
    let all = [
        (Method::GET, &mut item.get),
        (Method::PUT, &mut item.put),
        (Method::POST, &mut item.post),
        (Method::DELETE, &mut item.delete),
        (Method::PATCH, &mut item.patch),
    ];
    all.into_iter().filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
}

/// Every route there is.
fn all() -> Routes {
    let routes = Routes { router: OpenApiRouter::new(), declared: Vec::new() };
    let routes = system::routes(routes);
    let routes = auth::routes(routes);
    let routes = keys::routes(routes);
    let routes = people::routes(routes);
    let routes = audit::routes(routes);
    let routes = conversations::routes(routes);
    let routes = export::routes(routes);
    let routes = messages::routes(routes);
    let routes = feedback::routes(routes);
    let routes = runs::routes(routes);
    let routes = apps::routes(routes);
    let routes = chat::routes(routes);
    let routes = models::routes(routes);
    let routes = tools::routes(routes);
    let routes = tool_servers::routes(routes);
    let routes = oauth::routes(routes);
    let routes = market::routes(routes);
    let routes = registry::routes(routes);
    let routes = tasks::routes(routes);
    let routes = live::routes(routes);
    docs::routes(routes)
}

/// The routes with their policies, for whoever checks them.
pub fn declared() -> Vec<Declared> {
    all().declared
}

/// The OpenAPI 3.1 document of the API.
pub fn document() -> OpenApi {
    docs::finished(all().router.into_openapi())
}

/// The whole of HTTP: our own routes and `mounts`, gate, limits and headers.
pub fn router(api: Api, mounts: Vec<Mount>) -> Router {
    let Routes { router, mut declared } = all();
    let (mut router, _) = router.split_for_parts();
    for mount in mounts {
        declared.extend(mount.declared);
        router = router.merge(mount.router.with_state(()));
    }
    let rule = |it: Declared| ((it.method, it.path), (it.policy, it.freshness));
    let policies: Policies = declared.into_iter().map(rule).collect();
    let gate_state = Gate { api: api.clone(), policies: Arc::new(policies) };
    let small = SizeAbove::new(1_024);
    let streams = NotForContentType::const_new("text/event-stream");
    let images = NotForContentType::const_new("image/");
    router
        .method_not_allowed_fallback(wrong_method)
        .fallback(page::serve)
        .layer(middleware::from_fn_with_state(gate_state, gate))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(CompressionLayer::new().compress_when(small.and(streams).and(images).and(packable)))
        .layer(option_layer(cors(&api)))
        .layer(middleware::from_fn_with_state(api.clone(), layers::around))
        .with_state(api)
}

/// Whether an answer may be packed: those of mounts are sent as they were made.
fn packable(_: StatusCode, _: Version, _: &HeaderMap, extensions: &Extensions) -> bool {
    extensions.get::<AsItIs>().is_none()
}

/// Lets pages of the configured origins in; without any, no other page.
fn cors(api: &Api) -> Option<CorsLayer> {
    let origins: Vec<HeaderValue> =
        api.config.origins.iter().filter_map(|it| it.parse().ok()).collect();
    if origins.is_empty() {
        return None;
    }
    let layer = CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins))
        .allow_credentials(true)
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            HeaderName::from_static("idempotency-key"),
            HeaderName::from_static("last-event-id"),
            HeaderName::from_static("mcp-method"),
            HeaderName::from_static("mcp-name"),
            HeaderName::from_static("mcp-protocol-version"),
            HeaderName::from_static("mcp-session-id"),
            HeaderName::from_static("x-requested-with"),
        ])
        .expose_headers([
            HeaderName::from_static("mcp-session-id"),
            HeaderName::from_static("x-request-id"),
            header::RETRY_AFTER,
            header::WWW_AUTHENTICATE,
        ]);
    Some(layer)
}

async fn wrong_method() -> Problem {
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "Not with this method.")
}

/// One request that breaks takes no other with it.
fn panicked(_: Box<dyn std::any::Any + Send>) -> Response {
    tracing::error!("a handler panicked");
    let detail = "Something went wrong on our side.";
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail).into_response()
}

/// Reads a field that may be absent (`None`), `null` (`Some(None)`) or given.
fn given<'de, T, D>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    T: serde::Deserialize<'de>,
    D: serde::Deserializer<'de>,
{
    serde::Deserialize::deserialize(deserializer).map(Some)
}
