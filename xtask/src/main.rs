#![doc = include_str!("../README.md")]
#![expect(clippy::print_stdout, reason = "these commands talk to the person at the terminal")]

mod bench;
mod conformance;
mod files;
mod layers;
mod openapi;
mod page;
mod peers;
mod run;
mod serve;
mod test;
mod tidy;

use std::process::ExitCode;

use anyhow::{Result, bail};

/// One command of the repository.
struct Command {
    name: &'static str,
    arguments: &'static str,
    about: &'static str,
    act: fn(&[String]) -> Result<()>,
}

const COMMANDS: &[Command] = &[
    Command {
        name: "serve",
        arguments: "[ARGUMENTS OF IT]",
        about: "build the page and the release binary, and run `galaxy serve`",
        act: serve::command,
    },
    Command {
        name: "test",
        arguments: "[--fast] [--only STEP]",
        about: "install what is needed and run every check, cheap ones first",
        act: test::command,
    },
    Command {
        name: "layers",
        arguments: "",
        about: "check the edges between crates against the allow-list",
        act: layers::command,
    },
    Command {
        name: "tidy",
        arguments: "[--bless]",
        about: "check sizes, names and words; --bless notes new migrations down",
        act: tidy::command,
    },
    Command {
        name: "openapi",
        arguments: "[--check]",
        about: "write (or compare) the API document and the page's types",
        act: openapi::command,
    },
    Command {
        name: "bench",
        arguments: "[--full | --mcp]",
        about: "measure the release binary beside a bare server; writes bench.json",
        act: bench::command,
    },
    Command {
        name: "conformance",
        arguments: "[--only PART]",
        about: "run the protocol's conformance suite: server, gateway, client",
        act: conformance::command,
    },
    Command {
        name: "peers",
        arguments: "[--only SERVER]",
        about: "use tool servers and clients of others: chats, gateway, an agent's kit",
        act: peers::command,
    },
    Command { name: "help", arguments: "", about: "list the commands", act: help },
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match dispatch(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(err) => {
            eprintln!("error: {err:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(arguments: &[String]) -> Result<()> {
    let (name, rest) = match arguments.split_first() {
        Some((name, rest)) => (name.as_str(), rest),
        None => ("help", arguments),
    };
    let name = if matches!(name, "-h" | "--help") { "help" } else { name };
    match COMMANDS.iter().find(|command| command.name == name) {
        Some(command) => (command.act)(rest),
        None => bail!("there is no command `{name}`; `cargo xtask help` lists them"),
    }
}

fn help(_: &[String]) -> Result<()> {
    for Command { name, arguments, about, .. } in COMMANDS {
        println!("{:<45} {about}", format!("cargo xtask {name} {arguments}"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_that_does_not_exist_is_named_in_the_error() {
        let err = dispatch(&["fly".to_owned()]).unwrap_err().to_string();
        assert!(err.contains("`fly`"), "{err}");
    }
}
