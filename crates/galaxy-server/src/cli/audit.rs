//! `galaxy audit`: whether what was written down of what happened is as it was written, and a copy of it.

use std::{
    fs::File,
    io::{BufWriter, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use clap::Subcommand;
use galaxy_access::operate;
use galaxy_app::audit::{Checked, Head, by_command, check, lines};
use galaxy_domain::audit::{Act, Fact};
use galaxy_store::{Store, StoreError};

use crate::{say, serve, settings::Settings};

#[derive(Debug, Subcommand)]
pub(super) enum AuditCommand {
    /// Read all records and say what is not as it was written; exit with 1 if something is.
    Verify {
        /// Where a chain ended when it was noted down elsewhere, as this command and the server's log
        /// print it; several are possible.
        #[arg(long = "head", value_name = "CHAIN:PLACE:HASH")]
        heads: Vec<Head>,
    },
    /// Write all records to a file, a JSON object a line, the newest first.
    Export {
        /// A file that is not there yet.
        file: PathBuf,
    },
}

/// Does what was asked. With SQLite the server has to be stopped.
///
/// # Errors
/// When something is wrong, or cannot be read or written.
pub(super) async fn audit(settings: Settings, command: AuditCommand) -> Result<()> {
    let store = match settings.store.open(&serve::instance(), settings.seal()?).await {
        Err(err @ StoreError::InUse(_)) => return Err(err).context("stop the server first"),
        other => other?,
    };
    let done = match command {
        AuditCommand::Verify { heads } => match check(&store, &heads).await {
            Ok(checked) => report(&checked),
            Err(err) => Err(err.into()),
        },
        AuditCommand::Export { file } => export(&store, &file).await,
    };
    store.close().await;
    done
}

fn report(checked: &Checked) -> Result<()> {
    say::line(format_args!(
        "{} records in {} chains; {} more were removed when their time was over",
        checked.records,
        checked.heads.len(),
        checked.removed
    ));
    for head in &checked.heads {
        say::line(format_args!("  {head}"));
    }
    for trouble in &checked.troubles {
        say::line(format_args!("{}: {}", trouble.place, trouble.what));
    }
    let all = checked.troubles.len() as u64 + checked.untold;
    if all > 0 {
        bail!("{all} things are wrong with the audit log");
    }
    say::line("nothing is wrong");
    Ok(())
}

async fn export(store: &Store, path: &Path) -> Result<()> {
    let shown = path.display();
    let file = File::create_new(path).with_context(|| format!("cannot write {shown}"))?;
    by_command(store, Act::LogExported, |it| it.with(Fact::Format, "jsonl")).await?;
    let (mut file, mut count, mut after) = (BufWriter::new(file), 0, None);
    loop {
        let (text, next) = lines(store, operate(store), after).await?;
        count += text.lines().count();
        file.write_all(text.as_bytes()).with_context(|| format!("cannot write {shown}"))?;
        match next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    file.flush()?;
    file.get_ref().sync_all()?;
    say::line(format_args!("{count} records written to {shown}"));
    Ok(())
}
