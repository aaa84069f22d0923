use serde_json::json;

use galaxy_domain::tool_server::Outward;

use super::*;

fn one(entry: &Json) -> Candidate {
    read(&json!({ "mcpServers": { "My Server": entry } })).unwrap().remove(0)
}

#[test]
fn a_program_and_an_address_are_read_as_the_applications_write_them() {
    let entry = json!({
        "command": "npx", "args": ["-y", "some-server", "/tmp"], "env": { "TOKEN": "t" },
        "disabled": false, "autoApprove": []
    });
    let program = one(&entry);
    assert_eq!((program.server.name.as_str(), program.mistakes.len()), ("my-server", 0));
    let LinkRequest::Program { command, arguments, environment, folders, network } =
        program.server.link
    else {
        panic!("a program");
    };
    assert_eq!((folders[0].path.as_str(), folders[0].write), ("/tmp", false));
    assert_eq!(network, Outward::Web);
    assert_eq!((command.as_str(), arguments.len(), environment.len()), ("npx", 3, 1));

    let remote = one(&json!({ "type": "http", "url": "https://example.org/mcp",
        "headers": { "Authorization": "Bearer x" } }));
    let LinkRequest::Http { url, headers, inside } = remote.server.link else { panic!("by HTTP") };
    assert_eq!((url.as_str(), headers.len(), inside), ("https://example.org/mcp", 1, false));
    let here = one(&json!({ "url": "http://localhost:3000/mcp" }));
    assert!(here.server.link.is_an_administrators());
}

#[test]
fn what_makes_no_sense_is_said_of_each() {
    for entry in [
        json!({}),
        json!({ "command": "a", "url": "https://b" }),
        json!({ "type": "sse", "url": "https://example.org/sse" }),
        json!({ "command": ["a"] }),
    ] {
        assert!(!one(&entry).mistakes.is_empty(), "{entry}");
    }
    for file in [json!([]), json!({}), json!({ "mcpServers": {} }), json!({ "mcpServers": 3 })] {
        assert!(read(&file).is_err(), "{file}");
    }
}

#[test]
fn names_are_made_of_labels_and_differ() {
    let entry = json!({ "url": "https://example.org" });
    let file = json!({ "A b": entry, "a-b": entry, "…": entry, "x__y": entry });
    let mut names: Vec<String> =
        read(&file).unwrap().into_iter().map(|it| it.server.name).collect();
    names.sort();
    assert_eq!(names, ["a-b", "a-b-2", "server", "x-y"]);
}
