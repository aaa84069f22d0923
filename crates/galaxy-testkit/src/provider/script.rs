//! The language of scripts.

use std::time::Duration;

use serde_json::Value;

/// Tokens of an answer that nobody asked for.
const DEFAULT_TOKENS: u32 = 8;

/// What happens to the requests of one text.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Script {
    faults: Vec<Fault>,
    answers: Vec<Answer>,
}

/// What happens to one request.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Step {
    Fault(Fault),
    Answer(Answer),
}

/// A good end.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Answer {
    Say(Say),
    /// Tools and arguments; all of them under one id when `same_id` is set.
    Call {
        calls: Vec<(String, Value)>,
        same_id: bool,
    },
}

/// Words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Say {
    pub(super) tokens: u32,
    /// Tokens in a second; none is as fast as possible.
    pub(super) pace: Option<u32>,
    /// Before the first one.
    pub(super) delay: Duration,
}

/// A bad end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fault {
    Limited(u64),
    Fail(u16),
    Html,
    Reset,
    Cut(usize),
    Undone,
    HalfUtf8,
    HalfJson(String),
    Huge,
    Stall(u32),
    Hang,
}

impl Say {
    /// So many tokens at once.
    pub(super) const fn plain(tokens: u32) -> Self {
        Self { tokens, pace: None, delay: Duration::ZERO }
    }
}

impl Script {
    /// Reads `text`; `None` when it does not begin like a script.
    ///
    /// # Errors
    /// What is wrong with a text that does.
    pub(super) fn parse(text: &str) -> Result<Option<Self>, String> {
        let mut words = Words { rest: text };
        let mut script = Self::default();
        loop {
            let step = step(&mut words).map_err(|wrong| format!("`{text}`: {wrong}"))?;
            match step {
                Some(Step::Fault(fault)) => script.faults.push(fault),
                Some(Step::Answer(answer)) => script.answers.push(answer),
                None if script == Self::default() => return Ok(None),
                None => return Err(format!("`{text}`: no step before `{}`", words.rest)),
            }
            match words.mark() {
                Some(';') => (),
                None | Some('#') => return Ok(Some(script)),
                Some(_) => return Err(format!("`{text}`: what is `{}`?", words.rest)),
            }
        }
    }

    /// What is played when nobody wrote a script.
    pub(super) fn default_answer() -> Self {
        let say = Answer::Say(Say::plain(DEFAULT_TOKENS));
        Self { faults: Vec::new(), answers: vec![say] }
    }

    /// Whether some requests fare badly.
    pub(super) fn has_faults(&self) -> bool {
        !self.faults.is_empty()
    }

    /// What happens to a request after `before` others with the same script, when there are the
    /// results of `rounds` answers with calls.
    pub(super) fn step(&self, before: usize, rounds: usize) -> Step {
        match (self.faults.get(before), self.faults.last(), self.answers.as_slice()) {
            (Some(fault), ..) | (None, Some(fault), []) => Step::Fault(fault.clone()),
            (None, _, answers) => Step::Answer(match answers.get(rounds).or(answers.last()) {
                Some(Answer::Call { .. }) if rounds >= answers.len() => {
                    Answer::Say(Say::plain(DEFAULT_TOKENS))
                }
                Some(answer) => answer.clone(),
                None => Answer::Say(Say::plain(DEFAULT_TOKENS)),
            }),
        }
    }
}

/// The next step; `None` when the text goes on with something else.
fn step(words: &mut Words<'_>) -> Result<Option<Step>, String> {
    let fault = match words.peek() {
        "say" => return say(words).map(|say| Some(Step::Answer(Answer::Say(say)))),
        "call" => return calls(words).map(|answer| Some(Step::Answer(answer))),
        "twice" => {
            words.word();
            let call = call(words)?;
            let calls = vec![call.clone(), call];
            return Ok(Some(Step::Answer(Answer::Call { calls, same_id: true })));
        }
        "limited" => Fault::Limited(words.after("limited")?),
        "fail" => Fault::Fail(words.after("fail")?),
        "cut" => Fault::Cut(words.after("cut")?),
        "stall" => Fault::Stall(words.after("stall")?),
        "half-json" => {
            words.word();
            Fault::HalfJson(words.word().to_owned())
        }
        word => {
            let plain = [
                ("html", Fault::Html),
                ("reset", Fault::Reset),
                ("undone", Fault::Undone),
                ("half-utf8", Fault::HalfUtf8),
                ("huge", Fault::Huge),
                ("hang", Fault::Hang),
            ];
            let Some((_, fault)) = plain.into_iter().find(|(name, _)| *name == word) else {
                return Ok(None);
            };
            words.word();
            fault
        }
    };
    Ok(Some(Step::Fault(fault)))
}

