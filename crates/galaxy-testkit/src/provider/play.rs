//! Writing answers, and breaking them off.

use std::{fmt::Write as _, io, time::Duration};

use serde_json::{Value, json};
use tokio::{
    io::AsyncWriteExt,
    net::{
        TcpStream,
        tcp::{ReadHalf, WriteHalf},
    },
    time::{Instant, MissedTickBehavior, interval_at, sleep},
};

use super::script::{Answer, Fault, Say, Step};

/// Tokens before something breaks.
const BEFORE_A_FAULT: u32 = 5;
/// Tokens are written together up to so many bytes when nobody wants a pace.
const TOGETHER: usize = 32 << 10;
/// What a line of unreasonable length has.
const HUGE: usize = 10_000_000;

const STREAM: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\
    cache-control: no-cache\r\ntransfer-encoding: chunked\r\n\r\n";
const FRAME: &str = r#"data: {"id":"chatcmpl-fake","object":"chat.completion.chunk","created":1700000000,"model":"fake","choices":[{"index":0,"delta":{"content":""#;
const FRAME_END: &str = "\"},\"finish_reason\":null}]}\n\n";
const PAGE: &str = "<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>";

/// What became of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// It can be used again.
    Whole,
    /// It is to be closed.
    Over,
    /// It is to be reset.
    Reset,
    /// The client closed it.
    HungUp,
}

/// What so many tokens say.
pub fn said(tokens: u32) -> String {
    (0..tokens).fold(String::new(), |mut text, token| {
        push_token(&mut text, token);
        text
    })
}

fn push_token(text: &mut String, token: u32) {
    write!(text, "{token} ").expect("a string takes everything");
}

/// Plays one step.
pub(super) async fn play(socket: &mut TcpStream, step: &Step, tools: &[String]) -> Fate {
    let mut line = Line::new(socket);
    let played = match step {
        Step::Answer(Answer::Say(say)) => line.say(*say).await,
        Step::Answer(Answer::Call { calls, same_id }) => line.call(calls, *same_id, tools).await,
        Step::Fault(fault) => line.fault(fault, tools).await,
    };
    played.unwrap_or(Fate::HungUp)
}

/// Answers with JSON.
pub(super) async fn json(socket: &mut TcpStream, status: u16, body: &Value) -> Fate {
    Line::new(socket).whole(&head(status), &body.to_string()).await.unwrap_or(Fate::HungUp)
}

/// Answers with the list of models.
pub(super) async fn models(socket: &mut TcpStream) -> Fate {
    let models = json!({ "object": "list", "data": [{ "id": "fake", "object": "model" }] });
    json(socket, 200, &models).await
}

/// A connection that is written to, and watched meanwhile.
struct Line<'a> {
    reader: ReadHalf<'a>,
    writer: WriteHalf<'a>,
}

/// Ends when the client goes away.
async fn gone(reader: &mut ReadHalf<'_>) -> io::Error {
    let mut byte = [0];
    match reader.peek(&mut byte).await {
        Ok(0) => io::ErrorKind::ConnectionAborted.into(),
        // The next request came early; its client is there.
        Ok(_) => std::future::pending().await,
        Err(err) => err,
    }
}

impl<'a> Line<'a> {
    fn new(socket: &'a mut TcpStream) -> Self {
        let (reader, writer) = socket.split();
        Self { reader, writer }
    }

