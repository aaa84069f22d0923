//! What people enter about accounts, checked once and brought into one form.

use galaxy_base::SecretString;

use crate::{error::AccessError, passwords::rules};

/// The longest address that mail can be sent to (RFC 5321).
const LONGEST_EMAIL: usize = 254;

/// The longest part before the @.
const LONGEST_LOCAL_PART: usize = 64;

/// The longest name, in characters.
const LONGEST_NAME: usize = 100;

/// Gathers complaints, so that all of them are reported at once.
#[derive(Default)]
pub(crate) struct Complaints(Vec<(&'static str, String)>);

impl Complaints {
    /// Adds a complaint about a field.
    pub(crate) fn add(&mut self, field: &'static str, message: impl Into<String>) {
        self.0.push((field, message.into()));
    }

    /// The address in its one form.
    pub(crate) fn email(&mut self, text: &str) -> String {
        email(text).unwrap_or_else(|| {
            self.add("email", "must be an e-mail address, such as ana@example.org");
            String::new()
        })
    }

    /// The name without spaces around it.
    pub(crate) fn name(&mut self, field: &'static str, text: &str) -> String {
        let name = text.trim();
        let length = name.chars().count();
        if !(1..=LONGEST_NAME).contains(&length) || name.chars().any(char::is_control) {
            self.add(field, format!("must have 1 to {LONGEST_NAME} characters on one line"));
        }
        name.to_owned()
    }

    /// Checks a new password against what is known `about` the account.
    pub(crate) fn password(&mut self, field: &'static str, text: &SecretString, about: &[&str]) {
        use galaxy_base::ExposeSecret as _;
        if let Some(message) = rules::complaint(text.expose_secret(), about) {
            self.add(field, message);
        }
    }

    /// Everything at once, or nothing to complain about.
    pub(crate) fn end(self) -> Result<(), AccessError> {
        if self.0.is_empty() { Ok(()) } else { Err(AccessError::Invalid(self.0)) }
    }
}

/// The one form of an e-mail address: lower case, nothing around it. `None` if it is none.
///
/// Only the shape is checked; whether mail arrives there is not known without sending some.
pub(crate) fn email(text: &str) -> Option<String> {
    let text = text.trim();
    let (local, domain) = text.split_once('@')?;
    let dots = |part: &str| part.starts_with('.') || part.ends_with('.') || part.contains("..");
    let plain =
        |it: char| !it.is_whitespace() && !it.is_control() && !"@,;:<>()[]\"\\".contains(it);
    let fits = text.len() <= LONGEST_EMAIL
        && (1..=LONGEST_LOCAL_PART).contains(&local.len())
        && domain.chars().any(char::is_alphanumeric)
        && !dots(local)
        && !dots(domain)
        && local.chars().all(plain)
        && domain.chars().all(|it| it.is_alphanumeric() || it == '.' || it == '-');
    fits.then(|| text.to_lowercase())
}

/// What a client calls itself, made safe to show: one line, bounded.
pub(crate) fn client(text: &str) -> String {
    let visible: String = text.chars().filter(|it| !it.is_control()).take(200).collect();
    visible.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_have_one_form() {
        assert_eq!(email(" Ana.Silva@Example.ORG ").as_deref(), Some("ana.silva@example.org"));
        for good in ["a@b", "root@localhost", "ana+tag@sub.example.org", "ёжик@пример.рф"]
        {
            assert!(email(good).is_some(), "{good}");
        }
        let long = format!("{}@example.org", "a".repeat(65));
        let bad = [
            "",
            "ana",
            "@example.org",
            "ana@",
            "a b@c",
            "a@b@c",
            "a,b@c",
            "a@b c",
            "a@-",
            "a@\nb",
            "<a@b>",
            ".a@b",
            "a..b@c",
            "a@.b",
            "a@b.",
            "a@b..c",
            "a\0@b",
            "a@b,c@d",
            &long,
        ];
        for text in bad {
            assert_eq!(email(text), None, "{text:?}");
        }
    }

    #[test]
    fn every_mistake_is_reported_at_once() {
        let mut complaints = Complaints::default();
        complaints.email("nobody");
        complaints.name("name", "  ");
        complaints.password("password", &"short".into(), &[]);
        let Err(AccessError::Invalid(all)) = complaints.end() else { panic!("three mistakes") };
        let fields: Vec<&str> = all.iter().map(|(field, _)| *field).collect();
        assert_eq!(fields, ["email", "name", "password"]);
    }

    #[test]
    fn a_clients_name_is_one_bounded_line() {
        assert_eq!(client("Mozilla\r\n\x1b[31m/5.0 "), "Mozilla[31m/5.0");
        assert_eq!(client(&"x".repeat(500)).len(), 200);
    }
}
