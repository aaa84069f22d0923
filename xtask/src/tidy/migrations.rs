//! Both engines have the same migrations, and one that has landed is never edited: a database out
//! there has run it as it was.
//!
//! `checksums.txt` beside them has a line `sha256  engine/file` for each, as `sha256sum` writes it.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;

use crate::files::{self, File};

const FOLDER: &str = "crates/galaxy-store/migrations";
const LIST: &str = "crates/galaxy-store/migrations/checksums.txt";
const ENGINES: [&str; 2] = ["sqlite", "postgres"];

/// Notes down the migrations that are not listed yet. Never changes a line.
///
/// # Errors
/// The list cannot be read or written.
pub(super) fn bless() -> Result<()> {
    if !files::path(FOLDER).is_dir() {
        return Ok(());
    }
    let texts = files::texts_below(FOLDER)?;
    let mut list = listed_text(&texts).to_owned();
    if !list.is_empty() && !list.ends_with('\n') {
        list.push('\n');
    }
    let known = parse(&list);
    let new: Vec<_> =
        present(&texts).into_iter().filter(|(name, _)| !known.contains_key(name)).collect();
    for (name, digest) in &new {
        println!("noted down {name}");
        list.push_str(&format!("{digest}  {name}\n"));
    }
    if new.is_empty() { Ok(()) } else { files::write(LIST, list.as_bytes()) }
}

/// Migrations that one engine lacks, that have changed or gone, or that nobody noted down.
pub(super) fn complaints(texts: &[File]) -> Vec<String> {
    let (present, listed) = (present(texts), parse(listed_text(texts)));
    let mut complaints = unpaired(&present);
    complaints.extend(misnumbered(&present));
    for (name, digest) in &present {
        match listed.get(name) {
            Some(listed) if listed == digest => (),
            Some(_) => complaints.push(format!(
                "{FOLDER}/{name}: has landed and is never edited again; write a new migration"
            )),
            None => complaints.push(format!(
                "{FOLDER}/{name}: not noted down; when it is ready, `cargo xtask tidy --bless`"
            )),
        }
    }
    let gone = listed.keys().filter(|name| !present.contains_key(*name));
    complaints.extend(gone.map(|name| format!("{FOLDER}/{name}: has landed and is gone")));
    complaints
}

/// `engine/file` and digest of every migration.
fn present(texts: &[File]) -> BTreeMap<String, String> {
    let names = texts.iter().filter_map(|file| {
        let name = file.path.strip_prefix(FOLDER)?.strip_prefix('/')?;
        let is_one = name.ends_with(".sql") && name.contains('/');
        is_one.then(|| (name.to_owned(), files::sha256(file.text.as_bytes())))
    });
    names.collect()
}

fn listed_text(texts: &[File]) -> &str {
    texts.iter().find(|file| file.path == LIST).map_or("", |file| &file.text)
}

fn parse(list: &str) -> BTreeMap<String, String> {
    let lines = list.lines().filter_map(|line| line.split_once("  "));
    lines.map(|(digest, name)| (name.to_owned(), digest.to_owned())).collect()
}

fn of_engine<'a>(present: &'a BTreeMap<String, String>, engine: &str) -> BTreeSet<&'a str> {
    let of_engine = present.keys().filter_map(|name| name.strip_prefix(engine)?.strip_prefix('/'));
    of_engine.collect()
}

fn unpaired(present: &BTreeMap<String, String>) -> Vec<String> {
    let [sqlite, postgres] = ENGINES.map(|engine| of_engine(present, engine));
    let alone = sqlite.symmetric_difference(&postgres);
    let alone = alone.map(|name| format!("{FOLDER}: only one engine has {name}"));
    let strange = present
        .keys()
        .filter(|name| !ENGINES.iter().any(|engine| name.split('/').next() == Some(engine)));
    alone.chain(strange.map(|name| format!("{FOLDER}/{name}: of no engine"))).collect()
}

/// Numbers count from one without gaps, so that two branches cannot land the same one.
fn misnumbered(present: &BTreeMap<String, String>) -> Vec<String> {
    let names = of_engine(present, ENGINES[0]).into_iter().enumerate();
    let wrong = names.filter(|(idx, name)| !name.starts_with(&format!("{:04}_", idx + 1)));
    wrong.map(|(idx, name)| format!("{FOLDER}: {name} should have number {:04}", idx + 1)).collect()
}

#[cfg(test)]
mod tests {
    use super::{super::file, *};

    fn migration(name: &str, text: &str) -> File {
        file(&format!("{FOLDER}/{name}"), text)
    }

    fn tree(list: &str) -> Vec<File> {
        vec![
            file(LIST, list),
            migration("sqlite/0001_start.sql", "A"),
            migration("postgres/0001_start.sql", "B"),
        ]
    }

    fn list() -> String {
        let (a, b) = (files::sha256(b"A"), files::sha256(b"B"));
        format!("{a}  sqlite/0001_start.sql\n{b}  postgres/0001_start.sql\n")
    }

    #[test]
    fn listed_pairs_pass() {
        assert_eq!(complaints(&tree(&list())), [""; 0]);
    }

    #[test]
    fn an_edited_migration_is_told_from_a_new_one() {
        let mut edited = tree(&list());
        edited[1].text = "changed".to_owned();
        assert!(complaints(&edited)[0].contains("never edited"));
        assert!(complaints(&tree(""))[0].contains("not noted down"));
    }

    #[test]
    fn a_migration_that_has_gone_is_missed() {
        let complaints = complaints(&[file(LIST, &list())]);
        assert!(complaints[0].contains("is gone"), "{complaints:?}");
    }

    #[test]
    fn engines_go_in_step() {
        let present = present(&[migration("sqlite/0001_start.sql", "A")]);
        assert_eq!(unpaired(&present).len(), 1);
        assert_eq!(misnumbered(&present), [""; 0]);
    }

    #[test]
    fn a_gap_in_the_numbers_is_named() {
        let present = present(&[migration("sqlite/0003_more.sql", "A")]);
        assert_eq!(
            misnumbered(&present),
            [format!("{FOLDER}: 0003_more.sql should have number 0001")]
        );
    }
}
