//! Reading what a server offers, and remembering it.

use std::sync::Arc;

use galaxy_tool::server::{Listing, Request, RequestCx, ServerError, Snapshot, ToolList};
use serde_json::Value;
use tokio::time::Instant;

use crate::{
    lists::{Cache, Pages},
    supervised::{Inner, Patience},
};

/// What a server says to a request that it does not know.
const METHOD_NOT_FOUND: i64 = -32601;

impl Inner {
    /// Reads all pages of a list.
    async fn pages(
        self: &Arc<Self>,
        method: &str,
        key: &str,
        max: usize,
        patience: Patience,
    ) -> Result<Pages, ServerError> {
        let cx = RequestCx::default();
        let mut pages = Pages::default();
        loop {
            let request = Request::new(method, pages.ask());
            let page = match self.request(request, &cx, patience).await {
                // It has none of the kind, and says so in its way.
                Err(ServerError::Said { code: METHOD_NOT_FOUND, .. }) => return Ok(pages),
                page => page?,
            };
            if !pages.add(page, key, max)? {
                return Ok(pages);
            }
        }
    }

    /// Reads the tools afresh and keeps them.
    pub(super) async fn read_tools(
        self: &Arc<Self>,
        cache: &mut Cache<ToolList>,
        patience: Patience,
    ) -> Result<Arc<ToolList>, ServerError> {
        // Connecting may change the version, too.
        self.connection(patience).await?;
        let (version, began) = (self.status.snapshot().tools, Instant::now());
        let max = self.spec.limits.tools;
        let pages = self.pages("tools/list", "tools", max, patience).await?;
        self.status.took(began.elapsed());
        let good_for = pages.good_for.unwrap_or(self.spec.limits.fresh);
        let list = ToolList::read(&self.spec.name, pages.items, max);
        Ok(cache.put(list, version, good_for, Instant::now()))
    }

    /// The tools, from memory where that is good.
    pub(super) async fn tools(self: &Arc<Self>) -> Result<Arc<ToolList>, ServerError> {
        let mut cache = self.tools.lock().await;
        match cache.get(self.status.snapshot().tools, Instant::now()) {
            Some(list) => Ok(list),
            None => self.read_tools(&mut cache, Patience::Waits).await,
        }
    }

    /// Another list, from memory where that is good.
    pub(super) async fn list(
        self: &Arc<Self>,
        what: Listing,
    ) -> Result<Arc<Vec<Value>>, ServerError> {
        let (cache, method, key) = match what {
            Listing::Resources => (&self.resources, "resources/list", "resources"),
            Listing::Templates => {
                (&self.templates, "resources/templates/list", "resourceTemplates")
            }
            Listing::Prompts => (&self.prompts, "prompts/list", "prompts"),
        };
        let version = |snapshot: Snapshot| match what {
            Listing::Resources | Listing::Templates => snapshot.resources,
            Listing::Prompts => snapshot.prompts,
        };
        let mut cache = cache.lock().await;
        if let Some(list) = cache.get(version(self.status.snapshot()), Instant::now()) {
            return Ok(list);
        }
        let connection = self.connection(Patience::Waits).await?;
        let version = version(self.status.snapshot());
        let max = self.spec.limits.tools * 10;
        let mut pages = if connection.offers(what) {
            self.pages(method, key, max, Patience::Waits).await?
        } else {
            Pages::default()
        };
        pages.items.truncate(max);
        let good_for = pages.good_for.unwrap_or(self.spec.limits.fresh);
        Ok(cache.put(pages.items, version, good_for, Instant::now()))
    }
}
