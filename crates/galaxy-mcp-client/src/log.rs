//! The last lines that a server wrote.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

use galaxy_base::{
    Clock, ExposeSecret, SecretString,
    text::{headline, visible},
};
use galaxy_tool::server::{LogLine, LogSource, ServerError};
use serde_json::Value;

/// Older lines make room.
const LINES: usize = 200;
/// So many of them may be ours, however much the server writes: they say what went wrong.
const OURS: usize = 50;
/// Longer lines are cut, visibly.
const LINE_CHARS: usize = 1000;

/// Shorter values than this are not looked for: they would be found everywhere.
const SECRET_CHARS: usize = 6;
/// What a tool answers is read by models and people and has to stay as it is: there only values are
/// looked for that are at least so long, and that are nothing but a secret.
const OPAQUE_CHARS: usize = 12;

/// So many tokens are remembered: the newest are the ones that a server can still repeat.
const TOKENS: usize = 4;

/// A ring of lines. Nothing in them can steer a terminal or hide, and no secret of the server's own
/// spec, and no token that it was shown lately, is in them.
#[derive(Debug, Default)]
pub(crate) struct Log {
    clock: Clock,
    secrets: Vec<SecretString>,
    tokens: Mutex<VecDeque<SecretString>>,
    lines: Mutex<VecDeque<LogLine>>,
}

impl Log {
    /// A log that shows none of `secrets`.
    pub(crate) fn new(clock: Clock, secrets: impl Iterator<Item = SecretString>) -> Self {
        let mut all: Vec<SecretString> = secrets.flat_map(alone).collect();
        all.retain(|it| it.expose_secret().len() >= SECRET_CHARS);
        Self { clock, secrets: all, ..Self::default() }
    }

    /// `text` without any of the secrets.
    pub(crate) fn without_secrets(&self, text: &str) -> String {
        let hidden = |text: String, it: &SecretString| text.replace(it.expose_secret(), "[secret]");
        let tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        self.secrets.iter().chain(tokens.iter()).fold(text.to_owned(), hidden)
    }

    /// `err` with none of the secrets in what the server said.
    pub(crate) fn clean(&self, err: ServerError) -> ServerError {
        let clean = |text: String| self.without_secrets(&text);
        match err {
            ServerError::Unavailable { message, retry_after } => {
                ServerError::Unavailable { message: clean(message), retry_after }
            }
            ServerError::Said { code, message, mut data } => {
                data.iter_mut().for_each(|it| self.scrub(it));
                ServerError::Said { code, message: clean(message), data }
            }
            ServerError::Refused(text) => ServerError::Refused(clean(text)),
            ServerError::Lost(text) => ServerError::Lost(clean(text)),
            ServerError::TaskLost(text) => ServerError::TaskLost(clean(text)),
            ServerError::TooLarge(text) => ServerError::TooLarge(clean(text)),
            ServerError::Garbled(text) => ServerError::Garbled(clean(text)),
            ServerError::NeedsSignIn { www_authenticate } => {
                ServerError::NeedsSignIn { www_authenticate: www_authenticate.map(clean) }
            }
            ServerError::NotStarted(_) | ServerError::TimedOut(_) | ServerError::Cancelled => err,
        }
    }

    /// Takes what opens the server out of what it answers: it would be kept with the run and
    /// shown to models and people. Tokens are always looked for.
    pub(crate) fn scrub(&self, answer: &mut Value) {
        let tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let opaque = self.secrets.iter().filter(|it| is_opaque(it.expose_secret()));
        let hidden: Vec<&str> = opaque.chain(&tokens).map(ExposeSecret::expose_secret).collect();
        if !hidden.is_empty() {
            scrub(answer, &hidden);
        }
    }

    /// Shows no `token` from now on.
    pub(crate) fn hide(&self, token: &SecretString) {
        let text = token.expose_secret();
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        if text.len() < SECRET_CHARS || tokens.iter().any(|it| it.expose_secret() == text) {
            return;
        }
        if tokens.len() == TOKENS {
            tokens.pop_front();
        }
        tokens.push_back(token.clone());
    }

    /// Adds the first line of `text`.
    pub(crate) fn add(&self, source: LogSource, text: &str) {
        let text = headline(&visible(&self.without_secrets(text)), LINE_CHARS);
        let line = LogLine { at: self.clock.now(), source, text };
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == LINES {
            let ours = |it: &LogLine| it.source == LogSource::Connection;
            let too_many = lines.iter().filter(|it| ours(it)).count() >= OURS;
            let at = lines.iter().position(|it| ours(it) == too_many).unwrap_or(0);
            lines.remove(at);
        }
        lines.push_back(line);
    }

    /// All lines, oldest first.
    pub(crate) fn lines(&self) -> Vec<LogLine> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    /// What it last wrote to its standard error: mostly why it ended.
    pub(crate) fn last_words(&self) -> Option<String> {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let errors = lines.iter().rev().filter(|it| it.source == LogSource::Stderr);
        let last: Vec<String> = errors.take(2).map(|it| headline(&it.text, 200)).collect();
        (!last.is_empty()).then(|| last.into_iter().rev().collect::<Vec<_>>().join(" "))
    }
}

