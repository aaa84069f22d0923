use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
};

use super::*;

/// A folder with files in it; a text that begins with `->` is a link.
fn tree(files: &[(&str, &str)]) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        if let Some(target) = text.strip_prefix("->") {
            symlink(target, &path).unwrap();
        } else {
            fs::write(&path, text.replace("ROOT", &root.path().display().to_string())).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        }
    }
    root
}

/// What was found of `program`, as paths inside the tree.
fn found(root: &tempfile::TempDir, program: &str, search: &[&str]) -> Vec<String> {
    let search: Vec<_> = search.iter().map(|it| root.path().join(it)).collect();
    installation(&root.path().join(program), &search)
        .iter()
        .map(|it| it.strip_prefix(root.path()).unwrap().display().to_string())
        .collect()
}

#[test]
fn a_program_of_the_system_needs_nothing_more() {
    assert_eq!(installation(Path::new("/usr/bin/env"), &[]), Vec::<PathBuf>::new());
}

#[test]
fn a_program_alone_in_a_folder_is_itself() {
    let root = tree(&[("tools/server", "\u{7f}ELF"), ("tools/secret", "")]);
    assert_eq!(found(&root, "tools/server", &[]), ["tools/server"]);
}

#[test]
fn what_lies_beside_bin_comes_along_but_not_what_people_keep_there() {
    let files = [
        ("node/bin/node", "\u{7f}ELF"),
        ("node/bin/npx", "->../lib/node_modules/npm/bin/npx-cli.js"),
        ("node/lib/node_modules/npm/bin/npx-cli.js", "#!/usr/bin/env node\n"),
        ("node/share/keys", ""),
    ];
    let root = tree(&files);
    let found = found(&root, "node/bin/npx", &["node/bin"]);
    for needed in ["node/bin", "node/lib", "node/lib/node_modules", "node/bin/node"] {
        assert!(found.iter().any(|it| it == needed), "{needed} in {found:?}");
    }
    assert!(!found.iter().any(|it| it.contains("share") || it == "node"), "{found:?}");
}

#[test]
fn an_environment_of_python_brings_its_interpreter_from_elsewhere() {
    let files = [
        ("env/pyvenv.cfg", "home = ROOT/python/bin"),
        ("env/bin/mcp-server-time", "#!ROOT/env/bin/python\n"),
        ("env/bin/python", "->../../python/bin/python3.12"),
        ("python/bin/python3.12", "\u{7f}ELF"),
        ("python/lib/python3.12/os.py", ""),
    ];
    let root = tree(&files);
    let found = found(&root, "env/bin/mcp-server-time", &[]);
    for needed in ["env", "python/bin", "python/lib"] {
        assert!(found.iter().any(|it| it == needed), "{needed} in {found:?}");
    }
}

#[test]
fn a_package_brings_the_packages_beside_it() {
    let files = [
        ("app/node_modules/.bin/server", "->../@org/server/dist/index.js"),
        ("app/node_modules/@org/server/dist/index.js", "#!/usr/bin/env node\n"),
        ("app/secret", ""),
    ];
    let root = tree(&files);
    let found = found(&root, "app/node_modules/.bin/server", &[]);
    assert!(found.iter().any(|it| it == "app/node_modules"), "{found:?}");
    assert!(!found.iter().any(|it| it == "app"), "{found:?}");
}

#[test]
fn links_that_lead_in_a_circle_end() {
    let root = tree(&[("a", "->b"), ("b", "->a")]);
    assert_eq!(found(&root, "a", &[]), ["a", "b"]);
}
