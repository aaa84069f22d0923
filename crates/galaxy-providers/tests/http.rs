//! Every protocol against a server on the loopback interface.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "golden/asks.rs"]
mod asks;
#[path = "http/fake.rs"]
mod fake;

use std::{sync::Arc, time::Duration};

use fake::{Fake, Reply, head, start, streamed, whole};
use futures::StreamExt;
use galaxy_base::Tasks;
use galaxy_model::{Answer, Event, Model, ModelError, Provider, collect};
use galaxy_net::{Client, Config};
use galaxy_providers::{Endpoint, Protocol, encode, provider};
use http::HeaderMap;
use serde_json::Value;
use tokio::sync::Notify;
use url::Url;

const KEY: &str = "correct-horse-battery";

fn at(protocol: Protocol, address: &str) -> Arc<dyn Provider> {
    // A second test in this process finds the provider installed.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let endpoint = Endpoint {
        name: "fake".to_owned(),
        base_url: Some(Url::parse(&format!("http://{address}/base")).unwrap()),
        api_key: Some(KEY.into()),
        headers: HeaderMap::from_iter([("x-team".parse().unwrap(), "blue".parse().unwrap())]),
        client: Client::new(Config::default()).unwrap(),
    };
    provider(protocol, endpoint)
}

fn model(protocol: Protocol, fake: &Fake) -> Arc<dyn Model> {
    at(protocol, &fake.address.to_string()).model(asks::profile(protocol, "text"))
}

async fn ask(model: &Arc<dyn Model>) -> Result<Answer, ModelError> {
    model.answer(asks::request("text")).await
}

fn recorded(protocol: Protocol) -> (&'static str, String) {
    let (content_type, file) = match protocol {
        Protocol::Ollama => ("application/x-ndjson", "stream.ndjson"),
        Protocol::OpenaiChat
        | Protocol::OpenaiResponses
        | Protocol::Anthropic
        | Protocol::Gemini => ("text/event-stream; charset=utf-8", "stream.sse"),
    };
    let folder = format!("{}/tests/golden/{}/text", env!("CARGO_MANIFEST_DIR"), protocol.as_str());
    (content_type, std::fs::read_to_string(format!("{folder}/{file}")).unwrap())
}

fn request_line(protocol: Protocol) -> (&'static str, String) {
    let (path, header) = match protocol {
        Protocol::OpenaiChat => ("/base/chat/completions", "authorization: bearer "),
        Protocol::OpenaiResponses => ("/base/responses", "authorization: bearer "),
        Protocol::Anthropic => ("/base/v1/messages", "x-api-key: "),
        Protocol::Gemini => {
            ("/base/v1beta/models/gemini-3-pro:streamgeneratecontent?alt=sse", "x-goog-api-key: ")
        }
        Protocol::Ollama => ("/base/api/chat", "authorization: bearer "),
    };
    (path, format!("{header}{KEY}"))
}

#[tokio::test]
async fn an_answer_streams_from_end_to_end_and_its_connection_is_used_again() {
    for protocol in Protocol::ALL {
        let tasks = Tasks::default();
        let (content_type, body) = recorded(protocol);
        let reply = Reply::Say(streamed(content_type, &body));
        let mut fake = start(&tasks, vec![reply.clone(), reply]).await;
        let model = model(protocol, &fake);
        for _ in 0..2 {
            let sampled = collect(ask(&model).await.unwrap(), |_| ()).await.unwrap();
            assert_eq!(galaxy_domain::part::plain_text(&sampled.parts), "Héllo 👋", "{protocol:?}");
            let heard = fake.heard.recv().await.unwrap();
            let (path, auth) = request_line(protocol);
            assert!(heard.head.starts_with(&format!("post {path} http/1.1")), "{}", heard.head);
            assert!(heard.head.lines().any(|line| line == auth), "{}", heard.head);
            assert!(heard.head.contains("x-team: blue"), "{}", heard.head);
            let sent: Value = serde_json::from_slice(&heard.body).unwrap();
            let expected = encode(protocol, model.profile(), &asks::request("text")).unwrap();
            assert_eq!(sent, serde_json::from_slice::<Value>(&expected).unwrap());
            assert_eq!(heard.connection, 1, "{protocol:?}");
        }
    }
}

