//! Finds out whether there is any example in documentation that would be compiled and run: asking
//! the compiler takes a while for each crate, even when there is none.

use crate::files::File;

/// Whether `file` is documentation with Rust in it: comments of a source, or a crate's README.
pub(super) fn has_doc_test(file: &File) -> bool {
    match (file.extension(), file.name()) {
        ("rs", _) => has_rust_fence(file.text.lines().filter_map(comment)),
        (_, "README.md") => has_rust_fence(file.text.lines()),
        _ => false,
    }
}

fn comment(line: &str) -> Option<&str> {
    let line = line.trim_start();
    line.strip_prefix("///").or_else(|| line.strip_prefix("//!"))
}

fn has_rust_fence<'a>(lines: impl Iterator<Item = &'a str>) -> bool {
    let mut inside = false;
    for line in lines {
        let Some(language) = line.trim().strip_prefix("```") else { continue };
        if !inside && is_compiled(language.trim()) {
            return true;
        }
        inside = !inside;
    }
    false
}

/// Whether rustdoc compiles what is fenced with `language`: nothing at all means Rust.
fn is_compiled(language: &str) -> bool {
    let known = ["rust", "should_panic", "no_run", "compile_fail", "edition2024"];
    language.split([',', ' ']).all(|word| word.is_empty() || known.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> File {
        File { path: path.to_owned(), text: text.to_owned() }
    }

    #[test]
    fn an_example_without_a_language_is_rust() {
        assert!(has_doc_test(&file("a.rs", "/// ```\n/// f();\n/// ```\nfn f() {}")));
        assert!(has_doc_test(&file("crates/a/README.md", "```rust,no_run\nf()\n```")));
    }

    #[test]
    fn other_languages_are_no_examples_and_a_closing_fence_opens_nothing() {
        let text = "//! ```text\n//! a\n//! ```\n//! ```json\n//! {}\n//! ```";
        assert!(!has_doc_test(&file("a.rs", text)));
        assert!(!has_doc_test(&file("a.rs", "let text = \"```\";")));
    }
}
