use std::{collections::BTreeMap, fs};

use galaxy_base::ExposeSecret;

use super::*;

fn given_of(pairs: &[(&str, &str)]) -> Given {
    let mut given = Given::default();
    for (name, value) in pairs {
        given.add((*name).to_owned(), (*value).to_owned(), Origin::Environment);
    }
    given
}

fn read(pairs: &[(&str, &str)]) -> Result<Settings, Vec<String>> {
    Settings::read(&mut given_of(pairs)).map_err(|Mistakes(all)| keys(&all))
}

fn keys(mistakes: &[Mistake]) -> Vec<String> {
    mistakes.iter().map(|it| it.key.clone()).collect()
}

/// A key as people make them.
const KEY: &str = "5f1d3c7ab2e84960d7c1f0a3b9e65284aa17cc20";

#[test]
fn nothing_at_all_is_a_good_configuration() {
    let settings = read(&[]).unwrap();
    assert_eq!(settings.app_name, "Galaxy Chat");
    assert_eq!(settings.listen.address.to_string(), "127.0.0.1:8000");
    assert!(settings.system_prompt.starts_with("You are"));
    assert_eq!(settings.web.api().hosts[..3], ["localhost", "127.0.0.1", "[::1]"]);
    assert_eq!(settings.web.api().person_header, None);
    assert!(settings.web.api().websocket && !settings.web.api().secure);
}

#[test]
fn every_default_makes_sense_and_every_name_is_unique() {
    let mut given = Given::default();
    Settings::read(&mut given).unwrap();
    let mut names: Vec<&str> = schema::ALL.iter().map(|it| it.name()).collect();
    names.sort_unstable();
    let count = names.len();
    names.dedup();
    assert_eq!(names.len(), count);
    assert!(schema::ALL.iter().all(|it| it.doc().ends_with('.') && it.doc().len() < 80));
}

#[test]
fn a_registry_is_none_the_official_one_or_another() {
    let official = "https://registry.modelcontextprotocol.io/";
    for (text, address) in [
        ("off", None),
        ("false", None),
        ("on", Some(official)),
        ("https://registry.example/sub", Some("https://registry.example/sub")),
    ] {
        let registry = parse::registry(text).unwrap();
        assert_eq!(registry.as_ref().map(url::Url::as_str), address, "{text}");
    }
    assert_eq!(read(&[("REGISTRY_MIRROR", "registry.example")]).unwrap_err(), ["REGISTRY_MIRROR"]);
}

#[test]
fn all_mistakes_are_reported_at_once_each_with_its_key() {
    let mistakes = read(&[
        ("PORT", "eighty"),
        ("HOST", "everywhere"),
        ("LOG_LEVEL", "loud"),
        ("ENVIRONMENT", "moon"),
        ("TRUSTED_PROXIES", "0.0.0.0/0, here"),
        ("CORS_ORIGINS", "*"),
        ("ALLOWED_HOSTS", "https://chat.example.org"),
        ("MAX_ACTIVE_RUNS_PER_PERSON", "0"),
        ("JWT_SECRET_KEY", "short"),
        ("DATABASE_URL", "mysql://x"),
        ("LLM_BASE_URL", "http://box/v1"),
        ("TEST_MODE", "perhaps"),
        ("OLLAMA_HOST", "a b"),
        ("LLM_CONFIG", "/nowhere/llms.yml"),
        ("GALAXY_PROT", "1"),
    ]);
    let mut found = mistakes.unwrap_err();
    found.sort_unstable();
    let expected = [
        "ALLOWED_HOSTS",
        "CORS_ORIGINS",
        "DATABASE_URL",
        "ENVIRONMENT",
        "GALAXY_PROT",
        "HOST",
        "JWT_SECRET_KEY",
        "LLM_CONFIG",
        "LLM_MODEL_NAME",
        "LOG_LEVEL",
        "MAX_ACTIVE_RUNS_PER_PERSON",
        "OLLAMA_HOST",
        "PORT",
        "TEST_MODE",
        "TRUSTED_PROXIES",
    ];
    assert_eq!(found, expected);
}

#[test]
fn views_are_never_shown_under_a_name_of_the_server() {
    let with = |origin| read(&[("ALLOWED_HOSTS", "chat.example.org"), ("SANDBOX_ORIGIN", origin)]);
    for own in ["https://chat.example.org", "https://*.example.org", "http://localhost:9000"] {
        assert_eq!(with(own).unwrap_err(), ["SANDBOX_ORIGIN"], "{own}");
    }
    for other in ["https://apps.example.org", "https://*.chat.example.org", "http://*.localhost"] {
        assert!(with(other).is_ok(), "{other}");
    }
    assert_eq!(read(&[("VIEW_HOSTS", "https://api.example.org")]).unwrap_err(), ["VIEW_HOSTS"]);
    assert!(read(&[("VIEW_HOSTS", "api.example.org, *.cdn.example.org")]).is_ok());
}

#[test]
fn an_unknown_name_with_our_prefix_is_refused_and_others_are_none_of_our_business() {
    let mut given = given_of(&[("GALAXY_PROT", "1"), ("PROT", "1"), ("LC_ALL", "C")]);
    let Mistakes(all) = Settings::read(&mut given).unwrap_err();
    assert_eq!(keys(&all), ["GALAXY_PROT"]);
    assert!(all[0].message.contains("did you mean PORT?"), "{}", all[0].message);
}

#[test]
fn a_name_with_our_prefix_wins_and_an_empty_value_is_none() {
    let settings = read(&[("PORT", "1"), ("GALAXY_PORT", "2"), ("APP_NAME", " ")]).unwrap();
    assert_eq!(settings.listen.address.port(), 2);
    assert_eq!(settings.app_name, "Galaxy Chat");
}