#[tokio::test]
async fn a_limit_keeps_the_time_to_come_back() {
    for protocol in Protocol::ALL {
        let tasks = Tasks::default();
        let body = r#"{"error":{"message":"slow down"}}"#;
        let reply = whole(429, "retry-after: 3\r\ncontent-type: application/json", body);
        let fake = start(&tasks, vec![Reply::Say(reply)]).await;
        let err = ask(&model(protocol, &fake)).await.err().unwrap();
        let retry_after = Some(Duration::from_secs(3));
        assert_eq!(err, ModelError::RateLimited { retry_after, message: "slow down".to_owned() });
    }
}

#[tokio::test]
async fn a_connection_that_breaks_before_the_answer_can_be_tried_again() {
    for protocol in Protocol::ALL {
        let tasks = Tasks::default();
        let (content_type, _) = recorded(protocol);
        let head =
            head(200, &format!("content-type: {content_type}\r\ntransfer-encoding: chunked"));
        let replies = vec![Reply::Reset(String::new()), Reply::Reset(head)];
        let fake = start(&tasks, replies).await;
        let model = model(protocol, &fake);
        for _ in 0..2 {
            let err = match ask(&model).await {
                Ok(mut answer) => answer.next().await.unwrap().unwrap_err(),
                // The reset may overtake the head.
                Err(err) => err,
            };
            assert!(matches!(err, ModelError::Unavailable { .. }), "{protocol:?} {err:?}");
        }
    }
}

#[tokio::test]
async fn a_connection_that_breaks_inside_the_answer_leaves_half_of_it() {
    for protocol in Protocol::ALL {
        let tasks = Tasks::default();
        let (content_type, body) = recorded(protocol);
        let start_of_body = &body[..body.find("llo").unwrap()];
        let head = head(200, &format!("content-type: {content_type}\r\ncontent-length: 99999"));
        let read = Arc::new(Notify::new());
        let said = format!("{head}{start_of_body}");
        let replies = vec![Reply::ResetAfter(said.clone(), Arc::clone(&read)), Reply::End(said)];
        let fake = start(&tasks, replies).await;
        let model = model(protocol, &fake);
        for _ in 0..2 {
            let mut answer = ask(&model).await.unwrap();
            let mut text = String::new();
            let err = loop {
                match answer.next().await.unwrap() {
                    Ok(Event::Text(more)) => {
                        text.push_str(&more);
                        read.notify_one();
                    }
                    Ok(event) => assert!(matches!(event, Event::Usage(_)), "{event:?}"),
                    Err(err) => break err,
                }
            };
            assert_eq!(text, "Hé");
            assert!(matches!(err, ModelError::Truncated { .. }), "{protocol:?} {err:?}");
            assert!(answer.next().await.is_none());
        }
    }
}

#[tokio::test]
async fn a_machine_that_is_not_there_is_unavailable() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    drop(listener);
    for protocol in Protocol::ALL {
        let provider = at(protocol, &address);
        let err = ask(&provider.model(asks::profile(protocol, "text"))).await.err().unwrap();
        assert!(matches!(err, ModelError::Unavailable { .. }), "{err:?}");
        assert!(err.detail().unwrap().contains("refused"), "{err:?}");
        assert!(matches!(provider.list().await, Err(ModelError::Unavailable { .. })));
    }
}

