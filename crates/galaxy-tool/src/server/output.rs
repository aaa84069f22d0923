//! What the model gets to see of a result.

use galaxy_base::text::clip;
use galaxy_domain::{Part, part::plain_text};
use serde_json::Value;

use crate::tool::{Output, ToolError};

/// More text of one result than this is cut, visibly.
const TEXT_CHARS: usize = 48_000;
/// Images beyond this (base64 bytes in all) are left out, visibly.
const IMAGE_BYTES: usize = 4 * 1024 * 1024;
/// More pieces than this are left out, visibly.
const PIECES: usize = 256;
/// The pictures that models and pages understand.
const IMAGES: [&str; 4] = ["image/png", "image/jpeg", "image/gif", "image/webp"];

/// Reads the result of a call. Every cut is visible, and content of a kind that nobody knows yet
/// is kept as JSON text.
///
/// # Errors
/// [`ToolError::Tell`] when the tool says that it failed (`isError`).
pub fn read(result: &Value) -> Result<Output, ToolError> {
    let none = Vec::new();
    let content = result.get("content").and_then(Value::as_array).unwrap_or(&none);
    let mut room = Room { chars: TEXT_CHARS, image_bytes: IMAGE_BYTES };
    let mut output: Output = content.iter().take(PIECES).map(|it| room.take(it)).collect();
    if content.len() > PIECES {
        output.push(Part::text(format!("[{} more pieces are left out]", content.len() - PIECES)));
    }
    if let Some(structured) = result.get("structuredContent").filter(|it| !is_told(it, content)) {
        output.push(room.text(&structured.to_string()));
    }
    if result.get("isError") == Some(&Value::Bool(true)) {
        let words = plain_text(&output);
        let words = if words.is_empty() { "the tool failed and says nothing" } else { &words };
        return Err(ToolError::tell(words));
    }
    Ok(output)
}

/// Whether a text in `content` says the same as `structured`, as the protocol recommends.
fn is_told(structured: &Value, content: &[Value]) -> bool {
    let texts = content.iter().filter_map(|it| it.get("text").and_then(Value::as_str));
    texts.into_iter().any(|it| serde_json::from_str::<Value>(it).is_ok_and(|it| &it == structured))
}

/// What still fits.
struct Room {
    chars: usize,
    image_bytes: usize,
}

impl Room {
    fn take(&mut self, piece: &Value) -> Part {
        let text = |key: &str| piece.get(key).and_then(Value::as_str);
        match (text("type"), text("text"), text("data")) {
            (Some("text"), Some(words), _) => self.text(words),
            (Some("image"), _, Some(data)) => self.image(text("mimeType"), data),
            (Some("audio"), _, Some(data)) => self.text(&left_out("sound", text("mimeType"), data)),
            (Some("resource_link"), ..) => self.text(&link(piece)),
            (Some("resource"), ..) => self.resource(piece),
            (Some(_) | None, ..) => self.text(&piece.to_string()),
        }
    }

    fn text(&mut self, words: &str) -> Part {
        let words = clip(words, self.chars);
        self.chars = self.chars.saturating_sub(words.chars().count());
        Part::Text { text: words }
    }

    fn image(&mut self, media_type: Option<&str>, data: &str) -> Part {
        let known = media_type.filter(|it| IMAGES.contains(it));
        match known {
            Some(media_type) if data.len() <= self.image_bytes => {
                self.image_bytes -= data.len();
                Part::Image { media_type: media_type.to_owned(), data: data.to_owned() }
            }
            Some(_) | None => self.text(&left_out("an image", media_type, data)),
        }
    }

    /// A resource that comes along whole.
    fn resource(&mut self, piece: &Value) -> Part {
        let resource = piece.get("resource").unwrap_or(&Value::Null);
        let text = |key: &str| resource.get(key).and_then(Value::as_str);
        let uri = text("uri").unwrap_or("?");
        match (text("text"), text("blob")) {
            (Some(words), _) => self.text(&format!("[{uri}]\n{words}")),
            (None, Some(data)) if text("mimeType").is_some_and(|it| IMAGES.contains(&it)) => {
                self.image(text("mimeType"), data)
            }
            (None, Some(data)) => self.text(&left_out(uri, text("mimeType"), data)),
            (None, None) => self.text(&piece.to_string()),
        }
    }
}

fn left_out(what: &str, media_type: Option<&str>, base64: &str) -> String {
    let bytes = base64.len() / 4 * 3;
    format!("[{what} of {} kB ({}) is left out]", bytes / 1024, media_type.unwrap_or("unknown"))
}

/// A resource that can be read at the server.
fn link(piece: &Value) -> String {
    let text = |key: &str| piece.get(key).and_then(Value::as_str);
    let mut words = format!("[resource {}", text("uri").unwrap_or("?"));
    for (before, key) in
        [(": ", "title"), (": ", "name"), (" – ", "description"), (", ", "mimeType")]
    {
        let doubled = key == "name" && text("title").is_some();
        if let Some(it) = text(key).filter(|_| !doubled) {
            words.push_str(before);
            words.push_str(it);
        }
    }
    words.push(']');
    words
}

#[cfg(test)]
mod tests;
