#![doc = include_str!("../README.md")]

#[cfg(target_os = "linux")]
mod confine;
pub mod folder;
mod installation;
mod probe;
mod profile;

pub use installation::installation;
pub use probe::{Bait, Escape, escapes};
pub use profile::Profile;

/// Why a process is not behind walls.
#[derive(Debug, thiserror::Error)]
#[error("programs cannot be confined here: {0}")]
pub struct Loose(String);

/// Puts this process behind the walls of `profile`, with everything that it starts from now on. To
/// be called while there is one thread, and before anything untrusted is started.
///
/// # Errors
/// [`Loose`] where the kernel does not have all of the walls (Linux before 6.12, Landlock switched
/// off, other systems). The process may be behind some of them then; it should end.
#[cfg(target_os = "linux")]
pub fn confine(profile: &Profile) -> Result<(), Loose> {
    confine::enter(profile)
}

/// Elsewhere there are no walls.
///
/// # Errors
/// Always.
#[cfg(not(target_os = "linux"))]
pub fn confine(_: &Profile) -> Result<(), Loose> {
    Err(Loose("this system has no Landlock".to_owned()))
}
