//! The conversation in a shape that every protocol accepts.
//!
//! **Invariant:** neighbours differ in kind; every call is answered in the turn after it, in the
//! order of the calls, and every answer has its call; call ids are valid for the protocol and
//! unique; no turn is empty; what another protocol left behind is gone.

mod rules;

use std::{borrow::Cow, collections::HashSet};

use galaxy_domain::{CallId, Part, ToolCall};
use galaxy_model::{Message, Profile};
use serde_json::Value;

use self::rules::{Rules, made_from};
use crate::{protocol::Protocol, wire::Asked};

/// One turn. Borrows from the request: a prompt is not copied.
#[derive(Debug, PartialEq)]
pub(crate) enum Turn<'a> {
    /// A person spoke: texts and images.
    User(Vec<Piece<'a>>),
    /// The model spoke.
    Assistant {
        /// What it said.
        pieces: Vec<Piece<'a>>,
        /// What it asked for.
        calls: Vec<Call<'a>>,
    },
    /// The tools answered.
    Results(Vec<Reply<'a>>),
}

/// A part of a turn.
#[derive(Debug, PartialEq)]
pub(crate) enum Piece<'a> {
    /// Text that is not blank.
    Text(Cow<'a, str>),
    /// An image the model can see.
    Image {
        /// Its type.
        media_type: &'a str,
        /// Its bytes in base64.
        data: &'a str,
    },
    /// A thought of the model.
    Reasoning(&'a str),
    /// What this protocol wants back.
    Opaque(&'a Value),
}

/// A tool call.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Call<'a> {
    /// Its id, valid for the protocol.
    pub(crate) id: Cow<'a, str>,
    /// The tool.
    pub(crate) tool: &'a str,
    /// The arguments.
    pub(crate) input: &'a Value,
    /// What this protocol wants back with it.
    pub(crate) opaque: Option<&'a Value>,
}

/// The answer to a tool call.
#[derive(Debug, PartialEq)]
pub(crate) struct Reply<'a> {
    /// The call.
    pub(crate) call: Call<'a>,
    /// What the tool said.
    pub(crate) pieces: Vec<Piece<'a>>,
    /// Whether it did not work.
    pub(crate) is_error: bool,
}

/// The turns of a request.
pub(crate) fn turns<'a>(asked: &Asked<'a>, protocol: Protocol) -> Vec<Turn<'a>> {
    let mut builder = Builder {
        rules: Rules::of(protocol),
        profile: asked.profile,
        turns: Vec::with_capacity(asked.request.messages.len()),
        open: Vec::new(),
        ids: HashSet::new(),
    };
    for message in &asked.request.messages {
        builder.push(message);
    }
    builder.settle();
    builder.close_edges();
    builder.turns
}

/// The texts of `pieces`, with `gap` between them.
pub(crate) fn joined<'a>(pieces: &[Piece<'a>], gap: &str) -> Cow<'a, str> {
    let texts = pieces.iter().filter_map(|piece| match piece {
        Piece::Text(text) => Some(text),
        Piece::Image { .. } | Piece::Reasoning(_) | Piece::Opaque(_) => None,
    });
    texts.fold(Cow::Borrowed(""), |mut all, text| {
        if all.is_empty() {
            return text.clone();
        }
        let joined = all.to_mut();
        joined.push_str(gap);
        joined.push_str(text);
        all
    })
}

struct Builder<'a> {
    rules: Rules,
    profile: &'a Profile,
    turns: Vec<Turn<'a>>,
    open: Vec<Open<'a>>,
    ids: HashSet<Cow<'a, str>>,
}

/// A call that waits for its answer.
struct Open<'a> {
    id: &'a CallId,
    call: Call<'a>,
    answer: Option<(&'a [Part], bool)>,
}

impl<'a> Builder<'a> {
    fn push(&mut self, message: &'a Message) {
        match message {
            Message::User { parts } => {
                self.settle();
                let pieces = parts.iter().filter_map(|part| self.said(part)).collect();
                self.push_user(pieces);
            }
            Message::Assistant { parts, calls } => {
                self.settle();
                self.push_assistant(parts, calls);
            }
            Message::Result { call, output, is_error, .. } => {
                // An answer without its call is an orphan: protocols reject it.
                let open = self.open.iter_mut().find(|it| it.id == call && it.answer.is_none());
                if let Some(open) = open {
                    open.answer = Some((output, *is_error));
                }
            }
        }
    }

    fn push_user(&mut self, pieces: Vec<Piece<'a>>) {
        match self.turns.last_mut() {
            _ if pieces.is_empty() => (),
            Some(Turn::User(before)) => before.extend(pieces),
            Some(Turn::Assistant { .. } | Turn::Results(_)) | None => {
                self.turns.push(Turn::User(pieces));
            }
        }
    }

