//! Reads every record and says what is not as it was written.
//!
//! What is found: a record that was changed, removed, added or moved; an end that was cut off or put
//! in another's place; a chain that is gone. What cannot be found from in here: a database that was
//! taken back as a whole to what it was before. For that, heads are noted down elsewhere and given
//! again as [`Head`]s. Appending and removing may go on meanwhile.

mod links;

use std::{collections::BTreeMap, fmt, str::FromStr};

use galaxy_domain::audit::Place;

use super::{
    Sealing,
    canonical::{self, NOTHING},
    open::{REGISTER, named},
};
use crate::{
    Store,
    db::{row, statement},
    error::StoreError,
};

pub use crate::verify::Trouble;

/// So many troubles are told; the others are counted.
const TOLD: usize = 1_000;

/// A place in a chain, and the hash of the record there. Written as `chain:seq:hash`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The place.
    pub place: Place,
    /// SHA-256 of the record and of all before it.
    pub hash: [u8; 32],
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&named(self.place, &self.hash))
    }
}

/// Not a [`Head`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a head is written as chain:place:hash, such as 3:1207: and 64 hexadecimal digits")]
pub struct NoHead;

impl FromStr for Head {
    type Err = NoHead;

    fn from_str(text: &str) -> Result<Self, NoHead> {
        let mut parts = text.trim().splitn(3, ':');
        let mut number = || parts.next()?.parse::<i64>().ok().filter(|it| *it > 0);
        let place = number().zip(number()).map(|(chain, seq)| Place { chain, seq });
        let mut hash = [0; 32];
        let bytes = parts.next().unwrap_or_default();
        hex::decode_to_slice(bytes, &mut hash).map_err(|_| NoHead)?;
        Ok(Self { place: place.ok_or(NoHead)?, hash })
    }
}

/// What was looked at, and what was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Checked {
    /// Records that are there.
    pub records: u64,
    /// Records whose time was over.
    pub removed: u64,
    /// Where each chain ended, by its number.
    pub heads: Vec<Head>,
    /// What is wrong; at most 1,000 of it.
    pub troubles: Vec<Trouble>,
    /// How much more is wrong.
    pub untold: u64,
}

impl Checked {
    /// Whether nothing is wrong.
    pub fn is_good(&self) -> bool {
        self.troubles.is_empty()
    }

    fn add(&mut self, chain: i64, what: impl Into<String>) {
        if self.troubles.len() < TOLD {
            self.troubles
                .push(Trouble { place: format!("audit chain {chain}"), what: what.into() });
        } else {
            self.untold += 1;
        }
    }
}

row! {
    /// Where a chain begins and ends.
    #[derive(Debug, Clone, PartialEq, Eq)]
    struct Ends {
        chain: i64,
        seq: i64,
        hash: Vec<u8>,
        seal: Vec<u8>,
        floor_seq: i64,
        floor_hash: Vec<u8>,
        floor_seal: Vec<u8>,
    }
}

/// Something that is known of a chain, and who says so.
struct Witness {
    says: String,
    head: Head,
}

const ALL: &str = "SELECT chain, seq, hash, seal, floor_seq, floor_hash, floor_seal
    FROM audit_chains ORDER BY chain";
const ONE: &str = "SELECT chain, seq, hash, seal, floor_seq, floor_hash, floor_seal
    FROM audit_chains WHERE chain = $1";
const FIRST: &str = "SELECT MIN(chain) FROM audit_log";
const LAST: &str = "SELECT MAX(chain) FROM audit_log";
const HASH: &str = "SELECT hash FROM audit_log WHERE chain = $1 AND seq = $2";

