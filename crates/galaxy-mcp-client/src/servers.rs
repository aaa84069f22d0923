//! Where connections are opened.

use std::sync::Arc;

use galaxy_base::{Clock, Tasks};
use galaxy_net::Client;
use galaxy_tool::server::{ServerSpec, ToolServer, ToolServers};

use crate::{connect::House, keeper::Keeper, supervised::Supervised};

/// Opens connections to tool servers.
#[derive(Debug, Clone)]
pub struct McpServers {
    house: House,
    clock: Clock,
}

impl McpServers {
    /// Connections go through `net`, processes are kept by `keeper`, and both end with `tasks`.
    pub fn new(net: Client, keeper: Keeper, tasks: Tasks, clock: Clock) -> Self {
        Self { house: House { net, keeper, tasks }, clock }
    }
}

impl ToolServers for McpServers {
    fn open(&self, spec: ServerSpec) -> Arc<dyn ToolServer> {
        Arc::new(Supervised::new(spec, self.house.clone(), self.clock.clone()))
    }
}
