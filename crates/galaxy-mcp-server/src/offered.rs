//! Tools as the protocol writes them, made once and kept.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use galaxy_domain::Effect;
use galaxy_tool::AnyTool;
use rmcp::model::{Tool, ToolAnnotations};
use serde_json::Value;

/// So many tools are kept; beyond, all are made again.
const KEPT: usize = 1_024;

/// Tools that were written before.
#[derive(Default)]
pub(crate) struct Offered {
    kept: Mutex<HashMap<String, Kept>>,
}

/// A tool, and how it was written.
struct Kept {
    tool: Arc<dyn AnyTool>,
    wire: Tool,
}

impl Offered {
    /// `tool` as the protocol writes it.
    pub(crate) fn wire(&self, tool: &Arc<dyn AnyTool>) -> Tool {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = kept.get(tool.name()).filter(|it| Arc::ptr_eq(&it.tool, tool)) {
            return known.wire.clone();
        }
        if kept.len() >= KEPT {
            kept.clear();
        }
        let wire = written(
            tool.name().to_owned(),
            tool.description().to_owned(),
            tool.schema().json(),
            tool.effect(),
        );
        let known = Kept { tool: tool.clone(), wire: wire.clone() };
        kept.insert(tool.name().to_owned(), known);
        wire
    }
}

/// A tool with what its effect lets a host expect of it.
pub(crate) fn written(name: String, description: String, schema: &Value, effect: Effect) -> Tool {
    let schema = schema.as_object().cloned().unwrap_or_default();
    let hints = ToolAnnotations::new().read_only(effect.is_repeatable());
    let hints = hints.open_world(effect == Effect::Reaches);
    Tool::new(name, description, schema).with_annotations(hints)
}
