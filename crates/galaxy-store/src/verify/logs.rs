//! The logs of runs: numbered, in order, and the same as what was made of them.

use galaxy_base::Timestamp;
use galaxy_domain::{Entry, Item, RunState, Transcript, conversation::Body};
use uuid::Uuid;

use super::{Verified, named};
use crate::{
    db::{Conn, statement},
    error::StoreError,
    json,
    runs::record,
    topics,
};

/// So many runs are listed at once.
const RUNS: i64 = 500;

const LIST: &str = "SELECT r.id, r.state, r.compacted, m.body
    FROM runs r LEFT JOIN messages m ON m.id = r.answer_id AND m.conversation_id = r.conversation_id
    WHERE r.id > $1 ORDER BY r.id LIMIT $2";
const LOG: &str = "SELECT seq, at, kind, body FROM events WHERE topic_id = $1 ORDER BY seq";

/// A run, as its row and its answer say.
#[derive(Debug)]
struct Claim {
    state: RunState,
    /// Whether its passing entries were dropped.
    compacted: bool,
    /// What its answer says, if there is one.
    answer: Option<Body>,
}

type Listed = (Uuid, String, bool, Option<String>);
type Line = (i64, i64, String, String);

pub(super) async fn check(conn: &mut Conn, verified: &mut Verified) -> Result<(), StoreError> {
    let mut after = Uuid::nil();
    loop {
        let runs: Vec<Listed> = statement!(conn.fetch_all(LIST, after, RUNS))?;
        let Some((last, ..)) = runs.last() else { return Ok(()) };
        after = *last;
        for (id, state, compacted, answer) in runs {
            let lines: Vec<Line> = statement!(conn.fetch_all(LOG, id))?;
            verified.runs += 1;
            verified.entries += lines.len() as u64;
            let read = claim(&state, compacted, answer.as_deref())
                .and_then(|claim| Ok((claim, entries(lines)?)));
            match read {
                Ok((claim, entries)) => {
                    verified.answers += u64::from(is_folded(&claim));
                    let wrong = judge(&claim, &entries);
                    wrong.into_iter().for_each(|what| verified.add(named("run", id), what));
                }
                Err(what) => verified.add(named("run", id), what),
            }
        }
    }
}

fn claim(state: &str, compacted: bool, answer: Option<&str>) -> Result<Claim, String> {
    let state = record::state(state).map_err(|err| err.to_string())?;
    let answer = answer.map(json::read::<Body>).transpose();
    let answer = answer.map_err(|err| format!("its answer cannot be read: {err}"))?;
    Ok(Claim { state, compacted, answer })
}

fn entries(lines: Vec<Line>) -> Result<Vec<Entry>, String> {
    let entry = |(seq, at, kind, body): Line| {
        let item: Item = json::read(&body).map_err(|err| format!("entry {seq}: {err}"))?;
        if item.kind() != kind {
            return Err(format!("entry {seq} is listed as `{kind}` and is `{}`", item.kind()));
        }
        Ok(Entry { seq: topics::from_sql(seq), at: Timestamp::from_millis(at), item })
    };
    lines.into_iter().map(entry).collect()
}

/// Whether the answer has to say what the log says.
const fn is_folded(claim: &Claim) -> bool {
    claim.answer.is_some() && (claim.state.is_over() || matches!(claim.state, RunState::Parked))
}

/// Everything that is wrong with a run. Pure.
fn judge(claim: &Claim, log: &[Entry]) -> Vec<String> {
    let mut wrong = Vec::new();
    wrong.extend(gap(claim.compacted, log));
    match Transcript::replay(log.iter().cloned()) {
        Ok(transcript) => wrong.extend(standing(claim.state, &transcript)),
        Err(err) => wrong.push(format!("its log is out of order: {err}")),
    }
    if let (true, Some(Body::Answered { entries })) = (is_folded(claim), &claim.answer) {
        let settled = log.iter().filter(|entry| !entry.item.is_passing());
        if !settled.eq(entries.iter()) {
            wrong.push("its answer says something else than its log".to_owned());
        }
    }
    wrong
}

/// The first hole in the numbers. What came before a run was resumed, or all of it when the run is
/// long over, may lack its passing entries.
fn gap(compacted: bool, log: &[Entry]) -> Option<String> {
    let Some(first) = log.first() else { return Some("it has no log".to_owned()) };
    if first.seq != 1 {
        return Some(format!("its log begins with entry {}", first.seq));
    }
    let resumed = |entry: &Entry| matches!(entry.item, Item::Resumed { .. });
    let whole = if compacted { log.len() } else { log.iter().rposition(resumed).unwrap_or(0) };
    let broken = log.windows(2).skip(whole).find(|pair| pair[1].seq != pair[0].seq + 1)?;
    Some(format!("entry {} is followed by entry {}", broken[0].seq, broken[1].seq))
}

