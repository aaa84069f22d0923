//! Snapshots: entries of a registry in a file, for machines that cannot reach it.
//!
//! A file of lines, each JSON: first a heading, then for each entry the text as the registry sent
//! it, with the moment at which it came and its SHA-256.

use galaxy_base::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    listed::{Listed, digest, moment},
    upstream::{LONGEST_ENTRY, Sent},
};

/// What the heading calls such a file.
const FORMAT: &str = "galaxy-registry-snapshot";
/// The revision of the format.
const REVISION: u32 = 1;
/// Mistakes of one file that are told.
const MOST_MISTAKES: usize = 20;

#[derive(Serialize, Deserialize)]
struct Heading {
    format: String,
    revision: u32,
    source: String,
    exported_at: String,
}

#[derive(Serialize, Deserialize)]
struct Line {
    fetched_at: String,
    sha256: String,
    entry: String,
}

/// An entry, and when it came.
#[derive(Debug, Clone, PartialEq)]
pub struct Fetched {
    /// The entry.
    pub sent: Sent,
    /// When it came from the registry.
    pub at: Timestamp,
}

/// What a file holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot {
    /// Where it came from.
    pub source: String,
    /// The entries.
    pub entries: Vec<Fetched>,
}

/// The first line of a file.
pub fn heading(source: &str, now: Timestamp) -> String {
    let heading = Heading {
        format: FORMAT.to_owned(),
        revision: REVISION,
        source: source.to_owned(),
        exported_at: now.to_string(),
    };
    written(&heading)
}

/// The line of an entry.
pub fn line(text: &str, at: Timestamp) -> String {
    written(&Line { fetched_at: at.to_string(), sha256: digest(text), entry: text.to_owned() })
}

fn written<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// Reads a file, all of it or nothing.
///
/// # Errors
/// What is wrong, by line: no such file, an entry that is none, one that is not what it was.
pub fn read(file: &str) -> Result<Snapshot, Vec<String>> {
    let mut lines = file.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let heading = lines.next().and_then(|(_, line)| serde_json::from_str::<Heading>(line).ok());
    let Some(heading) = heading.filter(|it| it.format == FORMAT) else {
        return Err(vec!["line 1: this is no snapshot of a registry".to_owned()]);
    };
    if heading.revision > REVISION {
        return Err(vec![format!("line 1: revision {} is not known here", heading.revision)]);
    }
    let (mut entries, mut mistakes) = (Vec::new(), Vec::new());
    for (at, line) in lines {
        match fetched(line) {
            Ok(entry) => entries.push(entry),
            Err(why) => mistakes.push(format!("line {}: {why}", at + 1)),
        }
        if mistakes.len() == MOST_MISTAKES {
            break;
        }
    }
    if mistakes.is_empty() {
        Ok(Snapshot { source: heading.source, entries })
    } else {
        Err(mistakes)
    }
}

fn fetched(line: &str) -> Result<Fetched, String> {
    let Line { fetched_at, sha256, entry } =
        serde_json::from_str(line).map_err(|err| format!("is no line of a snapshot: {err}"))?;
    if entry.len() > LONGEST_ENTRY {
        return Err("the entry is too long".to_owned());
    }
    if digest(&entry) != sha256.to_ascii_lowercase() {
        return Err("the entry is not the one that was exported: its SHA-256 differs".to_owned());
    }
    let at = moment(&fetched_at).ok_or("`fetched_at` is no moment")?;
    let listed = Listed::read(&entry)?;
    Ok(Fetched { sent: Sent { text: entry, listed }, at })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENTRY: &str = r#"{"server":{"name":"a/b","version":"1.0"} }"#;

    fn file(lines: &[String]) -> String {
        let heading = heading("https://registry.example", Timestamp::from_millis(7));
        std::iter::once(heading).chain(lines.iter().cloned()).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn what_is_written_is_read_again_to_the_letter() {
        let at = Timestamp::from_millis(1_700_000_000_123);
        let snapshot = read(&file(&[line(ENTRY, at)])).unwrap();
        assert_eq!(snapshot.source, "https://registry.example");
        assert_eq!((snapshot.entries[0].sent.text.as_str(), snapshot.entries[0].at), (ENTRY, at));
    }

    #[test]
    fn a_file_that_was_changed_is_refused_with_every_line_that_was() {
        let good = line(ENTRY, Timestamp::from_millis(7));
        let changed = good.replace("1.0", "2.0");
        let mistakes = read(&file(&[changed, good, "{}".to_owned()])).unwrap_err();
        assert_eq!(mistakes.len(), 2, "{mistakes:?}");
        assert!(mistakes[0].starts_with("line 2: ") && mistakes[0].contains("SHA-256"));
        assert!(mistakes[1].starts_with("line 4: "), "{mistakes:?}");
        for no in ["", "{}", "hello", r#"{"servers":[]}"#] {
            assert!(read(no).is_err(), "{no}");
        }
    }
}
