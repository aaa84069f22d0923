//! Beginning a chain. Its first record says where the others ended, so that none of them can lose
//! its end later without contradicting it.

use galaxy_domain::{
    WorkspaceId,
    audit::{Act, Actor, Fact, Place, Record, Thing, Value},
};
use uuid::Uuid;

use super::{
    canonical::{self, Hash, NOTHING},
    chain::{Chains, End, linked},
    row,
};
use crate::{
    db::{Tx, statement},
    error::StoreError,
};

/// The row that counts chains.
pub(super) const REGISTER: i64 = 0;
/// The hash of a register whose seal was found broken once, or that was gone: that is not forgotten.
pub(super) const BROKEN: Hash = [0xff; 32];
/// Of so many chains it is said where they ended; those before were told of by those.
const NAMED: i64 = 32;

const BEGIN: &str = "INSERT INTO audit_chains
        (chain, seq, hash, seal, floor_seq, floor_hash, floor_seal)
    VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING";
/// Takes the row's lock on PostgreSQL.
const LOCK: &str = "UPDATE audit_chains SET seq = seq WHERE chain = $1
    RETURNING seq, hash, seal, (SELECT MAX(chain) FROM audit_chains)";
const COUNT: &str = "UPDATE audit_chains SET seq = $2, hash = $3, seal = $4 WHERE chain = $1";
const ENDS: &str = "SELECT chain, seq, hash FROM audit_chains
    WHERE chain > 0 AND seq > floor_seq ORDER BY chain DESC LIMIT $1";
const WORKSPACE: &str = "SELECT id FROM workspaces ORDER BY created_at, id LIMIT 1";

/// Begins a chain. `lost` is one of ours that does not end any more where we left it.
pub(super) async fn open(
    tx: &mut Tx,
    chains: &Chains,
    lost: Option<End>,
) -> Result<End, StoreError> {
    let chain = count(tx, chains).await?;
    let mut heads: Vec<String> = lost.map(|it| named(it.place, &it.hash)).into_iter().collect();
    let ends: Vec<(i64, i64, Vec<u8>)> = statement!(tx.fetch_all(ENDS, NAMED))?;
    heads.extend(
        ends.iter().map(|(chain, seq, hash)| named(Place { chain: *chain, seq: *seq }, hash)),
    );
    let (workspace,): (Uuid,) = statement!(tx.fetch_one(WORKSPACE))?;
    let workspace = WorkspaceId::from_uuid(workspace);
    let record = Record::new(workspace, Actor::system(), Act::LogOpened)
        .about(Thing::Log, chain)
        .with(Fact::Instance, chains.instance.as_str())
        .with(Fact::Heads, heads.into_iter().collect::<Value>());
    let nothing = End { place: Place { chain, seq: 0 }, hash: NOTHING };
    let (rows, end) = linked(nothing, tx.now, std::slice::from_ref(&record));
    let seal = chains.seal().seal(&canonical::head(end.place, &end.hash));
    let floor_seal = chains.seal().seal(&canonical::floor(nothing.place, &NOTHING));
    let (seal, floor_seal) = (seal.as_slice(), floor_seal.as_slice());
    let (hash, none) = (end.hash.as_slice(), NOTHING.as_slice());
    statement!(tx.execute(BEGIN, chain, end.place.seq, hash, seal, 0_i64, none, floor_seal))?;
    row::insert(tx, &rows).await?;
    Ok(end)
}

/// The number of the next chain, which is counted.
async fn count(tx: &mut Tx, chains: &Chains) -> Result<i64, StoreError> {
    let place = |seq| Place { chain: REGISTER, seq };
    let seal = |seq, hash: &Hash| chains.seal().seal(&canonical::head(place(seq), hash));
    let first = seal(0, &NOTHING);
    let (first, none) = (first.as_slice(), NOTHING.as_slice());
    let made = statement!(tx.execute(BEGIN, REGISTER, 0_i64, none, first, 0_i64, none, first))?;
    let (counted, hash, old, newest): (i64, Vec<u8>, Vec<u8>, i64) =
        statement!(tx.fetch_one(LOCK, REGISTER))?;
    let judged = chains.seal().judge(&canonical::head(place(counted), &hash), &old);
    // Where there are chains, what counted them was there.
    let is_gone = made > 0 && newest > REGISTER;
    let is_good = judged.is_good() && hash == NOTHING && !is_gone;
    let (next, hash) = (counted.max(newest) + 1, if is_good { NOTHING } else { BROKEN });
    let seal = seal(next, &hash);
    statement!(tx.execute(COUNT, REGISTER, next, hash.as_slice(), seal.as_slice()))?;
    Ok(next)
}

/// A place and its hash in one word: `chain:seq:hash`.
pub(super) fn named(place: Place, hash: &[u8]) -> String {
    format!("{}:{}:{}", place.chain, place.seq, hex::encode(hash))
}
