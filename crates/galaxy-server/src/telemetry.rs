//! What the process tells about itself: the log, and numbers for Prometheus.

use std::{
    backtrace::{Backtrace, BacktraceStatus},
    io::{self, IsTerminal},
    panic::{self, PanicHookInfo},
};

use anyhow::{Context, Result};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing::Level;
use tracing_subscriber::{EnvFilter, fmt::format::JsonFields};

use crate::settings::{Given, LogFormat, schema};

mod json;

/// Bounds of histograms of time, in seconds: from a cached read to the longest answer.
const SECONDS: [f64; 17] = [
    0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 180.0,
    900.0,
];
/// Bounds of histograms that count things.
const COUNTS: [f64; 12] =
    [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0, 4096.0];

/// What is logged, and how.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Config {
    level: Level,
    format: LogFormat,
}

impl Config {
    /// Reads the settings.
    pub(crate) fn read(given: &mut Given) -> Self {
        Self { level: given.value(&schema::LOG_LEVEL), format: given.value(&schema::LOG_FORMAT) }
    }

    /// Starts the log, which goes to the standard error, and the counting. Once per process.
    ///
    /// # Errors
    /// When either was started before.
    pub(crate) fn build(&self) -> Result<PrometheusHandle> {
        self.log().map_err(anyhow::Error::from_boxed).context("cannot start the log")?;
        panic::set_hook(Box::new(log_panic));
        let recorder = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)?
            .set_buckets(&COUNTS)?
            .build_recorder();
        let handle = recorder.handle();
        metrics::set_global_recorder(recorder).context("cannot start counting")?;
        Ok(handle)
    }

    fn log(&self) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let log = tracing_subscriber::fmt()
            .with_env_filter(EnvFilter::new(self.filter()))
            .with_writer(io::stderr);
        match self.format {
            LogFormat::Text => log.with_ansi(io::stderr().is_terminal()).try_init(),
            LogFormat::Json => {
                log.fmt_fields(JsonFields::new()).event_format(json::Flat).try_init()
            }
        }
    }

    /// Our own words at the level that was asked for; others' only when they matter, or when
    /// somebody looks closely.
    fn filter(&self) -> String {
        let others = if self.level >= Level::DEBUG { Level::INFO } else { Level::WARN };
        // That one warns of every mistake that a client makes.
        format!("{},galaxy={},rmcp=ERROR", others.min(self.level), self.level)
    }
}

fn log_panic(info: &PanicHookInfo<'_>) {
    let payload = info.payload();
    let message = payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message");
    let location = info.location().map(ToString::to_string).unwrap_or_default();
    let trace = Backtrace::capture();
    // Without RUST_BACKTRACE there is none.
    let trace = (trace.status() == BacktraceStatus::Captured).then(|| trace.to_string());
    tracing::error!(location, trace, "panic: {message}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn others_are_only_heard_when_it_matters() {
        let filter = |level| Config { level, format: LogFormat::Text }.filter();
        assert_eq!(filter(Level::ERROR), "ERROR,galaxy=ERROR,rmcp=ERROR");
        assert_eq!(filter(Level::INFO), "WARN,galaxy=INFO,rmcp=ERROR");
        assert_eq!(filter(Level::TRACE), "INFO,galaxy=TRACE,rmcp=ERROR");
    }
}
