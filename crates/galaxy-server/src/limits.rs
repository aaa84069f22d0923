//! What people may do at most.

use std::{
    num::{NonZeroU32, NonZeroUsize},
    time::Duration,
};

use galaxy_app::{AppConfig, servers::ServersConfig};
use galaxy_jobs::WorkerConfig;

use crate::settings::{Given, schema};

/// What people may do at most, and how much this process takes on.
#[derive(Debug)]
pub(crate) struct Config {
    active_runs: NonZeroUsize,
    messages_per_minute: NonZeroU32,
    conversations_per_minute: NonZeroU32,
    message_chars: NonZeroUsize,
    image_bytes: NonZeroUsize,
    tools_unlockable: bool,
    runs_at_once: NonZeroUsize,
    lease: Duration,
    audit_days: Option<u32>,
}

impl Config {
    /// Reads the settings.
    pub(crate) fn read(given: &mut Given) -> Self {
        Self {
            active_runs: given.value(&schema::MAX_ACTIVE_RUNS_PER_PERSON),
            messages_per_minute: given.value(&schema::MESSAGES_PER_MINUTE),
            conversations_per_minute: given.value(&schema::CONVERSATIONS_PER_MINUTE),
            message_chars: given.value(&schema::MESSAGE_CHARS),
            image_bytes: given.value(&schema::IMAGE_BYTES),
            tools_unlockable: given.value(&schema::TOOLS_UNLOCKABLE),
            audit_days: days(given.value(&schema::AUDIT_RETENTION_DAYS)),
            runs_at_once: given.value(&schema::MAX_CONCURRENT_RUNS),
            lease: Duration::from_secs(given.value(&schema::RUN_LEASE_SECONDS).get().into()),
        }
    }

    /// The configuration of the application; `instance` names this process among the replicas.
    pub(crate) fn build(
        &self,
        name: &str,
        system_prompt: &str,
        instance: &str,
        servers: ServersConfig,
    ) -> AppConfig {
        let worker = WorkerConfig::named(instance.to_owned());
        let worker = WorkerConfig {
            at_once: self.runs_at_once.get(),
            at_once_per_person: worker.at_once_per_person.max(self.active_runs.get()),
            lease: self.lease,
            // Two signs of life may get lost.
            heartbeat: self.lease / 3,
            ..worker
        };
        AppConfig {
            name: name.to_owned(),
            system_prompt: system_prompt.to_owned(),
            active_runs: self.active_runs.get(),
            messages_per_minute: self.messages_per_minute,
            conversations_per_minute: self.conversations_per_minute,
            message_chars: self.message_chars.get(),
            image_bytes: self.image_bytes.get(),
            limits: galaxy_agent::Limits::default(),
            worker,
            tools_unlockable: self.tools_unlockable,
            servers,
            audit_days: self.audit_days,
        }
    }
}

/// So many days; nothing means for ever.
fn days(count: u64) -> Option<u32> {
    (count > 0).then(|| u32::try_from(count).unwrap_or(u32::MAX))
}
