//! The table: who, how, and how it went.

use std::fmt::Write;

/// What a line of a script begins with when it is one of the table.
const MARK: &str = "row\t";

/// One line of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Row {
    peer: String,
    way: String,
    /// Whether it went as it should.
    pub(super) is_good: bool,
    remark: String,
}

/// Whether a line that a script says is one of the table.
pub(super) fn is_one(line: &str) -> bool {
    line.starts_with(MARK)
}

impl Row {
    /// Reads `row`, peer, way, verdict and remark, with tabs between.
    pub(super) fn read(line: &str) -> Option<Self> {
        let mut fields = line.strip_prefix(MARK)?.splitn(4, '\t').map(str::to_owned);
        let (peer, way, verdict) = (fields.next()?, fields.next()?, fields.next()?);
        let remark = fields.next().unwrap_or_default();
        Some(Self { peer, way, is_good: verdict == "ok", remark })
    }
}

/// All of them, in columns.
pub(super) fn table(rows: &[Row]) -> String {
    let width = |of: fn(&Row) -> &str| rows.iter().map(|it| of(it).len()).max().unwrap_or(0);
    let (peer, way) = (width(|it| &it.peer), width(|it| &it.way));
    let mut table = String::new();
    for row in rows {
        let verdict = if row.is_good { "ok    " } else { "FAILED" };
        let Row { peer: who, way: how, remark, .. } = row;
        let _ = writeln!(table, "{who:<peer$}  {how:<way$}  {verdict}  {remark}");
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_good_only_when_it_says_so() {
        let row = Row::read("row\ttime\tchat\tok\t2 tools\tand more").unwrap();
        assert_eq!((row.is_good, row.remark.as_str()), (true, "2 tools\tand more"));
        let bad = Row::read("row\ttime\tgateway\tFAILED\tno").unwrap();
        assert!(!bad.is_good && Row::read("row\ttime").is_none() && !is_one("a row"));
        assert_eq!(table(&[row, bad]).lines().nth(1), Some("time  gateway  FAILED  no"));
    }
}