#[test]
fn a_secret_may_stand_in_a_file_and_in_one_place_only() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    fs::write(&path, format!("{KEY}\n")).unwrap();
    let path = path.to_str().unwrap();
    let key = given_of(&[("JWT_SECRET_KEY_FILE", path)]).value(&schema::JWT_SECRET_KEY);
    assert_eq!(key.expose_secret(), KEY);

    let both = read(&[("JWT_SECRET_KEY_FILE", path), ("JWT_SECRET_KEY", KEY)]);
    assert_eq!(both.unwrap_err(), ["JWT_SECRET_KEY"]);
    let missing = read(&[("JWT_SECRET_KEY_FILE", "/nowhere/key")]);
    assert_eq!(missing.unwrap_err(), ["JWT_SECRET_KEY_FILE"]);
}

#[test]
fn the_environment_wins_over_the_file_and_a_broken_line_does_not_show_its_value() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(".env");
    fs::write(&path, "PORT=1\nAPP_NAME='Our Chat'\nLLM_API_KEY='hush\n").unwrap();
    let mut given = given_of(&[("PORT", "2")]);
    given.add_file(&path);
    assert_eq!(given.value(&schema::PORT), 2);
    assert_eq!(given.value(&schema::APP_NAME), "Our Chat");
    let mistakes = given.mistakes();
    assert_eq!(mistakes.len(), 1, "{mistakes:?}");
    assert!(!mistakes[0].message.contains("hush"), "{mistakes:?}");
    assert!(mistakes[0].message.contains("LLM_API_KEY"), "{mistakes:?}");
}

#[test]
fn other_machines_reach_the_server_only_through_a_proxy() {
    assert_eq!(read(&[("HOST", "0.0.0.0")]).unwrap_err(), ["HOST"]);
    assert_eq!(read(&[("HOST", "::")]).unwrap_err(), ["HOST"]);
    let settings = read(&[("HOST", "0.0.0.0"), ("BEHIND_PROXY", "true")]).unwrap();
    assert!(settings.web.api().secure);
    assert!(settings.web.api().answers_to("chat.example.org"));
    for host in ["localhost", "::1", "[::1]", "127.0.0.2"] {
        let settings = read(&[("HOST", host)]).unwrap();
        assert!(!settings.web.api().answers_to("chat.example.org"), "{host}");
    }
}

#[test]
fn named_hosts_count_and_so_do_those_of_this_machine() {
    let settings = read(&[("ALLOWED_HOSTS", "Chat.Example.org, *.example.com")]).unwrap();
    let api = settings.web.api();
    for (host, answers) in [
        ("chat.example.org:8000", true),
        ("a.example.com", true),
        ("example.net", false),
        ("127.0.0.1:8000", true),
    ] {
        assert_eq!(api.answers_to(host), answers, "{host}");
    }
}

#[test]
fn a_proxys_word_about_people_counts_only_when_header_and_proxies_are_named() {
    let header = |pairs: &[(&str, &str)]| read(pairs).unwrap().web.api().person_header;
    assert_eq!(header(&[("PROXY_USER_HEADER", "X-EMAIL-USER")]), None);
    assert_eq!(header(&[("TRUSTED_PROXIES", "10.0.0.1")]), None);
    let named = [("TRUSTED_PROXIES", "10.0.0.1"), ("PROXY_USER_HEADER", "X-EMAIL-USER")];
    assert_eq!(header(&named).as_deref(), Some("x-email-user"));
}

#[test]
fn production_refuses_what_is_convenient_elsewhere() {
    let lax = [
        ("ENVIRONMENT", "production"),
        ("HOST", "0.0.0.0"),
        ("BEHIND_PROXY", "true"),
        ("TEST_MODE", "true"),
    ];
    let mut found = read(&lax).unwrap_err();
    found.sort_unstable();
    assert_eq!(found, ["ALLOWED_HOSTS", "JWT_SECRET_KEY", "TEST_MODE"]);
    let strict = [
        ("ENVIRONMENT", "production"),
        ("HOST", "0.0.0.0"),
        ("BEHIND_PROXY", "true"),
        ("ALLOWED_HOSTS", "chat.example.org"),
        ("JWT_SECRET_KEY", KEY),
    ];
    assert_eq!(read(&strict).unwrap().web.api().environment, "production");
}

#[test]
fn the_example_file_lists_every_setting_with_its_default() {
    let example = include_str!("../../../../.env.example");
    let lines = example.lines().filter_map(|line| line.strip_prefix('#')?.split_once('='));
    let is_name = |name: &str| {
        name.chars().all(|it| it.is_ascii_uppercase() || it.is_ascii_digit() || it == '_')
    };
    let listed: BTreeMap<&str, &str> = lines.filter(|(name, _)| is_name(name)).collect();
    let known: BTreeMap<&str, &str> =
        schema::ALL.iter().map(|it| (it.name(), it.default())).collect();
    assert_eq!(listed, known);
}

#[test]
fn secrets_do_not_show_when_settings_are_printed() {
    let settings = read(&[
        ("JWT_SECRET_KEY", KEY),
        ("LLM_MODEL_NAME", "m"),
        ("LLM_API_KEY", "hush-1"),
        ("DATABASE_URL", "postgres://me:hush-2@db/galaxy"),
    ]);
    let settings = settings.unwrap();
    let shown = format!("{settings:?}\n{}", settings.summary());
    assert!(!shown.contains(KEY) && !shown.contains("hush"), "{shown}");
}
