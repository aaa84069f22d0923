use galaxy_base::ExposeSecret;
use serde_json::{Value, json};

use super::*;
use crate::{entry::Entry, question::Format};

fn package(package: Value) -> Way {
    way(json!({ "packages": [package] }))
}

fn remote(remote: Value) -> Way {
    way(json!({ "remotes": [remote] }))
}

fn way(mut server: Value) -> Way {
    server["name"] = json!("org.example/thing");
    server["version"] = json!("1.0.0");
    Entry::read(&server).unwrap().ways.remove(0)
}

fn inputs(given: &[(&str, &str)]) -> Inputs {
    let mut inputs = Inputs::new();
    for (key, answer) in given {
        inputs.entry((*key).to_owned()).or_default().push((*answer).into());
    }
    inputs
}

fn run(way: &Way, given: &[(&str, &str)]) -> Result<Reached, Vec<Defect>> {
    resolve(way, &inputs(given), &BTreeSet::new())
}

/// A program as one line; secrets of the environment in angle brackets.
fn line(reached: &Reached) -> String {
    let shown = |(name, worth): (&String, &Worth)| match worth {
        Worth::Plain(value) => format!("{name}={value}"),
        Worth::Secret(value) => format!("{name}=<{}>", value.expose_secret()),
        Worth::Kept => format!("{name}=kept"),
    };
    let (first, rest, worths) = match reached {
        Reached::Program { command, arguments, environment } => {
            (command, arguments.clone(), environment)
        }
        Reached::Http { url, headers } => (url, Vec::new(), headers),
    };
    let words = std::iter::once(first.clone()).chain(rest).chain(worths.iter().map(shown));
    words.collect::<Vec<_>>().join(" ")
}

fn keys(defects: Result<Reached, Vec<Defect>>) -> Vec<String> {
    defects.unwrap_err().into_iter().map(|it| it.key).collect()
}

#[test]
fn each_kind_of_package_becomes_an_exact_command() {
    for (kind, identifier, version, expected) in [
        ("npm", "@scope/thing", Some("1.2.3"), "npx -y @scope/thing@1.2.3 --root /srv"),
        ("pypi", "thing", Some("2026.10.19"), "uvx thing==2026.10.19 --root /srv"),
        (
            "oci",
            "ghcr.io/a/thing:v1.2.3",
            None,
            "docker run -i --rm ghcr.io/a/thing:v1.2.3 --root /srv",
        ),
        ("oci", "a/thing", Some("1.2.3"), "docker run -i --rm a/thing:1.2.3 --root /srv"),
        ("nuget", "A.Thing", Some("0.1.0"), "dnx A.Thing@0.1.0 --yes -- --root /srv"),
    ] {
        let way = package(json!({
            "registryType": kind, "identifier": identifier, "version": version,
            "transport": { "type": "stdio" },
            "packageArguments": [{ "type": "named", "name": "--root", "value": "/srv" }],
        }));
        assert_eq!(line(&run(&way, &[]).unwrap()), expected);
    }
}

#[test]
fn what_is_asked_is_filled_in_where_it_belongs() {
    let way = package(json!({
        "registryType": "npm", "identifier": "thing", "version": "1.0.0", "runtimeHint": "npx",
        "runtimeArguments": [{ "type": "positional", "value": "-y" }],
        "packageArguments": [
            { "type": "positional", "valueHint": "folder", "isRequired": true, "isRepeated": true,
              "format": "filepath" },
            { "type": "named", "name": "--mode", "choices": ["ro", "rw"], "default": "ro" },
            { "type": "named", "name": "--quiet" },
            { "type": "named", "name": "--at=", "value": "{host}:{port}",
              "variables": { "host": { "isRequired": true },
                             "port": { "format": "number", "default": 80 } } },
        ],
        "environmentVariables": [
            { "name": "KEY", "isRequired": true, "isSecret": true },
            { "name": "REGION", "default": "eu" },
            { "name": "EXTRA" },
        ],
    }));
    let questions = way.questions();
    let asked: Vec<_> = questions.iter().map(|it| (it.key.as_str(), it.format)).collect();
    assert_eq!(
        asked,
        [
            ("argument.0", Format::Path),
            ("argument.1", Format::Text),
            ("argument.2", Format::Boolean),
            ("argument.3.host", Format::Text),
            ("argument.3.port", Format::Number),
            ("environment.KEY", Format::Text),
            ("environment.REGION", Format::Text),
            ("environment.EXTRA", Format::Text),
        ]
    );
    let given = [
        ("argument.0", "/a b"),
        ("argument.0", "/c"),
        ("argument.2", "true"),
        ("argument.3.host", "h"),
        ("environment.KEY", "canary"),
        ("environment.EXTRA", "  "),
    ];
    assert_eq!(
        line(&run(&way, &given).unwrap()),
        "npx -y thing@1.0.0 /a b /c --mode ro --quiet --at=h:80 KEY=<canary> REGION=eu"
    );
    let Reached::Program { arguments, .. } = run(&way, &given).unwrap() else {
        panic!("a program")
    };
    assert_eq!(arguments[2], "/a b", "an argument is never taken apart");
}

