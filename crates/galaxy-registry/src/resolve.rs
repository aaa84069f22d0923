//! From a way of an entry, and what somebody answered, to what would be run or reached: exactly.
//!
//! **Invariants:** it is pure. What comes out is an argument vector that no shell reads, or an
//! address with headers. Versions are fixed. No secret is in an argument or an address. Every
//! mistake is told at once, each with the key of its question.

mod fields;
mod fill;
mod program;

use std::collections::{BTreeMap, BTreeSet};

use galaxy_base::SecretString;

use crate::{
    entry::{How, Package, PackageKind, Remote, Way},
    question::Question,
};
use fields::{Field, fields};
use fill::Filler;

/// What somebody answered, by the key of the question.
pub type Inputs = BTreeMap<String, Vec<SecretString>>;

/// Something that keeps a way from being resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Defect {
    /// The question; empty where it is the way itself.
    pub key: String,
    /// What is wrong.
    pub message: String,
}

/// A value of a header or of an environment.
#[derive(Debug, Clone)]
pub enum Worth {
    /// One that may be seen.
    Plain(String),
    /// One that nobody may see.
    Secret(SecretString),
    /// The one that is stored already.
    Kept,
}

/// What would be run or reached.
#[derive(Debug, Clone)]
pub enum Reached {
    /// A program, by its name; where it lies is for the machine to say.
    Program {
        /// What runs it: `npx`, `uvx`, `docker` or `dnx`.
        command: String,
        /// Its arguments, one by one.
        arguments: Vec<String>,
        /// Its environment.
        environment: BTreeMap<String, Worth>,
    },
    /// A server by streamable HTTP.
    Http {
        /// Where.
        url: String,
        /// What opens it.
        headers: BTreeMap<String, Worth>,
    },
}

impl Way {
    /// Why this way cannot be taken here, whatever is answered.
    pub fn obstacle(&self) -> Option<String> {
        let told = match &self.how {
            How::Unreadable { reason } => Err(format!("it cannot be read: {reason}")),
            How::Remote(remote) => remote_is_reachable(remote),
            How::Package(package) => package_is_runnable(package),
        };
        told.err().or_else(|| exposed_secret(self))
    }

    /// What is asked before it can be taken, in the order in which it is used.
    pub fn questions(&self) -> Vec<Question> {
        let mut questions: Vec<Question> = Vec::new();
        for question in fields(self).iter().flat_map(Field::questions) {
            if questions.iter().all(|it| it.key != question.key) {
                questions.push(question);
            }
        }
        questions
    }

    /// What is run, in short: `npx`, `uvx`, …; none for an address.
    pub fn runner(&self) -> Option<&str> {
        match &self.how {
            How::Package(package) => program::runner(package).ok(),
            How::Remote(_) | How::Unreadable { .. } => None,
        }
    }
}

/// What `way` comes to with `inputs`. Where a secret of a header or of the environment that `kept`
/// names is not answered, the stored value stays.
///
/// # Errors
/// Everything that is wrong.
pub fn resolve(
    way: &Way,
    inputs: &Inputs,
    kept: &BTreeSet<String>,
) -> Result<Reached, Vec<Defect>> {
    if let Some(message) = way.obstacle() {
        return Err(vec![Defect { key: String::new(), message }]);
    }
    let questions = way.questions();
    let unknown = inputs.keys().filter(|key| questions.iter().all(|it| it.key != **key));
    let mut defects: Vec<Defect> = unknown
        .map(|key| Defect { key: key.clone(), message: "nothing is asked by that name".to_owned() })
        .collect();
    let mut filler = Filler::new(inputs, kept);
    let reached = match &way.how {
        How::Remote(_) => filler.address(way),
        How::Package(package) => filler.program(way, package),
        How::Unreadable { .. } => None,
    };
    defects.extend(filler.defects());
    match reached {
        Some(reached) if defects.is_empty() => Ok(reached),
        Some(_) | None => Err(defects),
    }
}

fn remote_is_reachable(remote: &Remote) -> Result<(), String> {
    match remote.transport.as_str() {
        "streamable-http" => Ok(()),
        "sse" => {
            Err("it speaks the transport of 2024 (HTTP with SSE), which is not spoken here"
                .to_owned())
        }
        other => Err(format!("it speaks `{other}`, which is not known here")),
    }
}

fn package_is_runnable(package: &Package) -> Result<(), String> {
    match &package.kind {
        PackageKind::Mcpb => {
            return Err(
                "it is a bundle for desktop applications (MCPB): its code would have to be \
                 unpacked and run with whatever runtime this machine happens to have"
                    .to_owned(),
            );
        }
        PackageKind::Other(kind) => {
            return Err(format!("packages of the kind `{kind}` are not known here"));
        }
        PackageKind::Npm | PackageKind::Pypi | PackageKind::Oci | PackageKind::Nuget => (),
    }
    if package.transport != "stdio" {
        return Err(format!(
            "it would listen on a port of this machine ({}): only programs that are spoken to by \
             standard input and output are started",
            package.transport
        ));
    }
    program::runner(package)?;
    program::artifact(package).map(|_| ())
}

/// What is on a command line can be read by every program of the machine, and what is in an
/// address is written to logs.
fn exposed_secret(way: &Way) -> Option<String> {
    let exposed = fields(way).into_iter().find(|field| field.is_exposed() && field.is_secret())?;
    let place = match &way.how {
        How::Remote(_) => "into its address, which is written to logs on the way",
        How::Package(_) | How::Unreadable { .. } => {
            "onto the command line, where every program of the machine can read it"
        }
    };
    Some(format!("it would put a secret ({}) {place}", exposed.label))
}

#[cfg(test)]
mod tests;
