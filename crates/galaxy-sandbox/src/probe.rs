//! Whether the walls hold: what a process behind them tries, and must not get.

use std::{
    fmt, fs, io,
    net::{SocketAddr, TcpStream, UdpSocket},
    os::unix::net::UnixStream,
    path::PathBuf,
};

use rustix::process::{Pid, getppid, test_kill_process};
use serde::{Deserialize, Serialize};

/// What is laid out for whoever tries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bait {
    /// A file outside that everybody else of this user can read and write.
    pub file: PathBuf,
    /// A socket of this machine that is listened on.
    pub socket: PathBuf,
    /// An address that is listened on.
    pub address: SocketAddr,
    /// A process outside, of the same user.
    pub process: i32,
}

/// Something that was done behind walls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Escape {
    /// Read a file outside.
    Read,
    /// Wrote to a file outside.
    Write,
    /// Made a file where everybody may.
    Make,
    /// Read the environment of a process outside.
    Environment,
    /// Could have ended a process outside.
    Signal,
    /// Opened a setting of the kernel for writing.
    Kernel,
    /// Reached an address by TCP.
    Connect,
    /// Was given a socket for UDP.
    Datagram,
    /// Reached a daemon by its socket.
    Daemon,
    /// Made a namespace in which it is root.
    Namespace,
    /// Listed the devices.
    Devices,
}

impl fmt::Display for Escape {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Read => "a file outside was read",
            Self::Write => "a file outside was written",
            Self::Make => "a file was made outside",
            Self::Environment => "the environment of another process was read",
            Self::Signal => "another process could be ended",
            Self::Kernel => "a setting of the kernel could be changed",
            Self::Connect => "an address was reached",
            Self::Datagram => "a socket for datagrams was given",
            Self::Daemon => "a daemon was reached",
            Self::Namespace => "a namespace was made",
            Self::Devices => "the devices were listed",
        })
    }
}

/// Tries everything; gives what succeeded. Behind walls with no way outward it is nothing; without
/// walls it is at least what an ordinary user may do.
pub fn escapes(bait: &Bait) -> Vec<Escape> {
    let environ = format!("/proc/{}/environ", bait.process);
    let made = std::env::temp_dir().join(format!("galaxy-escape-{}", std::process::id()));
    let tried = [
        (Escape::Read, fs::read(&bait.file).is_ok()),
        (Escape::Write, append(&bait.file).is_ok()),
        (Escape::Make, fs::write(&made, "").is_ok()),
        (Escape::Environment, fs::read(environ).is_ok()),
        (Escape::Signal, is_within_reach(bait.process)),
        (Escape::Kernel, append(&PathBuf::from("/proc/sys/kernel/core_pattern")).is_ok()),
        (Escape::Connect, TcpStream::connect(bait.address).is_ok()),
        (Escape::Datagram, UdpSocket::bind("127.0.0.1:0").is_ok()),
        (Escape::Daemon, UnixStream::connect(&bait.socket).is_ok()),
        (Escape::Namespace, namespace().is_ok()),
        (Escape::Devices, fs::read_dir("/dev").is_ok()),
    ];
    let _ = fs::remove_file(made);
    tried.into_iter().filter(|(_, is_done)| *is_done).map(|(escape, _)| escape).collect()
}

/// Opens for writing and writes nothing: what it is must not be harmed.
fn append(path: &PathBuf) -> io::Result<fs::File> {
    fs::OpenOptions::new().append(true).open(path)
}

fn is_within_reach(process: i32) -> bool {
    // The keeper is behind the same walls, and may be ended.
    let process = Pid::from_raw(process).filter(|it| Some(*it) != getppid());
    process.is_some_and(|it| test_kill_process(it).is_ok())
}

#[cfg(target_os = "linux")]
#[expect(deprecated, reason = "it is unsafe for tables of files only, and this is not about those")]
fn namespace() -> rustix::io::Result<()> {
    rustix::thread::unshare(rustix::thread::UnshareFlags::NEWUSER)
}

#[cfg(not(target_os = "linux"))]
fn namespace() -> io::Result<()> {
    Err(io::Error::from(io::ErrorKind::Unsupported))
}
