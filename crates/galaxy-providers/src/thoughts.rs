//! Thoughts that a server wants back in plain text, under the name it sent them.
//!
//! The text itself stands in the transcript already; the opaque part only says that it is wanted,
//! by which model and under which name. No other model is shown another one's thoughts.

use galaxy_domain::Part;
use serde_json::{Value, json};

use crate::{protocol::Protocol, turns::Piece};

/// The part that says `model` wants its thoughts back in `field`.
pub(crate) fn wanted(protocol: Protocol, field: &str, model: &str) -> Part {
    let value = json!({ "reasoning_field": field, "model": model });
    Part::Opaque { provider: protocol.as_str().to_owned(), value }
}

/// The thoughts among `pieces` and the name they go back under, if `model` wants them.
pub(crate) fn to_return<'a>(pieces: &[Piece<'a>], model: &str) -> Option<(&'a str, String)> {
    let field = pieces.iter().find_map(|piece| match piece {
        Piece::Opaque(value) if value.get("model").and_then(Value::as_str) == Some(model) => {
            value.get("reasoning_field").and_then(Value::as_str)
        }
        Piece::Opaque(_) | Piece::Text(_) | Piece::Image { .. } | Piece::Reasoning(_) => None,
    })?;
    let thoughts = pieces.iter().filter_map(|piece| match piece {
        Piece::Reasoning(text) => Some(*text),
        Piece::Opaque(_) | Piece::Text(_) | Piece::Image { .. } => None,
    });
    Some((field, thoughts.collect()))
}
