//! The registry of tool servers that is read, if one is.

use std::sync::Arc;

use galaxy_app::market::registry::Upstream;
use galaxy_mcp_client::Registry;
use galaxy_net::Client;
use url::Url;

use crate::settings::{Given, schema};

/// Which registry is read.
#[derive(Debug)]
pub(crate) struct Config {
    address: Option<Url>,
}

impl Config {
    /// Reads the settings.
    pub(crate) fn read(given: &mut Given) -> Self {
        Self { address: given.value(&schema::REGISTRY_MIRROR) }
    }

    /// The way to it.
    pub(crate) fn build(&self, net: &Client) -> Option<Arc<dyn Upstream>> {
        let address = self.address.clone()?;
        Some(Arc::new(Registry::new(net.clone(), address)))
    }
}