#[test]
fn every_mistake_is_told_at_once_with_its_key() {
    let way = package(json!({
        "registryType": "pypi", "identifier": "thing", "version": "1.0.0",
        "packageArguments": [
            { "type": "positional", "valueHint": "folder", "format": "filepath" },
            { "type": "named", "name": "--n", "format": "number" },
            { "type": "named", "name": "--mode", "choices": ["ro", "rw"] },
        ],
        "environmentVariables": [{ "name": "KEY", "isRequired": true, "isSecret": true }],
    }));
    let given = [
        ("argument.0", "here"),
        ("argument.1", "many"),
        ("argument.2", "x"),
        ("argument.2", "y"),
        ("unknown", "1"),
    ];
    let expected = ["unknown", "argument.0", "argument.1", "argument.2", "environment.KEY"];
    assert_eq!(keys(run(&way, &given)), expected);
    let hidden = run(&way, &[("environment.KEY", "a\nb")]).unwrap_err();
    assert!(hidden[0].message.contains("cannot be seen"), "{hidden:?}");
}

#[test]
fn an_address_and_its_headers_are_filled_in() {
    let way = remote(json!({
        "type": "streamable-http", "url": "https://{tenant}.example.org/mcp",
        "variables": { "tenant": { "description": "Yours.", "isRequired": true } },
        "headers": [
            { "name": "Authorization", "value": "Bearer {token}", "isSecret": true },
            { "name": "X-Key", "value": "{key}" },
            { "name": "X-Plain", "default": "1" },
        ],
    }));
    let secret: Vec<_> = way.questions().into_iter().map(|it| (it.key, it.is_secret)).collect();
    assert_eq!(
        secret,
        [
            ("url.tenant".to_owned(), false),
            ("header.Authorization.token".to_owned(), true),
            // Without an explanation, what is in a header opens something.
            ("header.X-Key.key".to_owned(), true),
            ("header.X-Plain".to_owned(), false),
        ]
    );
    assert_eq!(
        line(&run(&way, &[("url.tenant", "a")]).unwrap()),
        "https://a.example.org/mcp X-Plain=1"
    );
    assert_eq!(
        line(&run(&way, &[("url.tenant", "a"), ("header.Authorization.token", "t")]).unwrap()),
        "https://a.example.org/mcp Authorization=<Bearer t> X-Plain=1"
    );
    assert_eq!(keys(run(&way, &[])), ["url.tenant"]);
    assert_eq!(keys(run(&way, &[("url.tenant", "a b/")])), [""], "no address comes of it");
}

#[test]
fn a_variable_of_a_container_is_no_argument() {
    let way = package(json!({
        "registryType": "oci", "identifier": "a/thing:1.0.0", "runtimeHint": "docker",
        "runtimeArguments": [
            { "type": "positional", "value": "run" },
            { "type": "named", "name": "-i" , "value": "" },
            { "type": "named", "name": "-e", "value": "KEY={key}",
              "variables": { "key": { "isSecret": true, "isRequired": true } } },
            { "type": "named", "name": "--mount", "value": "type=bind,src={from},dst=/in",
              "variables": { "from": { "format": "filepath" } } },
        ],
        "environmentVariables": [{ "name": "REGION", "value": "eu" }],
    }));
    let given = [("environment.KEY.key", "canary"), ("runtime.3.from", "/srv")];
    let reached = run(&way, &given).unwrap();
    let Reached::Program { arguments, .. } = &reached else { panic!("{reached:?}") };
    let words = arguments.join(" ");
    assert!(
        !words.contains("canary") && words.contains("-e KEY -e REGION a/thing:1.0.0"),
        "{words}"
    );
    assert!(words.contains("--mount type=bind,src=/srv,dst=/in"), "{words}");
    assert!(line(&reached).ends_with("KEY=<canary> REGION=eu"), "{}", line(&reached));
}

