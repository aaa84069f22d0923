//! `galaxy verify`: whether what is stored makes sense.

use anyhow::{Context, Result, bail};
use galaxy_store::{Store, StoreError, verify::Verified};

use crate::{say, serve, settings::Settings};

/// Reads everything, prints counts and each problem.
///
/// # Errors
/// When something is wrong, or when the database cannot be read or is not up to date.
pub(super) async fn verify(settings: Settings) -> Result<()> {
    let instance = serve::instance();
    let seal = settings.seal()?;
    let missing = Store::pending(settings.store.build(&instance, seal.clone())).await?;
    if !missing.is_empty() {
        bail!("the database is not up to date, `galaxy migrate` mends that: {}", missing.join(", "))
    }
    let store = match settings.store.open(&instance, seal).await {
        Err(err @ StoreError::InUse(_)) => return Err(err).context("stop the server first"),
        other => other?,
    };
    let verified = store.verify().await;
    store.close().await;
    report(&verified?)
}

fn report(verified: &Verified) -> Result<()> {
    for (table, rows) in &verified.rows {
        say::line(format_args!("{rows:>10} {table}"));
    }
    say::line(format_args!(
        "{:>10} runs replayed, with {} entries; {} answers compared with their logs",
        verified.runs, verified.entries, verified.answers
    ));
    say::line(format_args!(
        "{:>10} audit records followed; their chains end at {}",
        verified.records,
        if verified.heads.is_empty() { "none".to_owned() } else { verified.heads.join(" ") }
    ));
    for trouble in &verified.troubles {
        say::line(format_args!("{}: {}", trouble.place, trouble.what));
    }
    let all = verified.troubles.len() as u64 + verified.untold;
    if verified.untold > 0 {
        say::line(format_args!("and {} more", verified.untold));
    }
    if all > 0 {
        bail!("{all} things are wrong with the database");
    }
    say::line("nothing is wrong");
    Ok(())
}
