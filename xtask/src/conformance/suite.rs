//! The suite: installed, and run.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};

use super::parts::{Aim, Run};
use crate::{files, run};

/// What is installed, pinned: another suite is another set of demands.
const PACKAGES: [&str; 2] = ["node@22.23.3", "@modelcontextprotocol/conformance@0.2.0-alpha.12"];
/// How long a scenario may take, in milliseconds.
const PATIENCE: &str = "30000";

/// The suite, ready to be run.
pub(super) struct Suite {
    folder: PathBuf,
}

impl Suite {
    /// Installs it into a folder of its own, unless it is there.
    pub(super) fn install() -> Result<Self> {
        let metadata = run::metadata()?;
        let target = metadata["target_directory"].as_str().context("cargo has no target folder")?;
        let suite = Self { folder: PathBuf::from(target).join("conformance") };
        let wanted = PACKAGES.join("\n");
        let note = suite.folder.join("installed");
        if fs::read_to_string(&note).is_ok_and(|it| it == wanted) {
            return Ok(suite);
        }
        fs::create_dir_all(&suite.folder)?;
        fs::write(suite.folder.join("package.json"), "{ \"private\": true }\n")?;
        let install = ["install", "--no-audit", "--no-fund", "--no-package-lock", "--save-exact"];
        let mut npm = run::command("npm", &[&install[..], &PACKAGES].concat());
        run::pass(npm.current_dir(&suite.folder))?;
        if !run::works(&suite.node(), &["--version"]) {
            bail!("npm has not fetched Node: its package `node` has to run its install script");
        }
        fs::write(note, wanted)?;
        Ok(suite)
    }

    /// The Node that the suite wants.
    pub(super) fn node(&self) -> String {
        self.path("node_modules/node/bin/node")
    }

    /// A path in the suite's folder.
    pub(super) fn path(&self, relative: &str) -> String {
        self.folder.join(relative).display().to_string()
    }

    /// Runs what `revision` requires; gives all that the suite says.
    pub(super) fn run(&self, run: &Run, revision: &str) -> Result<String> {
        println!("\n== {}, {revision}", run.name);
        let results = self.path(&format!("results/{}-{revision}", run.name));
        if Path::new(&results).exists() {
            fs::remove_dir_all(&results)?;
        }
        let index = self.path("node_modules/@modelcontextprotocol/conformance/dist/index.js");
        let authorize = files::path("xtask/conformance/authorize.mjs").display().to_string();
        let mut words = Vec::new();
        if run.key.is_some() {
            words.extend(["--import", &authorize]);
        }
        words.push(&index);
        match &run.aim {
            Aim::Server(url) => words.extend(["server", "--url", url]),
            Aim::Client(command) => words.extend(["client", "--command", command]),
        }
        words.extend(["--requirements", revision, "--timeout", PATIENCE, "-o", &results]);
        let mut command = run::command(self.node(), &words);
        if let (Aim::Server(url), Some(key)) = (&run.aim, &run.key) {
            command.env("CONFORMANCE_URL", url).env("CONFORMANCE_KEY", key);
        }
        let [said, complained] = run::listen(command.current_dir(&self.folder))?;
        fs::create_dir_all(&results)?;
        fs::write(format!("{results}/all.log"), format!("{said}\n{complained}"))?;
        Ok(said)
    }
}
