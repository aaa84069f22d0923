//! The one table of settings.

use std::{
    net::IpAddr,
    num::{NonZeroU32, NonZeroUsize},
    path::PathBuf,
};

use galaxy_api::{Hosts, SandboxOrigin};
use galaxy_base::SecretString;
use galaxy_store::Fault;
use ipnet::IpNet;
use url::Url;

use super::parse::{self, Environment, LogFormat};

/// One setting.
#[derive(Debug)]
pub(crate) struct Setting<T: 'static> {
    /// Its name in the environment.
    pub(crate) name: &'static str,
    /// Its value when nobody says anything; empty for none.
    pub(crate) default: &'static str,
    /// What it means, in a sentence.
    pub(crate) doc: &'static str,
    /// Whether it is never shown, and may stand in a file that `<name>_FILE` names.
    pub(crate) secret: bool,
    /// Makes sense of what is written.
    pub(crate) parse: fn(&str) -> Result<T, String>,
}

/// A [`Setting`] of any type.
pub(crate) trait Described: Sync {
    /// Its name in the environment.
    fn name(&self) -> &'static str;
    /// Its value when nobody says anything; empty for none.
    fn default(&self) -> &'static str;
    /// What it means, in a sentence.
    fn doc(&self) -> &'static str;
    /// Whether it is never shown.
    fn is_secret(&self) -> bool;
}

impl<T> Setting<T> {
    /// The value when nobody says anything.
    pub(crate) fn default_value(&self) -> Option<T> {
        if self.default.is_empty() { None } else { (self.parse)(self.default).ok() }
    }
}

impl<T> Described for Setting<T> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn default(&self) -> &'static str {
        self.default
    }

    fn doc(&self) -> &'static str {
        self.doc
    }

    fn is_secret(&self) -> bool {
        self.secret
    }
}

/// The setting of that name.
pub(crate) fn find(name: &str) -> Option<&'static dyn Described> {
    ALL.iter().copied().find(|setting| setting.name() == name)
}

/// The name that somebody may have meant.
pub(crate) fn nearest(name: &str) -> Option<&'static str> {
    let with_distance = ALL.iter().map(|it| (distance(it.name(), name), it.name()));
    with_distance.min().filter(|(distance, _)| *distance <= 2).map(|(_, name)| name)
}

/// How many characters have to be changed, added or left out.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (at, left) in one.chars().enumerate() {
        let mut corner = row[0];
        row[0] = at + 1;
        for (column, right) in other.iter().enumerate() {
            let changed = corner + usize::from(left != *right);
            corner = row[column + 1];
            row[column + 1] = changed.min(corner + 1).min(row[column] + 1);
        }
    }
    row.last().copied().unwrap_or_default()
}

/// Marks a setting that is never shown.
const SECRET: bool = true;

/// Declares each setting as a constant, and all of them as [`ALL`].
macro_rules! settings {
    ($($name:ident: $kind:ty = $default:literal, $parse:ident, $doc:literal $(, $secret:ident)?;)*) => {
        $(
            #[doc = $doc]
            pub(crate) const $name: Setting<$kind> = Setting {
                name: stringify!($name),
                default: $default,
                doc: $doc,
                secret: false $(|| $secret)?,
                parse: parse::$parse,
            };
        )*

        /// Every setting there is.
        pub(crate) static ALL: &[&dyn Described] = &[$(&$name),*];
    };
}

