//! Who may do what: pure decisions, each ending in a permit or in the reason why there is none.
//!
//! **Invariant:** what lives in another workspace or belongs to somebody else is hidden, whatever
//! the role. Only then do role and scope speak, and their answer is forbidden.

mod fresh;
mod workers;

use galaxy_domain::{
    Caller, ConversationId, Id, Permit, PersonId, Role, WorkspaceId,
    access::{Administer, Create, Credential, Drive, Read, Scope, SharedTarget, Target, Write},
    id::{Conversation, Person as PersonKind, Run, Task, ToolServer, Workspace},
    person::Person,
    tool_server::ToolServerRow,
};

pub use workers::{acting_for, drive, drive_conversation, drive_log, holding, operate};

/// Why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// The caller may not know that the thing exists.
    #[error("not found")]
    Hidden,
    /// The caller may know of it but not do this.
    #[error("not allowed")]
    Forbidden,
    /// The caller may do this, once they have shown again that they are themselves.
    #[error(transparent)]
    Stale(#[from] Stale),
}

pub use fresh::{Fresh, Remedy, Stale, fresh};

/// An action that role and scope decide about.
pub trait Action {
    /// Whether it changes anything; viewers may do only what does not.
    const CHANGES: bool;
}

impl Action for Read {
    const CHANGES: bool = false;
}
impl Action for Write {
    const CHANGES: bool = true;
}
impl Action for Create {
    const CHANGES: bool = true;
}

/// A kind of thing that people own.
pub trait Resource {
    /// What a key needs to work with it; [`Scope::Read`] is enough to look at it.
    const SCOPE: Scope;
}

impl Resource for Conversation {
    const SCOPE: Scope = Scope::Chat;
}
impl Resource for Run {
    const SCOPE: Scope = Scope::Chat;
}
impl Resource for Task {
    const SCOPE: Scope = Scope::Tasks;
}
impl Resource for ToolServer {
    const SCOPE: Scope = Scope::Admin;
}

/// The permit to do `A` to one thing.
///
/// # Errors
/// [`Denied::Hidden`] when it is somebody else's, [`Denied::Forbidden`] when role or scope forbid.
pub fn require<A: Action, R: Resource>(
    caller: &Caller,
    target: &Target<R>,
) -> Result<Permit<A, R>, Denied> {
    if caller.workspace != target.workspace || caller.person != target.owner {
        return Err(Denied::Hidden);
    }
    may::<A, R>(caller)?;
    Ok(mint(target.resource, caller.workspace, caller.person).by(caller.credential))
}

/// The permit to make, list or search things of kind `R` in the caller's workspace. What it shows
/// is still confined to the caller's own.
///
/// # Errors
/// [`Denied::Forbidden`] when role or scope forbid.
pub fn within<A: Action, R: Resource>(caller: &Caller) -> Result<Permit<A, Workspace>, Denied> {
    may::<A, R>(caller)?;
    Ok(mint(caller.workspace, caller.workspace, caller.person).by(caller.credential))
}

/// The permit to write to conversation `id`, which the holder of `permit` is about to make.
pub fn founding(
    permit: &Permit<Create, Workspace>,
    id: ConversationId,
) -> Permit<Write, Conversation> {
    let founding = mint(id, permit.workspace(), permit.person());
    permit.credential().map_or(founding, |it| founding.by(it))
}

/// The permit to look after a workspace: its people and its settings.
///
/// # Errors
/// [`Denied::Forbidden`] to everybody but administrators, and to keys without the scope.
pub fn administer(caller: &Caller) -> Result<Permit<Administer, Workspace>, Denied> {
    may_administer(caller)?;
    Ok(mint(caller.workspace, caller.workspace, caller.person).by(caller.credential))
}

/// The permit to look after one account.
///
/// # Errors
/// [`Denied::Forbidden`] as for [`administer`], and only then [`Denied::Hidden`] for an account
/// of another workspace: who may not ask learns nothing.
pub fn administer_person(
    caller: &Caller,
    person: &Person,
) -> Result<Permit<Administer, PersonKind>, Denied> {
    may_administer(caller)?;
    if person.workspace != caller.workspace {
        return Err(Denied::Hidden);
    }
    Ok(mint(person.id, caller.workspace, caller.person).by(caller.credential))
}

/// The permit to look at something that is the caller's or everybody's.
///
/// # Errors
/// [`Denied::Hidden`] when it is somebody else's, [`Denied::Forbidden`] when the scope forbids.
pub fn look<R: Resource>(
    caller: &Caller,
    target: &SharedTarget<R>,
) -> Result<Permit<Read, R>, Denied> {
    hide_foreign(caller, target)?;
    may::<Read, R>(caller)?;
    Ok(mint(target.resource, caller.workspace, caller.person).by(caller.credential))
}

