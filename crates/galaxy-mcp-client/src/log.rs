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

/// Older lines make room.
const LINES: usize = 200;
/// Longer lines are cut, visibly.
const LINE_CHARS: usize = 1000;

/// Shorter values than this are not looked for: they would be found everywhere.
const SECRET_CHARS: usize = 6;

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
        let secrets = secrets.filter(|it| it.expose_secret().len() >= SECRET_CHARS).collect();
        Self { clock, secrets, ..Self::default() }
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
            ServerError::Said { code, message, data } => {
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
            ServerError::TimedOut(_) | ServerError::Cancelled => err,
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
            lines.pop_front();
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

#[cfg(test)]
mod tests {
    use super::*;

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
