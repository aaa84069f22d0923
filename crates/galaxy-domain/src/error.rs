//! The closed set of differences that anybody outside can make between errors.

/// Sorts every error of every crate; `galaxy-api` maps it to HTTP, once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The request makes no sense.
    Invalid,
    /// Nobody knows who is asking.
    Unauthenticated,
    /// The caller may know of it but not do this.
    Forbidden,
    /// There is no such thing, as far as the caller may know.
    NotFound,
    /// The state of things does not allow it, or somebody else was faster.
    Conflict,
    /// More than fits.
    TooLarge,
    /// Too often, or too many at once.
    TooMany,
    /// Not now; trying again can help.
    Unavailable,
    /// Our fault.
    Internal,
}
