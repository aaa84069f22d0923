use super::*;

fn http(url: &str, inside: bool) -> LinkRequest {
    LinkRequest::Http { url: url.to_owned(), headers: BTreeMap::new(), inside }
}

fn program(command: &str) -> LinkRequest {
    let (arguments, environment) = (vec!["-c".to_owned()], BTreeMap::new());
    let (folders, network) = (Vec::new(), Outward::Nowhere);
    LinkRequest::Program { command: command.to_owned(), arguments, environment, folders, network }
}

fn config() -> ServersConfig {
    let house = ServersConfig::new("https://galaxy.example".parse().unwrap());
    ServersConfig { search: vec!["/bin".into()], programs: true, ..house }
}

fn check(request: &LinkRequest, known: &Known<'_>) -> Result<(Link, Values), Vec<String>> {
    let mut mistakes = Mistakes::default();
    let link = mistakes.link(request, known, &config());
    link.ok_or_else(|| mistakes.0.into_iter().map(|it| it.pointer).collect())
}

#[test]
fn addresses_are_secure_or_inside() {
    let good = [("https://example.org/mcp", false), ("http://10.0.0.1:80/", true)];
    for (url, inside) in good {
        assert!(check(&http(url, inside), &Known::default()).is_ok(), "{url}");
    }
    for url in [
        "http://example.org/mcp",
        "file:///etc/passwd",
        "https://me:secret@example.org",
        "https://example.org/#part",
        "example.org",
        "",
    ] {
        let wrong = check(&http(url, false), &Known::default()).unwrap_err();
        assert!(wrong.iter().all(|it| it == "/link/url"), "{url}: {wrong:?}");
    }
}

#[test]
fn a_program_is_stored_by_its_absolute_path_and_has_to_be_there() {
    let (link, _) = check(&program("sh"), &Known::default()).unwrap();
    let Link::Program { command, .. } = link else { panic!("a program") };
    assert_eq!(command, "/bin/sh");
    assert!(check(&program("/bin/sh"), &Known::default()).is_ok());
    for bad in ["no-such-program", "./sh", "../bin/sh", "/etc/passwd", "/bin", "", "sh -c ls"] {
        assert_eq!(check(&program(bad), &Known::default()).unwrap_err(), ["/link/command"]);
    }
}

#[test]
fn names_that_would_change_more_than_the_program_or_the_request_are_refused() {
    for name in ["LD_PRELOAD", "DYLD_X", "BASH_ENV", "1A", "A-B", "", "A=B", "A\n"] {
        assert!(!is_variable(name), "{name:?}");
    }
    assert!(is_variable("GITHUB_TOKEN"));
    for name in ["host", "Content-Length", "Mcp-Method", "a b", "a:b", "", "ä"] {
        assert!(!is_header(name), "{name:?}");
    }
    assert!(is_header("Authorization") && is_header("X-Api-Key"));
}

#[test]
fn a_kept_value_goes_nowhere_but_where_it_was_entered_for() {
    let link = |url: &str| Link::Http {
        url: url.to_owned(),
        headers: vec!["X-Key".to_owned()],
        inside: false,
    };
    let before = link("https://example.org/mcp");
    let values = || Values::from([("X-Key".to_owned(), SecretString::from("canary"))]);
    let keep = |url: &str| LinkRequest::Http {
        url: url.to_owned(),
        headers: BTreeMap::from([("X-Key".to_owned(), Value::Keep)]),
        inside: false,
    };
    let known = || Known { link: Some(&before), values: values() };
    let (_, kept) = check(&keep("https://example.org/v2"), &known()).unwrap();
    assert_eq!(kept["X-Key"].expose_secret(), "canary");
    for elsewhere in ["https://example.com/mcp", "https://example.org:8443/mcp"] {
        assert_eq!(check(&keep(elsewhere), &known()).unwrap_err(), ["/link/headers/X-Key"]);
    }
    assert!(check(&keep("https://example.org/mcp"), &Known::default()).is_err());
}
