//! What a server says when it wants a sign-in (RFC 9110 `WWW-Authenticate`, RFC 6750, RFC 9728).

/// A longer challenge is not read.
const HEADER_BYTES: usize = 8 * 1024;
/// More scopes than this are left out.
const SCOPES: usize = 64;
/// A longer scope is left out.
const SCOPE_BYTES: usize = 256;

/// A challenge of the scheme `Bearer`. All of it is untrusted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Challenge {
    /// Where the server's metadata are.
    pub resource_metadata: Option<String>,
    /// What the request needs.
    pub scopes: Vec<String>,
    /// Why it was refused, such as `invalid_token` or `insufficient_scope`.
    pub error: Option<String>,
}

impl Challenge {
    /// Reads the first challenge of the scheme `Bearer` among those in `header`.
    pub fn parse(header: &str) -> Option<Self> {
        let mut rest = header.get(..HEADER_BYTES.min(header.len()))?;
        let mut found: Option<Self> = None;
        while let Some((name, after)) = token(rest) {
            let value = after.trim_start().strip_prefix('=').map(value);
            match (value, &mut found) {
                (None, Some(_)) => break,
                (None, None) => {
                    found = name.eq_ignore_ascii_case("bearer").then(Self::default);
                    rest = after;
                }
                (Some((value, after)), found) => {
                    if let Some(challenge) = found {
                        challenge.learn(name, value);
                    }
                    rest = after;
                }
            }
        }
        found
    }

    /// Whether more has to be granted than `granted`. A server that asks for what was granted
    /// already is not helped by another sign-in.
    pub fn asks_for_more_than(&self, granted: &[String]) -> bool {
        self.error.as_deref() == Some("insufficient_scope")
            && self.scopes.iter().any(|it| !granted.contains(it))
    }

    fn learn(&mut self, name: &str, value: String) {
        match name.to_ascii_lowercase().as_str() {
            "resource_metadata" => _ = self.resource_metadata.get_or_insert(value),
            "error" => _ = self.error.get_or_insert(value),
            "scope" if self.scopes.is_empty() => self.scopes = scopes(&value),
            _ => (),
        }
    }
}

/// The scopes in a list with spaces between them (RFC 6749, 3.3), without repetition. What is no
/// scope is left out.
pub fn scopes(text: &str) -> Vec<String> {
    union([], text.split(' '))
}

/// `asked` and then what is new in `more`.
pub fn union<'a>(
    asked: impl IntoIterator<Item = &'a str>,
    more: impl IntoIterator<Item = &'a str>,
) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for scope in asked.into_iter().chain(more) {
        let good = (1..=SCOPE_BYTES).contains(&scope.len()) && scope.bytes().all(is_of_scope);
        if good && all.len() < SCOPES && !all.iter().any(|it| it == scope) {
            all.push(scope.to_owned());
        }
    }
    all
}

fn is_of_scope(it: u8) -> bool {
    matches!(it, 0x21 | 0x23..=0x5b | 0x5d..=0x7e)
}

/// The next token, and what comes after it.
fn token(text: &str) -> Option<(&str, &str)> {
    let is_of_token = |it: char| it.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~/".contains(it);
    let text = &text[text.find(is_of_token)?..];
    let end = text.find(|it| !is_of_token(it)).unwrap_or(text.len());
    Some(text.split_at(end))
}

/// The value of a parameter, and what comes after it.
fn value(text: &str) -> (String, &str) {
    let text = text.trim_start();
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([',', ' ', '\t']).unwrap_or(text.len());
        let (value, rest) = text.split_at(end);
        return (value.to_owned(), rest);
    };
    let mut value = String::new();
    let mut chars = quoted.char_indices();
    while let Some((at, it)) = chars.next() {
        match it {
            '"' => return (value, &quoted[at + 1..]),
            '\\' => value.extend(chars.next().map(|(_, it)| it)),
            it => value.push(it),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(header: &str) -> Option<(Option<String>, String, Option<String>)> {
        let it = Challenge::parse(header)?;
        Some((it.resource_metadata, it.scopes.join(" "), it.error))
    }

    #[test]
    fn the_challenge_for_a_token_is_found_among_others() {
        let some = |text: &str| Some(text.to_owned());
        for (header, metadata, scopes, error) in [
            ("Bearer", None, "", None),
            ("bearer scope=read", None, "read", None),
            (
                "Bearer error=\"insufficient_scope\", scope=\"a b  a\",\tresource_metadata=\"https://x/y,z\"",
                some("https://x/y,z"),
                "a b",
                some("insufficient_scope"),
            ),
            ("Basic realm=\"Bearer scope=x\", Bearer scope = \"s\"", None, "s", None),
            ("Negotiate abc==, Bearer scope=\"s\", Digest scope=\"t\"", None, "s", None),
            ("Bearer realm=\"a \\\" b\", scope=\"s\", scope=\"t\"", None, "s", None),
            ("Bearer scope=\"s", None, "s", None),
        ] {
            assert_eq!(parse(header), Some((metadata, scopes.to_owned(), error)), "{header}");
        }
        for none in ["", "Basic realm=\"x\"", ", ,", "realm=Bearer"] {
            assert_eq!(parse(none), None, "{none}");
        }
    }

    #[test]
    fn only_a_scope_that_is_missing_is_worth_another_sign_in() {
        let lacking = Challenge::parse("Bearer error=insufficient_scope, scope=\"a b\"").unwrap();
        let granted = |text: &str| scopes(text);
        assert!(lacking.asks_for_more_than(&granted("a")));
        assert!(!lacking.asks_for_more_than(&granted("c b a")));
        assert!(!Challenge::parse("Bearer scope=a").unwrap().asks_for_more_than(&[]));
    }

    #[test]
    fn what_is_no_scope_is_left_out_and_nothing_is_said_twice() {
        let long = "x".repeat(257);
        let more = ["b", "a", "", "q\"", "ä", long.as_str()];
        assert_eq!(union(["a"], more), ["a", "b"]);
        let many: Vec<String> = (0..100).map(|it| it.to_string()).collect();
        assert_eq!(union([], many.iter().map(String::as_str)).len(), SCOPES);
    }
}