settings! {
    APP_NAME: String = "Galaxy Chat", name, "The name that people see.";
    HOST: IpAddr = "127.0.0.1", host, "Where it listens.";
    PORT: u16 = "8000", port, "Where it listens.";
    ENVIRONMENT: Environment = "development", environment, "What the deployment is for.";
    DATA_DIR: PathBuf = "./data", path, "Where SQLite, generated secrets and files live.";
    DATABASE_URL: SecretString = "", secret, "PostgreSQL instead of SQLite.", SECRET;
    DATABASE_CONNECTIONS: NonZeroU32 = "16", short_count, "Connections to PostgreSQL.";
    LOG_LEVEL: tracing::Level = "info", log_level, "What is logged.";
    LOG_FORMAT: LogFormat = "text", log_format, "How it is logged.";

    LLM_CONFIG: PathBuf = "config/llms.yml", path, "The file that lists models.";
    LLM_BASE_URL: Url = "", address, "A server that speaks the OpenAI protocol.";
    LLM_API_KEY: SecretString = "", secret, "Its key.", SECRET;
    LLM_MODEL_NAME: String = "", text, "What it calls the model.";
    OPENAI_API_KEY: SecretString = "", secret, "Opens OpenAI.", SECRET;
    OPENAI_MODEL: String = "gpt-5", text, "Which of its models.";
    OPENAI_BASE_URL: Url = "", address, "A server that stands in for OpenAI.";
    ANTHROPIC_API_KEY: SecretString = "", secret, "Opens Anthropic.", SECRET;
    ANTHROPIC_MODEL: String = "claude-sonnet-4-5", text, "Which of its models.";
    ANTHROPIC_BASE_URL: Url = "", address, "A server that stands in for Anthropic.";
    GEMINI_API_KEY: SecretString = "", secret, "Opens Google Gemini.", SECRET;
    GOOGLE_API_KEY: SecretString = "", secret, "The same, by another name.", SECRET;
    GEMINI_MODEL: String = "gemini-2.5-flash", text, "Which of its models.";
    GROQ_API_KEY: SecretString = "", secret, "Opens Groq.", SECRET;
    GROQ_MODEL: String = "llama-3.3-70b-versatile", text, "Which of its models.";
    OPENROUTER_API_KEY: SecretString = "", secret, "Opens OpenRouter.", SECRET;
    OPENROUTER_MODEL: String = "openrouter/auto", text, "Which of its models.";
    OLLAMA_HOST: String = "127.0.0.1:11434", text, "Where an Ollama is looked for; `off` for nowhere.";
    SYSTEM_PROMPT_OVERRIDE: String = "", text, "Replaces the text of system_prompt.md.";
    DISABLE_LLM_CALLS: bool = "false", flag, "Leaves the demo model the only one that answers.";
    DEMO_WORD_DELAY_MS: u64 = "15", number, "Milliseconds between two words of the demo model.";

    JWT_SECRET_KEY: SecretString = "", secret, "Signs tokens of API clients.", SECRET;
    VAULT_KEY: SecretString = "", secret, "Seals the secrets that are stored.", SECRET;
    VAULT_KEYS_OLD: SecretString = "", secret, "Earlier keys, which still open what they sealed.", SECRET;
    PERSONAL_TOOL_SERVERS: bool = "true", flag, "Everybody may add tool servers of their own, by https.";
    TOOL_PROGRAMS: bool = "true", flag, "Administrators may add tool servers that are programs here.";
    TOOL_PROGRAMS_PATH: String = "/usr/local/bin:/usr/bin:/bin", text, "Folders in which programs are looked for, and their PATH.";
    TOOL_PROGRAMS_FOLDER_MIB: NonZeroU32 = "2048", short_count, "MiB that the folder of one program may hold.";
    REGISTRY_MIRROR: Option<Url> = "off", registry, "The registry of tool servers that is read: `on`, `off`, or an address.";
    AUDIT_RETENTION_DAYS: u64 = "400", number, "Days for which it is kept what happened; 0 for ever.";
    MAX_ACTIVE_RUNS_PER_PERSON: NonZeroUsize = "1", count, "Runs of one person at once.";
    MESSAGES_PER_MINUTE: NonZeroU32 = "60", short_count, "Messages of one person in a minute.";
    CONVERSATIONS_PER_MINUTE: NonZeroU32 = "300", short_count, "Conversations that one person makes in a minute.";
    MESSAGE_CHARS: NonZeroUsize = "100000", count, "Characters of one message.";
    IMAGE_BYTES: NonZeroUsize = "5000000", count, "Bytes of one image, in base64.";
    TOOLS_UNLOCKABLE: bool = "false", flag, "Tools may be changed after the first message.";
    MAX_CONCURRENT_RUNS: NonZeroUsize = "4096", count, "Runs that this process carries at once.";

    BEHIND_PROXY: bool = "false", flag, "Something in front ends TLS.";
    TRUSTED_PROXIES: Vec<IpNet> = "", networks, "Networks whose forwarding headers are believed.";
    PROXY_USER_HEADER: Option<String> = "off", header, "The header in which a trusted proxy names the person.";
    PROXY_AUTH_TIME_HEADER: Option<String> = "off", header, "The header in which it says when they signed in, in seconds since 1970.";
    FRESH_SIGN_IN_SECONDS: NonZeroU32 = "600", short_count, "So long after signing in people may do what needs a fresh sign-in.";
    PUBLIC_URL: Url = "", address, "Where people reach this server; `http://localhost` and its port if not said.";
    ALLOWED_HOSTS: Vec<String> = "", hosts, "Names by which this server may be addressed.";
    CORS_ORIGINS: Vec<String> = "", origins, "Origins whose pages may call the API.";
    SANDBOX_ORIGIN: SandboxOrigin = "", sandbox_origin, "Where views of tool servers are shown.";
    VIEW_HOSTS: Hosts = "", hosts_of_views, "Foreign hosts that views may reach if they declare them.";
    MAX_CONNECTIONS: NonZeroUsize = "2000", count, "Connections at once.";
    MAX_CONNECTIONS_PER_ADDRESS: NonZeroUsize = "100", count, "Connections of one address at once.";

    DISABLE_WEBSOCKET: bool = "false", flag, "Streams over SSE only.";
    TEST_MODE: bool = "false", flag, "Everybody is TEST_EMAIL, without signing in.";
    RUN_LEASE_SECONDS: NonZeroU32 = "30", short_count, "For tests: a silent process keeps its runs so long.";
    FAIL_AT_COMMIT: Fault = "", fault, "For tests: dies at a commit, such as `before:7`.";
    TEST_EMAIL: String = "test@example.com", text, "Who everybody is in test mode.";
}
