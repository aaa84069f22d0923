//! How much may be computed for one expression.

/// Numbers of more bits are refused: every number that fits has at most ten thousand digits.
pub(super) const MAX_BITS: u64 = 33_219;

/// In steps of about a nanosecond, each on one 64-bit limb.
const BUDGET: u64 = 60_000_000;

/// What is left to spend.
#[derive(Debug)]
pub(super) struct Work {
    left: u64,
}

impl Work {
    pub(super) fn new() -> Self {
        Self { left: BUDGET }
    }

    /// Takes `steps` out of the budget.
    pub(super) fn charge(&mut self, steps: u64) -> Result<(), String> {
        match self.left.checked_sub(steps) {
            Some(left) => {
                self.left = left;
                Ok(())
            }
            None => Err("this takes too much work; split it into smaller steps".to_owned()),
        }
    }

    /// Charges a multiplication or a division of numbers of that many bits.
    pub(super) fn product(&mut self, left_bits: u64, right_bits: u64) -> Result<(), String> {
        self.charge(limbs(left_bits) * limbs(right_bits))
    }

    /// Charges a greatest common divisor: one division, then two shifts and a subtraction for
    /// about each bit of the smaller number.
    pub(super) fn divisor(&mut self, left_bits: u64, right_bits: u64) -> Result<(), String> {
        let smaller = limbs(left_bits.min(right_bits));
        self.charge(limbs(left_bits) * limbs(right_bits) + 96 * smaller * smaller)
    }
}

fn limbs(bits: u64) -> u64 {
    bits / 64 + 1
}

/// The error for results beyond [`MAX_BITS`].
pub(super) fn too_large() -> String {
    "the result has more than 10,000 digits".to_owned()
}