    fn push_assistant(&mut self, parts: &'a [Part], calls: &'a [ToolCall]) {
        let mut pieces: Vec<_> = parts.iter().filter_map(|part| self.recalled(part)).collect();
        for call in calls {
            let checked = Call {
                id: self.valid_id(&call.id.0),
                tool: &call.tool,
                input: &call.input,
                opaque: call.opaque.as_ref().and_then(|part| self.own(part)),
            };
            if !self.profile.tools {
                let text = format!("[called the tool {} with {}]", call.tool, call.input);
                pieces.push(Piece::Text(text.into()));
            }
            self.open.push(Open { id: &call.id, call: checked, answer: None });
        }
        let calls: Vec<_> = match self.profile.tools {
            true => self.open.iter().map(|open| open.call.clone()).collect(),
            false => Vec::new(),
        };
        if calls.is_empty() && !pieces.iter().any(|piece| matches!(piece, Piece::Text(_))) {
            return;
        }
        match self.turns.last_mut() {
            Some(Turn::Assistant { pieces: before, calls: none }) => {
                before.extend(pieces);
                *none = calls;
            }
            Some(Turn::User(_) | Turn::Results(_)) | None => {
                self.turns.push(Turn::Assistant { pieces, calls });
            }
        }
    }

    /// Answers every open call, with a note where no tool did.
    fn settle(&mut self) {
        let mut replies = Vec::new();
        let mut lifted = Vec::new();
        for open in std::mem::take(&mut self.open) {
            let (output, is_error) = open.answer.unwrap_or((&[], true));
            let mut pieces: Vec<_> = output.iter().filter_map(|part| self.said(part)).collect();
            if open.answer.is_none() {
                pieces.push(Piece::Text("[no result: the call was interrupted]".into()));
            }
            if !self.rules.images_in_results || !self.profile.tools {
                lift(&mut pieces, &mut lifted, open.call.tool);
            }
            if self.profile.tools {
                replies.push(Reply { call: open.call, pieces, is_error });
            } else {
                let text =
                    format!("[the tool {} answered]\n{}", open.call.tool, joined(&pieces, "\n\n"));
                self.push_user(vec![Piece::Text(text.into())]);
            }
        }
        if !replies.is_empty() {
            self.turns.push(Turn::Results(replies));
        }
        self.push_user(lifted);
    }

    fn close_edges(&mut self) {
        if !self.rules.user_edges {
            return;
        }
        if matches!(self.turns.first(), Some(Turn::Assistant { .. })) {
            let text = Piece::Text("[the beginning of the conversation is left out]".into());
            self.turns.insert(0, Turn::User(vec![text]));
        }
        if matches!(self.turns.last(), Some(Turn::Assistant { .. })) {
            self.turns.push(Turn::User(vec![Piece::Text("Continue.".into())]));
        }
    }

    /// What a person or a tool said.
    fn said(&self, part: &'a Part) -> Option<Piece<'a>> {
        match part {
            Part::Text { text } if text.trim().is_empty() => None,
            Part::Text { text } => Some(Piece::Text(text.into())),
            Part::Image { media_type, data } if self.profile.images => {
                Some(Piece::Image { media_type, data })
            }
            Part::Image { .. } => {
                Some(Piece::Text("[an image, which this model cannot see]".into()))
            }
            Part::Reasoning { .. } | Part::Opaque { .. } => None,
        }
    }

    /// What the model said itself.
    fn recalled(&self, part: &'a Part) -> Option<Piece<'a>> {
        match part {
            Part::Text { .. } => self.said(part),
            Part::Image { .. } => None,
            Part::Reasoning { text } => Some(Piece::Reasoning(text)),
            Part::Opaque { .. } => self.own(part).map(Piece::Opaque),
        }
    }

    fn own(&self, part: &'a Part) -> Option<&'a Value> {
        match part {
            Part::Opaque { provider, value } if provider == self.rules.protocol => Some(value),
            Part::Opaque { .. }
            | Part::Text { .. }
            | Part::Reasoning { .. }
            | Part::Image { .. } => None,
        }
    }

    /// `id`, or one made from it.
    fn valid_id(&mut self, id: &'a str) -> Cow<'a, str> {
        let mut valid = if self.rules.allow(id) { Cow::Borrowed(id) } else { made_from(id, 0) };
        while !self.ids.insert(valid.clone()) {
            valid = made_from(id, self.ids.len());
        }
        valid
    }
}

/// Moves the images of a result to the message after it, and says so in their place.
fn lift<'a>(pieces: &mut Vec<Piece<'a>>, lifted: &mut Vec<Piece<'a>>, tool: &str) {
    let is_image = |piece: &mut Piece<'a>| matches!(piece, Piece::Image { .. });
    let images: Vec<_> = pieces.extract_if(.., is_image).collect();
    if !images.is_empty() {
        pieces.push(Piece::Text("[the images are in the next message]".into()));
        lifted.push(Piece::Text(format!("[images from the tool {tool}]").into()));
        lifted.extend(images);
    }
}

#[cfg(test)]
mod tests;
