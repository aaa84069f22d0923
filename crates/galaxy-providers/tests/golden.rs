//! Golden pairs: what each protocol is asked with, and what its answers are read as.
//!
//! `tests/golden/<protocol>/<case>/` holds `request.json` (what is sent), `stream.sse` or
//! `stream.ndjson` (what comes back), `events.json` (what it means) and `next.json` (the request
//! after it, with the answer and its tools' results). With `GOLDEN=write` in the environment the
//! JSON files are written instead of compared; read them before you believe them.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "golden/asks.rs"]
mod asks;
#[path = "golden/render.rs"]
mod render;

use std::{fs, path::PathBuf};

use bytes::Bytes;
use futures::{FutureExt, StreamExt, stream};
use galaxy_domain::{Part, ToolCall};
use galaxy_model::{Event, Message, ModelError, Request, Sampled};
use galaxy_providers::{Protocol, decode, encode};
use serde_json::Value;

struct Case {
    protocol: Protocol,
    name: String,
    folder: PathBuf,
    stream: Bytes,
}

impl Case {
    /// Reads the recorded stream, which arrives in `chunks`.
    fn read(&self, chunks: Vec<Bytes>) -> Vec<Result<Event, ModelError>> {
        let profile = asks::profile(self.protocol, &self.name);
        let bytes = stream::iter(chunks.into_iter().map(Ok));
        let answer = decode(self.protocol, &profile, &asks::request(&self.name), bytes);
        // Nothing waits: the whole stream is there.
        answer.collect().now_or_never().unwrap()
    }

    fn sent(&self, request: &Request) -> Value {
        let profile = asks::profile(self.protocol, &self.name);
        serde_json::from_slice(&encode(self.protocol, &profile, request).unwrap()).unwrap()
    }

    fn check(&self, file: &str, value: &Value) {
        let path = self.folder.join(file);
        if is_writing() {
            fs::write(&path, format!("{value:#}\n")).unwrap();
        }
        let golden: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        assert_eq!(&golden, value, "{}: this is what it is now:\n{value:#}", path.display());
    }
}

#[expect(clippy::disallowed_methods, reason = "a switch for people who change the golden files")]
fn is_writing() -> bool {
    std::env::var_os("GOLDEN").is_some_and(|it| it == "write")
}

fn cases(protocol: Protocol) -> Vec<Case> {
    let root =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(protocol.as_str());
    let mut folders: Vec<_> = fs::read_dir(root).unwrap().map(|it| it.unwrap().path()).collect();
    folders.sort();
    let case = |folder: PathBuf| {
        let file = if protocol == Protocol::Ollama { "stream.ndjson" } else { "stream.sse" };
        let stream = fs::read(folder.join(file)).unwrap().into();
        let name = folder.file_name().unwrap().to_str().unwrap().to_owned();
        Case { protocol, name, folder, stream }
    };
    let cases: Vec<_> = folders.into_iter().map(case).collect();
    assert!(cases.len() >= 7, "{protocol:?} has its cases");
    cases
}

fn is_complete(events: &[Result<Event, ModelError>]) -> bool {
    matches!(events.last(), Some(Ok(Event::Finished(_))))
}

/// Requests and answers are what the files say.
fn golden(protocol: Protocol) {
    for case in cases(protocol) {
        let request = asks::request(&case.name);
        case.check("request.json", &case.sent(&request));
        let events = case.read(vec![case.stream.clone()]);
        case.check("events.json", &render::told(&events));
        if !is_complete(&events) {
            continue;
        }
        let mut sampled = Sampled::default();
        for event in events {
            sampled.push(event.unwrap());
        }
        if !sampled.calls.is_empty() {
            let next = next(request, sampled.parts, sampled.calls);
            case.check("next.json", &render::without_random_ids(&case.sent(&next)));
        }
    }
}

/// However the bytes are cut, the answer is the same; wherever they end, it is no answer.
fn cuts(protocol: Protocol) {
    for case in cases(protocol) {
        let Case { name, stream, .. } = &case;
        let whole = render::told(&case.read(vec![stream.clone()]));
        for at in 1..stream.len() {
            let (left, right) = (stream.slice(..at), stream.slice(at..));
            let events = case.read(vec![left.clone(), right]);
            assert_eq!(render::told(&events), whole, "{name} cut at {at}");

            let events = case.read(vec![left]);
            let Some((Err(err), before)) = events.split_last() else {
                panic!("{name} ended at {at} is taken for complete: {events:?}")
            };
            assert!(matches!(err, ModelError::Truncated { .. }), "{name} ended at {at}: {err:?}");
            let is_final = |it: &Result<Event, _>| matches!(it, Err(_) | Ok(Event::Finished(_)));
            assert!(!before.iter().any(is_final), "{name} ended at {at}: {events:?}");
        }
        let bytes = stream.iter().map(|byte| Bytes::copy_from_slice(&[*byte])).collect();
        assert_eq!(render::told(&case.read(bytes)), whole, "{name} byte by byte");
    }
}

/// Whatever stands in the stream: no panic, one end, and nothing after it.
fn damage(protocol: Protocol) {
    for case in cases(protocol) {
        for at in 0..case.stream.len() {
            let mut bytes = case.stream.to_vec();
            bytes[at] = [b'"', 0xFF, b'\n', b'9', b'{'][at % 5];
            let events = case.read(vec![bytes.into()]);
            let (last, before) = events.split_last().unwrap();
            let is_final = |it: &Result<Event, _>| matches!(it, Err(_) | Ok(Event::Finished(_)));
            assert!(is_final(last), "{} damaged at {at}: {events:?}", case.name);
            assert!(!before.iter().any(is_final), "{} damaged at {at}: {events:?}", case.name);
        }
    }
}

/// `request` after its answer and the tools' results.
fn next(mut request: Request, parts: Vec<Part>, calls: Vec<ToolCall>) -> Request {
    let results: Vec<_> = calls
        .iter()
        .map(|it| asks::result(&it.id.0, &it.tool, vec![Part::text("12:00")], false))
        .collect();
    request.messages.push(Message::Assistant { parts, calls });
    request.messages.extend(results);
    request
}

macro_rules! protocols {
    ($($name:ident: $protocol:ident,)*) => {$(
        mod $name {
            use super::*;

            #[test]
            fn requests_and_answers_are_the_golden_ones() {
                golden(Protocol::$protocol);
            }

            #[test]
            fn answers_do_not_depend_on_how_their_bytes_are_cut() {
                cuts(Protocol::$protocol);
            }

            #[test]
            fn a_damaged_answer_ends_once_and_panics_never() {
                damage(Protocol::$protocol);
            }
        }
    )*};
}

protocols! {
    openai_chat: OpenaiChat,
    openai_responses: OpenaiResponses,
    anthropic: Anthropic,
    gemini: Gemini,
    ollama: Ollama,
}
