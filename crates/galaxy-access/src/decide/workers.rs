//! Permits that rest on no caller's wish: of workers, and of commands on this machine.

use galaxy_domain::{
    Caller, ConversationId, Permit, PersonId,
    access::{Administer, Credential, Drive, Proof, Read, Scope, Target, Write},
    id::{Conversation, Run, Workspace},
    person::Person,
    run::RunRow,
};
use galaxy_store::Store;

use super::{Denied, mint};

/// The permit of whoever may read the data itself, such as a command on this machine: the operating
/// system has decided.
pub fn operate(store: &Store) -> Permit<Administer, Workspace> {
    let workspace = store.workspace();
    // It is nobody in particular.
    let nobody = PersonId::from_uuid(workspace.uuid());
    mint(workspace, workspace, nobody).by(Credential::Local)
}

/// The permit of a worker to carry on a run that it has claimed.
pub fn drive(run: &RunRow) -> Permit<Drive, Run> {
    mint(run.id, run.workspace, run.owner)
}

/// The permit of a worker to read the log of a run that it has claimed.
pub fn drive_log(run: &RunRow) -> Permit<Read, Run> {
    mint(run.id, run.workspace, run.owner)
}

/// The permit of a worker to read the conversation that its run answers in.
pub fn drive_conversation(run: &RunRow) -> Permit<Read, Conversation> {
    let conversation: ConversationId = run.conversation;
    mint(conversation, run.workspace, run.owner)
}

/// The permits of a process that held a call of a run while a person was asked: to look whether it
/// still waits, and to note how it ended.
pub fn holding(run: &Target<Run>) -> (Permit<Read, Run>, Permit<Write, Run>) {
    let Target { resource, workspace, owner } = *run;
    (mint(resource, workspace, owner), mint(resource, workspace, owner))
}

/// The caller that a run's tools act as: its owner as they are now, not as they were when the run
/// began, and never an administrator.
///
/// # Errors
/// [`Denied::Forbidden`] when `person` is not the run's owner or their account is disabled.
pub fn acting_for(run: &RunRow, person: &Person) -> Result<Caller, Denied> {
    if person.id != run.owner || person.workspace != run.workspace || person.disabled {
        return Err(Denied::Forbidden);
    }
    Ok(Caller {
        person: person.id,
        workspace: person.workspace,
        role: person.role,
        credential: Credential::Run(run.id),
        proof: Proof::Never,
        scopes: vec![Scope::Read, Scope::Chat, Scope::Tasks],
    })
}
