//! `galaxy secrets rotate`.

use std::sync::Arc;

use anyhow::{Result, bail};
use galaxy_app::{
    audit::{Notary, by_command},
    secrets::{self, Rotated},
};
use galaxy_domain::audit::{Act, Ending, Fact};
use galaxy_store::Store;
use galaxy_vault::Keyring;

use crate::{say, serve, settings::Settings};

/// Moves every stored secret to the current key.
///
/// # Errors
/// When a secret opens with no key; the old keys are kept then.
pub(super) async fn rotate(settings: Settings) -> Result<()> {
    let folder = settings.store.folder();
    // Opened with the keys of before, so that nobody else has it open when one is made.
    settings.store.open(&serve::instance(), settings.seal()?).await?.close().await;
    let (vault, own) = if settings.vault.is_given() {
        (settings.vault.build(folder)?, false)
    } else {
        (settings.vault.add_key(folder)?, true)
    };
    let vault = Arc::new(vault);
    let seal = Arc::new(Notary::new(vault.clone()));
    let store = settings.store.open(&serve::instance(), seal).await?;
    let rotated = rotate_all(&store, &vault).await;
    store.close().await;
    let rotated = rotated?;
    say::line(format_args!(
        "{} secrets moved to the current key, {} were under it already",
        rotated.moved, rotated.kept
    ));
    if !rotated.lost.is_empty() {
        bail!("no key opens these; the old keys are kept:\n  {}", rotated.lost.join("\n  "));
    }
    if own {
        settings.vault.drop_old_keys(folder)?;
    }
    Ok(())
}

async fn rotate_all(store: &Store, vault: &Keyring) -> Result<Rotated> {
    // It takes many changes: should it be broken off, the record that it began is there.
    by_command(store, Act::VaultRotated, |it| it.ended(Ending::Begun)).await?;
    let rotated = secrets::rotate(store, vault).await?;
    let moved = rotated.moved;
    by_command(store, Act::VaultRotated, |it| it.with(Fact::Count, moved)).await?;
    Ok(rotated)
}
