//! What names, places and programs have to be like.

use std::{
    collections::BTreeMap,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use galaxy_domain::tool_server::Link;

use super::{MANY, Mistakes, Value};

/// What would have the loader run something else than the program.
const LOADER: [&str; 3] = ["LD_", "DYLD_", "BASH_ENV"];

/// Whether values that were entered for `old` may go to `new`.
pub(super) fn is_same_place(old: &Link, new: &Link) -> bool {
    match (old, new) {
        (Link::Http { url: old, .. }, Link::Http { url: new, .. }) => {
            let origin = |it: &str| it.parse::<url::Url>().ok().map(|it| it.origin());
            origin(old).is_some() && origin(old) == origin(new)
        }
        (Link::Program { command: old, .. }, Link::Program { command: new, .. }) => old == new,
        (Link::Http { .. }, Link::Program { .. }) | (Link::Program { .. }, Link::Http { .. }) => {
            false
        }
    }
}

pub(super) fn names_are_good(
    mistakes: &mut Mistakes,
    given: &BTreeMap<String, Value>,
    is_good: fn(&str) -> bool,
    place: &str,
) {
    if given.len() > MANY {
        mistakes.add(place, format!("at most {MANY}"));
    }
    for name in given.keys().filter(|name| !is_good(name)) {
        mistakes.add(&format!("{place}/{name}"), "cannot be set");
    }
}

pub(super) fn is_header(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let token = |it: u8| it.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&it);
    let ours = ["accept", "content-type", "content-length", "host", "last-event-id", "connection"];
    !name.is_empty()
        && name.len() <= 100
        && name.bytes().all(token)
        && !ours.contains(&&*lower)
        && !lower.starts_with("mcp-")
}

pub(super) fn is_variable(name: &str) -> bool {
    let plain = |it: u8| it.is_ascii_alphanumeric() || it == b'_';
    !name.is_empty()
        && name.len() <= 100
        && name.bytes().all(plain)
        && !name.as_bytes()[0].is_ascii_digit()
        && !LOADER.iter().any(|it| name.starts_with(it))
}

/// A program by its absolute path, or by its name in `search`.
pub(super) fn find(command: &str, search: &[PathBuf]) -> Option<PathBuf> {
    let path = Path::new(command);
    if path.is_absolute() {
        return is_program(path).then(|| path.to_owned());
    }
    if command.is_empty() || command.contains('/') {
        return None;
    }
    search.iter().map(|it| it.join(command)).find(|it| it.is_absolute() && is_program(it))
}

fn is_program(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|it| it.is_file() && it.permissions().mode() & 0o111 != 0)
}
