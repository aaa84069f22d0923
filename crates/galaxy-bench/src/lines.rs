//! The lines of a body that comes in pieces.

/// Holds the line that is not whole yet.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    unread: Vec<u8>,
}

impl Lines {
    /// Takes the next piece and hands out every line that is whole now, without its end.
    pub(crate) fn take(&mut self, mut piece: &[u8], mut each: impl FnMut(&[u8])) {
        while let Some(end) = piece.iter().position(|byte| *byte == b'\n') {
            let (line, rest) = (&piece[..end], &piece[end + 1..]);
            if self.unread.is_empty() {
                each(line);
            } else {
                self.unread.extend_from_slice(line);
                each(&self.unread);
                self.unread.clear();
            }
            piece = rest;
        }
        self.unread.extend_from_slice(piece);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_the_same_however_they_arrive() {
        for pieces in [&["one\ntwo\n\nth"][..], &["o", "ne\n", "", "two", "\n\nt", "h"]] {
            let (mut lines, mut seen) = (Lines::default(), Vec::new());
            for piece in pieces {
                lines.take(piece.as_bytes(), |line| {
                    seen.push(String::from_utf8(line.to_vec()).unwrap());
                });
            }
            assert_eq!(seen, ["one", "two", ""]);
        }
    }
}
