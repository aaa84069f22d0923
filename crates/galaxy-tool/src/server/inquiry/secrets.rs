//! Fields that want what nobody should type into a form of a tool server.

use serde_json::Value;

/// Words that name a secret.
const SECRETS: [&str; 21] = [
    "password",
    "passwords",
    "passwd",
    "pwd",
    "passphrase",
    "passcode",
    "secret",
    "secrets",
    "token",
    "apikey",
    "credential",
    "credentials",
    "pin",
    "otp",
    "cvv",
    "cvc",
    "mnemonic",
    "privatekey",
    "accesskey",
    "secretkey",
    "authkey",
];
/// Words that name a secret together with `key` behind them.
const KEYS: [&str; 7] = ["api", "access", "private", "secret", "signing", "encryption", "auth"];

/// Whether a field called `name` or `title` wants a secret.
pub(super) fn wants(name: &str, title: Option<&str>, property: &Value) -> bool {
    property.get("format").is_some_and(|it| it == "password")
        || property.get("writeOnly") == Some(&Value::Bool(true))
        || is_secret(name)
        || title.is_some_and(is_secret)
}

fn is_secret(name: &str) -> bool {
    let words = words(name);
    let named = |it: &String| SECRETS.contains(&it.as_str());
    let key =
        |pair: &[String]| KEYS.contains(&pair[0].as_str()) && matches!(&*pair[1], "key" | "keys");
    words.iter().any(named) || words.windows(2).any(key)
}

/// `name` in small words: `accessToken`, `access_token` and `ACCESS-TOKEN` are the same two.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut small = false;
    for it in name.chars() {
        if !it.is_alphanumeric() || (small && it.is_uppercase()) {
            words.push(String::new());
        }
        small = it.is_lowercase();
        if it.is_alphanumeric()
            && let Some(last) = words.last_mut()
        {
            last.extend(it.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn secrets_go_by_many_names() {
        for name in [
            "password",
            "user_password",
            "Passwd",
            "accessToken",
            "access-token",
            "API key",
            "apiKey",
            "API_KEY",
            "apikey",
            "private_key",
            "client.secret",
            "Your token, please",
        ] {
            assert!(is_secret(name), "{name}");
        }
        for name in ["name", "max_tokens", "key", "keyboard", "secretary", "pinned", "city", ""] {
            assert!(!is_secret(name), "{name}");
        }
        let property = json!({ "type": "string", "format": "password" });
        assert!(wants("value", None, &property));
        assert!(wants("value", Some("Access token"), &json!({})));
        assert!(!wants("value", Some("Colour"), &json!({ "type": "string" })));
    }
}
