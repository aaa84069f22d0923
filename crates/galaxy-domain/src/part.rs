//! Pieces of content.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A piece of what a person, a model or a tool said. A persisted format.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Part {
    /// Plain text or Markdown.
    Text {
        /// The text itself.
        text: String,
    },
    /// What a model thought before it spoke, as far as its provider shows it.
    Reasoning {
        /// The thought or its summary.
        text: String,
    },
    /// A raster image.
    Image {
        /// Its type, such as `image/png`.
        media_type: String,
        /// Its bytes in base64 (RFC 4648, standard alphabet, padded).
        data: String,
    },
    /// Something only one provider understands (a signature, an encrypted thought). It goes
    /// back to that provider unchanged and to no other.
    Opaque {
        /// The wire protocol that produced it.
        provider: String,
        /// Exactly what it sent.
        value: Value,
    },
}

impl Part {
    /// A text part.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text { text: text.into() }
    }
}

/// All text of `parts`, joined by blank lines; thoughts and pictures are left out.
pub fn plain_text(parts: &[Part]) -> String {
    let texts = parts.iter().filter_map(|part| match part {
        Part::Text { text } if !text.is_empty() => Some(text.as_str()),
        Part::Text { .. } | Part::Reasoning { .. } | Part::Image { .. } | Part::Opaque { .. } => {
            None
        }
    });
    texts.collect::<Vec<_>>().join("\n\n")
}
