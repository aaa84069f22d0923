//! One chain, record by record.

use galaxy_domain::audit::{Act, Fact, Facts, Place, Value};

use super::{Checked, Ends, Head, Witness, in_words};
use crate::{
    Store,
    audit::{
        canonical,
        row::{Row, columns},
    },
    db::statement,
    error::StoreError,
};

/// How many records are read at once.
const PAGE: i64 = 500;
/// How often a chain is begun anew whose oldest records are being removed.
const TRIES: u32 = 5;

const RECORDS: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM audit_log WHERE chain = $1 AND seq > $2 AND seq <= $3 ORDER BY seq LIMIT $4"
);
// One statement, so that what is being appended or removed is no stray.
const BEYOND: &str = "SELECT COUNT(*) FROM audit_log l JOIN audit_chains c ON c.chain = l.chain
    WHERE l.chain = $1 AND (l.seq > c.seq OR l.seq <= c.floor_seq OR l.seq < 1)";

/// What was read of a chain.
#[derive(Default)]
struct Read {
    records: u64,
    troubles: Vec<String>,
    witnesses: Vec<Witness>,
    /// Where it stopped, and the hash there.
    seq: i64,
    hash: Vec<u8>,
}

impl Store {
    /// Looks whether a chain is as it was written, and hears what its records say of others.
    pub(super) async fn check_chain(
        &self,
        mut ends: Ends,
        checked: &mut Checked,
        witnesses: &mut Vec<Witness>,
    ) -> Result<(), StoreError> {
        let mut tries = 0;
        let mut read = loop {
            let read = self.read_chain(&ends).await?;
            let now = self.ends(ends.chain).await?;
            // What was removed by us while it was read is no trouble.
            match now.filter(|it| it.floor_seq != ends.floor_seq) {
                Some(now) if !read.troubles.is_empty() && tries < TRIES => {
                    (ends, tries) = (now, tries + 1);
                }
                Some(_) | None => break read,
            }
        };
        let chain = ends.chain;
        self.check_seals(&ends, &mut read);
        if read.seq < ends.seq {
            let (from, to) = (read.seq + 1, ends.seq);
            read.troubles.push(format!("records {chain}.{from} to {chain}.{to} are gone"));
        } else if read.hash != ends.hash {
            read.troubles.push(format!("record {chain}.{} is not the one that was last", ends.seq));
        }
        let mut conn = self.reader().await?;
        let (beyond,): (i64,) = statement!(conn.fetch_one(BEYOND, chain))?;
        if beyond > 0 {
            read.troubles.push(format!("{beyond} records were added outside of it"));
        }
        checked.records += read.records;
        checked.removed += ends.floor_seq.unsigned_abs();
        if let Ok(hash) = ends.hash.try_into() {
            checked.heads.push(Head { place: Place { chain, seq: ends.seq }, hash });
        }
        read.troubles.into_iter().for_each(|it| checked.add(chain, it));
        witnesses.extend(read.witnesses);
        Ok(())
    }

    fn check_seals(&self, ends: &Ends, read: &mut Read) {
        let head = canonical::head(Place { chain: ends.chain, seq: ends.seq }, &ends.hash);
        let place = Place { chain: ends.chain, seq: ends.floor_seq };
        let floor = canonical::floor(place, &ends.floor_hash);
        for (content, seal, what) in
            [(head, &ends.seal, "its end"), (floor, &ends.floor_seal, "its beginning")]
        {
            if let Some(words) = in_words(self.judge(&content, seal)) {
                read.troubles.push(format!("{what} {words}"));
            }
        }
    }

    async fn read_chain(&self, ends: &Ends) -> Result<Read, StoreError> {
        let mut read =
            Read { seq: ends.floor_seq, hash: ends.floor_hash.clone(), ..Read::default() };
        loop {
            let mut conn = self.reader().await?;
            let rows: Vec<Row> =
                statement!(conn.fetch_all(RECORDS, ends.chain, read.seq, ends.seq, PAGE))?;
            drop(conn);
            if rows.is_empty() {
                return Ok(read);
            }
            rows.into_iter().for_each(|row| read.next(row));
            // Others want to work, too.
            tokio::task::yield_now().await;
        }
    }
}

impl Read {
    /// Takes the next record that is there.
    fn next(&mut self, row: Row) {
        let (chain, seq) = (row.chain, row.seq);
        if seq > self.seq + 1 {
            let (from, to) = (self.seq + 1, seq - 1);
            self.troubles.push(format!("records {chain}.{from} to {chain}.{to} are gone"));
        } else {
            let fits = self.hash.as_slice().try_into().is_ok_and(|before| {
                canonical::hash(before, &row).as_slice() == row.hash.as_slice()
            });
            if !fits {
                self.troubles.push(format!("record {chain}.{seq} is not what was written there"));
            }
        }
        if row.act == Act::LogOpened.as_str() || row.act == Act::LogPruned.as_str() {
            self.witnesses.extend(witnesses(&row));
        }
        self.records += 1;
        (self.seq, self.hash) = (seq, row.hash);
    }
}

/// What a record says of where other chains ended.
fn witnesses(row: &Row) -> Vec<Witness> {
    let heads = Facts::read(&row.facts);
    let heads = heads.as_ref().and_then(|it| it.get(Fact::Heads));
    let words = match heads {
        Some(Value::List(words)) => words.as_slice(),
        Some(Value::Text(_) | Value::Number(_) | Value::Flag(_)) | None => &[],
    };
    let says = format!("record {}.{} says", row.chain, row.seq);
    let witness =
        |word: &String| Some(Witness { says: says.clone(), head: word.parse::<Head>().ok()? });
    words.iter().filter_map(witness).collect()
}