    async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        tokio::select! {
            biased;
            sent = self.writer.write_all(bytes) => sent,
            err = gone(&mut self.reader) => Err(err),
        }
    }

    async fn wait(&mut self, time: Duration) -> io::Result<()> {
        if time.is_zero() {
            return Ok(());
        }
        tokio::select! {
            () = sleep(time) => Ok(()),
            err = gone(&mut self.reader) => Err(err),
        }
    }

    /// Says nothing more until the client goes away.
    async fn silence(&mut self) -> io::Result<Fate> {
        Err(gone(&mut self.reader).await)
    }

    async fn whole(&mut self, head: &str, body: &str) -> io::Result<Fate> {
        let text = format!("{head}content-length: {}\r\n\r\n{body}", body.len());
        self.send(text.as_bytes()).await?;
        Ok(Fate::Whole)
    }

    async fn say(&mut self, say: Say) -> io::Result<Fate> {
        self.wait(say.delay).await?;
        self.send(STREAM.as_bytes()).await?;
        match say.pace {
            Some(pace) => self.paced(say.tokens, pace).await?,
            None => self.tokens(say.tokens).await?,
        }
        self.end("stop", say.tokens).await
    }

    /// Tokens, each in a piece of its own, at so many a second.
    async fn paced(&mut self, tokens: u32, pace: u32) -> io::Result<()> {
        let period = Duration::from_secs(1) / pace;
        let mut beat = interval_at(Instant::now(), period);
        // A late token does not make the others late.
        beat.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let mut piece = String::new();
        for token in 0..tokens {
            tokio::select! {
                biased;
                _ = beat.tick() => (),
                err = gone(&mut self.reader) => return Err(err),
            }
            piece.clear();
            push_piece(&mut piece, token);
            self.send(piece.as_bytes()).await?;
        }
        Ok(())
    }

    /// Tokens as fast as they can be written.
    async fn tokens(&mut self, tokens: u32) -> io::Result<()> {
        let mut pieces = String::with_capacity(TOGETHER + 512);
        for token in 0..tokens {
            push_piece(&mut pieces, token);
            if pieces.len() > TOGETHER {
                self.send(pieces.as_bytes()).await?;
                pieces.clear();
            }
        }
        self.send(pieces.as_bytes()).await
    }

    async fn call(
        &mut self,
        calls: &[(String, Value)],
        same_id: bool,
        tools: &[String],
    ) -> io::Result<Fate> {
        self.send(STREAM.as_bytes()).await?;
        for (at, (tool, input)) in calls.iter().enumerate() {
            let Some(name) = offered(tool, tools) else {
                let text = format!("There is no tool {tool}.");
                self.frame(&json!({ "content": text })).await?;
                return self.end("stop", 1).await;
            };
            let id = format!("call_{}", if same_id { 0 } else { at });
            let function = json!({ "name": name, "arguments": input.to_string() });
            let call = json!({ "index": at, "id": id, "type": "function", "function": function });
            self.frame(&json!({ "tool_calls": [call] })).await?;
        }
        self.end("tool_calls", 1).await
    }

    async fn frame(&mut self, delta: &Value) -> io::Result<()> {
        let choice = json!({ "index": 0, "delta": delta, "finish_reason": null });
        self.chunk(&format!("data: {}\n\n", json!({ "choices": [choice] }))).await
    }

    async fn chunk(&mut self, data: &str) -> io::Result<()> {
        self.send(format!("{:x}\r\n{data}\r\n", data.len()).as_bytes()).await
    }

    async fn end(&mut self, reason: &str, tokens: u32) -> io::Result<Fate> {
        let choice = json!({ "index": 0, "delta": {}, "finish_reason": reason });
        let usage = json!({ "prompt_tokens": 10, "completion_tokens": tokens });
        let last = json!({ "choices": [choice], "usage": usage });
        let data = format!("data: {last}\n\ndata: [DONE]\n\n");
        let text = format!("{:x}\r\n{data}\r\n0\r\n\r\n", data.len());
        self.send(text.as_bytes()).await?;
        Ok(Fate::Whole)
    }

    async fn fault(&mut self, fault: &Fault, tools: &[String]) -> io::Result<Fate> {
        match fault {
            Fault::Limited(seconds) => {
                let head = format!("{}retry-after: {seconds}\r\n", head(429));
                self.whole(&head, r#"{"error":{"message":"Slow down.","type":"rate_limit"}}"#).await
            }
            Fault::Fail(status) => {
                let body = r#"{"error":{"message":"It broke.","type":"server_error"}}"#;
                self.whole(&head(*status), body).await
            }
            Fault::Html => {
                let head = "HTTP/1.1 502 Bad Gateway\r\ncontent-type: text/html\r\n";
                self.whole(head, PAGE).await
            }
            Fault::Reset => Ok(Fate::Reset),
            Fault::Cut(bytes) => self.cut(*bytes).await,
            Fault::Undone => self.broken_after_tokens(b"").await,
            Fault::HalfUtf8 => {
                self.broken_after_tokens(&[FRAME.as_bytes(), b"caf\xC3"].concat()).await
            }
            Fault::HalfJson(tool) => self.half_json(offered(tool, tools).unwrap_or(tool)).await,
            Fault::Huge => {
                self.send(STREAM.as_bytes()).await?;
                self.frame(&json!({ "content": "x".repeat(HUGE) })).await?;
                self.end("stop", 1).await
            }
            Fault::Stall(tokens) => {
                self.send(STREAM.as_bytes()).await?;
                self.tokens(*tokens).await?;
                self.silence().await
            }
            Fault::Hang => self.silence().await,
        }
    }

    async fn cut(&mut self, bytes: usize) -> io::Result<Fate> {
        let mut text = String::new();
        let mut token = 0;
        while text.len() < bytes {
            push_piece(&mut text, token);
            token += 1;
        }
        self.send(STREAM.as_bytes()).await?;
        self.send(&text.as_bytes()[..bytes]).await?;
        Ok(Fate::Over)
    }

    /// A few tokens and `rest`, then an orderly end of the body.
    async fn broken_after_tokens(&mut self, rest: &[u8]) -> io::Result<Fate> {
        self.send(STREAM.as_bytes()).await?;
        self.tokens(BEFORE_A_FAULT).await?;
        if !rest.is_empty() {
            let size = format!("{:x}\r\n", rest.len());
            self.send(&[size.as_bytes(), rest, b"\r\n"].concat()).await?;
        }
        self.send(b"0\r\n\r\n").await?;
        Ok(Fate::Whole)
    }

    async fn half_json(&mut self, tool: &str) -> io::Result<Fate> {
        self.send(STREAM.as_bytes()).await?;
        let function = json!({ "name": tool, "arguments": "{\"title\":\"hal" });
        let call = json!({ "index": 0, "id": "call_0", "function": function });
        self.frame(&json!({ "tool_calls": [call] })).await?;
        self.end("tool_calls", 1).await
    }
}

/// The beginning of a head that announces JSON.
fn head(status: u16) -> String {
    format!("HTTP/1.1 {status} Word\r\ncontent-type: application/json\r\n")
}

/// One token in a chunk of the body.
fn push_piece(text: &mut String, token: u32) {
    let digits = token.checked_ilog10().unwrap_or(0) as usize + 1;
    let length = FRAME.len() + digits + 1 + FRAME_END.len();
    write!(text, "{length:x}\r\n{FRAME}{token} {FRAME_END}\r\n")
        .expect("a string takes everything");
}

/// The first tool offered whose name ends in `tool`.
fn offered<'a>(tool: &str, tools: &'a [String]) -> Option<&'a str> {
    tools.iter().find(|name| name.ends_with(tool)).map(String::as_str)
}