/// `value`, and what is left of it without the scheme that stands before it (`Bearer …`).
fn alone(value: SecretString) -> impl Iterator<Item = SecretString> {
    let bare = value.expose_secret().split_once(' ').map(|(_, rest)| rest.trim());
    let bare = bare.filter(|it| !it.contains(' ')).map(SecretString::from);
    // The longer one first: nothing of it is left to be found by the other.
    std::iter::once(value).chain(bare)
}

/// Whether `value` is a key, and not a word, a path or a setting that an answer may well speak of.
fn is_opaque(value: &str) -> bool {
    let (letter, digit) = (|it: char| it.is_ascii_alphabetic(), |it: char| it.is_ascii_digit());
    let is_address = value.starts_with(['/', '.', '~']) || value.contains("://");
    value.len() >= OPAQUE_CHARS
        && (!is_address || value.contains('@'))
        && value.contains(letter)
        && value.contains(digit)
}

fn scrub(value: &mut Value, hidden: &[&str]) {
    match value {
        Value::String(text) => {
            for secret in hidden.iter().filter(|it| !it.is_empty()) {
                if text.contains(secret) {
                    *text = text.replace(secret, "[secret]");
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|it| scrub(it, hidden)),
        Value::Object(fields) => fields.values_mut().for_each(|it| scrub(it, hidden)),
        Value::Null | Value::Bool(_) | Value::Number(_) => (),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn secrets_of_the_spec_are_not_shown() {
        let secrets = ["sesame!", "on"].map(|it| SecretString::from(it.to_owned()));
        let log = Log::new(Clock::default(), secrets.into_iter());
        log.add(LogSource::Stderr, "GET /?key=sesame! on");
        assert_eq!(log.lines()[0].text, "GET /?key=[secret] on");
        assert!(!format!("{log:?}").contains("sesame"));
        for token in 0..6 {
            log.hide(&SecretString::from(format!("token-{token}")));
            assert_eq!(log.without_secrets(&format!("it was token-{token}")), "it was [secret]");
        }
        assert_eq!(log.tokens.lock().unwrap().len(), TOKENS);
    }

    #[test]
    fn a_token_is_hidden_without_its_scheme_too() {
        let log = Log::new(Clock::default(), [SecretString::from("Bearer abcdef")].into_iter());
        assert_eq!(log.without_secrets("abcdef; Bearer abcdef"), "[secret]; [secret]");
    }

    #[test]
    fn what_opens_a_server_is_taken_out_of_its_answers_and_what_may_be_spoken_of_is_not() {
        let spec = [
            "Bearer k3y-of-the-house",
            "/srv/notes/2026.json",
            "Europe/Berlin",
            "https://db.test/1",
        ];
        let log = Log::new(Clock::default(), spec.map(SecretString::from).into_iter());
        log.hide(&SecretString::from("token-one"));
        let mut answer = json!({ "content": [{ "text": "k3y-of-the-house, token-one" }],
            "at": "/srv/notes/2026.json in Europe/Berlin, https://db.test/1", "count": 1 });
        log.scrub(&mut answer);
        assert_eq!(answer["content"][0]["text"], "[secret], [secret]");
        assert_eq!(answer["at"], "/srv/notes/2026.json in Europe/Berlin, https://db.test/1");
    }

    #[test]
    fn what_went_wrong_is_still_there_after_a_flood_and_leaves_room_for_it() {
        let log = Log::default();
        log.add(LogSource::Connection, "it broke");
        for at in 0..300 {
            log.add(LogSource::Stderr, &format!("line {at}"));
        }
        let lines = log.lines();
        assert_eq!((lines.len(), lines[0].text.as_str()), (LINES, "it broke"));
        for at in 0..300 {
            log.add(LogSource::Connection, &format!("again {at}"));
        }
        let lines = log.lines();
        let ours = lines.iter().filter(|it| it.source == LogSource::Connection).count();
        assert_eq!((lines.len(), ours, lines[199].text.as_str()), (LINES, OURS, "again 299"));
    }

    #[test]
    fn the_ring_keeps_the_newest_lines_and_shows_what_hides_in_them() {
        let log = Log::default();
        for at in 0..250 {
            log.add(LogSource::Stderr, &format!("line {at}"));
        }
        log.add(LogSource::Connection, "\u{1b}[2J\u{202e}gone\nsecond");
        log.add(LogSource::Stderr, &"x".repeat(5000));
        let lines = log.lines();
        assert_eq!((lines.len(), lines[0].text.as_str()), (200, "line 52"));
        assert_eq!(lines[198].text, r"\u{1b}[2J\u{202e}gone");
        assert_eq!(lines[199].text.chars().count(), 1000);
        assert_eq!(log.last_words().unwrap().chars().count(), 209);
    }
}
