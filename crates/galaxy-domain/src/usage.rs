//! What an answer cost.

use std::ops::AddAssign;

use serde::{Deserialize, Serialize};

/// Tokens spent. A persisted format.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Read by the model, cached or not.
    pub input: u64,
    /// The share of `input` that came from the provider's cache.
    #[serde(default)]
    pub cached: u64,
    /// Written by the model, thoughts included.
    pub output: u64,
    /// The share of `output` that was thought.
    #[serde(default)]
    pub reasoning: u64,
}

impl AddAssign for Usage {
    fn add_assign(&mut self, more: Self) {
        self.input += more.input;
        self.cached += more.cached;
        self.output += more.output;
        self.reasoning += more.reasoning;
    }
}