/// The permit to look after something that is the caller's or everybody's: the former is their
/// own business, the latter an administrator's.
///
/// # Errors
/// [`Denied::Hidden`] when it is somebody else's, [`Denied::Forbidden`] when role or scope forbid.
pub fn look_after<R: Resource>(
    caller: &Caller,
    target: &SharedTarget<R>,
) -> Result<Permit<Write, R>, Denied> {
    hide_foreign(caller, target)?;
    match target.owner {
        Some(_) => may::<Write, R>(caller)?,
        None => may_administer(caller)?,
    }
    Ok(mint(target.resource, caller.workspace, caller.person).by(caller.credential))
}

fn hide_foreign<R>(caller: &Caller, target: &SharedTarget<R>) -> Result<(), Denied> {
    let mine = target.owner.is_none_or(|owner| owner == caller.person);
    if caller.workspace == target.workspace && mine { Ok(()) } else { Err(Denied::Hidden) }
}

/// The permit of this process to note what it learns of a tool server that it connects to.
pub fn supervise(server: &ToolServerRow) -> Permit<Drive, ToolServer> {
    // Nobody in particular learns it when the server is everybody's.
    let nobody = PersonId::from_uuid(server.workspace.uuid());
    mint(server.id, server.workspace, server.owner.unwrap_or(nobody))
}

/// The permit of this process to use a tool server on behalf of a person: by what they themselves
/// were granted there.
///
/// # Errors
/// [`Denied::Hidden`] when the server is somebody else's.
pub fn on_behalf(
    server: &ToolServerRow,
    person: PersonId,
) -> Result<Permit<Drive, ToolServer>, Denied> {
    if server.owner.is_some_and(|owner| owner != person) {
        return Err(Denied::Hidden);
    }
    Ok(mint(server.id, server.workspace, person))
}

/// The permit for the caller's own account: sessions, keys, password, standing rules about tools.
///
/// # Errors
/// [`Denied::Forbidden`] to keys and to runs: a leaked key must not be able to make another one.
pub fn own<A: Action>(caller: &Caller) -> Result<Permit<A, PersonKind>, Denied> {
    if !is_in_person(caller) {
        return Err(Denied::Forbidden);
    }
    Ok(mint(caller.person, caller.workspace, caller.person).by(caller.credential))
}

/// Whether the caller may use a tool themselves, outside a run: its scope and what it changes
/// decide as they do about things.
///
/// # Errors
/// [`Denied::Forbidden`] when role or scope forbid.
pub fn use_tool(caller: &Caller, scope: Scope, changes: bool) -> Result<(), Denied> {
    allowed(caller, scope, changes)
}

/// Whether what the caller came by is good for something, whatever their role.
pub fn in_scope(caller: &Caller, needed: Scope, changes: bool) -> bool {
    let enough = |scope: &Scope| *scope == needed || (!changes && *scope == Scope::Read);
    caller.scopes.iter().any(enough)
}

/// The permit to follow what happens to the caller's own things: their topic of notices.
///
/// # Errors
/// [`Denied::Forbidden`] to keys that may look at nothing.
pub fn follow(caller: &Caller) -> Result<Permit<Read, PersonKind>, Denied> {
    let looks = |scope: &Scope| matches!(scope, Scope::Read | Scope::Chat | Scope::Tasks);
    if !caller.scopes.iter().any(looks) {
        return Err(Denied::Forbidden);
    }
    Ok(mint(caller.person, caller.workspace, caller.person).by(caller.credential))
}

/// The permit to replace the password of an account that an administrator looks after, and to
/// close its sessions.
pub(crate) fn reset(caller: &Caller, person: &Person) -> Result<Permit<Write, PersonKind>, Denied> {
    administer_person(caller, person)?;
    Ok(mint(person.id, caller.workspace, caller.person).by(caller.credential))
}

fn may<A: Action, R: Resource>(caller: &Caller) -> Result<(), Denied> {
    allowed(caller, R::SCOPE, A::CHANGES)
}

fn allowed(caller: &Caller, needed: Scope, changes: bool) -> Result<(), Denied> {
    let role = !changes || caller.role >= Role::Member;
    if role && in_scope(caller, needed, changes) { Ok(()) } else { Err(Denied::Forbidden) }
}

fn may_administer(caller: &Caller) -> Result<(), Denied> {
    let in_scope = caller.scopes.contains(&Scope::Admin);
    if caller.role < Role::Admin || !in_scope || is_run(caller) {
        return Err(Denied::Forbidden);
    }
    Ok(())
}

fn is_in_person(caller: &Caller) -> bool {
    match caller.credential {
        Credential::Session(_)
        | Credential::Token(_)
        | Credential::Proxy
        | Credential::TestMode => true,
        Credential::ApiKey(_) | Credential::Local | Credential::Run(_) => false,
    }
}

fn is_run(caller: &Caller) -> bool {
    matches!(caller.credential, Credential::Run(_))
}

#[expect(clippy::disallowed_methods, reason = "this is where the decision is made")]
fn mint<A, R>(resource: Id<R>, workspace: WorkspaceId, person: PersonId) -> Permit<A, R> {
    Permit::attest(resource, workspace, person)
}

#[cfg(test)]
mod tests;
