use galaxy_model::Request;
use serde_json::json;

use super::*;

fn profile(tools: bool, images: bool) -> Profile {
    Profile {
        name: "m".to_owned(),
        model: "m".to_owned(),
        protocol: "openai_chat",
        context_tokens: 1000,
        tools,
        images,
        reasoning: true,
        structured: true,
        demo: false,
    }
}

fn user(text: &str) -> Message {
    Message::User { parts: vec![Part::text(text)] }
}

fn assistant(parts: Vec<Part>, ids: &[&str]) -> Message {
    let call = |id: &&str| ToolCall {
        id: CallId((*id).to_owned()),
        tool: "look".to_owned(),
        input: json!({"at": 1}),
        opaque: Some(opaque("gemini")),
    };
    Message::Assistant { parts, calls: ids.iter().map(call).collect() }
}

fn result(id: &str, output: Vec<Part>) -> Message {
    Message::Result {
        call: CallId(id.to_owned()),
        tool: "look".to_owned(),
        output,
        is_error: false,
    }
}

fn opaque(provider: &str) -> Part {
    Part::Opaque { provider: provider.to_owned(), value: json!(provider) }
}

fn image() -> Part {
    Part::Image { media_type: "image/png".to_owned(), data: "AA==".to_owned() }
}

/// Each turn as one line.
fn told(messages: Vec<Message>, protocol: Protocol, profile: &Profile) -> Vec<String> {
    let request = Request { messages, ..Request::default() };
    let asked = Asked { profile, request: &request, official: false };
    let pieces = |pieces: &[Piece<'_>]| {
        let words = pieces.iter().map(|piece| match piece {
            Piece::Text(text) => text.to_string(),
            Piece::Image { .. } => "<image>".to_owned(),
            Piece::Reasoning(text) => format!("<thought {text}>"),
            Piece::Opaque(value) => format!("<opaque {value}>"),
        });
        words.collect::<Vec<_>>().join(" ")
    };
    let call = |call: &Call<'_>| format!("+{}", call.id);
    let lines = turns(&asked, protocol).into_iter().map(|turn| match turn {
        Turn::User(said) => format!("user {}", pieces(&said)),
        Turn::Assistant { pieces: said, calls } => {
            let calls: Vec<_> = calls.iter().map(call).collect();
            format!("model {} {}", pieces(&said), calls.join(" ")).trim_end().to_owned()
        }
        Turn::Results(replies) => {
            let replies: Vec<_> = replies
                .iter()
                .map(|it| format!("{}: {}", it.call.id, pieces(&it.pieces)))
                .collect();
            format!("tools {}", replies.join(", "))
        }
    });
    lines.collect()
}

#[test]
fn neighbours_of_one_kind_are_merged_and_empty_turns_vanish() {
    let messages = vec![
        user("a"),
        user("b"),
        assistant(vec![opaque("anthropic"), Part::text(" ")], &[]),
        user("c"),
        assistant(vec![Part::text("d")], &[]),
        assistant(vec![Part::text("e")], &["x"]),
        result("x", vec![Part::text("f")]),
    ];
    let lines = told(messages, Protocol::Gemini, &profile(true, true));
    assert_eq!(lines, ["user a b c", "model d e +x", "tools x: f"]);
}

#[test]
fn calls_and_answers_are_matched_in_the_order_of_the_calls() {
    let messages = vec![
        user("a"),
        result("ghost", vec![Part::text("orphan")]),
        assistant(vec![], &["x", "y", "z"]),
        result("z", vec![Part::text("3")]),
        result("x", vec![Part::text("1")]),
        result("x", vec![Part::text("again")]),
        user("b"),
        result("y", vec![Part::text("late")]),
    ];
    let lines = told(messages, Protocol::OpenaiChat, &profile(true, true));
    let tools = "tools x: 1, y: [no result: the call was interrupted], z: 3";
    assert_eq!(lines, ["user a", "model  +x +y +z", tools, "user b"]);
}