#[tokio::test]
async fn the_key_is_never_told() {
    let tasks = Tasks::default();
    let body = format!(r#"{{"error":{{"message":"bad key {KEY}","code":"invalid_api_key"}}}}"#);
    let inside = format!("data: {body}\n\n");
    let replies = vec![
        Reply::Say(whole(401, "content-type: application/json", &body)),
        Reply::Say(streamed("text/event-stream", &inside)),
        Reply::Say(whole(200, "content-type: application/json", &body)),
    ];
    let fake = start(&tasks, replies).await;
    let model = model(Protocol::OpenaiChat, &fake);
    for _ in 0..3 {
        let err = match ask(&model).await {
            Ok(answer) => collect(answer, |_| ()).await.unwrap_err(),
            Err(err) => err,
        };
        assert_eq!(err, ModelError::Unauthorized { message: "bad key [key]".to_owned() });
    }
}

#[tokio::test]
async fn what_is_no_stream_is_said_to_be_none() {
    let tasks = Tasks::default();
    let replies = vec![
        Reply::Say(whole(200, "content-type: text/html", "<html>hello</html>")),
        Reply::Say(whole(200, "content-type: application/json", r#"{"choices":[],"error":null}"#)),
        Reply::Say(whole(200, "content-type: text/event-stream", "data: nonsense\n\n")),
        Reply::Say(whole(200, "content-type: text/event-stream", "")),
    ];
    let fake = start(&tasks, replies).await;
    let model = model(Protocol::OpenaiChat, &fake);
    let mut codes = Vec::new();
    for _ in 0..4 {
        let err = match ask(&model).await {
            Ok(answer) => collect(answer, |_| ()).await.unwrap_err(),
            Err(err) => err,
        };
        codes.push(err.code());
    }
    assert_eq!(codes, ["model_rejected", "model_truncated", "model_truncated", "model_truncated"]);
}

#[tokio::test]
async fn models_are_listed_over_all_pages() {
    let json = |body: &str| Reply::Say(whole(200, "content-type: application/json", body));
    for (protocol, pages, paths, names) in [
        (
            Protocol::OpenaiChat,
            vec![r#"{"data":[{"id":"a"},{"id":"b"}]}"#],
            vec!["/base/models"],
            vec!["a", "b"],
        ),
        (
            Protocol::OpenaiResponses,
            vec![r#"{"object":"list","data":[{"id":"a"}]}"#],
            vec!["/base/models"],
            vec!["a"],
        ),
        (
            Protocol::Anthropic,
            vec![
                r#"{"data":[{"id":"a"}],"has_more":true,"last_id":"a"}"#,
                r#"{"data":[{"id":"b"}],"has_more":false,"last_id":"b"}"#,
            ],
            vec!["/base/v1/models?limit=1000", "/base/v1/models?limit=1000&after_id=a"],
            vec!["a", "b"],
        ),
        (
            Protocol::Gemini,
            vec![
                r#"{"models":[{"name":"models/a","supportedGenerationMethods":["generateContent"]},{"name":"models/e","supportedGenerationMethods":["embedContent"]}],"nextPageToken":"t"}"#,
                r#"{"models":[{"name":"models/b"}]}"#,
            ],
            vec![
                "/base/v1beta/models?pagesize=1000",
                "/base/v1beta/models?pagesize=1000&pagetoken=t",
            ],
            vec!["a", "b"],
        ),
        (
            Protocol::Ollama,
            vec![r#"{"models":[{"name":"qwen3:latest","model":"qwen3:latest"}]}"#],
            vec!["/base/api/tags"],
            vec!["qwen3:latest"],
        ),
    ] {
        let tasks = Tasks::default();
        let mut fake = start(&tasks, pages.into_iter().map(json).collect()).await;
        let listed = at(protocol, &fake.address.to_string()).list().await.unwrap();
        assert_eq!(listed, names, "{protocol:?}");
        for path in paths {
            let heard = fake.heard.recv().await.unwrap();
            assert!(heard.head.starts_with(&format!("get {path} http/1.1")), "{}", heard.head);
        }
    }
    let tasks = Tasks::default();
    let fake = start(&tasks, vec![json(r#"{"hello":1}"#)]).await;
    let err = at(Protocol::OpenaiChat, &fake.address.to_string()).list().await.unwrap_err();
    assert!(matches!(err, ModelError::Rejected { .. }), "{err:?}");
}
