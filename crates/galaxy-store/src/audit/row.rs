//! Records as rows.

use std::net::IpAddr;

use galaxy_base::Timestamp;
use galaxy_domain::{
    Id,
    audit::{Act, Actor, Ending, Facts, Place, Record, Subject, Thing, Way, Written},
};
use uuid::Uuid;

use crate::{
    db::{
        Tx, row,
        rows::{ROWS, Texts, values},
        statement,
    },
    error::StoreError,
};

macro_rules! columns {
    () => {
        "chain, seq, workspace_id, at, act, ending, person_id, way, credential_id, address,
        subject_kind, subject_id, subject_name, run_id, facts, hash"
    };
}
pub(super) use columns;

row! {
    /// A record as its row says.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub(super) struct Row {
        pub(super) chain: i64,
        pub(super) seq: i64,
        pub(super) workspace_id: Uuid,
        pub(super) at: i64,
        pub(super) act: String,
        pub(super) ending: String,
        pub(super) person_id: Option<Uuid>,
        pub(super) way: String,
        pub(super) credential_id: Option<Uuid>,
        pub(super) address: Option<String>,
        pub(super) subject_kind: Option<String>,
        pub(super) subject_id: Option<String>,
        pub(super) subject_name: Option<String>,
        pub(super) run_id: Option<Uuid>,
        pub(super) facts: String,
        pub(super) hash: Vec<u8>,
    }
}

static INSERT: Texts = Texts::new(|rows| {
    format!(concat!("INSERT INTO audit_log (", columns!(), ") VALUES {}"), values(rows, 16))
});

impl Row {
    /// The row of `record`, whose hash is not known yet.
    pub(super) fn new(place: Place, at: Timestamp, record: &Record) -> Self {
        let subject = record.subject.as_ref();
        Self {
            chain: place.chain,
            seq: place.seq,
            workspace_id: record.workspace.uuid(),
            at: at.as_millis(),
            act: record.act.as_str().to_owned(),
            ending: record.ending.as_str().to_owned(),
            person_id: record.actor.person.map(Id::uuid),
            way: record.actor.way.as_str().to_owned(),
            credential_id: record.actor.credential,
            address: record.actor.address.map(|it| it.to_string()),
            subject_kind: subject.map(|it| it.kind.as_str().to_owned()),
            subject_id: subject.map(|it| it.id.clone()),
            subject_name: subject.and_then(|it| it.name.clone()),
            run_id: record.run.map(Id::uuid),
            facts: record.facts.to_json().to_string(),
            hash: Vec::new(),
        }
    }

    pub(super) const fn place(&self) -> Place {
        Place { chain: self.chain, seq: self.seq }
    }

    /// What it says.
    pub(super) fn written(self) -> Result<Written, StoreError> {
        let place = self.place();
        let strange = |what: &str| {
            let Place { chain, seq } = place;
            StoreError::Corrupt(format!("audit record {chain}.{seq} has an unknown {what}"))
        };
        let kind = self.subject_kind.as_deref().map(Thing::parse);
        let subject = match (kind, self.subject_id) {
            (Some(kind), Some(id)) => {
                let kind = kind.ok_or_else(|| strange("kind of subject"))?;
                Some(Subject { kind, id, name: self.subject_name })
            }
            (_, _) => None,
        };
        let address = self.address.map(|it| it.parse::<IpAddr>().map_err(|_| strange("address")));
        let record = Record {
            workspace: Id::from_uuid(self.workspace_id),
            actor: Actor {
                person: self.person_id.map(Id::from_uuid),
                way: Way::parse(&self.way).ok_or_else(|| strange("way"))?,
                credential: self.credential_id,
                address: address.transpose()?,
            },
            act: Act::parse(&self.act).ok_or_else(|| strange("act"))?,
            ending: Ending::parse(&self.ending).ok_or_else(|| strange("ending"))?,
            subject,
            run: self.run_id.map(Id::from_uuid),
            facts: Facts::read(&self.facts).ok_or_else(|| strange("fact"))?,
        };
        let at = Timestamp::from_millis(self.at);
        Ok(Written { place, at, record, hash: hex::encode(self.hash) })
    }
}

/// Writes rows, in as few statements as can be.
pub(super) async fn insert(tx: &mut Tx, rows: &[Row]) -> Result<(), StoreError> {
    for chunk in rows.chunks(ROWS) {
        statement!(tx.execute(
            INSERT.rows(chunk.len()),
            for it in chunk => it.chain, it.seq, it.workspace_id, it.at, it.act.as_str(),
                it.ending.as_str(), it.person_id, it.way.as_str(), it.credential_id,
                it.address.as_deref(), it.subject_kind.as_deref(), it.subject_id.as_deref(),
                it.subject_name.as_deref(), it.run_id, it.facts.as_str(), it.hash.as_slice()
        ))?;
    }
    Ok(())
}