#[test]
fn what_another_protocol_left_behind_is_dropped() {
    let parts = vec![opaque("anthropic"), opaque("gemini"), Part::text("d")];
    let lines =
        told(vec![user("a"), assistant(parts, &[])], Protocol::OpenaiChat, &profile(true, true));
    assert_eq!(lines, ["user a", "model d"]);
    let request = Request { messages: vec![assistant(vec![], &["x"])], ..Request::default() };
    for (protocol, kept) in
        [(Protocol::Gemini, Some(&json!("gemini"))), (Protocol::Anthropic, None)]
    {
        let asked = Asked { profile: &profile(true, true), request: &request, official: false };
        let turns = turns(&asked, protocol);
        let call = turns.iter().find_map(|turn| match turn {
            Turn::Assistant { calls, .. } => calls.first().map(|call| call.opaque),
            Turn::User(_) | Turn::Results(_) => None,
        });
        assert_eq!(call, Some(kept), "{protocol:?}");
    }
}

#[test]
fn ids_are_made_valid_and_unique_for_the_protocol() {
    let odd = "functions.look:0";
    let long = "x".repeat(50);
    let messages = || {
        vec![
            assistant(vec![], &[odd, &long]),
            result(odd, vec![Part::text("1")]),
            result(&long, vec![Part::text("2")]),
            assistant(vec![], &[odd]),
            result(odd, vec![Part::text("3")]),
        ]
    };
    for (protocol, keeps_odd, keeps_long) in [
        (Protocol::OpenaiChat, true, false),
        (Protocol::Anthropic, false, true),
        (Protocol::OpenaiResponses, false, true),
    ] {
        let lines = told(messages(), protocol, &profile(true, true)).join("\n");
        assert_eq!(lines.contains(odd), keeps_odd, "{lines}");
        assert_eq!(lines.contains(&long), keeps_long, "{lines}");
        let mut ids: Vec<&str> =
            lines.split('+').skip(1).map(|it| it.split_whitespace().next().unwrap()).collect();
        ids.dedup();
        let unique: HashSet<_> = ids.iter().collect();
        assert_eq!(unique.len(), 3, "{lines}");
        assert_eq!(lines, told(messages(), protocol, &profile(true, true)).join("\n"));
    }
}

#[test]
fn images_of_results_go_where_the_protocol_can_show_them() {
    let messages = || {
        vec![assistant(vec![], &["x"]), result("x", vec![Part::text("see"), image()]), user("and?")]
    };
    let lines = told(messages(), Protocol::OpenaiChat, &profile(true, true));
    assert_eq!(
        lines[1..],
        [
            "tools x: see [the images are in the next message]",
            "user [images from the tool look] <image> and?"
        ]
    );
    let lines = told(messages(), Protocol::Anthropic, &profile(true, true));
    assert_eq!(lines[2..], ["tools x: see <image>", "user and?"]);
    let lines = told(messages(), Protocol::Anthropic, &profile(true, false));
    assert_eq!(lines[2], "tools x: see [an image, which this model cannot see]");
}

#[test]
fn a_model_without_tools_is_told_of_them_in_words() {
    let messages =
        vec![user("a"), assistant(vec![], &["x"]), result("x", vec![Part::text("1")]), user("b")];
    let lines = told(messages, Protocol::Ollama, &profile(false, true));
    assert_eq!(
        lines,
        [
            "user a",
            "model [called the tool look with {\"at\":1}]",
            "user [the tool look answered]\n1 b"
        ]
    );
}

#[test]
fn a_person_speaks_first_and_last_where_that_is_the_rule() {
    let messages = || vec![assistant(vec![Part::text("hi")], &[])];
    let lines = told(messages(), Protocol::Anthropic, &profile(true, true));
    assert_eq!(
        lines,
        ["user [the beginning of the conversation is left out]", "model hi", "user Continue."]
    );
    assert_eq!(told(messages(), Protocol::OpenaiChat, &profile(true, true)), ["model hi"]);
}
