//! What a program is made of: the folders without which it does not run.

use std::{
    collections::BTreeSet,
    fs::File,
    io::Read,
    path::{Component, Path, PathBuf},
};

/// A script names an interpreter, which may be a link into an installation of its own; nobody
/// builds longer chains than this.
const DEPTH: usize = 4;

/// What lies beside a `bin` and belongs to it. Not `share`, `etc` or the folder itself: beside
/// `~/.local/bin` people keep what is nobody's business.
const BESIDE: [&str; 6] = ["bin", "lib", "lib64", "libexec", "shims", "versions"];

/// What `program`, an absolute path, has to read and run to work: itself and what it links to, the
/// folders of libraries beside it, the packages that it is one of, and the interpreter that it
/// names (`env` looks for it in `search`). What the system offers to everybody is not among them.
pub fn installation(program: &Path, search: &[PathBuf]) -> Vec<PathBuf> {
    let mut found = BTreeSet::new();
    add(program, search, DEPTH, &mut found);
    found.retain(|it| !it.starts_with("/usr"));
    found.into_iter().collect()
}

fn add(program: &Path, search: &[PathBuf], depth: usize, found: &mut BTreeSet<PathBuf>) {
    if depth == 0 || !program.is_absolute() {
        return;
    }
    found.insert(program.to_owned());
    surroundings(program, found);
    if let Ok(target) = std::fs::read_link(program) {
        let target = program.parent().unwrap_or(Path::new("/")).join(target);
        add(&target, search, depth - 1, found);
    }
    let Ok(real) = program.canonicalize() else { return };
    if real != program {
        add(&real, search, depth - 1, found);
    } else if let Some(interpreter) = interpreter(&real, search) {
        add(&interpreter, search, depth - 1, found);
    }
}

fn surroundings(program: &Path, found: &mut BTreeSet<PathBuf>) {
    let Some(folder) = program.parent() else { return };
    if let Some(packages) = packages(program) {
        found.insert(packages);
    }
    let Some(root) = folder.parent() else { return };
    // An environment of Python is one thing, and says so.
    if root.join("pyvenv.cfg").is_file() {
        found.insert(root.to_owned());
        return;
    }
    if folder.file_name().is_some_and(|it| it == "bin" || it == "shims") {
        found.insert(folder.to_owned());
        let beside = BESIDE.iter().map(|it| root.join(it)).filter(|it| it.is_dir());
        found.extend(beside);
    }
}

/// The outermost `node_modules` that a file lies in: packages there use one another.
fn packages(program: &Path) -> Option<PathBuf> {
    let modules = Component::Normal("node_modules".as_ref());
    let parts = program.components().take_while(|it| *it != modules).count();
    let is_inside = parts < program.components().count();
    is_inside.then(|| program.components().take(parts + 1).collect())
}

/// The interpreter that a script names in its first line.
fn interpreter(program: &Path, search: &[PathBuf]) -> Option<PathBuf> {
    let mut start = Vec::new();
    let file = File::open(program).ok()?;
    file.take(256).read_to_end(&mut start).ok()?;
    let line = String::from_utf8_lossy(&start);
    let line = line.lines().next()?.strip_prefix("#!")?.trim();
    let mut words = line.split_whitespace();
    let first = PathBuf::from(words.next()?);
    if !first.ends_with("env") {
        return Some(first);
    }
    let name = words.find(|it| !it.starts_with('-'))?;
    search.iter().map(|it| it.join(name)).find(|it| it.is_file())
}

#[cfg(test)]
mod tests;
