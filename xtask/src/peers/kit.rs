//! What is installed, and what it works on.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};

use crate::run;

/// A Python environment.
struct Environment {
    name: &'static str,
    /// What is in it, pinned: another version is another peer.
    packages: &'static [&'static str],
    /// What it does once when it is new.
    first: Option<&'static str>,
}

/// All of them. A server that wants an older library has one of its own.
const PYTHON: &[Environment] = &[
    Environment {
        name: "servers",
        packages: &[
            "mcp==2.3.0",
            "mcp-server-fetch==2026.10.24",
            "mcp-server-git==2026.10.19",
            "mcp-server-time==2026.10.19",
            "uv==0.13.9",
        ],
        first: Some(READABLE),
    },
    Environment {
        name: "sqlite",
        packages: &["mcp==1.30.0", "mcp-server-sqlite==2025.4.25"],
        first: None,
    },
    Environment {
        name: "clients",
        packages: &["mcp==2.3.0", "openai-agents==0.24.0"],
        first: None,
    },
    Environment { name: "fastmcp", packages: &["fastmcp==4.0.11"], first: None },
];
/// What npm installs.
const NODE: &[&str] = &[
    "@modelcontextprotocol/client@2.4.0",
    "@modelcontextprotocol/inspector@2.12.0",
    "@modelcontextprotocol/server-everything@2026.8.31",
    "@modelcontextprotocol/server-filesystem@2026.8.31",
    "@modelcontextprotocol/server-memory@2026.8.31",
    // The inspector wants a newer Node than everything else here.
    "node@22.23.3",
];
/// `mcp-server-fetch` has Node read pages, and what that needs is installed beside the library when it
/// is first used: from behind walls it cannot be.
const READABLE: &str = "from readabilipy import simple_json_from_html_string as read; \
                        read('<p>x</p>', use_readability=True)";
/// Where programs that fetch what they run find the certificates of this machine, where that is
/// not where they look.
const CERTIFICATES: [&str; 2] = ["NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE"];

/// All that is installed.
pub(super) struct Kit {
    folder: PathBuf,
}

impl Kit {
    /// Installs what is not there as it should be.
    pub(super) fn install() -> Result<Self> {
        let metadata = run::metadata()?;
        let target = metadata["target_directory"].as_str().context("cargo has no target folder")?;
        let kit = Self { folder: PathBuf::from(target).join("peers") };
        for Environment { name, packages, first } in PYTHON {
            kit.once(name, packages, || {
                let place = kit.path(name);
                run::pass(&mut run::command("python3", &["-m", "venv", "--clear", &place]))?;
                let install = ["-m", "pip", "install", "--quiet"];
                let python = kit.python(name);
                run::pass(&mut run::command(&python, &[&install, *packages].concat()))?;
                first.map_or(Ok(()), |it| run::pass(&mut run::command(&python, &["-c", it])))
            })?;
        }
        kit.once("node", NODE, || {
            let place = kit.folder.join("node");
            fs::create_dir_all(&place)?;
            fs::write(place.join("package.json"), "{ \"private\": true }\n")?;
            let install = ["install", "--no-audit", "--no-fund", "--no-package-lock"];
            run::pass(run::command("npm", &[&install, NODE].concat()).current_dir(place))
        })?;
        Ok(kit)
    }

    /// Does `act` unless a note says that the same was done before.
    fn once(&self, name: &str, wanted: &[&str], act: impl Fn() -> Result<()>) -> Result<()> {
        let note = self.folder.join(format!("{name}.installed"));
        let wanted = wanted.join("\n");
        if fs::read_to_string(&note).is_ok_and(|it| it == wanted) {
            return Ok(());
        }
        println!("peers: installing {name}");
        fs::create_dir_all(&self.folder)?;
        act().with_context(|| format!("{name} cannot be installed"))?;
        Ok(fs::write(note, wanted)?)
    }

    /// A path in its folder.
    pub(super) fn path(&self, relative: &str) -> String {
        self.folder.join(relative).display().to_string()
    }

    /// The Python of an environment.
    pub(super) fn python(&self, environment: &str) -> String {
        self.path(&format!("{environment}/bin/python"))
    }

    /// Makes what the servers work on: folders, a file outside of them, and a repository.
    pub(super) fn prepare_work(&self) -> Result<()> {
        let work = self.folder.join("work");
        if work.exists() {
            fs::remove_dir_all(&work).context("the files of the last run are left")?;
        }
        for name in ["files", "data", "memory", "repo"] {
            fs::create_dir_all(work.join(name))?;
        }
        fs::write(work.join("outside.txt"), "nobody may read this\n")?;
        let repo = work.join("repo");
        git(&repo, &["init", "--quiet", "--initial-branch=main"])?;
        for words in ["the first of two", "the second of two"] {
            fs::write(repo.join("heron.txt"), words)?;
            git(&repo, &["add", "."])?;
            git(&repo, &["commit", "--quiet", "-m", words])?;
        }
        Ok(())
    }

    /// Where everything is, for scripts.
    pub(super) fn describe(&self, pages: &str, model: &str, only: &[String]) -> String {
        let certificates = CERTIFICATES.iter().filter_map(|name| {
            let value = run::variable(name)?.into_string().ok()?;
            Some(((*name).to_owned(), Value::String(value)))
        });
        json!({
            "servers": self.path("servers"), "sqlite": self.path("sqlite"), "node": self.path("node"),
            "work": self.path("work"), "pages": pages, "model": model, "only": only,
            "certificates": certificates.collect::<Map<_, _>>(),
        })
        .to_string()
    }
}

fn git(repo: &Path, words: &[&str]) -> Result<()> {
    let who = ["-c", "user.name=Mo Falk", "-c", "user.email=mo@example.org"];
    let off = ["-c", "commit.gpgsign=false"];
    run::pass(run::command("git", &[&who[..], &off, words].concat()).current_dir(repo))
}
