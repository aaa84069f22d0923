//! Accounts, and how the first one comes about.
//!
//! **Invariant:** as soon as there is anybody, there is an administrator who is not disabled.
//! Changes that could break that lock the workspace first, so they happen one after another.

mod admins;
mod create;
mod first;
mod stop;

use galaxy_base::Timestamp;
use galaxy_domain::{
    Id, Permit, PersonId, Role, WorkspaceId,
    access::{Administer, Write},
    audit::{Act, Fact, Record, Thing, Value},
    id::{Person as PersonKind, Workspace},
    person::Person,
};
use uuid::Uuid;

use crate::{
    db::{Strength, Tx, row, statement},
    error::StoreError,
    store::Store,
    tool_servers::grants::owed,
};

/// An account to be made.
#[derive(Debug, Clone)]
pub struct NewPerson {
    /// The address, in the one form in which addresses are compared.
    pub email: String,
    /// What others see.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// What is kept of the password, if they sign in with one.
    pub password_hash: Option<String>,
}

/// What changes about an account; `None` leaves it alone.
#[derive(Debug, Clone, Default)]
pub struct PersonChange {
    /// What others see.
    pub name: Option<String>,
    /// What they may do.
    pub role: Option<Role>,
    /// Whether the account opens with anything.
    pub disabled: Option<bool>,
}

row! {
    /// An account as its row says.
    #[derive(Debug)]
    pub(crate) struct PersonRow {
        id: Uuid,
        workspace_id: Uuid,
        email: String,
        name: String,
        role: String,
        disabled: bool,
        created_at: i64,
    }
}

row! {
    /// An account, and what is kept of its password.
    #[derive(Debug)]
    struct KnownRow {
        password_hash: Option<String>,
        .. person: PersonRow,
    }
}

impl TryFrom<PersonRow> for Person {
    type Error = StoreError;

    fn try_from(row: PersonRow) -> Result<Self, StoreError> {
        let role = Role::parse(&row.role);
        let role = role.ok_or_else(|| StoreError::Corrupt(format!("role `{}`", row.role)))?;
        Ok(Self {
            id: Id::from_uuid(row.id),
            workspace: Id::from_uuid(row.workspace_id),
            email: row.email,
            name: row.name,
            role,
            disabled: row.disabled,
            created_at: Timestamp::from_millis(row.created_at),
        })
    }
}

// Takes the row's lock on PostgreSQL; SQLite has one writer anyway.
const LOCK: &str = "UPDATE workspaces SET name = name WHERE id = $1";
const GET: &str = "SELECT id, workspace_id, email, name, role, disabled, created_at FROM people
    WHERE id = $1";
const GET_HERE: &str =
    "SELECT id, workspace_id, email, name, role, disabled, created_at FROM people
    WHERE id = $1 AND workspace_id = $2";
const GET_BY_EMAIL: &str = "SELECT id, workspace_id, email, name, role, disabled, created_at,
    password_hash FROM people WHERE workspace_id = $1 AND email = $2";
const LIST: &str = "SELECT id, workspace_id, email, name, role, disabled, created_at FROM people
    WHERE workspace_id = $1 ORDER BY email";
const OTHER_ADMINS: &str = "SELECT COUNT(*) FROM people
    WHERE workspace_id = $1 AND id <> $2 AND role = 'admin' AND disabled = FALSE";
const CHANGE: &str = "UPDATE people SET name = $3, role = $4, disabled = $5
    WHERE id = $1 AND workspace_id = $2";
const SET_PASSWORD: &str = "UPDATE people SET password_hash = $3
    WHERE id = $1 AND workspace_id = $2";
const END_SESSIONS: &str = "DELETE FROM sessions WHERE person_id = $1 AND workspace_id = $2";
const DROP_EVENTS: &str = "DELETE FROM events WHERE workspace_id = $2 AND (topic_id = $1
    OR topic_id IN (SELECT id FROM conversations WHERE owner_id = $1 AND workspace_id = $2)
    OR topic_id IN (SELECT id FROM runs WHERE owner_id = $1 AND workspace_id = $2))";
const UNASSIGN: &str = "UPDATE tasks SET assignee_id = NULL
    WHERE assignee_id = $1 AND workspace_id = $2";
const DROP: &str = "DELETE FROM people WHERE id = $1 AND workspace_id = $2";

impl Store {
    /// Everybody, by address.
    ///
    /// # Errors
    /// What the database says.
    pub async fn people(
        &self,
        permit: Permit<Administer, Workspace>,
    ) -> Result<Vec<Person>, StoreError> {
        let mut conn = self.reader().await?;
        let rows: Vec<PersonRow> = statement!(conn.fetch_all(LIST, permit.workspace().uuid()))?;
        rows.into_iter().map(Person::try_from).collect()
    }

    /// One account, wherever it lives. Asked before there is a permit, to decide about one.
    ///
    /// # Errors
    /// What the database says.
    pub async fn person(&self, id: PersonId) -> Result<Option<Person>, StoreError> {
        let mut conn = self.reader().await?;
        let row: Option<PersonRow> = statement!(conn.fetch_optional(GET, id.uuid()))?;
        row.map(Person::try_from).transpose()
    }

    /// The account with this address, and what is kept of its password.
    ///
    /// # Errors
    /// What the database says.
    pub async fn person_by_email(
        &self,
        workspace: WorkspaceId,
        email: &str,
    ) -> Result<Option<(Person, Option<String>)>, StoreError> {
        let mut conn = self.reader().await?;
        let row: Option<KnownRow> =
            statement!(conn.fetch_optional(GET_BY_EMAIL, workspace.uuid(), email))?;
        row.map(|row| Ok((row.person.try_into()?, row.password_hash))).transpose()
    }

