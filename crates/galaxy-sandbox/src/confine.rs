//! The walls of Linux.

mod files;
mod limits;
mod syscalls;

use rustix::thread::{
    CapabilitySet, CapabilitySets, clear_ambient_capability_set,
    remove_capability_from_bounding_set, set_capabilities, set_no_new_privs,
};

use crate::{Loose, Profile};

/// Puts this thread, and all that it starts, behind `profile`.
pub(crate) fn enter(profile: &Profile) -> Result<(), Loose> {
    limits::set();
    drop_capabilities().map_err(|err| Loose(format!("capabilities: {err}")))?;
    set_no_new_privs(true).map_err(|err| Loose(format!("new privileges: {err}")))?;
    files::enter(profile).map_err(|err| Loose(format!("Landlock: {err}")))?;
    syscalls::enter(profile.outward).map_err(|err| Loose(format!("seccomp: {err}")))
}

/// Root without capabilities is somebody who owns many files. What may not be dropped from the
/// bounding set is of no use to a process that gains no privileges by starting programs.
fn drop_capabilities() -> rustix::io::Result<()> {
    for capability in CapabilitySet::all().iter() {
        let _ = remove_capability_from_bounding_set(capability);
    }
    let _ = clear_ambient_capability_set();
    let none = CapabilitySet::empty();
    set_capabilities(None, CapabilitySets { effective: none, permitted: none, inheritable: none })
}
