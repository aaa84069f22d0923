//! Runs that wait until their person has signed in.

use std::time::Duration;

use galaxy_app::{runs::Response, servers::Auth};
use galaxy_domain::{
    CallId, Outcome, RunId, RunState,
    elicitation::{Answer, Inquiry},
    transcript::Question,
};
use galaxy_testkit::{Script, store::StoreFixture};
use galaxy_tool::server::SignInError;
use serde_json::json;

use super::{add_far, auth, is_done, sign_in, signed_in};
use crate::house::{House, worker};

galaxy_testkit::on_both_engines! {
    a_run_waits_until_its_person_has_signed_in_and_goes_on_by_itself,
    a_run_that_waits_survives_a_restart,
    a_no_to_signing_in_ends_the_call_as_denied,
    more_is_asked_for_once_and_what_was_allowed_stays,
}

fn scripts() -> Vec<Script> {
    vec![Script::calls("c1", "far__look", json!({})), Script::says("It is sunny.")]
}

/// The run of a question whose call is refused because what Ann was granted is gone.
async fn parked(house: &House) -> RunId {
    house.issuer.forget_tokens();
    house.issuer.refuse(SignInError::SignInAgain);
    let chat = house.chat().await;
    let (said, state) = house.ask(chat, "How is the weather?").await;
    assert_eq!(state, RunState::Parked);
    said.run.unwrap()
}

async fn a_run_waits_until_its_person_has_signed_in_and_goes_on_by_itself(fixture: &StoreFixture) {
    let (house, server, id) = signed_in(&fixture.store, scripts()).await;
    let run = parked(&house).await;
    let detail = house.run(run).await;
    let open = detail.transcript.open_call(&CallId("c1".to_owned())).unwrap();
    assert_eq!(open.question(), Some(Question::Form));
    let asked = &open.waits_for().unwrap().questions["sign_in"];
    assert_eq!(*asked, Inquiry::SignIn { server: id, before: 0 });
    let Auth::Needed { reason: Some(reason) } = auth(&house, &house.ann, id).await else {
        panic!()
    };
    assert!(reason.contains("not valid any more"), "{reason}");
    assert!(server.requests().is_empty());

    sign_in(&house, &house.ann, id).await;
    assert_eq!(house.rests(run).await, RunState::Finished);
    let replies = house.replies(run).await;
    assert!(replies.len() == 1 && is_done(&replies[0]), "{replies:?}");
    assert_eq!(server.requests().len(), 1);
}

async fn a_run_that_waits_survives_a_restart(fixture: &StoreFixture) {
    let (house, _, id) = signed_in(&fixture.store, scripts()).await;
    let run = parked(&house).await;
    house.tasks.stop(Duration::from_secs(10)).await;

    let says = [Script::says("It is sunny.")];
    let again = House::idle(&fixture.store, says, [], worker("two")).await;
    again.app.start();
    let server = add_far(&again);
    sign_in(&again, &again.ann, id).await;
    assert_eq!(again.rests(run).await, RunState::Finished);
    assert!(is_done(&again.replies(run).await[0]));
    assert_eq!(server.requests().len(), 1);
}

async fn a_no_to_signing_in_ends_the_call_as_denied(fixture: &StoreFixture) {
    let (house, server, _) = signed_in(&fixture.store, scripts()).await;
    let run = parked(&house).await;
    let answers = [("sign_in".to_owned(), Answer::Decline)].into();
    let no = Response { call: CallId("c1".to_owned()), round: 1, answers };
    house.app.respond(&house.ann, run, no, None).await.unwrap();
    assert_eq!(house.rests(run).await, RunState::Finished);
    let replies = house.replies(run).await;
    assert!(matches!(&replies[..], [Outcome::Denied { reason: Some(_) }]), "{replies:?}");
    assert!(server.requests().is_empty());
}

async fn more_is_asked_for_once_and_what_was_allowed_stays(fixture: &StoreFixture) {
    let (house, _, id) = signed_in(&fixture.store, scripts()).await;
    house.issuer.demand("write");
    let chat = house.chat().await;
    let (said, state) = house.ask(chat, "How is the weather?").await;
    assert_eq!(state, RunState::Parked);
    let Auth::Needed { reason: Some(reason) } = auth(&house, &house.ann, id).await else {
        panic!()
    };
    assert!(reason.contains("write"), "{reason}");
    sign_in(&house, &house.ann, id).await;
    assert_eq!(house.rests(said.run.unwrap()).await, RunState::Finished);
    let Auth::Connected { scopes, .. } = auth(&house, &house.ann, id).await else { panic!() };
    assert_eq!(scopes, ["read", "write"]);
}
