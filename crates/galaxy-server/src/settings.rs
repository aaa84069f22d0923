//! The settings of a deployment: read once, at the start, from the environment and `.env`.
//!
//! **Invariant:** whoever holds a [`Settings`] holds values that are good; every mistake was
//! reported at once, with its key, before anything was touched.

use std::{env, fmt, path::Path, sync::Arc};

use galaxy_app::audit::Notary;

use crate::{
    limits, listen, models, registry, secret_key, store, system_prompt, telemetry, tool_servers,
    vault, walls::Confinement, web,
};

mod given;
mod parse;
pub(crate) mod schema;

pub(crate) use given::{Given, Origin};
pub(crate) use parse::{Environment, LogFormat};
pub(crate) use schema::{Described, Setting};

/// Where more settings are looked for.
const DOTENV: &str = ".env";

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mistake {
    /// The setting, or the place in a file.
    pub(crate) key: String,
    /// What is wrong with it, and what to do.
    pub(crate) message: String,
}

/// Everything that is wrong with a configuration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) struct Mistakes(pub(crate) Vec<Mistake>);

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.len() {
            1 => write!(f, "the configuration has a mistake:")?,
            count => write!(f, "the configuration has {count} mistakes:")?,
        }
        self.0.iter().try_for_each(|Mistake { key, message }| write!(f, "\n  {key}: {message}"))
    }
}

/// What a deployment fixes, part by part.
#[derive(Debug)]
pub(crate) struct Settings {
    /// What the deployment is called.
    pub(crate) app_name: String,
    /// Instructions for every conversation that has none of its own.
    pub(crate) system_prompt: String,
    /// What is logged, and how.
    pub(crate) telemetry: telemetry::Config,
    /// Where connections come from, and how many.
    pub(crate) listen: listen::Config,
    /// How the deployment meets the web.
    pub(crate) web: web::Config,
    /// Where the data is.
    pub(crate) store: store::Config,
    /// What tokens are signed with.
    pub(crate) secret_key: secret_key::Config,
    /// What stored secrets are sealed with.
    pub(crate) vault: vault::Config,
    /// The models.
    pub(crate) models: models::Config,
    /// Tool servers.
    pub(crate) tool_servers: tool_servers::Config,
    /// The registry of tool servers that is read.
    pub(crate) registry: registry::Config,
    /// What people may do at most.
    pub(crate) limits: limits::Config,
}

/// What the process was given. Nothing else in the program reads the environment.
pub(crate) fn given() -> Given {
    let mut given = Given::default();
    for (name, value) in env::vars_os() {
        let Ok(name) = name.into_string() else { continue };
        match value.into_string() {
            Ok(value) => given.add(name, value, Origin::Environment),
            Err(_) if schema::find(&name).is_some() => given.refuse(&name, "is not UTF-8 text"),
            Err(_) => (),
        }
    }
    if Path::new(DOTENV).exists() {
        given.add_file(Path::new(DOTENV));
    }
    given
}

impl Settings {
    /// Reads everything.
    ///
    /// # Errors
    /// Every mistake at once.
    pub(crate) fn read(given: &mut Given) -> Result<Self, Mistakes> {
        given.refuse_unknown();
        let environment = given.value(&schema::ENVIRONMENT);
        let listen = listen::Config::read(given);
        let tool_servers = tool_servers::Config::read(given, &listen);
        let settings = Self {
            app_name: given.value(&schema::APP_NAME),
            system_prompt: system_prompt::read(given),
            telemetry: telemetry::Config::read(given),
            web: web::Config::read(given, &listen, environment),
            listen,
            store: store::Config::read(given, environment),
            secret_key: secret_key::Config::read(given, environment),
            vault: vault::Config::read(given),
            models: models::Config::read(given),
            tool_servers,
            registry: registry::Config::read(given),
            limits: limits::Config::read(given),
        };
        let mistakes = given.mistakes();
        if mistakes.is_empty() { Ok(settings) } else { Err(Mistakes(mistakes)) }
    }

    /// What seals the audit log: the keys of the vault.
    ///
    /// # Errors
    /// As [`vault::Config::build`].
    pub(crate) fn seal(&self) -> anyhow::Result<Arc<Notary>> {
        let vault = self.vault.build(self.store.folder())?;
        Ok(Arc::new(Notary::new(Arc::new(vault))))
    }

    /// The same with tool servers that are programs behind walls, or not.
    ///
    /// # Errors
    /// Without walls only a server that nobody else reaches may run.
    pub(crate) fn with_programs(self, confinement: Confinement) -> Result<Self, Mistakes> {
        let is_open = !self.listen.address.ip().to_canonical().is_loopback();
        if confinement == Confinement::None && (is_open || self.listen.behind_proxy) {
            let message = "programs without walls (--unconfined-programs) are for a server that \
                           listens on 127.0.0.1 and has no proxy in front";
            let key = schema::HOST.name.to_owned();
            return Err(Mistakes(vec![Mistake { key, message: message.to_owned() }]));
        }
        Ok(Self { tool_servers: self.tool_servers.confined(confinement), ..self })
    }

    /// The most important of them in a few lines, without secrets.
    pub(crate) fn summary(&self) -> String {
        let engine = if self.store.is_shared() { "PostgreSQL" } else { "SQLite" };
        let folder = self.store.folder().display();
        let mut lines = vec![
            format!("listens on http://{}", self.listen.address),
            format!("keeps its data in {engine}, and files in {folder}"),
        ];
        lines.extend(self.models.names().map(|(name, source)| format!("model {name} ({source})")));
        lines.push("the built-in demo model".to_owned());
        lines.join("\n  ")
    }
}

#[cfg(test)]
mod tests;
