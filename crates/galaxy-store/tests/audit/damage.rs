//! What somebody can do to the records who can write to the database and has no key.

use std::fmt::Write;

use galaxy_domain::audit::Place;
use proptest::{
    prelude::*,
    sample::{Index, select},
};

/// One thing that was done.
#[derive(Debug, Clone)]
pub(crate) enum Damage {
    /// Something else stands in a record: so many columns are tried in turn.
    Changed(Index, usize),
    /// Two records stand in each other's place.
    Swapped(Index, Index),
    /// A record is gone: the first of a chain, the last, or any.
    Removed(Index, Which),
    /// A copy of a record stands where nothing was written.
    Inserted(Index, Spot),
    /// What says where a chain begins and ends, or how many there are, is another.
    Head(Index, usize),
    /// The same is not there any more.
    HeadGone(Index),
    /// It is there once more, under another number.
    HeadCopied(Index, bool),
    /// A whole chain is gone; the newest with what counts them, where there are others.
    ChainGone(Option<Index>),
}

/// Which record of a chain.
#[derive(Debug, Clone)]
pub(crate) enum Which {
    First,
    Last,
    Any(Index),
}

/// Where a record can be put that nobody wrote.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Spot {
    /// After the end of its chain.
    Behind,
    /// Before its beginning, which may be where records were removed when their time was over.
    Before,
    /// Before the first that there ever was.
    Never,
    /// In its place, and all behind it one place further.
    Between,
    /// In a chain that was never begun, or that is none.
    Elsewhere(i64),
}

pub(crate) fn damages() -> impl Strategy<Value = Damage> {
    let (index, number) = (any::<Index>, any::<usize>);
    let which = prop_oneof![Just(Which::First), Just(Which::Last), index().prop_map(Which::Any)];
    let spots = [Spot::Behind, Spot::Before, Spot::Never, Spot::Between];
    let elsewhere = [-1, 0, 1, 2].map(Spot::Elsewhere);
    let spot = select([spots, elsewhere].concat());
    prop_oneof![
        4 => (index(), number()).prop_map(|(at, column)| Damage::Changed(at, column)),
        2 => (index(), index()).prop_map(|(one, other)| Damage::Swapped(one, other)),
        3 => (index(), which).prop_map(|(chain, which)| Damage::Removed(chain, which)),
        4 => (index(), spot).prop_map(|(at, spot)| Damage::Inserted(at, spot)),
        4 => (index(), number()).prop_map(|(chain, column)| Damage::Head(chain, column)),
        1 => index().prop_map(Damage::HeadGone),
        1 => (index(), any::<bool>()).prop_map(|(chain, is_new)| Damage::HeadCopied(chain, is_new)),
        2 => prop::option::of(index()).prop_map(Damage::ChainGone),
    ]
}

/// What is there before: every record's place, in order.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Before<'a> {
    pub(crate) places: &'a [Place],
    pub(crate) is_postgres: bool,
}

/// All columns of a record but its place.
const REST: &str = "workspace_id, at, act, ending, person_id, way, credential_id, address,
    subject_kind, subject_id, subject_name, run_id, facts, hash";
/// A chain that is none, where a record waits for a moment.
const ASIDE: Place = Place { chain: -7, seq: -7 };

impl Damage {
    /// The statements that do it.
    pub(crate) fn statements(&self, before: Before<'_>) -> String {
        let Before { places, is_postgres } = before;
        let last = places.last().unwrap().chain;
        let chains = || (1..=last).filter(|it| places.iter().any(|place| place.chain == *it));
        let chains: Vec<i64> = chains().collect();
        // What counts the chains is row 0.
        let heads = [&[0], chains.as_slice()].concat();
        match self {
            Self::Changed(at, column) => {
                let to = changes(is_postgres);
                let to = &to[column % to.len()];
                format!("UPDATE audit_log SET {to} WHERE {}", at_place(*at.get(places)))
            }
            Self::Swapped(one, other) => swapped(*one.get(places), *other.get(places), places),
            Self::Removed(chain, which) => {
                let chain = chain.get(&chains);
                let own: Vec<Place> =
                    places.iter().copied().filter(|it| it.chain == *chain).collect();
                let place = match which {
                    Which::First => own[0],
                    Which::Last => *own.last().unwrap(),
                    Which::Any(at) => *at.get(&own),
                };
                format!("DELETE FROM audit_log WHERE {}", at_place(place))
            }
            Self::Inserted(at, spot) => inserted(*at.get(places), *spot, places),
            Self::Head(chain, column) => {
                let to = head_changes(is_postgres);
                let to = &to[column % to.len()];
                format!("UPDATE audit_chains SET {to} WHERE chain = {}", chain.get(&heads))
            }
            Self::HeadGone(chain) => gone("audit_chains", *chain.get(&heads)),
            Self::HeadCopied(chain, is_new) => {
                let (chain, number) = (chain.get(&heads), if *is_new { last + 1 } else { -1 });
                format!(
                    "INSERT INTO audit_chains SELECT {number}, seq, hash, seal, floor_seq,
                    floor_hash, floor_seal FROM audit_chains WHERE chain = {chain}"
                )
            }
            Self::ChainGone(chain) => {
                let chosen = chain.map_or(last, |it| *it.get(&chains));
                let all = [gone("audit_log", chosen), gone("audit_chains", chosen)].concat();
                let counted = gone("audit_chains", 0);
                if chain.is_none() && chains.len() > 1 { all + &counted } else { all }
            }
        }
    }
}

