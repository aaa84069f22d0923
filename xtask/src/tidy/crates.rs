//! Every crate says what it is, keeps the common lints and takes its dependencies from one list.

use crate::files::File;

/// Crates whose manifest, README or root file does not follow the house.
pub(super) fn complaints(texts: &[File]) -> Vec<String> {
    let text_of = |path: &str| texts.iter().find(|it| it.path == path).map(|it| it.text.as_str());
    let mut complaints = Vec::new();
    for manifest in texts.iter().filter(|file| is_manifest(&file.path)) {
        let folder = manifest.path.trim_end_matches("/Cargo.toml");
        if text_of(&format!("{folder}/README.md")).is_none_or(|text| text.trim().is_empty()) {
            complaints.push(format!("{folder}: no README.md that says what it must never do"));
        }
        let roots = ["lib.rs", "main.rs"].map(|root| format!("{folder}/src/{root}"));
        let has_doc = |root: &String| text_of(root).is_some_and(|text| text.contains(DOC));
        if !roots.iter().any(has_doc) {
            complaints.push(format!("{folder}: its README is not its module doc, `{DOC}`"));
        }
        complaints.extend(about_manifest(manifest));
    }
    complaints
}

const DOC: &str = "#![doc = include_str!(\"../README.md\")]";

fn is_manifest(path: &str) -> bool {
    let crates = path.strip_prefix("crates/").and_then(|rest| rest.strip_suffix("/Cargo.toml"));
    crates.is_some_and(|name| !name.contains('/')) || path == "xtask/Cargo.toml"
}

fn about_manifest(manifest: &File) -> Vec<String> {
    let path = &manifest.path;
    let (mut section, mut complaints, mut lints) = ("", Vec::new(), false);
    let lines = manifest.text.lines().map(str::trim);
    for line in lines.filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if line.starts_with('[') {
            section = line.trim_matches(['[', ']']);
        } else if section == "lints" {
            lints |= line.replace(' ', "") == "workspace=true";
        } else if section.ends_with("dependencies") && !line.contains("workspace = true") {
            let name = line.split(['=', '.', ' ']).next().unwrap_or(line);
            complaints.push(format!("{path}: take {name} from [workspace.dependencies]"));
        }
    }
    if !lints {
        complaints.push(format!("{path}: no `[lints] workspace = true`"));
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::{super::file, *};

    const MANIFEST: &str = "[lints]\nworkspace = true\n[dependencies]\nserde.workspace = true\n";

    #[test]
    fn a_crate_that_follows_the_house_passes() {
        let texts = [
            file("crates/a/Cargo.toml", MANIFEST),
            file("crates/a/README.md", "# a"),
            file("crates/a/src/main.rs", DOC),
        ];
        assert_eq!(complaints(&texts), [""; 0]);
    }

    #[test]
    fn a_bare_crate_hears_about_readme_module_doc_and_lints() {
        assert_eq!(complaints(&[file("crates/a/Cargo.toml", "[package]\n")]).len(), 3);
    }

    #[test]
    fn a_version_of_its_own_is_named() {
        let manifest = file("xtask/Cargo.toml", &format!("{MANIFEST}toml = \"1\"\n"));
        assert_eq!(
            about_manifest(&manifest),
            ["xtask/Cargo.toml: take toml from [workspace.dependencies]"]
        );
    }
}
