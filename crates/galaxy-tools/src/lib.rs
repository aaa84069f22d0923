#![doc = include_str!("../README.md")]

use std::sync::Arc;

use galaxy_tool::AnyTool;

pub mod ask_person;
pub mod math;

/// Every tool of this crate. A new one is a file of its own and a line here.
pub fn all() -> Vec<Arc<dyn AnyTool>> {
    vec![galaxy_tool::tool::any(math::Math), galaxy_tool::tool::any(ask_person::AskPerson)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tool_has_its_own_name_and_a_schema_of_an_object() {
        let tools = all();
        let names: Vec<&str> = tools.iter().map(|it| it.name()).collect();
        assert_eq!(names, ["math", "ask_person"]);
        for tool in &tools {
            assert_eq!(tool.schema().json()["type"], "object", "{}", tool.name());
            assert_eq!(tool.schema().json()["additionalProperties"], false, "{}", tool.name());
        }
    }
}
