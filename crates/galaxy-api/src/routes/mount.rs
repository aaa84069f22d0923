//! Routes of another crate of this layer, covered by the gate like our own.

use axum::{Router, http::Method, middleware, response::Response, routing::MethodRouter};

use super::{Declared, Freshness, Policy};

/// Routes from elsewhere. As with our own, there is no way to add one without a policy. A handler
/// finds the [`galaxy_domain::Caller`] whom the gate let in among the extensions of its request.
#[derive(Default)]
pub struct Mount {
    pub(super) declared: Vec<Declared>,
    pub(super) router: Router,
}

impl Mount {
    /// Adds one method of a path; `handler` answers to no other.
    #[must_use]
    pub fn add(
        mut self,
        policy: Policy,
        method: Method,
        path: &str,
        handler: MethodRouter,
    ) -> Self {
        let freshness = Freshness::Any;
        self.declared.push(Declared { method, path: path.to_owned(), policy, freshness });
        let handler = handler.layer(middleware::map_response(as_it_is));
        self.router = self.router.route(path, handler);
        self
    }

    /// What was added, for whoever checks it.
    pub fn declared(&self) -> &[Declared] {
        &self.declared
    }
}

/// Marks an answer that is not packed: it is short, asked for often, or packed already.
#[derive(Clone)]
pub(super) struct AsItIs;

async fn as_it_is(mut response: Response) -> Response {
    response.extensions_mut().insert(AsItIs);
    response
}
