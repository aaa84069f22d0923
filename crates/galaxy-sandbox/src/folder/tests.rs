use std::{fs, os::unix::fs::symlink, path::PathBuf};

use tempfile::TempDir;

use super::*;

const MIB: u64 = 1024 * 1024;
/// Below this lies everything that these tests make but do not mean.
const LITTLE: u64 = MIB;

fn holds(folder: &Path, most: u64) -> Holding {
    holding(folder, most, &AtomicBool::new(false))
}

fn bytes(folder: &Path) -> u64 {
    let Holding::Bytes(bytes) = holds(folder, u64::MAX) else { panic!("not counted") };
    bytes
}

/// A chain of folders, one inside the other, made from below: a path of it would be too long.
fn chain(inside: &Path, depth: usize, at_its_end: &str) {
    let mut inner = inside.join("inner");
    fs::create_dir(&inner).unwrap();
    fs::write(inner.join(at_its_end), "").unwrap();
    for _ in 1..depth {
        let outer = inside.join("outer");
        fs::create_dir(&outer).unwrap();
        fs::rename(&inner, outer.join("d")).unwrap();
        inner = inside.join("inner");
        fs::rename(&outer, &inner).unwrap();
    }
}

fn kept() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    fs::create_dir(&home).unwrap();
    (folder, home)
}

#[test]
fn what_is_there_is_counted_with_what_lies_deeper() {
    let (_folder, home) = kept();
    fs::create_dir_all(home.join("a/b")).unwrap();
    for name in ["one", "a/two", "a/b/three"] {
        fs::write(home.join(name), vec![1; 2 * 1024 * 1024]).unwrap();
    }
    let held = bytes(&home);
    assert!((6 * MIB..6 * MIB + LITTLE).contains(&held), "{held}");
    assert_eq!(holds(&home, 5 * MIB), Holding::TooMuch);
    assert_eq!(bytes(&home.join("nothing")), 0);
}

#[test]
fn links_are_not_followed_and_a_file_with_two_names_counts_once() {
    let (folder, home) = kept();
    fs::write(folder.path().join("outside"), vec![1; 8 * 1024 * 1024]).unwrap();
    symlink(folder.path(), home.join("around")).unwrap();
    symlink(folder.path().join("outside"), home.join("file")).unwrap();
    symlink(&home, home.join("itself")).unwrap();
    fs::write(home.join("one"), vec![1; 4 * 1024 * 1024]).unwrap();
    fs::hard_link(home.join("one"), home.join("two")).unwrap();
    let held = bytes(&home);
    assert!((4 * MIB..4 * MIB + LITTLE).contains(&held), "{held}");
}

#[test]
fn a_file_with_holes_counts_for_what_it_takes() {
    let (_folder, home) = kept();
    fs::File::create(home.join("hollow")).unwrap().set_len(1 << 40).unwrap();
    assert!(bytes(&home) < LITTLE);
}

#[test]
fn empty_files_count_so_that_counting_ends() {
    let (_folder, home) = kept();
    for number in 0..300 {
        fs::write(home.join(number.to_string()), "").unwrap();
    }
    assert_eq!(bytes(&home), 300 * LEAST);
    assert_eq!(holds(&home, 299 * LEAST), Holding::TooMuch);
}

#[test]
fn what_lies_too_deep_is_not_counted() {
    let (_folder, home) = kept();
    chain(&home, DEPTH - 1, "end");
    assert_eq!(bytes(&home), u64::try_from(DEPTH).unwrap() * LEAST);
    let (_folder, home) = kept();
    chain(&home, DEPTH, "end");
    assert_eq!(holds(&home, u64::MAX), Holding::TooDeep);
}

#[test]
fn whoever_gives_up_is_let_go() {
    let (_folder, home) = kept();
    fs::write(home.join("one"), "").unwrap();
    assert_eq!(holding(&home, u64::MAX, &AtomicBool::new(true)), Holding::GivenUp);
}

#[test]
fn a_folder_goes_with_all_that_is_in_it_and_nothing_else() {
    let (folder, home) = kept();
    let outside = folder.path().join("outside");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("file"), "stays").unwrap();
    symlink(&outside, home.join("around")).unwrap();
    fs::create_dir_all(home.join("a/b")).unwrap();
    fs::write(home.join("a/b/file"), "goes").unwrap();
    fs::set_permissions(home.join("a/b"), std::os::unix::fs::PermissionsExt::from_mode(0o500))
        .unwrap();
    remove(&home).unwrap();
    assert!(!home.exists());
    assert_eq!(fs::read_to_string(outside.join("file")).unwrap(), "stays");
    remove(&home).unwrap();
}

#[test]
fn folders_go_that_lie_deeper_than_a_path_can_say() {
    let (_folder, home) = kept();
    chain(&home, 5 * DEPTH, "end");
    fs::rename(home.join("inner"), home.join(".deeper-1")).unwrap();
    chain(&home, 3 * DEPTH, "end");
    remove(&home).unwrap();
    assert!(!home.exists());
}
