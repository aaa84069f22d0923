//! Name resolution that refuses what the policy refuses.
//!
//! **Invariant:** the client connects to the very addresses that were checked, so a name that
//! resolves differently a moment later changes nothing.

use std::net::SocketAddr;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::policy::{Reach, check_address};

/// Asks the operating system and checks every address of the answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Guarded(pub(crate) Reach);

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        let reach = self.0;
        Box::pin(async move {
            let found: Vec<SocketAddr> =
                tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            // One inner address among public ones is an attack, not an accident: refuse them all.
            for address in &found {
                check_address(address.ip(), reach)?;
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}