/// Whether the row agrees with the log on where the run stands.
fn standing(state: RunState, transcript: &Transcript) -> Option<String> {
    let logged = match transcript.items().last() {
        Some(Item::Stopped { stop }) => Some(stop.state()),
        Some(_) | None => None,
    };
    let asks = transcript.open_calls().any(|it| it.question().is_some());
    let agrees = match state {
        RunState::Queued | RunState::Running => logged.is_none(),
        RunState::Parked => logged.is_none() && asks,
        RunState::Finished
        | RunState::Exhausted
        | RunState::Cancelled
        | RunState::Incomplete
        | RunState::Failed => logged == Some(state),
    };
    let logged = logged.map_or("not over", RunState::as_str);
    (!agrees).then(|| format!("it is `{}`, and its log says that it is {logged}", state.as_str()))
}

#[cfg(test)]
mod tests {
    use galaxy_domain::{MessageId, Part, PersonId, Stop};

    use super::*;

    fn entry(seq: u64, item: Item) -> Entry {
        Entry { seq, at: Timestamp::from_millis(7), item }
    }

    /// A question, and the end after entry `seq - 1`.
    fn log(seq: u64) -> Vec<Entry> {
        let asked = Item::User { message: MessageId::fresh(), parts: vec![Part::text("go")] };
        vec![entry(1, asked), entry(seq, Item::Stopped { stop: Stop::Cancelled })]
    }

    fn claim(state: RunState, compacted: bool, entries: Vec<Entry>) -> Claim {
        Claim { state, compacted, answer: Some(Body::Answered { entries }) }
    }

    #[test]
    fn a_log_that_agrees_with_everything_is_good() {
        let log = log(2);
        let none: [String; 0] = [];
        assert_eq!(judge(&claim(RunState::Cancelled, false, log.clone()), &log), none);
    }

    #[test]
    fn a_run_that_waits_for_what_its_tool_asks_is_parked() {
        let items = [
            r#"{"kind":"assistant","parts":[],"calls":[{"id":"c","tool":"t","input":{}}],"finish":"calls","model":"m"}"#,
            r#"{"kind":"began","call":"c","effect":"reaches"}"#,
            r#"{"kind":"elicited","call":"c","round":1,"elicitation":{"server":"far","tool":"t","questions":{"q":{"kind":"form","message":"Sure?","fields":[]}},"back":{"kind":"again"}},"digest":"d"}"#,
        ];
        let items = items.map(|it| serde_json::from_str(it).unwrap());
        let mut log = log(2);
        log.truncate(1);
        log.extend((2..).zip(items).map(|(seq, item)| entry(seq, item)));
        let none: [String; 0] = [];
        assert_eq!(judge(&claim(RunState::Parked, false, log.clone()), &log), none);
        log.truncate(3);
        assert_eq!(judge(&claim(RunState::Parked, false, log.clone()), &log).len(), 1);
    }

    #[test]
    fn gaps_are_allowed_where_passing_entries_were_dropped() {
        let mut log = log(9);
        let gap = ["entry 1 is followed by entry 9"];
        assert_eq!(judge(&claim(RunState::Cancelled, false, log.clone()), &log), gap);
        assert!(judge(&claim(RunState::Cancelled, true, log.clone()), &log).is_empty());
        log.push(entry(10, Item::Resumed { by: PersonId::fresh() }));
        assert!(judge(&claim(RunState::Queued, false, vec![]), &log).is_empty());
        log.push(entry(12, Item::Stopped { stop: Stop::Cancelled }));
        let gap = ["entry 10 is followed by entry 12"];
        assert_eq!(judge(&claim(RunState::Cancelled, false, log.clone()), &log), gap);
    }

    #[test]
    fn whatever_disagrees_is_told() {
        let good = log(2);
        for (state, answer, log, what) in [
            (RunState::Finished, good.clone(), good.clone(), "it is `finished`, and its log"),
            (RunState::Queued, vec![], good.clone(), "it is `queued`"),
            (RunState::Parked, good[..1].to_vec(), good[..1].to_vec(), "it is `parked`"),
            (RunState::Cancelled, good[..1].to_vec(), good.clone(), "its answer says something"),
            (RunState::Cancelled, vec![], good[1..].to_vec(), "its log begins with entry 2"),
            (RunState::Queued, vec![], vec![], "it has no log"),
        ] {
            let wrong = judge(&claim(state, false, answer), &log);
            assert!(wrong.iter().any(|it| it.starts_with(what)), "{what}: {wrong:?}");
        }
        assert!(entries(vec![(1, 7, "reply".to_owned(), "{}".to_owned())]).is_err());
        let listed = (1, 7, "reply".to_owned(), json::write(&good[1].item).unwrap());
        let wrong = entries(vec![listed]).unwrap_err();
        assert_eq!(wrong, "entry 1 is listed as `reply` and is `stopped`");
    }
}
