//! Lists that are read page by page.

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// What is on it.
    pub items: Vec<T>,
    /// Where the next page begins, if there is more. Opaque to whoever passes it on.
    pub next: Option<String>,
}
