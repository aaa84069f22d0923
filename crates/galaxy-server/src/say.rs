//! What is said to the person at the terminal, by the standard output. Everything else is the
//! log, by the standard error.

use std::{fmt, io, io::Write};

/// Prints a line. Nobody listening is no reason to stop.
pub(crate) fn line(text: impl fmt::Display) {
    let mut out = io::stdout().lock();
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}

/// Prints a complaint, by the standard error, where scripts look for it.
pub(crate) fn complaint(text: impl fmt::Display) {
    let _ = writeln!(io::stderr().lock(), "galaxy: {text}");
}
