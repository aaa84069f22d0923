//! Randomness from the operating system.

/// Fills an array with random bytes.
///
/// # Panics
/// When the operating system has no randomness; nothing secret may be made without it.
pub fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}

/// A fresh token of 256 bits in lower-case hexadecimal.
pub fn token() -> String {
    hex::encode(bytes::<32>())
}

/// A number that is at least 0 and less than 1.
pub fn fraction() -> f64 {
    // The upper 32 bits of an f64's 53 are plenty for jitter.
    f64::from(u32::from_le_bytes(bytes())) / (f64::from(u32::MAX) + 1.0)
}
