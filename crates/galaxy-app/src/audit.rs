//! Looking at what was written down of what happened, and whether it is as it was written.
//!
//! **Invariant:** there is no use case that writes a record, changes one or removes one at somebody's
//! wish: records come with the acts they tell of, and go when their time is over.

pub(crate) mod calls;
mod denials;
mod export;
mod notary;
mod upkeep;

use std::collections::BTreeMap;

use galaxy_access::{administer, own};
use galaxy_base::Timestamp;
use galaxy_domain::{
    Caller, PersonId,
    access::Read,
    audit::{Record, Thing, Written},
    person::Person,
};

use crate::{App, AppError};

pub(crate) use denials::A_MINUTE;
pub use denials::Denial;
pub use export::{Format, lines};
pub use galaxy_store::audit::{Checked, Cursor, Head, NoHead, Trouble, Wanted};
pub use notary::Notary;
pub(crate) use upkeep::Upkeep;
pub use upkeep::{by_command, check};

/// Whose records somebody looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// Everybody's; for administrators.
    Everybodys,
    /// What was done in the caller's own name.
    Own,
}

/// A page of records, the newest first.
#[derive(Debug, Clone)]
pub struct Records {
    /// The records.
    pub items: Vec<Written>,
    /// Where the next page begins, if there is more.
    pub next: Option<String>,
    /// What people are called who still have an account.
    pub people: BTreeMap<PersonId, Person>,
}

/// How the log is, as far as this process knows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditState {
    /// Whether it is being read at the moment.
    pub is_checking: bool,
    /// What came of the last time.
    pub last: Option<LastCheck>,
    /// For how many days records are kept; `None`: for ever.
    pub kept_days: Option<u32>,
}

/// What came of reading all records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastCheck {
    /// When it began.
    pub at: Timestamp,
    /// What was found.
    pub checked: Checked,
}

impl App {
    /// Records, the newest first.
    ///
    /// # Errors
    /// [`AppError::Denied`] to whoever wants those of others and is no administrator, and to keys
    /// without that scope.
    pub async fn audit(
        &self,
        caller: &Caller,
        whose: Whose,
        wanted: &Wanted,
        after: Option<Cursor>,
        limit: usize,
    ) -> Result<Records, AppError> {
        let page = match whose {
            Whose::Everybodys => {
                let permit = administer(caller)?;
                self.store.audit_records(permit, wanted, after, limit).await?
            }
            Whose::Own => {
                let permit = own::<Read>(caller)?;
                self.store.own_audit_records(permit, wanted, after, limit).await?
            }
        };
        let people = self.people_in(caller, &page.items).await?;
        Ok(Records { items: page.items, next: page.next, people })
    }

    /// The people that records are about and who still have an account.
    async fn people_in(
        &self,
        caller: &Caller,
        records: &[Written],
    ) -> Result<BTreeMap<PersonId, Person>, AppError> {
        let mut people = BTreeMap::new();
        for id in records.iter().flat_map(|it| people_of(&it.record)) {
            if people.contains_key(&id) {
                continue;
            }
            let person = self.store.person(id).await?;
            people.extend(person.filter(|it| it.workspace == caller.workspace).map(|it| (id, it)));
        }
        Ok(people)
    }
}

fn people_of(record: &Record) -> impl Iterator<Item = PersonId> {
    let subject = record.subject.as_ref().filter(|it| it.kind == Thing::Person);
    let subject = subject.and_then(|it| it.id.parse().ok());
    record.actor.person.into_iter().chain(subject)
}
