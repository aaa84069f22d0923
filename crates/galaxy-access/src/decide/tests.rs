use galaxy_base::Timestamp;
use galaxy_domain::{ApiKeyId, MessageId, RunId, RunState, SessionId, access::Proof, run::RunRow};

use super::*;

const ROLES: [Role; 3] = [Role::Viewer, Role::Member, Role::Admin];

fn caller(role: Role, credential: Credential, scopes: &[Scope]) -> Caller {
    let (person, workspace) = (PersonId::fresh(), WorkspaceId::fresh());
    let proof = Proof::At(Timestamp::default());
    Caller { person, workspace, role, credential, proof, scopes: scopes.to_vec() }
}

fn in_person(role: Role) -> Caller {
    caller(role, Credential::Session(SessionId::fresh()), &Scope::ALL)
}

fn by_key(role: Role, scopes: &[Scope]) -> Caller {
    caller(role, Credential::ApiKey(ApiKeyId::fresh()), scopes)
}

fn mine<R>(caller: &Caller) -> Target<R> {
    Target { resource: Id::fresh(), workspace: caller.workspace, owner: caller.person }
}

fn account(caller: &Caller) -> Person {
    Person {
        id: caller.person,
        workspace: caller.workspace,
        email: "ana@example.org".to_owned(),
        name: "Ana".to_owned(),
        role: caller.role,
        disabled: false,
        created_at: Timestamp::default(),
    }
}

fn run_of(caller: &Caller) -> RunRow {
    RunRow {
        id: RunId::fresh(),
        workspace: caller.workspace,
        owner: caller.person,
        conversation: ConversationId::fresh(),
        question: MessageId::fresh(),
        answer: MessageId::fresh(),
        state: RunState::Running,
        model: None,
        fence: 1,
        attempts: 1,
        stop_requested: false,
        created_at: Timestamp::default(),
        ended_at: None,
    }
}

/// What the table says about one request: yes, hidden or forbidden.
fn verdict<A, R>(answer: Result<Permit<A, R>, Denied>) -> &'static str {
    match answer {
        Ok(_) => "yes",
        Err(Denied::Hidden) => "hidden",
        Err(Denied::Forbidden) => "forbidden",
        Err(Denied::Stale(_)) => "stale",
    }
}

/// The verdicts about a conversation, a run and a task, to read and to write each.
fn row(caller: &Caller) -> [&'static str; 6] {
    [
        verdict(require::<Read, Conversation>(caller, &mine(caller))),
        verdict(require::<Write, Conversation>(caller, &mine(caller))),
        verdict(require::<Read, Run>(caller, &mine(caller))),
        verdict(require::<Write, Run>(caller, &mine(caller))),
        verdict(require::<Read, Task>(caller, &mine(caller))),
        verdict(require::<Write, Task>(caller, &mine(caller))),
    ]
}

#[test]
fn viewers_look_and_members_change_what_is_theirs() {
    let (yes, no) = ("yes", "forbidden");
    assert_eq!(row(&in_person(Role::Viewer)), [yes, no, yes, no, yes, no]);
    assert_eq!(row(&in_person(Role::Member)), [yes; 6]);
    assert_eq!(row(&in_person(Role::Admin)), [yes; 6]);
}

#[test]
fn a_key_does_only_what_its_scopes_say() {
    let (yes, no) = ("yes", "forbidden");
    for role in [Role::Member, Role::Admin] {
        assert_eq!(row(&by_key(role, &[])), [no; 6]);
        assert_eq!(row(&by_key(role, &[Scope::Admin])), [no; 6]);
        assert_eq!(row(&by_key(role, &[Scope::Read])), [yes, no, yes, no, yes, no]);
        assert_eq!(row(&by_key(role, &[Scope::Chat])), [yes, yes, yes, yes, no, no]);
        assert_eq!(row(&by_key(role, &[Scope::Tasks])), [no, no, no, no, yes, yes]);
        assert_eq!(row(&by_key(role, &Scope::ALL)), [yes; 6]);
    }
    assert_eq!(row(&by_key(Role::Viewer, &Scope::ALL)), [yes, no, yes, no, yes, no]);
}

#[test]
fn what_is_somebody_elses_is_hidden_from_everybody() {
    for role in ROLES {
        for asker in [in_person(role), by_key(role, &Scope::ALL), by_key(role, &[])] {
            let stranger = PersonId::fresh();
            let other_owner = Target { owner: stranger, ..mine::<Conversation>(&asker) };
            let other_place =
                Target { workspace: WorkspaceId::fresh(), ..mine::<Conversation>(&asker) };
            for target in [&other_owner, &other_place] {
                assert_eq!(verdict(require::<Read, _>(&asker, target)), "hidden", "{asker:?}");
                assert_eq!(verdict(require::<Write, _>(&asker, target)), "hidden", "{asker:?}");
            }
        }
    }
}

#[test]
fn making_things_needs_a_member_and_the_scope_of_their_kind() {
    let cases = [
        (in_person(Role::Viewer), "yes", "forbidden", "forbidden"),
        (in_person(Role::Member), "yes", "yes", "yes"),
        (by_key(Role::Member, &[Scope::Chat]), "yes", "yes", "forbidden"),
        (by_key(Role::Member, &[Scope::Tasks]), "forbidden", "forbidden", "yes"),
        (by_key(Role::Member, &[Scope::Read]), "yes", "forbidden", "forbidden"),
    ];
    for (asker, list, chat, task) in cases {
        assert_eq!(verdict(within::<Read, Conversation>(&asker)), list, "{asker:?}");
        assert_eq!(verdict(within::<Create, Conversation>(&asker)), chat, "{asker:?}");
        assert_eq!(verdict(within::<Create, Task>(&asker)), task, "{asker:?}");
    }
}

