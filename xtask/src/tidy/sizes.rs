//! Files are short enough to be read in one go. (Functions are clippy's part.)
//!
//! `xtask/tidy-exceptions.txt` lists those that are not yet, as `path lines`; a file on it may only
//! become shorter, and leaves the list when it is short enough.

use std::collections::BTreeMap;

use super::{exceptions, is_source};
use crate::files::File;

/// The most lines that a source file has.
const LINES: usize = 300;

/// Files that are too long, and exceptions that are no longer needed.
pub(super) fn complaints(texts: &[File]) -> Vec<String> {
    let (mut allowed, mut complaints) = exceptions::of(texts);
    for file in texts.iter().filter(|file| is_source(file)) {
        let lines = file.text.lines().count();
        complaints.extend(about(&file.path, lines, allowed.remove(&file.path)));
    }
    complaints.extend(leftovers(&allowed));
    complaints
}

fn about(path: &str, lines: usize, allowed: Option<usize>) -> Option<String> {
    let list = exceptions::LIST;
    match allowed {
        None if lines > LINES => Some(format!(
            "{path}: {lines} lines; {LINES} is the most, split it by what it is about"
        )),
        None => None,
        Some(_) if lines <= LINES => Some(format!("{path}: short enough now, take it off {list}")),
        Some(allowed) if lines > allowed => {
            Some(format!("{path}: has grown from {allowed} to {lines} lines; it may only shrink"))
        }
        Some(allowed) if lines < allowed => {
            Some(format!("{path}: {lines} lines now, write that instead of {allowed} in {list}"))
        }
        Some(_) => None,
    }
}

fn leftovers(allowed: &BTreeMap<String, usize>) -> impl Iterator<Item = String> {
    let list = exceptions::LIST;
    allowed.keys().map(move |path| format!("{list}: there is no source file {path}, take it off"))
}

#[cfg(test)]
mod tests {
    use super::{super::file, *};

    fn long(path: &str, lines: usize) -> File {
        file(path, &"x\n".repeat(lines))
    }

    #[test]
    fn a_file_of_three_hundred_lines_passes_and_one_more_does_not() {
        assert_eq!(complaints(&[long("a.rs", 300)]), [""; 0]);
        assert_eq!(complaints(&[long("a.rs", 301)]).len(), 1);
        assert_eq!(complaints(&[long("a.md", 301)]), [""; 0]);
    }

    #[test]
    fn an_exception_may_shrink_and_not_grow() {
        let list = |lines: usize| file(exceptions::LIST, &format!("# why\na.rs {lines}\n"));
        assert_eq!(complaints(&[list(400), long("a.rs", 400)]), [""; 0]);
        assert!(complaints(&[list(400), long("a.rs", 401)])[0].contains("may only shrink"));
        assert!(complaints(&[list(400), long("a.rs", 399)])[0].contains("399 lines now"));
    }

    #[test]
    fn an_exception_that_nobody_needs_is_an_error() {
        let list = file(exceptions::LIST, "a.rs 400\nb.rs 400\n");
        let complaints = complaints(&[list, long("a.rs", 10)]);
        assert!(complaints[0].contains("short enough now"), "{complaints:?}");
        assert!(complaints[1].contains("no source file b.rs"), "{complaints:?}");
    }
}
