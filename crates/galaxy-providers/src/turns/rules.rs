//! What each protocol demands of a conversation.

use std::borrow::Cow;

use sha2::{Digest, Sha256};

use crate::protocol::Protocol;

/// What a protocol demands.
pub(super) struct Rules {
    /// Its name, as opaque parts carry it.
    pub(super) protocol: &'static str,
    /// How long a call id may be.
    id_len: usize,
    /// Whether ids are made of letters, digits, `_` and `-` only.
    plain_ids: bool,
    /// Whether a tool's answer can hold images.
    pub(super) images_in_results: bool,
    /// Whether a person must speak first and last.
    pub(super) user_edges: bool,
}

impl Rules {
    /// The rules of `protocol`.
    pub(super) fn of(protocol: Protocol) -> Self {
        let (id_len, plain_ids, images_in_results, user_edges) = match protocol {
            Protocol::OpenaiChat => (40, false, false, false),
            Protocol::OpenaiResponses => (64, true, true, false),
            Protocol::Anthropic => (64, true, true, true),
            Protocol::Gemini => (64, true, true, true),
            Protocol::Ollama => (64, false, false, false),
        };
        Self { protocol: protocol.as_str(), id_len, plain_ids, images_in_results, user_edges }
    }

    /// Whether `id` may stay as it is.
    pub(super) fn allow(&self, id: &str) -> bool {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        let is_fit = !self.plain_ids || id.chars().all(is_plain);
        (1..=self.id_len).contains(&id.len()) && is_fit
    }
}

/// An id that every protocol allows. The same conversation gives the same ids every time, so that
/// providers find it in their caches.
pub(super) fn made_from(id: &str, salt: usize) -> Cow<'static, str> {
    let digest = Sha256::digest(format!("{salt} {id}"));
    Cow::Owned(format!("call_{}", hex::encode(&digest[..8])))
}
