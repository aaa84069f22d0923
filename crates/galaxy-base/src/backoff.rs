//! How long to wait before trying again: exponential with full jitter.

use std::time::Duration;

use crate::random;

/// Delays that double from `first` up to `longest`, each drawn evenly from zero to its bound
/// so that many clients that failed together do not come back together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// Upper bound of the first delay.
    pub first: Duration,
    /// Upper bound of every delay.
    pub longest: Duration,
}

impl Backoff {
    /// The upper bound of the delay before try `attempt + 1`; attempts count from zero.
    pub fn bound(&self, attempt: u32) -> Duration {
        let factor = 2_u32.checked_pow(attempt).unwrap_or(u32::MAX);
        self.first.saturating_mul(factor).min(self.longest)
    }

    /// A delay before try `attempt + 1`.
    pub fn delay(&self, attempt: u32) -> Duration {
        self.bound(attempt).mul_f64(random::fraction())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_double_and_stop_growing() {
        let backoff =
            Backoff { first: Duration::from_millis(100), longest: Duration::from_secs(1) };
        let bounds: Vec<u128> =
            [0, 1, 2, 3, 4, 99].iter().map(|it| backoff.bound(*it).as_millis()).collect();
        assert_eq!(bounds, [100, 200, 400, 800, 1000, 1000]);
        assert!((0..100).all(|_| backoff.delay(2) <= Duration::from_millis(400)));
    }
}
