//! The allow-list: which crate lies in which layer, and what it may use.
//!
//! "Lower" alone would not do: the API may not reach round the use cases to a store, nor the agent
//! round its ports to an adapter. A change here is a change of the architecture: it is written
//! down in `docs/decisions/` first.

/// Where a crate stands.
pub(super) struct Crate {
    /// Its name, and its folder's.
    pub(super) name: &'static str,
    /// Its layer.
    pub(super) layer: u8,
    /// The layers it may use.
    pub(super) may_use: &'static [u8],
}

/// Somebody else's crate that only some of ours may use.
pub(super) struct Foreign {
    /// The crate.
    pub(super) on: &'static str,
    /// Who may use it.
    pub(super) users: Users,
    /// Why nobody else.
    pub(super) reason: &'static str,
}

/// Some of our crates.
pub(super) enum Users {
    /// These.
    Only(&'static [&'static str]),
    /// All the others.
    AllBut(&'static [&'static str]),
}

impl Users {
    /// Whether `name` is one of them.
    pub(super) fn contain(&self, name: &str) -> bool {
        match self {
            Self::Only(names) => names.contains(&name),
            Self::AllBut(names) => !names.contains(&name),
        }
    }
}

/// For tests only: no crate ships it.
pub(super) const TESTKIT: &str = "galaxy-testkit";

/// Measures what ships, and does not ship either.
pub(super) const BENCH: &str = "galaxy-bench";

/// Every crate there may be.
pub(super) const CRATES: &[Crate] = &[
    at("galaxy-base", 0, &[]),
    at("galaxy-domain", 1, &[0]),
    at("galaxy-model", 2, &[0, 1]),
    at("galaxy-tool", 2, &[0, 1]),
    at("galaxy-store", 2, &[0, 1]),
    at("galaxy-net", 2, &[0, 1]),
    at("galaxy-vault", 2, &[0, 1]),
    at("galaxy-registry", 2, &[0, 1]),
    at("galaxy-sandbox", 2, &[0, 1]),
    at("galaxy-providers", 3, &[0, 1, 2]),
    at("galaxy-tools", 3, &[0, 1, 2]),
    at("galaxy-mcp-client", 3, &[0, 1, 2]),
    at("galaxy-extract", 3, &[0, 1]),
    at(TESTKIT, 3, &[0, 1, 2]),
    at("galaxy-access", 4, &[0, 1, 2]),
    at("galaxy-agent", 4, &[0, 1, 2]),
    at("galaxy-knowledge", 4, &[0, 1, 2]),
    at("galaxy-jobs", 4, &[0, 1, 2]),
    at("galaxy-app", 5, &[0, 1, 2, 4]),
    at("galaxy-api", 6, &[0, 1, 5]),
    at("galaxy-mcp-server", 6, &[0, 1, 2, 5]),
    at("galaxy-server", 7, &[0, 1, 2, 3, 4, 5, 6]),
    at(BENCH, 8, &[0, 3]),
    at("xtask", 9, &[]),
];

/// Edges beside the rule: the only adapter that an engine names.
pub(super) const ADAPTERS: &[(&str, &str)] = &[("galaxy-knowledge", "galaxy-extract")];

/// What only some crates may use.
pub(super) const FOREIGN: &[Foreign] = &[
    only("reqwest", &["galaxy-net"], "only galaxy-net builds HTTP clients, and guards them"),
    only("sqlx", &["galaxy-store", TESTKIT], "only galaxy-store knows SQL"),
    only("rusqlite", &["galaxy-store", TESTKIT], "only galaxy-store knows SQL"),
    only(
        "axum",
        &["galaxy-api", "galaxy-mcp-server", "galaxy-server", TESTKIT, BENCH],
        "HTTP is known from layer 6 on",
    ),
    only(
        "rmcp",
        &["galaxy-mcp-client", "galaxy-mcp-server"],
        "the application sees tool servers through the port in galaxy-tool",
    ),
    only("landlock", &["galaxy-sandbox"], "walls around programs are built in one place"),
    only("seccompiler", &["galaxy-sandbox"], "walls around programs are built in one place"),
    only("dotenvy", &["galaxy-server"], "only galaxy-server reads the environment"),
    only("clap", &["galaxy-server"], "only galaxy-server has a command line"),
    never(
        "tokio",
        &["galaxy-domain", "galaxy-extract", "galaxy-registry"],
        "it has no I/O and does not await",
    ),
    never("futures", &["galaxy-domain", "galaxy-extract"], "it has no I/O and does not await"),
];

const fn at(name: &'static str, layer: u8, may_use: &'static [u8]) -> Crate {
    Crate { name, layer, may_use }
}

const fn only(on: &'static str, users: &'static [&'static str], reason: &'static str) -> Foreign {
    Foreign { on, users: Users::Only(users), reason }
}

const fn never(on: &'static str, others: &'static [&'static str], reason: &'static str) -> Foreign {
    Foreign { on, users: Users::AllBut(others), reason }
}
