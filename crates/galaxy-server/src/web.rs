//! How the deployment meets the web: who may address it, from where, and whose word counts.

use std::{net::SocketAddr, time::Duration};

use galaxy_access::AccessConfig;
use galaxy_api::{ApiConfig, SandboxConfig, SandboxOrigin};
use galaxy_base::SecretString;
use ipnet::IpNet;

use crate::{
    listen,
    settings::{Environment, Given, schema},
};

/// By these names a person reaches their own machine.
const LOOPBACK: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];
/// A request without images may have so many bytes.
const PLAIN_BODY: usize = 1 << 20;
/// So many of the largest images fit in one request.
const IMAGES: usize = 4;

/// How the deployment meets the web.
#[derive(Debug)]
pub(crate) struct Config {
    environment: Environment,
    hosts: Vec<String>,
    origins: Vec<String>,
    secure: bool,
    trusted_proxies: Vec<IpNet>,
    person_header: Option<String>,
    auth_time_header: Option<String>,
    fresh: Duration,
    test_person: Option<String>,
    websocket: bool,
    body_bytes: usize,
    sandbox: SandboxConfig,
}

impl Config {
    /// Reads the settings.
    pub(crate) fn read(
        given: &mut Given,
        listen: &listen::Config,
        environment: Environment,
    ) -> Self {
        let trusted_proxies = given.optional(&schema::TRUSTED_PROXIES).unwrap_or_default();
        let person_header = given.value(&schema::PROXY_USER_HEADER);
        let test_mode = given.value(&schema::TEST_MODE);
        if test_mode && environment == Environment::Production {
            given.refuse(schema::TEST_MODE.name, "lets everybody in: not in production");
        }
        let test_email = given.value(&schema::TEST_EMAIL);
        let images = given.value(&schema::IMAGE_BYTES).get().saturating_mul(IMAGES);
        let hosts = hosts(given, listen, environment);
        Self {
            environment,
            sandbox: sandbox(given, &hosts),
            hosts,
            origins: given.optional(&schema::CORS_ORIGINS).unwrap_or_default(),
            secure: listen.behind_proxy,
            person_header: person_header.filter(|_| !trusted_proxies.is_empty()),
            auth_time_header: given.value(&schema::PROXY_AUTH_TIME_HEADER),
            fresh: Duration::from_secs(given.value(&schema::FRESH_SIGN_IN_SECONDS).get().into()),
            trusted_proxies,
            test_person: test_mode.then_some(test_email),
            websocket: !given.value(&schema::DISABLE_WEBSOCKET),
            body_bytes: images.saturating_add(PLAIN_BODY),
        }
    }

    /// Whether everybody is the test person.
    pub(crate) fn is_test_mode(&self) -> bool {
        self.test_person.is_some()
    }

    /// The configuration of the API.
    pub(crate) fn api(&self) -> ApiConfig {
        ApiConfig {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            environment: self.environment.as_str().to_owned(),
            hosts: self.hosts.clone(),
            origins: self.origins.clone(),
            secure: self.secure,
            trusted_proxies: self.trusted_proxies.clone(),
            person_header: self.person_header.clone(),
            auth_time_header: self.auth_time_header.clone(),
            test_mode: self.is_test_mode(),
            websocket: self.websocket,
            body_bytes: self.body_bytes,
            sandbox: self.sandbox.clone(),
        }
    }

    /// The configuration of accounts.
    pub(crate) fn access(&self, app_name: &str, signing_secret: SecretString) -> AccessConfig {
        AccessConfig {
            trusted_proxies: self.trusted_proxies.clone(),
            test_person: self.test_person.clone(),
            fresh: self.fresh,
            ..AccessConfig::new(app_name, signing_secret)
        }
    }
}

/// Where views are shown: never where the page is, which would be theirs.
fn sandbox(given: &mut Given, hosts: &[String]) -> SandboxConfig {
    let origin: Option<SandboxOrigin> = given.optional(&schema::SANDBOX_ORIGIN);
    if origin.as_ref().is_some_and(|it| hosts.iter().any(|host| it.covers(host))) {
        given.refuse(schema::SANDBOX_ORIGIN.name, "must have a name of its own, not the server's");
    }
    SandboxConfig { origin, hosts: given.optional(&schema::VIEW_HOSTS).unwrap_or_default() }
}

/// Names by which the server may be addressed. A page on another name that resolves to this
/// machine must not be able to use it, so without a proxy that knows its own names only those of
/// this machine count.
fn hosts(given: &mut Given, listen: &listen::Config, environment: Environment) -> Vec<String> {
    let name = schema::ALLOWED_HOSTS.name;
    let is_production = environment == Environment::Production;
    let mut hosts = match given.optional(&schema::ALLOWED_HOSTS) {
        Some(hosts) => hosts,
        None if !listen.behind_proxy => Vec::new(),
        None if is_production => {
            given.refuse(name, "must name this server in production, such as chat.example.org");
            Vec::new()
        }
        None => vec!["*".to_owned()],
    };
    if is_production && hosts.iter().any(|host| host == "*") {
        given.refuse(name, "`*` is everything: not in production");
    }
    hosts.extend(LOOPBACK.map(str::to_owned));
    if !listen.address.ip().is_unspecified() {
        hosts.push(match listen.address {
            SocketAddr::V4(address) => address.ip().to_string(),
            SocketAddr::V6(address) => format!("[{}]", address.ip()),
        });
    }
    hosts
}
