//! Packages that are run here.

use serde::Deserialize;
use serde_json::Value;

use super::input::{Argument, KeyValue, or_default};

/// Where a package comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PackageKind {
    /// npm.
    Npm,
    /// PyPI.
    Pypi,
    /// An image for containers.
    Oci,
    /// NuGet.
    Nuget,
    /// A bundle for desktop applications.
    Mcpb,
    /// Something that came up later.
    Other(String),
}

impl PackageKind {
    /// The name that the schema has for it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Npm => "npm",
            Self::Pypi => "pypi",
            Self::Oci => "oci",
            Self::Nuget => "nuget",
            Self::Mcpb => "mcpb",
            Self::Other(name) => name,
        }
    }

    fn read(name: &str) -> Self {
        match name {
            "npm" => Self::Npm,
            "pypi" => Self::Pypi,
            "oci" => Self::Oci,
            "nuget" => Self::Nuget,
            "mcpb" => Self::Mcpb,
            other => Self::Other(other.to_owned()),
        }
    }
}

/// A package that is run here.
#[derive(Debug, Clone, PartialEq)]
pub struct Package {
    /// Where it comes from.
    pub kind: PackageKind,
    /// Another place of that kind than the usual one.
    pub base: Option<String>,
    /// Names it there.
    pub identifier: String,
    /// Which version of it; images have it in their identifier.
    pub version: Option<String>,
    /// What its author would run it with.
    pub hint: Option<String>,
    /// How it is spoken to: `stdio`, `streamable-http` or `sse`.
    pub transport: String,
    /// Arguments of whatever runs it.
    pub runtime_arguments: Vec<Argument>,
    /// Its own arguments.
    pub arguments: Vec<Argument>,
    /// Its environment.
    pub environment: Vec<KeyValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WirePackage {
    registry_type: String,
    registry_base_url: Option<String>,
    identifier: String,
    version: Option<String>,
    runtime_hint: Option<String>,
    transport: Option<WireTransport>,
    #[serde(default, deserialize_with = "or_default")]
    runtime_arguments: Vec<Argument>,
    #[serde(default, deserialize_with = "or_default")]
    package_arguments: Vec<Argument>,
    #[serde(default, deserialize_with = "or_default")]
    environment_variables: Vec<KeyValue>,
}

#[derive(Deserialize)]
struct WireTransport {
    #[serde(rename = "type")]
    kind: String,
}

impl Package {
    /// Reads a package of an entry.
    pub(super) fn read(wire: &Value) -> Result<Self, serde_json::Error> {
        let wire = WirePackage::deserialize(wire)?;
        Ok(Self {
            kind: PackageKind::read(&wire.registry_type),
            base: wire.registry_base_url.filter(|it| !it.is_empty()),
            identifier: wire.identifier,
            version: wire.version.filter(|it| !it.is_empty()),
            hint: wire.runtime_hint.filter(|it| !it.is_empty()),
            transport: wire.transport.map_or_else(|| "stdio".to_owned(), |it| it.kind),
            runtime_arguments: wire.runtime_arguments,
            arguments: wire.package_arguments,
            environment: wire.environment_variables,
        })
    }
}
