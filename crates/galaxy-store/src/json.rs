//! Values that are stored as JSON text.

use serde::{Serialize, de::DeserializeOwned};

use crate::error::StoreError;

/// The text that stands for `value`.
pub(crate) fn write<T: Serialize + ?Sized>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|err| StoreError::Corrupt(err.to_string()))
}

/// The value that [`write`] turned into `text`.
pub(crate) fn read<T: DeserializeOwned>(text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|err| StoreError::Corrupt(err.to_string()))
}
