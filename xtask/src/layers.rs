//! `cargo xtask layers`: every edge between crates is one we meant.
//!
//! Only what ships is checked: a test may look behind any curtain.

mod allowed;

use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::run;
use allowed::{ADAPTERS, BENCH, CRATES, Crate, FOREIGN, TESTKIT};

/// A crate of this workspace, as its manifest says.
#[derive(Debug, Default)]
struct Package {
    name: String,
    folder: String,
    features: Vec<String>,
    edges: Vec<Edge>,
}

/// A dependency that is no dev-dependency.
#[derive(Debug)]
struct Edge {
    on: String,
}

/// Runs the check.
///
/// # Errors
/// All edges that are not allowed, one per line.
pub(crate) fn command(arguments: &[String]) -> Result<()> {
    if let Some(argument) = arguments.first() {
        bail!("`layers` takes no arguments, not even `{argument}`");
    }
    let packages = packages()?;
    let complaints: Vec<String> = packages.iter().flat_map(complaints).collect();
    if !complaints.is_empty() {
        bail!("edges between crates:\n{}", complaints.join("\n"));
    }
    println!("{} crates, every edge allowed", packages.len());
    Ok(())
}

fn packages() -> Result<Vec<Package>> {
    let metadata = run::metadata()?;
    let packages = metadata["packages"].as_array().context("cargo metadata lists no packages")?;
    packages.iter().map(|package| parse(package).context("cargo metadata")).collect()
}

fn parse(package: &Value) -> Result<Package> {
    let name = package["name"].as_str().context("a package without a name")?.to_owned();
    let manifest = package["manifest_path"].as_str().context("a package without a manifest")?;
    let folder = Path::new(manifest).parent().and_then(Path::file_name);
    let features = package["features"].as_object().into_iter().flatten();
    let dependencies = package["dependencies"].as_array().into_iter().flatten();
    let shipped = dependencies.filter(|dependency| dependency["kind"] != "dev");
    let edges = shipped.filter_map(|it| Some(Edge { on: it["name"].as_str()?.to_owned() }));
    Ok(Package {
        folder: folder.unwrap_or_default().to_string_lossy().into_owned(),
        features: features.map(|(feature, _)| feature.clone()).collect(),
        edges: edges.collect(),
        name,
    })
}

/// Says what is wrong with `package`.
fn complaints(package: &Package) -> Vec<String> {
    let Package { name, folder, features, edges } = package;
    let Some(from) = crate_named(name) else {
        return vec![format!("{name} has no layer: add it to xtask/src/layers/allowed.rs")];
    };
    let mut complaints = Vec::new();
    if folder != name {
        complaints.push(format!("{name} lives in a folder called {folder}"));
    }
    if !features.is_empty() {
        let features = features.join(", ");
        complaints.push(format!("{name} has features ({features}): one binary to test, so none"));
    }
    complaints.extend(edges.iter().filter_map(|edge| ours(from, edge)));
    complaints.extend(edges.iter().filter_map(|edge| foreign(from, edge)));
    complaints
}

/// Complains about an edge to another crate of ours.
fn ours(from: &Crate, edge: &Edge) -> Option<String> {
    let to = crate_named(&edge.on)?;
    if to.name == TESTKIT && from.name != BENCH {
        return Some(format!("{} ships {TESTKIT}, which is for dev-dependencies", from.name));
    }
    let adapter = ADAPTERS.contains(&(from.name, to.name));
    if from.may_use.contains(&to.layer) || adapter {
        return None;
    }
    Some(format!(
        "{} (layer {}) must not use {} (layer {})",
        from.name, from.layer, to.name, to.layer
    ))
}

/// Complains about an edge to somebody else's crate that only some of ours may use.
fn foreign(from: &Crate, edge: &Edge) -> Option<String> {
    let rule = FOREIGN.iter().find(|rule| rule.on == edge.on)?;
    if rule.users.contain(from.name) {
        return None;
    }
    Some(format!("{} must not use {}: {}", from.name, rule.on, rule.reason))
}

fn crate_named(name: &str) -> Option<&'static Crate> {
    CRATES.iter().find(|it| it.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn about(name: &str, edges: &[&str]) -> Vec<String> {
        let edges = edges.iter().map(|on| Edge { on: (*on).to_owned() }).collect();
        let (name, folder) = (name.to_owned(), name.to_owned());
        complaints(&Package { name, folder, edges, ..Package::default() })
    }

    #[test]
    fn the_api_may_not_reach_round_the_use_cases_to_the_store() {
        let complaint = "galaxy-api (layer 6) must not use galaxy-store (layer 2)";
        assert_eq!(about("galaxy-api", &["galaxy-app", "galaxy-store"]), [complaint]);
    }

    #[test]
    fn the_testkit_never_ships() {
        assert_eq!(about("galaxy-server", &[TESTKIT]).len(), 1);
        assert_eq!(about(BENCH, &[TESTKIT]), [""; 0]);
    }

    #[test]
    fn a_crate_nobody_placed_is_an_error() {
        assert!(about("galaxy-surprise", &[])[0].contains("has no layer"));
    }

    #[test]
    fn knowledge_may_use_the_extractor_and_no_other_adapter() {
        assert_eq!(about("galaxy-knowledge", &["galaxy-extract"]), [""; 0]);
        assert_eq!(about("galaxy-knowledge", &["galaxy-providers"]).len(), 1);
    }

    #[test]
    fn only_the_network_crate_builds_http_clients() {
        assert_eq!(about("galaxy-net", &["reqwest"]), [""; 0]);
        assert!(about("galaxy-providers", &["reqwest"])[0].contains("reqwest"));
    }

    #[test]
    fn the_vocabulary_cannot_await() {
        assert_eq!(about("galaxy-domain", &["galaxy-base", "tokio"]).len(), 1);
    }

    #[test]
    fn every_layer_uses_lower_ones_only() {
        for it in CRATES {
            assert!(it.may_use.iter().all(|layer| *layer < it.layer), "{}", it.name);
        }
    }

    #[test]
    fn dev_dependencies_do_not_count() {
        let package = serde_json::json!({
            "name": "galaxy-agent",
            "manifest_path": "/w/crates/galaxy-agent/Cargo.toml",
            "features": {},
            "dependencies": [
                {"name": "galaxy-testkit", "kind": "dev"},
                {"name": "galaxy-api", "kind": null},
            ],
        });
        let complaints = complaints(&parse(&package).expect("well-formed"));
        assert_eq!(complaints, ["galaxy-agent (layer 4) must not use galaxy-api (layer 6)"]);
    }
}
