//! `galaxy registry import` and `export`.

use std::{
    fs::{self, File},
    io::{BufWriter, Write},
    path::Path,
};

use anyhow::{Context, Result, bail};
use galaxy_app::audit::by_command;
use galaxy_app::market::{
    registry::snapshot::{self, Snapshot},
    snapshot::{Taken, export, import},
};
use galaxy_base::Clock;
use galaxy_domain::audit::{Act, Ending, Fact};
use galaxy_store::Store;

use crate::{say, serve, settings::Settings};

/// A file is at most this long, in bytes.
const LONGEST: u64 = 1 << 30;
/// What a file says it came from.
const SOURCE: &str = "galaxy";

/// Keeps the entries of a file.
///
/// # Errors
/// When the file is no snapshot, or was changed; nothing of it is kept then.
pub(super) async fn take(settings: Settings, path: &Path) -> Result<()> {
    let snapshot = read(path)?;
    let store = settings.store.open(&serve::instance(), settings.seal()?).await?;
    let taken = taken(&store, snapshot).await;
    store.close().await;
    let taken = taken?;
    say::line(format_args!(
        "{} entries read, {} of them new or newer than what was here",
        taken.entries, taken.kept
    ));
    Ok(())
}

async fn taken(store: &Store, snapshot: Snapshot) -> Result<Taken> {
    // It takes many changes: should it be broken off, the record that it began is there.
    by_command(store, Act::RegistryImported, |it| it.ended(Ending::Begun)).await?;
    let taken = import(store, snapshot).await?;
    let count = taken.kept;
    by_command(store, Act::RegistryImported, |it| it.with(Fact::Count, count)).await?;
    Ok(taken)
}

fn read(path: &Path) -> Result<Snapshot> {
    let shown = path.display();
    let length = fs::metadata(path).with_context(|| format!("cannot read {shown}"))?.len();
    if length > LONGEST {
        bail!("{shown} is longer than {LONGEST} bytes");
    }
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {shown}"))?;
    snapshot::read(&text).map_err(|mistakes| {
        anyhow::anyhow!("nothing of {shown} was kept:\n  {}", mistakes.join("\n  "))
    })
}

/// Writes the entries to a file that is not there yet.
///
/// # Errors
/// When there is such a file, or it cannot be written.
pub(super) async fn give(settings: Settings, path: &Path) -> Result<()> {
    let shown = path.display();
    let file = File::create_new(path).with_context(|| format!("cannot write {shown}"))?;
    let store = settings.store.open(&serve::instance(), settings.seal()?).await?;
    let mut file = BufWriter::new(file);
    let written = export(&store, SOURCE, Clock::System.now(), &mut file).await;
    store.close().await;
    let count = written.with_context(|| format!("cannot write {shown}"))?;
    file.flush()?;
    file.get_ref().sync_all()?;
    say::line(format_args!("{count} entries written to {shown}"));
    Ok(())
}
