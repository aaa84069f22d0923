use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;

fn request(text: &str) -> String {
    let messages = json!([{ "role": "user", "content": text }]);
    let function = json!({ "type": "function", "function": { "name": "add_task" } });
    let body = json!({ "model": "fake", "messages": messages, "tools": [function] }).to_string();
    let length = body.len();
    format!("POST /v1/chat/completions HTTP/1.1\r\nContent-Length: {length}\r\n\r\n{body}")
}

async fn connect(provider: &FakeProvider, text: &str) -> TcpStream {
    let mut socket = TcpStream::connect(provider.address()).await.unwrap();
    socket.write_all(request(text).as_bytes()).await.unwrap();
    socket
}

/// Asks once and gives everything that comes back until the body ends or the connection does.
async fn ask(provider: &FakeProvider, text: &str) -> Vec<u8> {
    let mut socket = connect(provider, text).await;
    let mut got = Vec::new();
    while !got.ends_with(b"0\r\n\r\n") && !is_whole(&got) {
        match socket.read_buf(&mut got).await {
            Ok(0) | Err(_) => break,
            Ok(_) => (),
        }
    }
    got
}

/// Whether `got` is a response with a length, to its end.
fn is_whole(got: &[u8]) -> bool {
    let text = String::from_utf8_lossy(got);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    length.is_some_and(|length| length.parse() == Ok(body.len()))
}

/// The text of all tokens in a response.
fn text_of(response: &[u8]) -> String {
    let response = String::from_utf8_lossy(response);
    let frames = response.lines().filter_map(|line| line.strip_prefix("data: {"));
    let frames = frames.map(|rest| format!("{{{rest}")).filter_map(|frame| {
        let frame: serde_json::Value = serde_json::from_str(&frame).ok()?;
        Some(frame["choices"][0]["delta"]["content"].as_str()?.to_owned())
    });
    frames.collect()
}

#[tokio::test]
async fn tokens_come_in_order_and_the_stream_says_that_it_ended() {
    let provider = FakeProvider::start().await.unwrap();
    for text in ["say 2000", "say 12 at 1000 after 5"] {
        let response = ask(&provider, text).await;
        let tokens = if text == "say 2000" { 2_000 } else { 12 };
        assert_eq!(text_of(&response), said(tokens), "{text}");
        assert!(String::from_utf8_lossy(&response).contains("data: [DONE]\n\n"), "{text}");
    }
    assert_eq!(provider.counts(), Counts { asked: 2, played: 2, hung_up: 0 });
}

#[tokio::test]
async fn a_tool_that_is_offered_is_called_and_no_other() {
    let provider = FakeProvider::start().await.unwrap();
    let called = ask(&provider, r#"call add_task {"title":"x"} call task {"title":"y"}"#).await;
    let called = String::from_utf8(called).unwrap();
    assert!(called.contains(r#""id":"call_0""#) && called.contains(r#""id":"call_1""#));
    assert!(called.contains(r#"{\"title\":\"x\"}"#) && called.contains(r#""tool_calls""#));
    let refused = ask(&provider, "call fly {}").await;
    assert_eq!(text_of(&refused), "There is no tool fly.");
    let twice = String::from_utf8(ask(&provider, "twice add_task {}").await).unwrap();
    assert_eq!(twice.matches(r#""id":"call_0""#).count(), 2);
}

#[tokio::test]
async fn faults_are_met_one_after_the_other() {
    let provider = FakeProvider::start().await.unwrap();
    let script = "limited 2; fail 503; html; say 1";
    for expected in ["HTTP/1.1 429", "HTTP/1.1 503", "<html>", "data: [DONE]"] {
        let response = String::from_utf8(ask(&provider, script).await).unwrap();
        assert!(response.contains(expected), "{response}");
    }
    let visits = provider.visits(script);
    assert_eq!(visits.len(), 4);
    assert!(visits.is_sorted_by_key(|visit| visit.came));
}

#[tokio::test]
async fn streams_break_off_where_they_were_told_to() {
    let provider = FakeProvider::start().await.unwrap();
    let body = |response: &[u8]| {
        let at = response.windows(4).position(|it| it == b"\r\n\r\n").unwrap();
        response[at + 4..].to_vec()
    };
    assert_eq!(body(&ask(&provider, "cut 700").await).len(), 700);
    assert!(ask(&provider, "reset").await.is_empty());
    let undone = ask(&provider, "undone").await;
    assert_eq!(text_of(&undone), said(5));
    assert!(!String::from_utf8_lossy(&undone).contains("DONE"));
    assert!(String::from_utf8(ask(&provider, "half-utf8").await).is_err());
    let half = String::from_utf8(ask(&provider, "half-json add_task").await).unwrap();
    assert!(half.contains(r#""arguments":"{\"title\":\"hal""#));
    assert!(ask(&provider, "huge").await.len() > 10_000_000);
}

#[tokio::test]
async fn a_client_that_goes_away_is_noticed() {
    let provider = FakeProvider::start().await.unwrap();
    for script in ["hang", "stall 5", "say 1000 at 1 # slow"] {
        let mut socket = connect(&provider, script).await;
        if script != "hang" {
            socket.read_u8().await.unwrap();
        }
        let before = provider.counts().hung_up;
        drop(socket);
        provider.until(|counts| counts.hung_up > before).await;
    }
    assert!(provider.until_hung_up("hang").await.elapsed() < Duration::from_secs(60));
    assert_eq!(provider.counts(), Counts { asked: 3, played: 0, hung_up: 3 });
}

#[tokio::test]
async fn a_mistake_in_a_script_is_told() {
    let provider = FakeProvider::start().await.unwrap();
    let response = String::from_utf8(ask(&provider, "say much").await).unwrap();
    assert!(response.starts_with("HTTP/1.1 400") && response.contains("`much`"), "{response}");
}

#[tokio::test]
async fn a_connection_is_used_again() {
    let provider = FakeProvider::start().await.unwrap();
    let mut socket = TcpStream::connect(provider.address()).await.unwrap();
    for _ in 0..2 {
        socket.write_all(request("say 1").as_bytes()).await.unwrap();
        let mut got = Vec::new();
        while !got.ends_with(b"0\r\n\r\n") {
            assert!(socket.read_buf(&mut got).await.unwrap() > 0);
        }
    }
    assert_eq!(provider.counts().played, 2);
}
