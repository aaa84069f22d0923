//! How packages are run: by what, and with which arguments.

use crate::{
    entry::{Package, PackageKind},
    version::is_exact,
};

/// Where packages of a kind come from when nothing is said. Others are refused: what runs them
/// would ask the usual place all the same, and find another package of that name.
const USUAL: [&str; 5] = [
    "https://registry.npmjs.org",
    "https://pypi.org",
    "https://docker.io",
    "https://api.nuget.org",
    "https://ghcr.io",
];
/// A package's name has at most so many characters.
const LONG: usize = 400;

/// What runs packages of that kind.
pub(super) fn runner(package: &Package) -> Result<&'static str, String> {
    let runner = match package.kind {
        PackageKind::Npm => "npx",
        PackageKind::Pypi => "uvx",
        PackageKind::Oci => "docker",
        PackageKind::Nuget => "dnx",
        PackageKind::Mcpb | PackageKind::Other(_) => {
            return Err("nothing here runs such packages".to_owned());
        }
    };
    // Whatever an entry says is started would be started: no name of its own choice is.
    match package.hint.as_deref() {
        Some(hint) if hint != runner => {
            Err(format!("it wants to be run by `{hint}`; packages of its kind are run by {runner}"))
        }
        Some(_) | None => Ok(runner),
    }
}

/// The package in its fixed version, as its runner takes it.
pub(super) fn artifact(package: &Package) -> Result<String, String> {
    let Package { identifier, version, base, .. } = package;
    if let Some(base) = base
        && !USUAL.iter().any(|it| base.trim_end_matches('/').starts_with(it))
    {
        return Err(format!("it comes from {base}, and not from where such packages are known"));
    }
    if !is_identifier(&package.kind, identifier) {
        return Err(format!("`{identifier}` is no name of a package"));
    }
    if package.kind == PackageKind::Oci {
        return image(identifier, version.as_deref());
    }
    let version = version.as_deref().filter(|it| is_exact(it));
    let version = version.ok_or("its version is not fixed, so that it could change any day")?;
    let between = if package.kind == PackageKind::Pypi { "==" } else { "@" };
    Ok(format!("{identifier}{between}{version}"))
}

/// All arguments, in their order. `variables` are handed on to a container by their names only.
pub(super) fn arguments<'a>(
    package: &Package,
    runtime: Vec<String>,
    own: Vec<String>,
    variables: impl Iterator<Item = &'a str>,
) -> Result<Vec<String>, String> {
    let artifact = artifact(package)?;
    let mut line: Vec<String> = Vec::new();
    let mut say = |words: &[&str]| line.extend(words.iter().map(|it| (*it).to_owned()));
    match package.kind {
        PackageKind::Npm => say(&["-y"]),
        PackageKind::Oci => say(&["run", "-i", "--rm"]),
        PackageKind::Pypi | PackageKind::Nuget | PackageKind::Mcpb | PackageKind::Other(_) => (),
    }
    // What goes without saying is often said.
    let is_said = |it: &String| {
        it.starts_with('-') && (line.contains(it) || it == "--interactive" || it == "--yes")
    };
    let runtime: Vec<String> = runtime.into_iter().filter(|it| !is_said(it)).collect();
    line.extend(runtime);
    if package.kind == PackageKind::Oci {
        line.extend(variables.flat_map(|name| ["-e".to_owned(), name.to_owned()]));
    }
    line.push(artifact);
    if package.kind == PackageKind::Nuget {
        line.push("--yes".to_owned());
        if !own.is_empty() {
            line.push("--".to_owned());
        }
    }
    line.extend(own);
    Ok(line)
}

/// An image with a tag that does not move by its name, or with its digest.
fn image(identifier: &str, version: Option<&str>) -> Result<String, String> {
    let moves = "its tag is not fixed, so that it could change any day";
    if let Some((_, digest)) = identifier.split_once("@sha256:") {
        let is_digest = digest.len() == 64 && digest.bytes().all(|it| it.is_ascii_hexdigit());
        return if is_digest { Ok(identifier.to_owned()) } else { Err(moves.to_owned()) };
    }
    let last = identifier.rsplit('/').next().unwrap_or_default();
    match (last.split_once(':'), version) {
        (Some((_, tag)), _) if is_exact(tag) => Ok(identifier.to_owned()),
        // Older entries have the tag beside it.
        (None, Some(tag)) if is_exact(tag) => Ok(format!("{identifier}:{tag}")),
        (Some(_) | None, _) => Err(moves.to_owned()),
    }
}

/// Nothing that its runner would take for an option, a path, an alias or an address.
fn is_identifier(kind: &PackageKind, identifier: &str) -> bool {
    let more: &[u8] = match kind {
        PackageKind::Oci => b"._-/:@",
        PackageKind::Npm => b"._-/",
        PackageKind::Pypi | PackageKind::Nuget | PackageKind::Mcpb | PackageKind::Other(_) => {
            b"._-"
        }
    };
    let scope = identifier.strip_prefix('@').filter(|_| *kind == PackageKind::Npm);
    let body = scope.unwrap_or(identifier);
    // Without a scope, npm takes `a/b` for a repository.
    let slashes = body.bytes().filter(|it| *it == b'/').count();
    let is_placed = *kind != PackageKind::Npm || slashes == usize::from(scope.is_some());
    let plain = |it: u8| it.is_ascii_alphanumeric() || more.contains(&it);
    identifier.len() <= LONG
        && is_placed
        && body.starts_with(|it: char| it.is_ascii_alphanumeric())
        && body.bytes().all(plain)
        && !["..", "//", ":/"].iter().any(|it| identifier.contains(it))
}
