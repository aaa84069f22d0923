//! Making accounts.

use galaxy_domain::{
    Permit, PersonId, WorkspaceId,
    access::Administer,
    audit::{Act, Fact, Record, Thing},
    id::Workspace,
    person::Person,
};

use super::NewPerson;
use crate::{
    Store,
    db::{Strength, Tx, statement},
    error::StoreError,
    once::{self, Made, Once},
};

const ADD: &str = "INSERT INTO people
    (id, workspace_id, email, name, role, password_hash, disabled, created_at)
    VALUES ($1, $2, $3, $4, $5, $6, FALSE, $7) ON CONFLICT DO NOTHING";

impl Store {
    /// Makes an account. With `once`, a second call gives the same account, as it was made.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the address is taken; [`StoreError::Mismatch`] when the key
    /// was used with another request.
    pub async fn create_person(
        &self,
        permit: Permit<Administer, Workspace>,
        new: NewPerson,
        once: Option<&Once>,
    ) -> Result<Made<Person>, StoreError> {
        let input = (permit, new, once.cloned());
        self.write(Strength::Synced, input, |tx, (permit, new, once)| {
            Box::pin(async move {
                let (person, once) = (permit.person(), once.as_ref());
                if let Some(made) = once::replay(tx, person, once).await? {
                    return Ok(made);
                }
                let made = add(tx, permit.workspace(), new).await?;
                let record = Record::by(permit, Act::PersonCreated).about(Thing::Person, made.id);
                tx.record(record.with(Fact::Role, made.role.as_str()));
                once::keep(tx, person, once, made).await
            })
        })
        .await
    }
}

pub(super) async fn add(
    tx: &mut Tx,
    workspace: WorkspaceId,
    new: &NewPerson,
) -> Result<Person, StoreError> {
    let person = Person {
        id: PersonId::fresh(),
        workspace,
        email: new.email.clone(),
        name: new.name.clone(),
        role: new.role,
        disabled: false,
        created_at: tx.now,
    };
    let (id, place, role) = (person.id.uuid(), workspace.uuid(), new.role.as_str());
    let (email, name) = (new.email.as_str(), new.name.as_str());
    let (password, now) = (new.password_hash.as_deref(), tx.now.as_millis());
    let added = statement!(tx.execute(ADD, id, place, email, name, role, password, now))?;
    if added == 0 {
        return Err(StoreError::Conflict(format!("there is an account for {email} already")));
    }
    Ok(person)
}
