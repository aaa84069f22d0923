//! What a record says besides who, what and how: small facts under names that never change.

use std::{collections::BTreeMap, time::Duration};

use galaxy_base::text::{headline, visible};

/// The longest name that a record holds, in characters.
const NAME: usize = 120;

macro_rules! facts {
    ($($(#[$doc:meta])* $fact:ident = $tag:literal,)*) => {
        /// The name of a fact. Persisted tags.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Fact {
            $($(#[$doc])* $fact,)*
        }

        impl Fact {
            /// The name that is stored and shown.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$fact => $tag,)*
                }
            }
        }
    };
}

facts! {
    /// Which call of a run.
    Call = "call",
    /// SHA-256 of a tool's definition and a call's arguments, in hexadecimal.
    Digest = "digest",
    /// SHA-256 of a tool's name and a call's arguments, in hexadecimal, of calls outside runs.
    Arguments = "arguments",
    /// What a tool can do.
    Effect = "effect",
    /// How long it took, in milliseconds.
    TookMs = "took_ms",
    /// What let a call through: a rule, a person's yes, or what holds without either.
    AllowedBy = "allowed_by",
    /// Where a call came from: a run, `/mcp`, the gateway, a view.
    Through = "through",
    /// How far a yes or a rule reaches.
    Reach = "reach",
    /// What a rule says.
    Verdict = "verdict",
    /// How many.
    Count = "count",
    /// A role.
    Role = "role",
    /// The role before.
    RoleBefore = "role_before",
    /// Whether an account is disabled.
    Disabled = "disabled",
    /// What something is good for.
    Scopes = "scopes",
    /// Which kind it is.
    Kind = "kind",
    /// Whether it is everybody's.
    Shared = "shared",
    /// Whether a tool server is used.
    Enabled = "enabled",
    /// Whether what a tool server says about its tools is believed.
    Trusted = "trusted",
    /// Whether a tool server may ask people.
    MayAsk = "may_ask",
    /// How far a program may reach by network.
    Network = "network",
    /// The entry of a list that something was chosen from.
    Entry = "entry",
    /// Its version.
    Version = "version",
    /// What was changed, by names.
    Changed = "changed",
    /// How many tools were allowed.
    Allowed = "allowed",
    /// How many tools were switched on.
    SwitchedOn = "switched_on",
    /// How many tools were switched off.
    SwitchedOff = "switched_off",
    /// Why not: a stable code.
    Reason = "reason",
    /// A method of HTTP.
    Method = "method",
    /// The thing that was asked for.
    Target = "target",
    /// How something is written down.
    Format = "format",
    /// How many values were opened.
    Values = "values",
    /// Whether a person's sign-in was opened.
    SignIn = "sign_in",
    /// Which chain.
    Chain = "chain",
    /// Up to which place.
    UpTo = "up_to",
    /// The hash at that place.
    Hash = "hash",
    /// Where other chains ended at that moment.
    Heads = "heads",
    /// The process.
    Instance = "instance",
    /// How many of the same kind were left out before.
    LeftOut = "left_out",
}

/// What a fact says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A word or a name.
    Text(String),
    /// A number.
    Number(i64),
    /// Yes or no.
    Flag(bool),
    /// Several words.
    List(Vec<String>),
}

/// `text` as a record may hold it: one line, cut, with everything in it visible.
pub fn name(text: &str) -> String {
    headline(&visible(text), NAME)
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(name(text))
    }
}
impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}
impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}
impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Self::Number(i64::try_from(number).unwrap_or(i64::MAX))
    }
}
impl From<usize> for Value {
    fn from(number: usize) -> Self {
        Self::Number(i64::try_from(number).unwrap_or(i64::MAX))
    }
}
impl From<Duration> for Value {
    fn from(time: Duration) -> Self {
        Self::Number(i64::try_from(time.as_millis()).unwrap_or(i64::MAX))
    }
}
impl FromIterator<String> for Value {
    fn from_iter<I: IntoIterator<Item = String>>(words: I) -> Self {
        Self::List(words.into_iter().map(|it| name(&it)).collect())
    }
}
impl<'a> FromIterator<&'a str> for Value {
    fn from_iter<I: IntoIterator<Item = &'a str>>(words: I) -> Self {
        Self::List(words.into_iter().map(name).collect())
    }
}

/// Facts by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts(BTreeMap<String, Value>);

impl Facts {
    /// Says `value` of `fact`.
    pub fn set(&mut self, fact: Fact, value: Value) {
        self.0.insert(fact.as_str().to_owned(), value);
    }

    /// Says nothing of `fact`.
    pub fn unset(&mut self, fact: Fact) {
        self.0.remove(fact.as_str());
    }

    /// What is said of `fact`.
    pub fn get(&self, fact: Fact) -> Option<&Value> {
        self.0.get(fact.as_str())
    }

    /// All of them, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// The stored form: a JSON object, its names in order.
    pub fn to_json(&self) -> serde_json::Value {
        let value = |value: &Value| match value {
            Value::Text(text) => serde_json::Value::from(text.as_str()),
            Value::Number(number) => (*number).into(),
            Value::Flag(flag) => (*flag).into(),
            Value::List(words) => words.clone().into(),
        };
        self.0.iter().map(|(name, it)| (name.clone(), value(it))).collect()
    }

    /// Reads the stored form; facts of a newer program are kept, whatever else it is not.
    pub fn read(text: &str) -> Option<Self> {
        let object: serde_json::Map<String, serde_json::Value> = serde_json::from_str(text).ok()?;
        let value = |value: serde_json::Value| {
            Some(match value {
                serde_json::Value::String(text) => Value::Text(text),
                serde_json::Value::Number(number) => Value::Number(number.as_i64()?),
                serde_json::Value::Bool(flag) => Value::Flag(flag),
                serde_json::Value::Array(words) => {
                    let word = |it: serde_json::Value| it.as_str().map(ToOwned::to_owned);
                    Value::List(words.into_iter().map(word).collect::<Option<_>>()?)
                }
                serde_json::Value::Null | serde_json::Value::Object(_) => return None,
            })
        };
        let facts = object.into_iter().map(|(name, it)| Some((name, value(it)?)));
        facts.collect::<Option<_>>().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_survive_their_stored_form() {
        let mut facts = Facts::default();
        facts.set(Fact::Count, 3_u64.into());
        facts.set(Fact::Shared, true.into());
        facts.set(Fact::Entry, "a\u{200b}b".into());
        facts.set(Fact::Scopes, ["read", "chat"].into_iter().collect());
        let text = facts.to_json().to_string();
        assert_eq!(
            text,
            r#"{"count":3,"entry":"a\\u{200b}b","scopes":["read","chat"],"shared":true}"#
        );
        assert_eq!(Facts::read(&text), Some(facts));
        assert_eq!(Facts::read(r#"{"count":{}}"#), None);
        assert_eq!(Facts::read("[]"), None);
    }
}
