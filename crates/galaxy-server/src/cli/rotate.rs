//! `galaxy secrets rotate`.

use anyhow::{Result, bail};
use galaxy_app::secrets;

use crate::{say, serve, settings::Settings};

/// Moves every stored secret to the current key.
///
/// # Errors
/// When a secret opens with no key; the old keys are kept then.
pub(super) async fn rotate(settings: Settings) -> Result<()> {
    let folder = settings.store.folder();
    let store = settings.store.open(&serve::instance()).await?;
    let (vault, own) = if settings.vault.is_given() {
        (settings.vault.build(folder)?, false)
    } else {
        (settings.vault.add_key(folder)?, true)
    };
    let rotated = secrets::rotate(&store, &vault).await;
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