    /// Changes an account. Disabling it ends its sessions, and what it may no longer do is not
    /// carried on in its name: its runs are stopped.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when nobody would be left to administrate.
    pub async fn change_person(
        &self,
        permit: Permit<Administer, PersonKind>,
        change: PersonChange,
    ) -> Result<Person, StoreError> {
        self.write(Strength::Synced, (permit, change), |tx, (permit, change)| {
            Box::pin(async move {
                let mut person = locked(tx, *permit).await?;
                let (was_admin, before) = (is_active_admin(&person), person.clone());
                person.name = change.name.clone().unwrap_or(person.name);
                person.role = change.role.unwrap_or(person.role);
                person.disabled = change.disabled.unwrap_or(person.disabled);
                if was_admin && !is_active_admin(&person) {
                    require_another_admin(tx, *permit).await?;
                }
                let (id, place) = (person.id.uuid(), person.workspace.uuid());
                let (name, role) = (person.name.as_str(), person.role.as_str());
                statement!(tx.execute(CHANGE, id, place, name, role, person.disabled))?;
                if person.disabled {
                    statement!(tx.execute(END_SESSIONS, id, place))?;
                }
                if person.disabled || person.role < Role::Member {
                    stop::runs(tx, person.id, person.workspace).await?;
                }
                tx.record(recorded(permit, &before, &person));
                Ok(person)
            })
        })
        .await
    }

    /// Replaces what is kept of a password.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no such account.
    pub async fn set_password(
        &self,
        permit: Permit<Write, PersonKind>,
        hash: String,
    ) -> Result<(), StoreError> {
        self.write(Strength::Synced, (permit, hash), |tx, (permit, hash)| {
            Box::pin(async move {
                let (id, place) = (permit.resource().uuid(), permit.workspace().uuid());
                let changed = statement!(tx.execute(SET_PASSWORD, id, place, hash.as_str()))?;
                if changed == 0 {
                    return Err(StoreError::NotFound);
                }
                let is_own = permit.resource() == permit.person();
                let act = if is_own { Act::PasswordChanged } else { Act::PasswordReset };
                tx.record(Record::by(permit, act).about(Thing::Person, permit.resource()));
                Ok(())
            })
        })
        .await
    }

    /// Deletes an account and everything that belongs to it. What they were granted at tool
    /// servers is owed to the issuers from now on.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when nobody would be left to administrate.
    pub async fn delete_person(
        &self,
        permit: Permit<Administer, PersonKind>,
    ) -> Result<(), StoreError> {
        self.write(Strength::Synced, permit, |tx, permit| {
            Box::pin(async move {
                if is_active_admin(&locked(tx, *permit).await?) {
                    require_another_admin(tx, *permit).await?;
                }
                stop::runs(tx, permit.resource(), permit.workspace()).await?;
                let (id, place) = (permit.resource().uuid(), permit.workspace().uuid());
                statement!(tx.execute(DROP_EVENTS, id, place))?;
                statement!(tx.execute(UNASSIGN, id, place))?;
                owed::end_of(tx, permit.resource(), permit.workspace()).await?;
                // Everything else that is theirs refers to the account and goes with it.
                statement!(tx.execute(DROP, id, place))?;
                let record = Record::by(permit, Act::PersonDeleted);
                tx.record(record.about(Thing::Person, permit.resource()));
                Ok(())
            })
        })
        .await
    }
}

/// The account, with the administrators of its workspace held still until the end of this change.
async fn locked(tx: &mut Tx, permit: Permit<Administer, PersonKind>) -> Result<Person, StoreError> {
    let (id, place) = (permit.resource().uuid(), permit.workspace().uuid());
    statement!(tx.execute(LOCK, place))?;
    let row: Option<PersonRow> = statement!(tx.fetch_optional(GET_HERE, id, place))?;
    row.ok_or(StoreError::NotFound)?.try_into()
}

async fn require_another_admin(
    tx: &mut Tx,
    permit: Permit<Administer, PersonKind>,
) -> Result<(), StoreError> {
    let (id, place) = (permit.resource().uuid(), permit.workspace().uuid());
    let (others,): (i64,) = statement!(tx.fetch_one(OTHER_ADMINS, place, id))?;
    if others == 0 {
        return Err(StoreError::Conflict(
            "this is the only administrator: make somebody else one first".to_owned(),
        ));
    }
    Ok(())
}

/// What is written down of a change: what is different, and no names of people.
fn recorded(permit: &Permit<Administer, PersonKind>, before: &Person, after: &Person) -> Record {
    let changed = [
        ("name", before.name != after.name),
        ("role", before.role != after.role),
        ("disabled", before.disabled != after.disabled),
    ];
    let changed = changed.into_iter().filter_map(|(what, is_so)| is_so.then_some(what));
    let record = Record::by(permit, Act::PersonChanged)
        .about(Thing::Person, after.id)
        .with(Fact::Changed, changed.collect::<Value>())
        .with(Fact::Role, after.role.as_str())
        .with(Fact::Disabled, after.disabled);
    if before.role == after.role {
        return record;
    }
    record.with(Fact::RoleBefore, before.role.as_str())
}

fn is_active_admin(person: &Person) -> bool {
    person.role == Role::Admin && !person.disabled
}
