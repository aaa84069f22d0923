//! The list of files that may be too long, which only ever becomes shorter.

use std::collections::BTreeMap;

use crate::{files::File, run};

/// Where the list is.
pub(super) const LIST: &str = "xtask/tidy-exceptions.txt";

/// The list's entries, and its lines that are none.
pub(super) fn of(texts: &[File]) -> (BTreeMap<String, usize>, Vec<String>) {
    let list = texts.iter().find(|file| file.path == LIST);
    parse(list.map_or("", |file| &file.text))
}

/// Entries that an earlier commit does not have: looked up in the last commit and in the one it
/// builds on, so that neither a working copy nor a change under review can add any.
pub(super) fn grown(texts: &[File]) -> Vec<String> {
    let (now, _) = of(texts);
    if now.is_empty() {
        return Vec::new();
    }
    ["HEAD", "HEAD^1"].into_iter().flat_map(|commit| added(&now, commit)).collect()
}

fn added(now: &BTreeMap<String, usize>, commit: &str) -> Vec<String> {
    let place = format!("{commit}:{LIST}");
    // No such commit, no list in it, no git at all: nothing to compare with.
    if !run::works("git", &["cat-file", "-e", &place]) {
        return Vec::new();
    }
    let before = run::read(&mut run::command("git", &["show", &place])).unwrap_or_default();
    let (before, _) = parse(&before);
    let new = now.iter().filter(|(path, lines)| before.get(*path).is_none_or(|was| was < lines));
    new.map(|(path, _)| format!("{LIST}: {path} is not in {commit}; the list may only shrink"))
        .collect()
}

fn parse(list: &str) -> (BTreeMap<String, usize>, Vec<String>) {
    let (mut entries, mut complaints) = (BTreeMap::new(), Vec::new());
    let lines = list.lines().map(str::trim).filter(|it| !it.is_empty() && !it.starts_with('#'));
    for line in lines {
        let entry = line.split_once(' ').and_then(|(path, it)| Some((path, it.parse().ok()?)));
        match entry {
            Some((path, lines)) => drop(entries.insert(path.to_owned(), lines)),
            None => complaints.push(format!("{LIST}: `{line}` is no `path lines`")),
        }
    }
    (entries, complaints)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_without_a_number_is_reported() {
        let (entries, complaints) = parse("# why\n\na.rs 310\nb.rs\n");
        assert_eq!(entries, BTreeMap::from([("a.rs".to_owned(), 310)]));
        assert_eq!(complaints, [format!("{LIST}: `b.rs` is no `path lines`")]);
    }

    #[test]
    fn a_commit_that_does_not_exist_forbids_nothing() {
        let now = BTreeMap::from([("a.rs".to_owned(), 310)]);
        assert_eq!(added(&now, "no-such-commit"), [""; 0]);
    }
}
