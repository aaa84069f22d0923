//! The tools of one run.

use std::{collections::BTreeMap, sync::Arc};

use crate::tool::AnyTool;

/// Tools by name. One that is in stays in: nothing can take its place.
#[derive(Clone, Default)]
pub struct Toolbox {
    tools: BTreeMap<String, Arc<dyn AnyTool>>,
}

/// Two tools share a name.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is already a tool named `{0}`")]
pub struct NameTaken(pub String);

impl Toolbox {
    /// Adds `tool`.
    ///
    /// # Errors
    /// [`NameTaken`]: a silent replacement would let one server shadow another's tool.
    pub fn add(&mut self, tool: Arc<dyn AnyTool>) -> Result<(), NameTaken> {
        let name = tool.name().to_owned();
        if self.tools.contains_key(&name) {
            return Err(NameTaken(name));
        }
        self.tools.insert(name, tool);
        Ok(())
    }

    /// Finds a tool.
    pub fn get(&self, name: &str) -> Option<&Arc<dyn AnyTool>> {
        self.tools.get(name)
    }

    /// All tools, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<dyn AnyTool>> + Clone {
        self.tools.values()
    }

    /// The same tools without those that `keep` does not want.
    #[must_use]
    pub fn filtered(&self, keep: impl Fn(&dyn AnyTool) -> bool) -> Self {
        let kept = self.tools.iter().filter(|(_, tool)| keep(&***tool));
        Self { tools: kept.map(|(name, tool)| (name.clone(), tool.clone())).collect() }
    }
}
