//! The keeper of a child process: it sits between the server and one tool server, and makes sure
//! that the latter ends when the former does, however it does.
//!
//! **Invariant:** the keeper's standard input is a pipe whose other end only the server holds. The
//! kernel closes that end when the server ends, also after `kill -9`, and the keeper then ends
//! everything it started: its process group, and what left that group.
//!
//! The death signal of Linux (`PR_SET_PDEATHSIG`) would not do: it fires when the *thread* that
//! started the child ends, and reaches nobody but that child.
//!
//! A keeper that is told to ([`CONFINED`]) goes behind the walls of `galaxy-sandbox` first, and what
//! it keeps is behind them with it.

use std::{
    ffi::OsString,
    io::{self, Read, Write},
    path::PathBuf,
    process::{Child, ChildStdin, ExitCode, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use galaxy_sandbox::Profile;
use rustix::{
    event::{PollFd, PollFlags, poll},
    process::{Pid, Signal, WaitOptions, getpgrp, getpid, kill_process, kill_process_group, wait},
};

/// How long a child may take to end by itself once its input is closed.
const GRACE: Duration = Duration::from_millis(700);
/// How long it may take after it was asked to (`SIGTERM`).
const LAST_GRACE: Duration = Duration::from_millis(300);

/// How often to look for what is left: processes may start others while they are ended.
const ROUNDS: u32 = 1000;

/// The option before the profile (JSON of [`Profile`]) behind whose walls a program is kept.
pub const CONFINED: &str = "--confined";

/// More processes than this are a fork bomb, or as bad as one.
const CROWD: usize = 256;
/// How often they are counted.
const COUNTED_EVERY: Duration = Duration::from_secs(1);

/// How the keeper is started: our own program with arguments that lead to [`run`]. Appended are, if
/// so, [`CONFINED`] and a profile, then `--`, and what is to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keeper {
    /// The program.
    pub program: PathBuf,
    /// Its first arguments.
    pub arguments: Vec<String>,
}

/// Starts `command` (a program and its arguments), hands it what comes on standard input, and ends
/// it when standard input is closed at its other end. The child has the standard output, standard
/// error, environment and folder of the keeper, and is behind the same walls. Gives the child's exit
/// code.
///
/// To be called in a process of its own that leads its process group and has one thread; it does
/// not return before everything is over.
pub fn run(command: &[OsString], walls: Option<&Profile>) -> ExitCode {
    let _ = adopt_orphans();
    if let Some(Err(loose)) = walls.map(galaxy_sandbox::confine) {
        let _ = writeln!(io::stderr(), "[not started: {loose}]");
        return ExitCode::from(126);
    }
    let (mut child, input) = match start(command) {
        Ok(started) => started,
        Err(err) => {
            let name = command.first().map(|it| it.to_string_lossy().into_owned());
            let _ = writeln!(io::stderr(), "cannot start {}: {err}", name.unwrap_or_default());
            return ExitCode::from(127);
        }
    };
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    thread::spawn(move || pass_on(input));
    if walls.is_some() {
        thread::spawn(watch_crowd);
    }
    let (gone, is_gone) = mpsc::channel();
    thread::spawn(move || {
        let status = child.wait();
        if let Ok(status) = &status {
            let _ = writeln!(io::stderr(), "[it ended: {status}]");
        }
        let code = status.ok().and_then(|it| it.code()).unwrap_or(1);
        let _ = gone.send(());
        end_everything();
        std::process::exit(code);
    });
    wait_for_hangup();
    if is_gone.recv_timeout(GRACE).is_err() {
        let _ = pid.map(|pid| kill_process(pid, Signal::TERM));
        let _ = is_gone.recv_timeout(LAST_GRACE);
    }
    end_everything();
    ExitCode::from(137)
}

#[expect(clippy::disallowed_methods, reason = "the keeper starts the one command it was given")]
fn start(command: &[OsString]) -> io::Result<(Child, ChildStdin)> {
    let Some((program, arguments)) = command.split_first() else {
        return Err(io::Error::other("nothing to start"));
    };
    let mut command = std::process::Command::new(program);
    let mut child = command.args(arguments).stdin(Stdio::piped()).spawn()?;
    let input = child.stdin.take().ok_or_else(|| io::Error::other("no standard input"))?;
    Ok((child, input))
}

/// Copies standard input to the child until either ends; the child then reads the end of its input.
fn pass_on(mut to: ChildStdin) {
    let mut from = io::stdin().lock();
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        if to.write_all(&buffer[..read]).is_err() {
            break;
        }
    }
}

/// Returns when nobody holds the other end of standard input any more, whether or not everything
/// that was written there has been read: a child that does not read cannot delay this.
fn wait_for_hangup() {
    let input = io::stdin();
    loop {
        let mut fds = [PollFd::new(&input, PollFlags::empty())];
        match poll(&mut fds, None) {
            Ok(_) if fds[0].revents().is_empty() => (),
            Err(err) if err == rustix::io::Errno::INTR => (),
            Ok(_) | Err(_) => return,
        }
    }
}

/// Ends everything, and this process, when it has become too many.
fn watch_crowd() {
    loop {
        thread::sleep(COUNTED_EVERY);
        if descendants(CROWD + 1) > CROWD {
            let _ = writeln!(io::stderr(), "[ended: more than {CROWD} processes]");
            // At once and all together: one by one they would be made faster than ended.
            let _ = kill_process_group(getpgrp(), Signal::KILL);
        }
    }
}

/// Ends all that was started here. Where `/proc` tells who that is, this process stays; elsewhere
/// it goes with its group.
fn end_everything() {
    for _ in 0..ROUNDS {
        match children().as_deref() {
            Some([]) => return,
            Some(orphans) => {
                for pid in orphans {
                    let _ = kill_process(*pid, Signal::KILL);
                }
                // What they had started is ours now; look again when they are gone.
                thread::sleep(Duration::from_millis(1));
                while let Ok(Some(_)) = wait(WaitOptions::NOHANG) {}
            }
            None => break,
        }
    }
    if getpgrp() == getpid() {
        let _ = kill_process_group(getpid(), Signal::KILL);
    }
}

/// Makes what leaves the group, and loses its parent, our child.
#[cfg(target_os = "linux")]
fn adopt_orphans() -> rustix::io::Result<()> {
    rustix::process::set_child_subreaper(Some(getpid()))
}

/// Elsewhere only the group is ended.
#[cfg(not(target_os = "linux"))]
fn adopt_orphans() -> rustix::io::Result<()> {
    Ok(())
}

/// How many processes come from this one, directly or not; nobody counts further than `most`.
fn descendants(most: usize) -> usize {
    let mut found = children().unwrap_or_default();
    let mut next = 0;
    while let Some(pid) = found.get(next).filter(|_| found.len() < most) {
        let theirs = children_of(&pid.as_raw_nonzero().to_string());
        found.extend(theirs.unwrap_or_default());
        next += 1;
    }
    found.len()
}

/// Our children, living or not yet reaped; `None` where `/proc` does not tell.
fn children() -> Option<Vec<Pid>> {
    children_of("self")
}

fn children_of(process: &str) -> Option<Vec<Pid>> {
    let mut found = Vec::new();
    for task in std::fs::read_dir(format!("/proc/{process}/task")).ok()?.flatten() {
        let list = std::fs::read_to_string(task.path().join("children")).ok()?;
        let numbers = list.split_whitespace().filter_map(|it| it.parse().ok());
        found.extend(numbers.filter_map(Pid::from_raw));
    }
    Some(found)
}
