//! What exactly is hashed and sealed. Written down in `docs/audit.md`; never changed.

use galaxy_domain::audit::Place;
use sha2::{Digest, Sha256};

use super::row::Row;

/// A hash.
pub(super) type Hash = [u8; 32];

/// Before the first record of a chain.
pub(super) const NOTHING: Hash = [0; 32];

/// What tells hashes of records from all others.
const RECORD: &[u8] = b"galaxy audit record 1\n";
/// What tells seals of the ends of chains from all others.
const HEAD: &[u8] = b"galaxy audit head 1\n";
/// The same of what was removed.
const FLOOR: &[u8] = b"galaxy audit floor 1\n";

/// The hash of a record after `before`. Every field has its length before it, so that no two rows
/// come to the same bytes.
pub(super) fn hash(before: &Hash, row: &Row) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update(RECORD);
    hasher.update(before);
    for number in [row.chain, row.seq, row.at] {
        hasher.update(number.to_be_bytes());
    }
    let fields: [Option<&[u8]>; 12] = [
        Some(row.workspace_id.as_bytes()),
        Some(row.act.as_bytes()),
        Some(row.ending.as_bytes()),
        row.person_id.as_ref().map(|it| it.as_bytes().as_slice()),
        Some(row.way.as_bytes()),
        row.credential_id.as_ref().map(|it| it.as_bytes().as_slice()),
        row.address.as_ref().map(String::as_bytes),
        row.subject_kind.as_ref().map(String::as_bytes),
        row.subject_id.as_ref().map(String::as_bytes),
        row.subject_name.as_ref().map(String::as_bytes),
        row.run_id.as_ref().map(|it| it.as_bytes().as_slice()),
        Some(row.facts.as_bytes()),
    ];
    for field in fields {
        match field {
            Some(bytes) => {
                hasher.update([1]);
                hasher.update((bytes.len() as u64).to_be_bytes());
                hasher.update(bytes);
            }
            None => hasher.update([0]),
        }
    }
    hasher.finalize().into()
}

/// What is sealed of where a chain ends.
pub(super) fn head(place: Place, hash: &[u8]) -> Vec<u8> {
    content(HEAD, place, hash)
}

/// What is sealed of up to where a chain was removed.
pub(super) fn floor(place: Place, hash: &[u8]) -> Vec<u8> {
    content(FLOOR, place, hash)
}

fn content(mark: &[u8], place: Place, hash: &[u8]) -> Vec<u8> {
    [mark, &place.chain.to_be_bytes(), &place.seq.to_be_bytes(), hash].concat()
}