fn at_place(Place { chain, seq }: Place) -> String {
    format!("chain = {chain} AND seq = {seq};")
}

fn moved(from: Place, to: Place) -> String {
    format!("UPDATE audit_log SET chain = {}, seq = {} WHERE {}", to.chain, to.seq, at_place(from))
}

fn gone(table: &str, chain: i64) -> String {
    format!("DELETE FROM {table} WHERE chain = {chain};")
}

fn swapped(one: Place, other: Place, places: &[Place]) -> String {
    let other = if one == other { *places.iter().find(|it| **it != one).unwrap() } else { other };
    [moved(one, ASIDE), moved(other, one), moved(ASIDE, other)].concat()
}

fn inserted(at: Place, spot: Spot, places: &[Place]) -> String {
    let own = || places.iter().filter(|it| it.chain == at.chain).map(|it| it.seq);
    let (first, last) = (own().min().unwrap(), own().max().unwrap());
    let (mut chain, mut seq) = (at.chain, at.seq);
    let mut statements = String::new();
    match spot {
        Spot::Behind => seq = last + 1,
        Spot::Before => seq = first - 1,
        Spot::Never => seq = -1,
        Spot::Between => {
            // No two rows may have the same place at any moment.
            seq += 1;
            let behind = format!("chain = {chain} AND seq");
            write!(statements, "UPDATE audit_log SET seq = -seq WHERE {behind} > {};", at.seq)
                .unwrap();
            write!(statements, "UPDATE audit_log SET seq = 1 - seq WHERE {behind} < 0;").unwrap();
        }
        Spot::Elsewhere(number) if number < 1 => chain = number,
        Spot::Elsewhere(number) => chain = places.last().unwrap().chain + number,
    }
    let copy = format!("INSERT INTO audit_log SELECT {chain}, {seq}, {REST} FROM audit_log WHERE ");
    statements + &copy + &at_place(at)
}

/// Assignments, each of which makes another record of it.
fn changes(is_postgres: bool) -> Vec<String> {
    let (uuid, hash) = randoms(is_postgres);
    let mut all = vec![
        "at = at + 1".to_owned(),
        "at = -at".to_owned(),
        "way = ending, ending = way".to_owned(),
        format!("workspace_id = {uuid}"),
        format!("hash = {hash}"),
    ];
    for column in ["act", "ending", "way", "facts"] {
        all.push(format!("{column} = {column} || ' '"));
    }
    for column in ["address", "subject_kind", "subject_id", "subject_name"] {
        all.push(format!("{column} = COALESCE({column}, '') || '.'"));
        all.push(format!("{column} = CASE WHEN {column} IS NULL THEN '' END"));
    }
    for column in ["person_id", "credential_id", "run_id"] {
        all.push(format!("{column} = {uuid}"));
        all.push(format!("{column} = CASE WHEN {column} IS NULL THEN {uuid} END"));
    }
    all
}

fn head_changes(is_postgres: bool) -> Vec<String> {
    let (_, hash) = randoms(is_postgres);
    let mut all: Vec<String> = [
        "seq = seq + 1",
        "seq = seq - 1",
        "floor_seq = floor_seq + 1",
        "floor_seq = floor_seq - 1",
    ]
    .map(str::to_owned)
    .to_vec();
    for column in ["hash", "seal", "floor_hash", "floor_seal"] {
        all.push(format!("{column} = {hash}"));
    }
    all.push("seal = floor_seal, floor_seal = seal, seq = seq + 1".to_owned());
    all
}

/// A new id and a new hash, as each engine makes them.
const fn randoms(is_postgres: bool) -> (&'static str, &'static str) {
    if is_postgres {
        ("gen_random_uuid()", "sha256(gen_random_uuid()::text::bytea)")
    } else {
        ("randomblob(16)", "randomblob(32)")
    }
}
