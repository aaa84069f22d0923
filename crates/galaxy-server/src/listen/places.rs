//! How many connections there may be: in all, and of one address.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::neighbourhood;

/// The places of a listener.
#[derive(Debug)]
pub(super) struct Places {
    total: usize,
    free: Arc<Semaphore>,
    per_address: Option<usize>,
    taken: Mutex<HashMap<IpAddr, usize>>,
}

/// A place that is free, held for whoever comes next.
#[derive(Debug)]
pub(super) struct Free {
    places: Arc<Places>,
    permit: OwnedSemaphorePermit,
}

/// A place that a connection has taken, until this is dropped.
#[derive(Debug)]
pub(super) struct Place {
    places: Arc<Places>,
    /// Whom it counts for, where somebody counts.
    address: Option<IpAddr>,
    _permit: OwnedSemaphorePermit,
}

impl Places {
    /// So many in `total`, and of one address, unless that is not limited.
    pub(super) fn new(total: usize, per_address: Option<usize>) -> Self {
        let total = total.clamp(1, u32::MAX as usize).min(Semaphore::MAX_PERMITS);
        let free = Arc::new(Semaphore::new(total));
        Self { total, free, per_address, taken: Mutex::default() }
    }

    /// Waits for a free place.
    pub(super) async fn wait(self: &Arc<Self>) -> Free {
        let permit = self.free.clone().acquire_owned().await;
        Free { places: self.clone(), permit: permit.expect("the semaphore is never closed") }
    }

    /// Waits until no place is taken.
    pub(super) async fn emptied(&self) {
        let all = u32::try_from(self.total).unwrap_or(u32::MAX);
        let _all = self.free.acquire_many(all).await;
    }
}

impl Free {
    /// Gives the place to `peer`, unless it has as many as it may. This machine has no limit of
    /// its own.
    pub(super) fn taken_by(self, peer: IpAddr) -> Option<Place> {
        let Self { places, permit } = self;
        let limit = places.per_address.filter(|_| !peer.to_canonical().is_loopback());
        let address = limit.map(|_| neighbourhood(peer));
        if let (Some(limit), Some(address)) = (limit, address) {
            let mut taken = places.taken.lock().unwrap_or_else(PoisonError::into_inner);
            let count = taken.entry(address).or_default();
            if *count >= limit {
                return None;
            }
            *count += 1;
        }
        metrics::gauge!("galaxy_connections_open").increment(1);
        Some(Place { places, address, _permit: permit })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        metrics::gauge!("galaxy_connections_open").decrement(1);
        let Some(address) = self.address else { return };
        let mut taken = self.places.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = taken.get_mut(&address) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    fn take(places: &Arc<Places>, peer: &str) -> Option<Place> {
        let free = places.wait().now_or_never().expect("there is a free place");
        free.taken_by(peer.parse().unwrap())
    }

    #[test]
    fn an_address_has_so_many_places_and_this_machine_has_all() {
        let places = Arc::new(Places::new(100, Some(2)));
        let _first = take(&places, "192.0.2.1").unwrap();
        let second = take(&places, "::ffff:192.0.2.1").unwrap();
        assert!(take(&places, "192.0.2.1").is_none());
        assert!(take(&places, "192.0.2.2").is_some());
        drop(second);
        assert!(take(&places, "192.0.2.1").is_some());
        let local: Vec<_> = (0..50).map(|_| take(&places, "127.0.0.1").unwrap()).collect();
        assert_eq!(local.len(), 50);
    }

    #[test]
    fn the_addresses_of_one_ipv6_network_count_as_one() {
        let places = Arc::new(Places::new(100, Some(1)));
        let _first = take(&places, "2001:db8::1").unwrap();
        assert!(take(&places, "2001:db8::ffff").is_none());
        assert!(take(&places, "2001:db8:0:1::1").is_some());
    }

    #[test]
    fn when_all_places_are_taken_the_next_one_waits() {
        let places = Arc::new(Places::new(1, None));
        let only = take(&places, "192.0.2.1").unwrap();
        assert!(places.wait().now_or_never().is_none());
        assert!(places.emptied().now_or_never().is_none());
        drop(only);
        assert!(places.emptied().now_or_never().is_some());
        assert!(take(&places, "192.0.2.1").is_some());
    }
}
