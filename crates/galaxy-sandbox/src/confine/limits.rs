//! How much one process may take.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

const MIB: u64 = 1024 * 1024;

/// No limit on processes is among them: it counts everything that the user runs, the server
/// included, and does not hold for root. The keeper counts instead.
const LIMITS: [(Resource, u64); 4] = [
    (Resource::Core, 0),
    (Resource::Nofile, 4096),
    (Resource::Fsize, 1024 * MIB),
    // Not the address space: engines of JavaScript reserve far more of that than they ever use.
    (Resource::Data, 4096 * MIB),
];

/// Lowers every limit that is higher.
pub(super) fn set() {
    for (resource, most) in LIMITS {
        let now = getrlimit(resource);
        let lower = |old: Option<u64>| Some(old.map_or(most, |old| old.min(most)));
        let new = Rlimit { current: lower(now.current), maximum: lower(now.maximum) };
        let _ = setrlimit(resource, new);
    }
}
