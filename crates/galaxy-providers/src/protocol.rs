//! The wire protocols.

/// A wire protocol that model providers speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// OpenAI chat completions, and every server that is compatible with them.
    OpenaiChat,
    /// OpenAI Responses.
    OpenaiResponses,
    /// Anthropic Messages.
    Anthropic,
    /// Google Gemini `generateContent`.
    Gemini,
    /// Ollama `/api/chat`.
    Ollama,
}

impl Protocol {
    /// Every protocol there is.
    pub const ALL: [Self; 5] =
        [Self::OpenaiChat, Self::OpenaiResponses, Self::Anthropic, Self::Gemini, Self::Ollama];

    /// The name that is stored, and that opaque parts carry.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OpenaiChat => "openai_chat",
            Self::OpenaiResponses => "openai_responses",
            Self::Anthropic => "anthropic",
            Self::Gemini => "gemini",
            Self::Ollama => "ollama",
        }
    }

    /// Parses [`Protocol::as_str`] and the names people use for it in configurations.
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "openai_chat" | "openai" | "openai_compatible" => Self::OpenaiChat,
            "openai_responses" => Self::OpenaiResponses,
            "anthropic" => Self::Anthropic,
            "gemini" | "google" => Self::Gemini,
            "ollama" => Self::Ollama,
            _ => return None,
        })
    }

    /// Where the provider lives when the configuration does not say.
    pub const fn default_base_url(self) -> &'static str {
        match self {
            Self::OpenaiChat | Self::OpenaiResponses => "https://api.openai.com/v1",
            Self::Anthropic => "https://api.anthropic.com/v1",
            Self::Gemini => "https://generativelanguage.googleapis.com/v1beta",
            Self::Ollama => "http://127.0.0.1:11434",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back() {
        for protocol in Protocol::ALL {
            assert_eq!(Protocol::parse(protocol.as_str()), Some(protocol));
        }
        assert_eq!(Protocol::parse("openai"), Some(Protocol::OpenaiChat));
        assert_eq!(Protocol::parse("openai_compatible"), Some(Protocol::OpenaiChat));
        assert_eq!(Protocol::parse("google"), Some(Protocol::Gemini));
        assert_eq!(Protocol::parse("cohere"), None);
    }
}
