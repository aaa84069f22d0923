//! Removing records whose time is over, from the beginning of their chains, so that what is left
//! still fits together: where a chain begins now is sealed like its end.

use galaxy_base::Timestamp;
use galaxy_domain::audit::{Act, Actor, Fact, Place, Record, Thing, Value};

use super::{
    canonical::{self, Hash},
    open::{REGISTER, named},
    row::{Row, columns},
};
use crate::{
    Store, Strength,
    db::{Tx, statement},
    error::StoreError,
};

/// How many records one step removes at most.
const ROWS: i64 = 1_000;

/// What was removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pruned {
    /// How many records.
    pub records: u64,
    /// How many chains are left alone because they are not as they were written.
    pub damaged: u64,
}

const CHAINS: &str = "SELECT c.chain FROM audit_chains c
    WHERE c.chain > $1 AND c.seq > c.floor_seq AND (SELECT at FROM audit_log l
        WHERE l.chain = c.chain AND l.seq > c.floor_seq ORDER BY l.seq LIMIT 1) < $2
    ORDER BY c.chain";
const LOCK: &str = "UPDATE audit_chains SET floor_seq = floor_seq WHERE chain = $1
    RETURNING floor_seq, floor_hash, floor_seal";
const OLDEST: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM audit_log WHERE chain = $1 AND seq > $2 ORDER BY seq LIMIT $3"
);
const RAISE: &str = "UPDATE audit_chains SET floor_seq = $2, floor_hash = $3, floor_seal = $4
    WHERE chain = $1 AND seq >= $2";
const REMOVE: &str = "DELETE FROM audit_log WHERE chain = $1 AND seq <= $2";

/// How a step went.
enum Step {
    /// So many are gone, and there may be more.
    Removed(u64),
    /// Nothing is left to remove.
    Over,
    /// The chain is not as it was written: what shows that is not removed.
    Damaged,
}

impl Store {
    /// Removes records from before `before`. Of each chain the newest stays whatever its age.
    ///
    /// # Errors
    /// When the database fails; what was removed by then stays removed.
    pub async fn prune_audit(&self, before: Timestamp) -> Result<Pruned, StoreError> {
        let mut conn = self.reader().await?;
        let chains: Vec<(i64,)> = statement!(conn.fetch_all(CHAINS, REGISTER, before.as_millis()))?;
        drop(conn);
        let mut pruned = Pruned::default();
        for (chain,) in chains {
            loop {
                let input = (chain, before.as_millis());
                let step = self.write(Strength::Synced, input, |tx, (chain, before)| {
                    Box::pin(step(tx, *chain, *before))
                });
                match step.await? {
                    Step::Removed(records) => pruned.records += records,
                    Step::Over => break,
                    Step::Damaged => {
                        tracing::error!(chain, "an audit chain was changed; it is kept as it is");
                        pruned.damaged += 1;
                        break;
                    }
                }
            }
        }
        Ok(pruned)
    }
}

async fn step(tx: &mut Tx, chain: i64, before: i64) -> Result<Step, StoreError> {
    // Whoever holds a chain waits for the row of it, so this one is taken first.
    tx.hold_chain().await;
    let (floor, hash, seal): (i64, Vec<u8>, Vec<u8>) = statement!(tx.fetch_one(LOCK, chain))?;
    let place = Place { chain, seq: floor };
    if !tx.seal().judge(&canonical::floor(place, &hash), &seal).is_good() {
        return Ok(Step::Damaged);
    }
    let rows: Vec<Row> = statement!(tx.fetch_all(OLDEST, chain, floor, ROWS + 1))?;
    // The last one stays, so that the chain has an end to go on from.
    let room = rows.len().saturating_sub(1);
    let old: Vec<Row> = rows.into_iter().take(room).take_while(|it| it.at < before).collect();
    let Some(last) = old.last() else { return Ok(Step::Over) };
    if !fits(place, &hash, &old) {
        return Ok(Step::Damaged);
    }
    let (up_to, count) = (last.place(), old.len() as u64);
    let seal = tx.seal().seal(&canonical::floor(up_to, &last.hash));
    let (hash, seal) = (last.hash.as_slice(), seal.as_slice());
    if statement!(tx.execute(RAISE, chain, up_to.seq, hash, seal))? == 0 {
        return Ok(Step::Damaged);
    }
    statement!(tx.execute(REMOVE, chain, up_to.seq))?;
    let workspace = galaxy_domain::Id::from_uuid(last.workspace_id);
    let record = Record::new(workspace, Actor::system(), Act::LogPruned)
        .about(Thing::Log, chain)
        .with(Fact::UpTo, up_to.seq)
        .with(Fact::Count, count)
        .with(Fact::Heads, [named(up_to, hash)].into_iter().collect::<Value>());
    tx.record(record);
    Ok(Step::Removed(count))
}

/// Whether `rows` follow `place`, and each the one before it.
fn fits(place: Place, hash: &[u8], rows: &[Row]) -> bool {
    let Ok(mut before) = Hash::try_from(hash) else { return false };
    let mut seq = place.seq;
    rows.iter().all(|row| {
        seq += 1;
        let hash = canonical::hash(&before, row);
        let is_next = row.seq == seq && row.hash == hash;
        before = hash;
        is_next
    })
}
