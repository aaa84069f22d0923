//! What an entry wants to be told before its server can run.

use std::{collections::BTreeMap, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{Unexpected, Visitor},
};

use crate::question::Format;

/// A value, or what stands for one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Input {
    /// What it is for.
    #[serde(default, deserialize_with = "or_default")]
    pub description: String,
    /// Whether the server does not run without it.
    #[serde(default, deserialize_with = "or_default")]
    pub is_required: bool,
    /// Whether nobody may see it.
    #[serde(default, deserialize_with = "or_default")]
    pub is_secret: bool,
    /// What kind of value it is.
    #[serde(default, deserialize_with = "or_default")]
    pub format: Format,
    /// What it is, with names in braces that [`Input::variables`] stand for. Nobody is asked for
    /// anything else then.
    #[serde(default, deserialize_with = "scalar")]
    pub value: Option<String>,
    /// What it is when nobody says anything.
    #[serde(default, deserialize_with = "scalar")]
    pub default: Option<String>,
    /// What it might look like.
    #[serde(default, deserialize_with = "scalar")]
    pub placeholder: Option<String>,
    /// What it can be, if not everything.
    #[serde(default, deserialize_with = "or_default")]
    pub choices: Vec<String>,
    /// What stands for the names in the value.
    #[serde(default, deserialize_with = "or_default")]
    pub variables: BTreeMap<String, Input>,
}

/// A value with a name: a header, or a variable of an environment.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct KeyValue {
    /// The name.
    pub name: String,
    /// The value.
    #[serde(flatten)]
    pub input: Input,
}

/// An argument.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Argument {
    /// What stands before its value, such as `--port`; none for one that is known by its place.
    #[serde(default)]
    pub name: Option<String>,
    /// What its value is called.
    #[serde(default)]
    pub value_hint: Option<String>,
    /// Whether there may be several.
    #[serde(default, deserialize_with = "or_default")]
    pub is_repeated: bool,
    /// The value.
    #[serde(flatten)]
    pub input: Input,
}

/// `null` is as good as nothing.
pub(crate) fn or_default<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: Deserialize<'de> + Default,
    D: Deserializer<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// A text, or what somebody wrote as a number or a yes where a text belongs.
fn scalar<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    struct Scalar;

    impl Visitor<'_> for Scalar {
        type Value = Option<String>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a text")
        }

        fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
            Ok(Some(text.to_owned()))
        }

        fn visit_bool<E>(self, yes: bool) -> Result<Self::Value, E> {
            Ok(Some(yes.to_string()))
        }

        fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
            Ok(Some(number.to_string()))
        }

        fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
            Ok(Some(number.to_string()))
        }

        fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<Self::Value, E> {
            if number.is_finite() {
                return Ok(Some(number.to_string()));
            }
            Err(E::invalid_value(Unexpected::Float(number), &self))
        }

        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_none<E>(self) -> Result<Self::Value, E> {
            Ok(None)
        }
    }

    deserializer.deserialize_any(Scalar)
}
