//! When to come back.

use std::time::Duration;

use galaxy_base::Timestamp;
use http::HeaderMap;

/// Nobody waits longer than this; a larger number is a mistake or an attack on the scheduler.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// Reads `retry-after-ms`, then `retry-after` as seconds or as an HTTP date (RFC 9110).
pub(super) fn from_headers(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = |name| headers.get(name).and_then(|it| it.to_str().ok()).map(str::trim);
    if let Some(millis) = text("retry-after-ms").and_then(|it| it.parse::<f64>().ok()) {
        return seconds(millis / 1000.0);
    }
    let after = text("retry-after")?;
    match after.parse::<f64>() {
        Ok(number) => seconds(number),
        Err(_) => {
            let parser = jiff::fmt::rfc2822::DateTimeParser::new().relaxed_weekday(true);
            let date = |text| parser.parse_timestamp(text).ok().map(|it| it.as_millisecond());
            // The provider's own clock, if it says: ours may be wrong.
            let now = text("date").and_then(date).unwrap_or(now.as_millis());
            let left = Timestamp::from_millis(date(after)?).since(Timestamp::from_millis(now));
            Some(left.min(LONGEST))
        }
    }
}

/// Reads a duration as Google writes it: `34.5s`.
pub(super) fn from_text(text: &str) -> Option<Duration> {
    seconds(text.strip_suffix('s')?.parse().ok()?)
}

fn seconds(number: f64) -> Option<Duration> {
    if number.is_nan() {
        return None;
    }
    Duration::try_from_secs_f64(number.min(LONGEST.as_secs_f64())).ok()
}
