//! Galaxy as a server of the Model Context Protocol: behind the gate, and for one host on this
//! machine.
//!
//! On standard input and output the same server answers. It opens the data itself; where a server
//! runs on that data already, or where another is named, what the host says is passed on to it.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use anyhow::{Context, Result, bail};
use galaxy_api::{Mount, Policy};
use galaxy_base::{SecretString, Tasks};
use galaxy_mcp_server::{McpServer, Relay, Route};
use galaxy_net::Client;
use galaxy_store::StoreError;
use url::Url;

use crate::{
    process::EndSignals,
    serve::{self, Assembled},
    settings::Settings,
};

/// A server may work so long on what it was asked, and say nothing.
const PATIENCE: Duration = Duration::from_secs(15 * 60);

/// What a host's command line says.
#[derive(Debug)]
pub(crate) struct Order {
    /// As whom the host acts, where the data is opened here.
    pub(crate) person: Option<String>,
    /// The server to pass everything on to.
    pub(crate) url: Option<Url>,
    /// What opens it.
    pub(crate) key: Option<SecretString>,
}

/// Puts the server behind the gate.
pub(crate) fn mount(mcp: &McpServer) -> Mount {
    Route::ALL.into_iter().fold(Mount::default(), |mount, route| {
        let policy = if route.is_guarded() { Policy::Bearer } else { Policy::Public };
        mount.add(policy, route.method(), route.path(), mcp.handler(route))
    })
}

/// Serves the host at the other end of standard input and output.
///
/// # Errors
/// When the data cannot be opened, or nobody is named to act as.
pub(crate) async fn serve_stdio(settings: Settings, order: Order) -> Result<()> {
    settings.telemetry.build()?;
    serve::install_tls()?;
    if let Some(url) = order.url {
        return relay(url, order.key.as_ref()).await;
    }
    let tasks = Tasks::default();
    match serve::assemble(&settings, &tasks).await {
        Ok(assembled) => open(assembled, &tasks, order.person.as_deref()).await,
        Err(err) if matches!(err.downcast_ref(), Some(StoreError::InUse(_))) => {
            if order.key.is_none() {
                bail!(
                    "a server runs on this data folder: to pass requests on to it, put a key \
                     (made in its settings, under API keys) into GALAXY_API_KEY"
                );
            }
            relay(running(settings.listen.address)?, order.key.as_ref()).await
        }
        Err(err) => Err(err),
    }
}

/// Answers from the data itself.
async fn open(assembled: Assembled, tasks: &Tasks, person: Option<&str>) -> Result<()> {
    let Assembled { app, store, access, .. } = assembled;
    let caller = access.local(person).await.context("--as EMAIL says as whom to act");
    let served = match caller {
        Ok(caller) => {
            app.start();
            let stopping = tasks.stopping().clone();
            let server = McpServer::new(app, false, stopping);
            let mut signals = EndSignals::watch()?;
            tokio::select! {
                served = server.serve_stdio(caller) => served.map_err(Into::into),
                _ = signals.next() => Ok(()),
            }
        }
        Err(err) => Err(err),
    };
    // Runs that go on are taken up by whoever opens the data next.
    tasks.stop(serve::GRACE).await;
    store.close().await;
    served
}

async fn relay(url: Url, key: Option<&SecretString>) -> Result<()> {
    let config = galaxy_net::Config { silence: PATIENCE, ..galaxy_net::Config::default() };
    let relay = Relay::new(Client::new(config)?, url, key);
    Ok(relay.run(tokio::io::stdin(), tokio::io::stdout()).await?)
}

/// Where the server of this configuration can be reached from this machine.
fn running(listens: SocketAddr) -> Result<Url> {
    let host = match listens.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        named @ (IpAddr::V4(_) | IpAddr::V6(_)) => named,
    };
    let address = SocketAddr::new(host, listens.port());
    Ok(format!("http://{address}/mcp").parse()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_listens_everywhere_is_reached_here() {
        let url = |address: &str| running(address.parse().unwrap()).unwrap().to_string();
        assert_eq!(url("0.0.0.0:8000"), "http://127.0.0.1:8000/mcp");
        assert_eq!(url("[::]:8000"), "http://[::1]:8000/mcp");
        assert_eq!(url("10.0.0.1:80"), "http://10.0.0.1/mcp");
    }
}
