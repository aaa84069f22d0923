//! What the tests start: a tool server, the keeper, and a server process that gets killed.

#![expect(clippy::unwrap_used, reason = "a fixture fails by panicking")]

#[path = "fixture/protocol.rs"]
mod protocol;

use std::{
    ffi::OsString,
    fs::File,
    io::{self, BufRead, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use galaxy_base::{Clock, Tasks};
use galaxy_mcp_client::{Keeper, McpServers, keeper};
use galaxy_sandbox::Profile;
use galaxy_tool::server::{ServerName, ServerSpec, ToolServers, Transport};
use protocol::Fixture;
use serde_json::{Value, json};

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    let words: Vec<&str> = arguments.iter().filter_map(|it| it.to_str()).collect();
    match words.as_slice() {
        ["keep", "--confined", profile, "--", ..] => {
            return keeper::run(&arguments[4..], Some(&Profile::from_argument(profile).unwrap()));
        }
        ["keep", "--", ..] => return keeper::run(&arguments[2..], None),
        ["serve", era, rest @ ..] => serve(&mut Fixture::new(era), rest),
        ["try-walls", bait] => {
            for escape in galaxy_sandbox::escapes(&serde_json::from_str(bait).unwrap()) {
                say(format!("{escape}\n").as_bytes());
            }
        }
        ["crowd"] => crowd(),
        ["wait"] => for_ever(),
        ["parent", lock] => parent(Path::new(lock)),
        ["hold", lock] => hold(Path::new(lock)),
        other => panic!("what is {other:?}?"),
    }
    ExitCode::SUCCESS
}

/// Starts more processes than anybody needs, and waits.
#[expect(clippy::disallowed_methods, reason = "being too many is what this is for")]
fn crowd() {
    let me = std::env::current_exe().unwrap();
    for _ in 0..300 {
        let _ = std::process::Command::new(&me).arg("wait").spawn();
    }
    for_ever();
}

/// Speaks on standard input and output. `--lock <file>` holds the file as long as this lives;
/// `--escape <file>` starts another process that leaves the group and holds that file;
/// `--environment` tells all of it on standard error; `--slow` takes three seconds to begin; `--greet`
/// says hello first; `--stay` does not end when the input does.
fn serve(fixture: &mut Fixture, options: &[&str]) {
    let mut held = None;
    let mut options = options.iter();
    let mut stays = false;
    while let Some(option) = options.next() {
        match *option {
            "--lock" => held = Some(lock(Path::new(options.next().unwrap()))),
            "--escape" => escape(options.next().unwrap()),
            "--stay" => stays = true,
            "--slow" => std::thread::sleep(std::time::Duration::from_secs(3)),
            "--environment" => {
                for (name, value) in std::env::vars_os() {
                    let _ = writeln!(io::stderr(), "environment {name:?} = {value:?}");
                }
            }
            "--greet" => say(b"Welcome! I am no JSON.\n"),
            other => panic!("what is {other}?"),
        }
    }
    for line in io::stdin().lock().lines() {
        let Ok(message) = serde_json::from_str::<Value>(&line.unwrap()) else { continue };
        for said in fixture.hear(&message) {
            if said["fixture"] == "die" {
                std::process::exit(3);
            } else if said["fixture"] == "wrong" {
                say(b"{\"jsonrpc\": \"2.0\", \"id\": 1, \"result\": {oops\n");
            } else if said["beats"].is_u64() {
                beat(said);
            } else if let Some(count) = said["flood"].as_u64() {
                flood(count);
            } else {
                say(format!("{said}\n").as_bytes());
            }
        }
    }
    let _held = held;
    if stays {
        for_ever();
    }
}

fn say(bytes: &[u8]) {
    let mut out = io::stdout().lock();
    // Nobody reads any more: the tests look at what becomes of this process, not at its complaints.
    let _ = out.write_all(bytes).and_then(|()| out.flush());
}

/// Tells progress every 100 ms, so often as it says, and then the answer.
fn beat(beats: Value) {
    std::thread::spawn(move || {
        for at in 1..=beats["beats"].as_u64().unwrap() {
            std::thread::sleep(std::time::Duration::from_millis(100));
            let params = json!({ "progressToken": beats["token"], "progress": at });
            let note =
                json!({ "jsonrpc": "2.0", "method": "notifications/progress", "params": params });
            say(format!("{note}\n").as_bytes());
        }
        say(format!("{}\n", beats["answer"]).as_bytes());
    });
}

fn flood(lines: u64) {
    let mut errors = io::stderr().lock();
    for at in 0..lines {
        let _ = writeln!(errors, "line {at} \u{1b}[31m{}", "x".repeat(100));
    }
}

fn lock(path: &Path) -> File {
    let file = File::create(path).unwrap();
    file.lock().unwrap();
    file
}

#[expect(clippy::disallowed_methods, reason = "the fixture is what tests start")]
#[expect(clippy::zombie_processes, reason = "it is there to outlive this process, if it can")]
fn escape(path: &str) {
    let me = std::env::current_exe().unwrap();
    let mut command = std::process::Command::new("/usr/bin/setsid");
    command.arg(me).args(["hold", path]).stdin(std::process::Stdio::null());
    command.stdout(std::process::Stdio::null()).spawn().unwrap();
}

fn for_ever() -> ! {
    loop {
        std::thread::park();
    }
}

/// Holds a file and never ends by itself.
fn hold(path: &Path) {
    let _held = lock(path);
    for_ever();
}

/// A server process: starts a tool server that holds `lock` and `lock`.2, says so, and waits to be
/// killed.
fn parent(lock: &Path) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let me: PathBuf = std::env::current_exe().unwrap();
    let second = format!("{}.2", lock.display());
    let transport = Transport::Stdio {
        command: me.clone(),
        arguments: [
            "serve",
            "legacy",
            "--lock",
            lock.to_str().unwrap(),
            "--escape",
            &second,
            "--stay",
        ]
        .map(str::to_owned)
        .to_vec(),
        environment: Vec::new(),
        directory: None,
        walls: None,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let net = galaxy_net::Client::new(galaxy_net::Config::default()).unwrap();
        let keeper = Keeper { program: me, arguments: vec!["keep".to_owned()] };
        let servers = McpServers::new(net, keeper, Tasks::default(), Clock::System);
        let server = servers.open(ServerSpec::new(ServerName::parse("kept").unwrap(), transport));
        server.tools().await.unwrap();
        say(b"ready\n");
        std::future::pending::<()>().await;
    });
}
