//! Starting and ending a server's process.

use std::{os::unix::process::ExitStatusExt, process::Stdio as Pipe, sync::Arc, time::Duration};

use galaxy_base::{ExposeSecret, Tasks};
use galaxy_sandbox::Profile;
use galaxy_tool::server::{Era, Limits, LogSource, ServerError, Transport, Walls};
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::{
    process::{Child, ChildStderr, Command},
    time::timeout,
};
use tokio_util::sync::CancellationToken;

use crate::{
    keeper::{CONFINED, Keeper},
    log::Log,
    stdio::{
        Stdio,
        lines::{Line, Lines},
    },
    tap::Tap,
};

/// How long the keeper has to end everything before its group is ended from here.
const PATIENCE: Duration = Duration::from_millis(1600);
/// How long the last words may take.
const LAST_WORDS: Duration = Duration::from_millis(200);
/// More of a line on standard error is not kept.
const STDERR_LINE: usize = 8 * 1024;

/// What is needed to start a process.
pub(crate) struct Program<'a> {
    pub(crate) transport: &'a Transport,
    pub(crate) keeper: &'a Keeper,
    /// How the server speaks, if that is known.
    pub(crate) era: Option<Era>,
    pub(crate) limits: Limits,
    pub(crate) tasks: &'a Tasks,
    pub(crate) tap: Tap,
    pub(crate) log: Arc<Log>,
}

/// The group of a process that is still alive; ends it when dropped.
struct Group(Option<Pid>);

impl Drop for Group {
    fn drop(&mut self) {
        kill(self.0);
    }
}

/// Starts the program. `ended` fires when it is over, and ends it when it is fired. The other token
/// that is given back fires when no process is left and its last words are in the log.
///
/// # Errors
/// [`ServerError::Refused`] for what is no absolute path; [`ServerError::Unavailable`] when the
/// keeper does not start. That the program itself does not start is seen by its ending at once.
pub(crate) fn start(
    program: &Program<'_>,
    ended: CancellationToken,
) -> Result<(Stdio, CancellationToken), ServerError> {
    let mut child = command(program)?
        .spawn()
        .map_err(|err| unavailable(&format!("its keeper does not start: {err}")))?;
    let pid = child.id().and_then(|it| Pid::from_raw(i32::try_from(it).ok()?));
    let group = Group(pid);
    let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let (Some(input), Some(output), Some(errors)) = pipes else {
        return Err(unavailable("it has no standard streams"));
    };
    let stdio = Stdio::new(input, output, program, ended.clone());
    let heard = program.tasks.spawn(listen(errors, program.log.clone()));
    let gone = CancellationToken::new();
    let over = gone.clone();
    let stopping = program.tasks.stopping().clone();
    program.tasks.spawn(async move {
        tokio::select! {
            ended = child.wait() => if ended.is_ok_and(|it| it.signal().is_some()) {
                // The keeper was killed, and could not do its work.
                kill(pid);
            },
            () = ended.cancelled() => end(&mut child, pid).await,
            () = stopping.cancelled() => {
                ended.cancel();
                end(&mut child, pid).await;
            }
        }
        ended.cancel();
        disarm(group);
        // Its last words come out after it is gone.
        let _ = timeout(LAST_WORDS, heard).await;
        over.cancel();
    });
    Ok((stdio, gone))
}

fn unavailable(message: &str) -> ServerError {
    ServerError::Unavailable { message: message.to_owned(), retry_after: None }
}

/// The process is over and reaped: its number may soon be somebody else's.
fn disarm(mut group: Group) {
    group.0 = None;
}

/// Waits for the keeper, which sees its input close, and then waits no longer.
async fn end(child: &mut Child, pid: Option<Pid>) {
    if timeout(PATIENCE, child.wait()).await.is_ok() {
        return;
    }
    kill(pid);
    let _ = child.wait().await;
}

fn kill(group: Option<Pid>) {
    let _ = group.map(|pid| kill_process_group(pid, Signal::KILL));
}

#[expect(clippy::disallowed_methods, reason = "this is the one place that starts tool servers")]
fn command(program: &Program<'_>) -> Result<Command, ServerError> {
    let Transport::Stdio { command, arguments, environment, directory, walls } = program.transport
    else {
        return Err(ServerError::Refused("it is no command".to_owned()));
    };
    if !command.is_absolute() {
        return Err(ServerError::Refused("its command is no absolute path".to_owned()));
    }
    let mut kept = Command::new(&program.keeper.program);
    kept.args(&program.keeper.arguments);
    if let Some(walls) = walls {
        kept.arg(CONFINED).arg(profile(walls).to_argument());
    }
    kept.arg("--").arg(command).args(arguments);
    kept.env_clear();
    kept.envs(environment.iter().map(|(name, value)| (name, value.expose_secret())));
    kept.current_dir(directory.as_deref().unwrap_or_else(|| "/".as_ref()));
    kept.stdin(Pipe::piped()).stdout(Pipe::piped()).stderr(Pipe::piped());
    kept.process_group(0).kill_on_drop(true);
    Ok(kept)
}

fn profile(walls: &Walls) -> Profile {
    let Walls { run, read, write, outward } = walls.clone();
    Profile { run, read, write, outward }
}

/// Reads standard error to its end, whatever comes, and keeps the last lines.
async fn listen(errors: ChildStderr, log: Arc<Log>) {
    let mut lines = Lines::new(errors, STDERR_LINE);
    while let Some(line) = lines.next().await {
        match line {
            Line::Whole(text) if text.iter().all(u8::is_ascii_whitespace) => (),
            Line::Whole(text) => log.add(LogSource::Stderr, &String::from_utf8_lossy(&text)),
            Line::TooLong { .. } => log.add(LogSource::Stderr, "[a line that is too long]"),
        }
    }
}
