//! The first administrator, and accounts that come about by themselves.

use galaxy_domain::{
    Role, WorkspaceId,
    audit::{Act, Actor, Fact, Record, Thing},
    person::Person,
};

use super::{GET_BY_EMAIL, LOCK, NewPerson, PersonRow, create::add};
use crate::{
    db::{Strength, Tx, statement},
    error::StoreError,
    store::Store,
};

/// The name of the setting that holds the hash of the set-up token.
const TOKEN: &str = "setup_token";

const ANYBODY: &str = "SELECT COUNT(*) FROM people";
const PUT_TOKEN: &str = "INSERT INTO settings (name, value) VALUES ($1, $2)
    ON CONFLICT (name) DO UPDATE SET value = excluded.value";
const FIND_TOKEN: &str = "SELECT COUNT(*) FROM settings WHERE name = $1 AND value = $2";
const DROP_TOKEN: &str = "DELETE FROM settings WHERE name = $1";
impl Store {
    /// Whether anybody has an account.
    ///
    /// # Errors
    /// What the database says.
    pub async fn is_set_up(&self) -> Result<bool, StoreError> {
        let mut conn = self.reader().await?;
        let (count,): (i64,) = statement!(conn.fetch_one(ANYBODY))?;
        Ok(count > 0)
    }

    /// Keeps the hash of the token that makes the first administrator; the one before is void.
    ///
    /// # Errors
    /// What the database says.
    pub async fn put_setup_token(&self, hash: &str) -> Result<(), StoreError> {
        self.write(Strength::Synced, hash.to_owned(), |tx, hash| {
            Box::pin(async move {
                statement!(tx.execute(PUT_TOKEN, TOKEN, hash.as_str()))?;
                Ok(())
            })
        })
        .await
    }

    /// Whether `hash` is what is kept of the set-up token.
    ///
    /// # Errors
    /// What the database says.
    pub async fn is_setup_token(&self, hash: &str) -> Result<bool, StoreError> {
        let mut conn = self.reader().await?;
        let (count,): (i64,) = statement!(conn.fetch_one(FIND_TOKEN, TOKEN, hash))?;
        Ok(count > 0)
    }

    /// Makes the first account, whatever role is asked for an administrator, and voids the token.
    /// Of any number of calls at once exactly one succeeds.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when somebody has an account already, [`StoreError::NotFound`]
    /// when the token is another one.
    pub async fn create_first_admin(
        &self,
        token_hash: &str,
        new: NewPerson,
    ) -> Result<Person, StoreError> {
        let input = (self.workspace(), token_hash.to_owned(), new);
        self.write(Strength::Synced, input, |tx, (workspace, token_hash, new)| {
            Box::pin(async move {
                if !is_first(tx, *workspace).await? {
                    return Err(StoreError::Conflict("there is an administrator already".into()));
                }
                let (right,): (i64,) =
                    statement!(tx.fetch_one(FIND_TOKEN, TOKEN, token_hash.as_str()))?;
                if right == 0 {
                    return Err(StoreError::NotFound);
                }
                statement!(tx.execute(DROP_TOKEN, TOKEN))?;
                let admin = NewPerson { role: Role::Admin, ..new.clone() };
                let made = add(tx, *workspace, &admin).await?;
                let actor = Actor { person: Some(made.id), ..Actor::system() };
                let record = Record::new(*workspace, actor, Act::SetUp);
                tx.record(record.about(Thing::Person, made.id));
                Ok(made)
            })
        })
        .await
    }

    /// The account with this address, made with `role` if there is none. The first account ever is
    /// an administrator whatever `role` says, because nobody else could make one.
    ///
    /// # Errors
    /// What the database says.
    pub async fn provision(
        &self,
        workspace: WorkspaceId,
        email: &str,
        name: &str,
        role: Role,
    ) -> Result<Person, StoreError> {
        if let Some((person, _)) = self.person_by_email(workspace, email).await? {
            return Ok(person);
        }
        let (email, name) = (email.to_owned(), name.to_owned());
        let new = NewPerson { email, name, role, password_hash: None };
        self.write(Strength::Synced, (workspace, new), |tx, (workspace, new)| {
            Box::pin(async move {
                let first = is_first(tx, *workspace).await?;
                if first {
                    statement!(tx.execute(DROP_TOKEN, TOKEN))?;
                }
                let role = if first { Role::Admin } else { new.role };
                let (place, email) = (workspace.uuid(), new.email.as_str());
                let found: Option<PersonRow> =
                    statement!(tx.fetch_optional(GET_BY_EMAIL, place, email))?;
                if let Some(row) = found {
                    return row.try_into();
                }
                let made = add(tx, *workspace, &NewPerson { role, ..new.clone() }).await?;
                let record = Record::new(*workspace, Actor::system(), Act::PersonCreated)
                    .about(Thing::Person, made.id)
                    .with(Fact::Role, made.role.as_str());
                tx.record(record);
                Ok(made)
            })
        })
        .await
    }
}

/// Whether nobody has an account, until the end of this change.
async fn is_first(tx: &mut Tx, workspace: WorkspaceId) -> Result<bool, StoreError> {
    statement!(tx.execute(LOCK, workspace.uuid()))?;
    let (count,): (i64,) = statement!(tx.fetch_one(ANYBODY))?;
    Ok(count == 0)
}
