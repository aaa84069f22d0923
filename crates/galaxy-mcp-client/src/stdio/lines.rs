//! Lines of bounded length.

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};

/// How much of a line that is too long is kept, to find out whose answer it would have been.
const KEPT: usize = 256;

/// A line, without its end.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// All of it.
    Whole(Vec<u8>),
    /// It was longer than allowed, and was thrown away.
    TooLong {
        /// The id that it carried at its start or end, where messages have theirs.
        id: Option<String>,
        /// How long it might have been.
        max: usize,
    },
}

/// Reads lines. Memory is bounded whatever comes.
pub(crate) struct Lines<R> {
    from: BufReader<R>,
    max: usize,
    line: Vec<u8>,
    /// The end of a line that is being thrown away.
    tail: Option<Vec<u8>>,
}

impl<R: AsyncRead + Unpin> Lines<R> {
    pub(crate) fn new(from: R, max: usize) -> Self {
        Self { from: BufReader::with_capacity(64 * 1024, from), max, line: Vec::new(), tail: None }
    }

    /// The next line; `None` at the end, or when it cannot be read. Dropping the future loses
    /// nothing.
    pub(crate) async fn next(&mut self) -> Option<Line> {
        loop {
            let read = self.from.fill_buf().await.ok()?;
            if read.is_empty() {
                return self.last();
            }
            let end = read.iter().position(|it| *it == b'\n');
            let piece = &read[..end.unwrap_or(read.len())];
            match &mut self.tail {
                Some(tail) => keep_end(tail, piece),
                None if self.line.len() + piece.len() > self.max => {
                    let mut tail = Vec::new();
                    keep_end(&mut tail, piece);
                    self.line.extend_from_slice(&piece[..piece.len().min(KEPT)]);
                    self.line.truncate(KEPT);
                    self.tail = Some(tail);
                }
                None => self.line.extend_from_slice(piece),
            }
            let consumed = piece.len() + usize::from(end.is_some());
            self.from.consume(consumed);
            if end.is_some() {
                return Some(self.take());
            }
        }
    }

    /// What is left at the end of the input.
    fn last(&mut self) -> Option<Line> {
        (!self.line.is_empty()).then(|| self.take())
    }

    fn take(&mut self) -> Line {
        let line = std::mem::take(&mut self.line);
        match self.tail.take() {
            None => Line::Whole(line),
            Some(tail) => Line::TooLong { id: id_in(&line, &tail), max: self.max },
        }
    }
}

fn keep_end(tail: &mut Vec<u8>, piece: &[u8]) {
    tail.extend_from_slice(piece);
    let surplus = tail.len().saturating_sub(KEPT);
    tail.drain(..surplus);
}

/// The number in `"id":…` before a message's result, or at its very end.
fn id_in(head: &[u8], tail: &[u8]) -> Option<String> {
    let text = |bytes| String::from_utf8_lossy(bytes).replace([' ', '"'], "");
    let (head, tail) = (text(head), text(tail));
    let before = head.split("result:").next().filter(|it| it.len() < head.len());
    let digits = |text: &str| {
        let (_, rest) = text.rsplit_once("id:")?;
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        let after = rest[digits.len()..].trim_end();
        (!digits.is_empty() && matches!(after, "" | "," | "}" | ",jsonrpc:2.0}" | ",jsonrpc:2.0,"))
            .then_some(digits)
    };
    before.and_then(digits).or_else(|| digits(&tail))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn lines(text: &[u8], max: usize) -> Vec<Line> {
        let mut lines = Lines::new(text, max);
        let mut found = Vec::new();
        while let Some(line) = lines.next().await {
            found.push(line);
        }
        found
    }

    #[tokio::test]
    async fn lines_come_whole_or_are_thrown_away() {
        let text = format!("one\n\n{}\nlast", "x".repeat(11));
        let whole = |it: &str| Line::Whole(it.as_bytes().to_vec());
        let too_long = Line::TooLong { id: None, max: 10 };
        assert_eq!(
            lines(text.as_bytes(), 10).await,
            [whole("one"), whole(""), too_long, whole("last")]
        );
    }

    #[tokio::test]
    async fn a_line_that_is_too_long_still_tells_whose_it_is() {
        let filling = "x".repeat(200_000);
        for (text, id) in [
            (format!(r#"{{"jsonrpc":"2.0","id":17,"result":{{"text":"{filling}"}}}}"#), Some("17")),
            (format!(r#"{{"id": "17", "jsonrpc": "2.0", "result": "{filling}"}}"#), Some("17")),
            (
                format!(r#"{{"result":{{"id":3,"text":"{filling}"}},"jsonrpc":"2.0","id":17}}"#),
                Some("17"),
            ),
            (format!(r#"{{"result":{{"text":"{filling}","id":17}}}}"#), None),
            (filling.clone(), None),
        ] {
            let found = lines(text.as_bytes(), 100_000).await;
            let id = id.map(str::to_owned);
            assert_eq!(found, [Line::TooLong { id, max: 100_000 }], "{}", &text[..40]);
        }
    }
}
