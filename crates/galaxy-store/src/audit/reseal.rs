//! Sealing with the current key what was sealed with an older one.

use galaxy_domain::audit::Place;

use super::{Sealing, canonical};
use crate::{
    Store, Strength,
    db::{Tx, statement},
    error::StoreError,
};

/// What came of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Resealed {
    /// How many seals are of the current key now and were not before.
    pub moved: usize,
    /// How many were already.
    pub kept: usize,
    /// Those that are not ours, or no longer fit: they stay as they are.
    pub lost: Vec<String>,
}

const CHAINS: &str = "SELECT chain FROM audit_chains ORDER BY chain";
const LOCK: &str = "UPDATE audit_chains SET seq = seq WHERE chain = $1
    RETURNING seq, hash, seal, floor_seq, floor_hash, floor_seal";
const SEAL: &str = "UPDATE audit_chains SET seal = $2 WHERE chain = $1";
const SEAL_FLOOR: &str = "UPDATE audit_chains SET floor_seal = $2 WHERE chain = $1";

impl Store {
    /// Seals the ends of all chains with the current key, if they are as they were written.
    ///
    /// # Errors
    /// When the database fails; what was sealed by then is sealed.
    pub async fn reseal_audit(&self) -> Result<Resealed, StoreError> {
        let mut conn = self.reader().await?;
        let chains: Vec<(i64,)> = statement!(conn.fetch_all(CHAINS))?;
        drop(conn);
        let mut resealed = Resealed::default();
        for (chain,) in chains {
            let one = self.write(Strength::Synced, chain, |tx, chain| Box::pin(one(tx, *chain)));
            let one = one.await?;
            resealed.moved += one.moved;
            resealed.kept += one.kept;
            resealed.lost.extend(one.lost);
        }
        Ok(resealed)
    }
}

type Sealed = (i64, Vec<u8>, Vec<u8>, i64, Vec<u8>, Vec<u8>);

async fn one(tx: &mut Tx, chain: i64) -> Result<Resealed, StoreError> {
    // As for removing: nobody who holds a row waits for a chain.
    tx.hold_chain().await;
    let (seq, hash, seal, floor_seq, floor_hash, floor_seal): Sealed =
        statement!(tx.fetch_one(LOCK, chain))?;
    let head = canonical::head(Place { chain, seq }, &hash);
    let floor = if chain == super::open::REGISTER {
        // It has one seal, twice.
        canonical::head(Place { chain, seq: floor_seq }, &floor_hash)
    } else {
        canonical::floor(Place { chain, seq: floor_seq }, &floor_hash)
    };
    let mut resealed = Resealed::default();
    for (content, seal, statement) in [(head, seal, SEAL), (floor, floor_seal, SEAL_FLOOR)] {
        match tx.seal().judge(&content, &seal) {
            Sealing::Current => resealed.kept += 1,
            Sealing::Older => {
                let seal = tx.seal().seal(&content);
                statement!(tx.execute(statement, chain, seal.as_slice()))?;
                resealed.moved += 1;
            }
            Sealing::Foreign | Sealing::Broken => {
                resealed.lost.push(format!("the seal of audit chain {chain}"));
            }
        }
    }
    Ok(resealed)
}
