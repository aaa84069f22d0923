//! The instructions for every conversation that has none of its own.

use std::{fs, io, path::Path};

use galaxy_base::text::clip;

use crate::settings::{Given, schema};

/// The file in the working folder that may hold them.
const FILE: &str = "system_prompt.md";
/// What is used without such a file.
const BUILT_IN: &str = include_str!("../../../system_prompt.md");
/// The longest instructions, in characters: more would crowd out the conversation.
const LONGEST: usize = 50_000;

/// The instructions: from the setting, else from the file, else the built-in ones.
pub(crate) fn read(given: &mut Given) -> String {
    let (key, text) = match given.optional(&schema::SYSTEM_PROMPT_OVERRIDE) {
        Some(text) => (schema::SYSTEM_PROMPT_OVERRIDE.name, text),
        None => (FILE, file(given, Path::new(FILE)).unwrap_or_else(|| BUILT_IN.to_owned())),
    };
    if text.chars().count() > LONGEST {
        given.refuse(key, format!("is longer than {LONGEST} characters"));
        return clip(&text, LONGEST);
    }
    text.trim().to_owned()
}

fn file(given: &mut Given, path: &Path) -> Option<String> {
    match fs::read_to_string(path) {
        Ok(text) => Some(text).filter(|text| !text.trim().is_empty()),
        Err(err) if err.kind() == io::ErrorKind::NotFound => None,
        Err(err) => {
            given.refuse(&path.display().to_string(), format!("cannot be read: {err}"));
            None
        }
    }
}
