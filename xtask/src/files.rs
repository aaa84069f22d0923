//! The repository's files, and where they are.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

/// One text file of the repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct File {
    /// Its path from the repository's root, with `/`.
    pub(crate) path: String,
    /// What is in it.
    pub(crate) text: String,
}

impl File {
    /// The part of the name after the last dot, or nothing.
    pub(crate) fn extension(&self) -> &str {
        Path::new(&self.path).extension().and_then(|it| it.to_str()).unwrap_or_default()
    }

    /// The last part of the path.
    pub(crate) fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }
}

/// Folders that hold what was made, not what was written.
const MADE: &[&str] = &[
    ".git",
    "data",
    "target",
    "web/.vite",
    "web/dist",
    "web/node_modules",
    "web/playwright-report",
    "web/test-results",
];

/// The repository's root.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."))
}

/// The path of `relative` to the repository's root.
pub(crate) fn path(relative: &str) -> PathBuf {
    root().join(relative)
}

/// Paths from the repository's root of the files below `folder` (empty: the whole repository),
/// sorted; without folders that hold what was made.
///
/// # Errors
/// A folder cannot be read.
pub(crate) fn below(folder: &str) -> Result<Vec<String>> {
    let mut found = Vec::new();
    collect(&path(folder), folder, &mut found)?;
    found.sort();
    Ok(found)
}

/// The text files below `folder`; what is no UTF-8 is left out.
///
/// # Errors
/// A file or folder cannot be read.
pub(crate) fn texts_below(folder: &str) -> Result<Vec<File>> {
    let mut texts = Vec::new();
    for path in below(folder)? {
        let bytes = bytes(&path)?;
        if let Ok(text) = String::from_utf8(bytes) {
            texts.push(File { path, text });
        }
    }
    Ok(texts)
}

/// What is in the file at `relative`.
///
/// # Errors
/// It cannot be read.
pub(crate) fn bytes(relative: &str) -> Result<Vec<u8>> {
    fs::read(path(relative)).with_context(|| format!("cannot read {relative}"))
}

/// Writes the file at `relative`, and its folder.
///
/// # Errors
/// It cannot be written.
pub(crate) fn write(relative: &str, content: &[u8]) -> Result<()> {
    let path = path(relative);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    fs::write(path, content).with_context(|| format!("cannot write {relative}"))
}

/// SHA-256 of `content` in hexadecimal.
pub(crate) fn sha256(content: &[u8]) -> String {
    hex::encode(Sha256::digest(content))
}

fn collect(folder: &Path, relative: &str, found: &mut Vec<String>) -> Result<()> {
    let listed =
        fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?;
    for entry in listed {
        let entry = entry.with_context(|| format!("cannot list {}", folder.display()))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let below = if relative.is_empty() { name } else { format!("{relative}/{name}") };
        let kind = entry.file_type().with_context(|| format!("cannot look at {below}"))?;
        if kind.is_dir() {
            if !MADE.contains(&below.as_str()) {
                collect(&entry.path(), &below, found)?;
            }
        } else if kind.is_file() {
            found.push(below);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_file_is_found_below_its_crate_and_the_target_folder_is_not() {
        let found = below("xtask").expect("readable");
        assert!(found.contains(&"xtask/src/files.rs".to_owned()));
        assert!(below("").expect("readable").iter().all(|it| !it.starts_with("target/")));
    }

    #[test]
    fn the_digest_of_nothing_is_the_known_one() {
        assert!(sha256(b"").starts_with("e3b0c44298fc1c14"));
    }
}