fn say(words: &mut Words<'_>) -> Result<Say, String> {
    let mut say = Say::plain(words.after("say")?);
    loop {
        match words.peek() {
            "at" => say.pace = Some(words.after("at")?).filter(|pace| *pace > 0),
            "after" => say.delay = Duration::from_millis(words.after("after")?),
            _ => return Ok(say),
        }
    }
}

fn calls(words: &mut Words<'_>) -> Result<Answer, String> {
    let mut calls = Vec::new();
    while words.peek() == "call" {
        words.word();
        calls.push(call(words)?);
    }
    Ok(Answer::Call { calls, same_id: false })
}

fn call(words: &mut Words<'_>) -> Result<(String, Value), String> {
    let tool = words.word().to_owned();
    let mut values = serde_json::Deserializer::from_str(words.rest).into_iter();
    let input = match values.next() {
        Some(Ok(input)) => input,
        Some(Err(err)) => return Err(format!("the arguments of {tool}: {err}")),
        None => return Err(format!("{tool} has no arguments")),
    };
    words.rest = &words.rest[values.byte_offset()..];
    Ok((tool, input))
}

/// A text, read from the front.
struct Words<'a> {
    rest: &'a str,
}

impl<'a> Words<'a> {
    fn peek(&self) -> &'a str {
        let rest = self.rest.trim_start();
        rest.split(|it: char| it.is_whitespace() || it == ';').next().unwrap_or_default()
    }

    fn word(&mut self) -> &'a str {
        let word = self.peek();
        self.rest = &self.rest.trim_start()[word.len()..];
        word
    }

    /// The number after the word `name`, which comes next.
    fn after<T: std::str::FromStr>(&mut self, name: &str) -> Result<T, String> {
        self.word();
        let word = self.word();
        word.parse().map_err(|_| format!("`{word}` after `{name}` is no such number"))
    }

    /// The next character that is no blank.
    fn mark(&mut self) -> Option<char> {
        let rest = self.rest.trim_start();
        let mark = rest.chars().next();
        self.rest = mark.map_or("", |mark| &rest[mark.len_utf8()..]);
        mark
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn script(text: &str) -> Script {
        Script::parse(text).unwrap().unwrap()
    }

    #[test]
    fn faults_come_first_and_answers_follow_the_results() {
        let script = script("limited 2; cut 700; call add_task {\"title\":\"a; b\"}; say 3 # once");
        assert_eq!(script.step(0, 0), Step::Fault(Fault::Limited(2)));
        assert_eq!(script.step(1, 0), Step::Fault(Fault::Cut(700)));
        let calls = vec![("add_task".to_owned(), json!({ "title": "a; b" }))];
        assert_eq!(script.step(2, 0), Step::Answer(Answer::Call { calls, same_id: false }));
        assert_eq!(script.step(3, 1), Step::Answer(Answer::Say(Say::plain(3))));
        assert_eq!(script.step(9, 7), Step::Answer(Answer::Say(Say::plain(3))));
    }

    #[test]
    fn a_lone_fault_never_ends_and_a_lone_call_ends_in_words() {
        assert_eq!(script("hang").step(5, 0), Step::Fault(Fault::Hang));
        let call = script("call math {} call math {}");
        assert!(
            matches!(call.step(0, 0), Step::Answer(Answer::Call { calls, .. }) if calls.len() == 2)
        );
        assert_eq!(call.step(1, 1), Step::Answer(Answer::Say(Say::plain(DEFAULT_TOKENS))));
    }

    #[test]
    fn pace_and_delay_are_read_in_any_order() {
        let say = Say { tokens: 9, pace: Some(50), delay: Duration::from_millis(300) };
        for text in ["say 9 at 50 after 300", "say 9 after 300 at 50"] {
            assert_eq!(script(text).step(0, 0), Step::Answer(Answer::Say(say)));
        }
    }

    #[test]
    fn other_texts_are_no_scripts_and_mistakes_are_told() {
        assert_eq!(Script::parse("Hello there").unwrap(), None);
        assert_eq!(Script::parse("").unwrap(), None);
        assert!(Script::parse("say much").unwrap_err().contains("`much`"));
        assert!(Script::parse("say 3 quickly").is_err());
        assert!(Script::parse("hang; Hello").is_err());
        assert!(Script::parse("call add_task {").is_err());
    }
}