impl Store {
    /// Reads all records and says what is wrong with them. `known` are heads that were noted down
    /// elsewhere; what this process remembers of its own chains is compared, too.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn check_audit(&self, known: &[Head]) -> Result<Checked, StoreError> {
        let mut checked = Checked::default();
        let mut witnesses: Vec<Witness> = Vec::new();
        for end in self.chains().ends().await {
            let head = Head { place: end.place, hash: end.hash };
            witnesses.push(Witness { says: "this process remembers".to_owned(), head });
        }
        for head in known {
            let says = "it was noted down elsewhere".to_owned();
            witnesses.push(Witness { says, head: head.clone() });
        }
        let mut conn = self.reader().await?;
        let all: Vec<Ends> = statement!(conn.fetch_all(ALL))?;
        let (first,): (Option<i64>,) = statement!(conn.fetch_one(FIRST))?;
        let (last,): (Option<i64>,) = statement!(conn.fetch_one(LAST))?;
        drop(conn);
        let chains: BTreeMap<i64, Ends> = all.into_iter().map(|it| (it.chain, it)).collect();
        self.check_register(&chains, &mut checked);
        let counted = chains.keys().last().copied().unwrap_or(REGISTER);
        let strays = [first.filter(|it| *it <= REGISTER), last.filter(|it| *it > counted)];
        for stray in strays.into_iter().flatten() {
            // A chain may have begun since, but none that is no number of one.
            if stray <= REGISTER || self.ends(stray).await?.is_none() {
                checked.add(stray, "has records, and nothing says where it ends");
            }
        }
        for ends in chains.into_values().filter(|it| it.chain > REGISTER) {
            self.check_chain(ends, &mut checked, &mut witnesses).await?;
        }
        for witness in witnesses {
            self.hear(&witness, &mut checked).await?;
        }
        Ok(checked)
    }

    /// Looks whether all chains that were ever begun are there.
    fn check_register(&self, chains: &BTreeMap<i64, Ends>, checked: &mut Checked) {
        let Some(register) = chains.get(&REGISTER) else {
            if !chains.is_empty() {
                checked.add(REGISTER, "nothing says how many chains there are");
            }
            return;
        };
        let place = Place { chain: REGISTER, seq: register.seq };
        let sealing = self.judge(&canonical::head(place, &register.hash), &register.seal);
        if let Some(words) = in_words(sealing) {
            checked.add(REGISTER, format!("the number of chains {words}"));
        } else if register.hash != NOTHING {
            checked.add(REGISTER, "the number of chains was found changed when one was begun");
        }
        // It counts from nothing, whatever was begun.
        let place = Place { chain: REGISTER, seq: register.floor_seq };
        let sealing =
            self.judge(&canonical::head(place, &register.floor_hash), &register.floor_seal);
        if let Some(words) = in_words(sealing) {
            checked.add(REGISTER, format!("what the chains are counted from {words}"));
        }
        for missing in (1..=register.seq).filter(|it| !chains.contains_key(it)) {
            checked.add(missing, "is gone with all its records");
        }
        for more in chains.keys().filter(|it| **it > register.seq || **it < REGISTER) {
            checked.add(*more, "was never begun");
        }
    }

    fn judge(&self, content: &[u8], seal: &[u8]) -> Sealing {
        self.chains().seal().judge(content, seal)
    }

    /// Where a chain begins and ends now.
    async fn ends(&self, chain: i64) -> Result<Option<Ends>, StoreError> {
        let mut conn = self.reader().await?;
        statement!(conn.fetch_optional(ONE, chain))
    }

    /// Compares what somebody knows of a chain with what is there.
    async fn hear(&self, witness: &Witness, checked: &mut Checked) -> Result<(), StoreError> {
        let Witness { says, head: Head { place, hash } } = witness;
        let Place { chain, seq } = *place;
        let Some(ends) = self.ends(chain).await? else {
            checked.add(chain, format!("is gone, and {says} that it had {seq} records"));
            return Ok(());
        };
        let found = if seq == ends.floor_seq {
            Some(ends.floor_hash)
        } else {
            let mut conn = self.reader().await?;
            let found: Option<(Vec<u8>,)> = statement!(conn.fetch_optional(HASH, chain, seq))?;
            found.map(|(it,)| it)
        };
        match found {
            Some(found) if found == hash => (),
            Some(_) => {
                checked.add(chain, format!("record {chain}.{seq} is another than {says}"));
            }
            None if seq > ends.seq => {
                let end = ends.seq;
                checked.add(
                    chain,
                    format!("ends with record {chain}.{end}, and {says} {chain}.{seq}"),
                );
            }
            // Removed when its time was over, or told of already.
            None => (),
        }
        Ok(())
    }
}

/// What is wrong with a seal.
const fn in_words(sealing: Sealing) -> Option<&'static str> {
    match sealing {
        Sealing::Current | Sealing::Older => None,
        Sealing::Foreign => Some("is sealed with a key that is not here"),
        Sealing::Broken => Some("was changed: its seal does not fit"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_survives_being_noted_down() {
        let head = Head { place: Place { chain: 3, seq: 1207 }, hash: [0xab; 32] };
        assert_eq!(head.to_string().parse(), Ok(head.clone()));
        for wrong in ["", "3:1207", "3:x:ab", "0:1:ab", "3:1207:zz"] {
            assert_eq!(wrong.parse::<Head>(), Err(NoHead), "{wrong}");
        }
    }
}
