//! A file is named after what it is about, not after there being nowhere else to put it.

use super::is_source;
use crate::files::File;

/// Names that mean "the rest".
const BINS: &[&str] = &["utils", "util", "helpers", "helper", "common", "manager", "misc", "core"];

/// Files and folders with a name that says nothing.
pub(super) fn complaints(texts: &[File]) -> Vec<String> {
    texts.iter().filter(|file| is_source(file)).filter_map(about).collect()
}

fn about(file: &File) -> Option<String> {
    let path = &file.path;
    if file.name() == "mod.rs" {
        return Some(format!("{path}: a module is `foo.rs` beside `foo/`, never `mod.rs`"));
    }
    let stems = path.split('/').map(|part| part.split('.').next().unwrap_or(part));
    let bin = stems.map(str::to_lowercase).find(|stem| BINS.contains(&stem.as_str()))?;
    Some(format!("{path}: `{bin}` is a bin for the rest; name it after what it is about"))
}

#[cfg(test)]
mod tests {
    use super::{super::file, *};

    #[test]
    fn bins_are_found_as_files_and_as_folders() {
        assert_eq!(complaints(&[file("crates/a/src/utils.rs", "")]).len(), 1);
        assert_eq!(complaints(&[file("web/src/common/Button.svelte", "")]).len(), 1);
        assert_eq!(complaints(&[file("web/src/helpers.test.ts", "")]).len(), 1);
        assert_eq!(complaints(&[file("crates/a/src/score.rs", "")]), [""; 0]);
    }

    #[test]
    fn modules_have_a_name_of_their_own() {
        assert!(complaints(&[file("crates/a/tests/suite/mod.rs", "")])[0].contains("mod.rs"));
    }
}