#[test]
fn only_administrators_look_after_others_and_only_in_their_workspace() {
    let cases = [
        (in_person(Role::Viewer), "forbidden"),
        (in_person(Role::Member), "forbidden"),
        (in_person(Role::Admin), "yes"),
        (by_key(Role::Admin, &[Scope::Admin]), "yes"),
        (by_key(Role::Admin, &[Scope::Read, Scope::Chat, Scope::Tasks]), "forbidden"),
        (by_key(Role::Member, &[Scope::Admin]), "forbidden"),
    ];
    for (asker, expected) in cases {
        let neighbour = Person { id: PersonId::fresh(), ..account(&asker) };
        let foreigner = Person { workspace: WorkspaceId::fresh(), ..neighbour.clone() };
        assert_eq!(verdict(administer(&asker)), expected, "{asker:?}");
        assert_eq!(verdict(administer_person(&asker, &neighbour)), expected, "{asker:?}");
        assert_eq!(verdict(reset(&asker, &neighbour)), expected, "{asker:?}");
        let abroad = if expected == "yes" { "hidden" } else { "forbidden" };
        assert_eq!(verdict(administer_person(&asker, &foreigner)), abroad, "{asker:?}");
    }
}

#[test]
fn an_account_is_managed_in_person_and_never_by_key_or_run() {
    let session = SessionId::fresh();
    let cases = [
        (Credential::Session(session), "yes"),
        (Credential::Token(session), "yes"),
        (Credential::Proxy, "yes"),
        (Credential::TestMode, "yes"),
        (Credential::ApiKey(ApiKeyId::fresh()), "forbidden"),
        (Credential::Local, "forbidden"),
        (Credential::Run(RunId::fresh()), "forbidden"),
    ];
    for role in ROLES {
        for (credential, expected) in cases {
            let asker = caller(role, credential, &Scope::ALL);
            assert_eq!(verdict(own::<Read>(&asker)), expected, "{asker:?}");
            assert_eq!(verdict(own::<Write>(&asker)), expected, "{asker:?}");
        }
    }
}

#[test]
fn notices_are_followed_by_whoever_may_look_at_something() {
    assert_eq!(verdict(follow(&in_person(Role::Viewer))), "yes");
    assert_eq!(verdict(follow(&by_key(Role::Viewer, &[Scope::Tasks]))), "yes");
    assert_eq!(verdict(follow(&by_key(Role::Admin, &[Scope::Admin]))), "forbidden");
}

#[test]
fn a_permit_names_exactly_what_was_decided() {
    let asker = in_person(Role::Member);
    let target = mine::<Run>(&asker);
    let permit = require::<Write, _>(&asker, &target).unwrap();
    assert_eq!(permit.resource(), target.resource);
    assert_eq!((permit.workspace(), permit.person()), (asker.workspace, asker.person));
    assert_eq!(own::<Write>(&asker).unwrap().resource(), asker.person);
    assert_eq!(within::<Read, Task>(&asker).unwrap().resource(), asker.workspace);
}

#[test]
fn a_run_acts_as_its_owner_is_now() {
    let owner = in_person(Role::Admin);
    let run = run_of(&owner);
    let acting = acting_for(&run, &account(&owner)).unwrap();
    assert_eq!(row(&acting), ["yes"; 6]);
    assert_eq!(verdict(administer(&acting)), "forbidden");
    assert_eq!(drive(&run).resource(), run.id);
    assert_eq!(drive_log(&run).person(), owner.person);
    assert_eq!(drive_conversation(&run).resource(), run.conversation);

    let demoted = Person { role: Role::Viewer, ..account(&owner) };
    let acting = acting_for(&run, &demoted).unwrap();
    assert_eq!(verdict(require::<Write, Task>(&acting, &mine(&acting))), "forbidden");
    let disabled = Person { disabled: true, ..account(&owner) };
    assert_eq!(acting_for(&run, &disabled).unwrap_err(), Denied::Forbidden);
    let somebody = Person { id: PersonId::fresh(), ..account(&owner) };
    assert_eq!(acting_for(&run, &somebody).unwrap_err(), Denied::Forbidden);
}

#[test]
fn what_is_everybodys_is_seen_by_all_and_looked_after_by_administrators() {
    let (member, admin) = (in_person(Role::Member), in_person(Role::Admin));
    let shared = |it: &Caller| SharedTarget::<ToolServer> {
        resource: Id::fresh(),
        workspace: it.workspace,
        owner: None,
    };
    assert_eq!(verdict(look(&member, &shared(&member))), "yes");
    assert_eq!(verdict(look_after(&member, &shared(&member))), "forbidden");
    assert_eq!(verdict(look_after(&admin, &shared(&admin))), "yes");
    assert_eq!(verdict(look(&member, &shared(&admin))), "hidden", "another workspace");

    let own = |owner| SharedTarget { owner: Some(owner), ..shared(&member) };
    assert_eq!(verdict(look_after(&member, &own(member.person))), "yes");
    assert_eq!(verdict(look(&member, &own(PersonId::fresh()))), "hidden");
    let viewer = Caller { role: Role::Viewer, ..member.clone() };
    assert_eq!(verdict(look(&viewer, &own(viewer.person))), "yes");
    assert_eq!(verdict(look_after(&viewer, &own(viewer.person))), "forbidden");
    let reader = Caller { scopes: vec![Scope::Read, Scope::Chat], ..member.clone() };
    assert_eq!(verdict(look(&reader, &shared(&member))), "yes");
    assert_eq!(verdict(look_after(&reader, &own(member.person))), "forbidden");
}