#[test]
fn what_would_not_be_exact_or_would_tell_a_secret_is_refused() {
    let stdio = json!({ "type": "stdio" });
    let npm = |more: Value| {
        let mut it = json!({ "registryType": "npm", "identifier": "thing", "version": "1.0.0", "transport": stdio });
        it.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        package(it)
    };
    let sha = "sha256:".to_owned() + &"0".repeat(64);
    let refused = [
        (npm(json!({ "version": "latest" })), "not fixed"),
        (npm(json!({ "version": null })), "not fixed"),
        (npm(json!({ "version": "^1.0.0" })), "not fixed"),
        (npm(json!({ "identifier": "--call" })), "no name of a package"),
        (npm(json!({ "identifier": "a/b" })), "no name of a package"),
        (npm(json!({ "identifier": "../evil" })), "no name of a package"),
        (npm(json!({ "identifier": "thing@npm:evil" })), "no name of a package"),
        (npm(json!({ "identifier": "https://evil.example/x.tgz" })), "no name of a package"),
        (npm(json!({ "registryBaseUrl": "https://evil.example" })), "not from where"),
        (npm(json!({ "runtimeHint": "bash" })), "wants to be run by `bash`"),
        (npm(json!({ "transport": { "type": "streamable-http" } })), "listen on a port"),
        (npm(json!({ "registryType": "mcpb" })), "bundle"),
        (npm(json!({ "registryType": "cargo" })), "not known"),
        (npm(json!({ "registryType": "oci", "identifier": "a/b:latest", "version": null })), "tag"),
        (npm(json!({ "registryType": "oci", "identifier": "a/b", "version": null })), "tag"),
        (
            npm(
                json!({ "packageArguments": [{ "type": "named", "name": "--key", "isSecret": true }] }),
            ),
            "command line",
        ),
        (remote(json!({ "type": "sse", "url": "https://a.example/sse" })), "SSE"),
        (remote(json!({ "type": "carrier-pigeon", "url": "https://a.example" })), "not known"),
        (
            remote(json!({ "type": "streamable-http", "url": "https://a.example/?key={k}",
                "variables": { "k": { "isSecret": true } } })),
            "address",
        ),
        (remote(json!({ "type": "streamable-http" })), "cannot be read"),
    ];
    for (way, says) in refused {
        let defects = run(&way, &[]).unwrap_err();
        assert_eq!((defects.len(), defects[0].key.as_str()), (1, ""), "{way:?}");
        assert!(defects[0].message.contains(says), "{says}: {defects:?}");
    }
    let digest =
        npm(json!({ "registryType": "oci", "identifier": format!("a/b@{sha}"), "version": null }));
    assert!(run(&digest, &[]).is_ok());
}

#[test]
fn a_stored_secret_stays_where_nobody_answers() {
    let way = remote(json!({
        "type": "streamable-http", "url": "https://a.example/mcp",
        "headers": [{ "name": "Authorization", "value": "Bearer {token}", "isRequired": true }],
    }));
    let kept = BTreeSet::from(["Authorization".to_owned()]);
    let stays = resolve(&way, &Inputs::new(), &kept).unwrap();
    assert_eq!(line(&stays), "https://a.example/mcp Authorization=kept");
    let new = resolve(&way, &inputs(&[("header.Authorization.token", "t")]), &kept).unwrap();
    assert_eq!(line(&new), "https://a.example/mcp Authorization=<Bearer t>");
    assert_eq!(
        keys(resolve(&way, &Inputs::new(), &BTreeSet::new())),
        ["header.Authorization.token"]
    );
}

#[test]
fn braces_around_what_is_no_name_are_text() {
    let way = package(json!({
        "registryType": "npm", "identifier": "thing", "version": "1.0.0",
        "packageArguments": [{ "type": "positional", "value": "{\"a\": {}} {" }],
    }));
    assert_eq!(line(&run(&way, &[]).unwrap()), "npx -y thing@1.0.0 {\"a\": {}} {");
}
