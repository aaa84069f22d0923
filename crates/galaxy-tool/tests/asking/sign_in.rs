//! Servers that want the person of a run to sign in.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use galaxy_domain::{
    Id, Part, ToolServerId,
    elicitation::{Elicitation, Inquiry, WayBack},
};
use galaxy_tool::{
    ToolError,
    server::{Desk, Questions, ServerError},
};
use serde_json::json;

use crate::scene::{Scene, form, said, with, yes};

/// A server that wants a sign-in as long as `shut`, and is looked after here.
fn guarded(shut: &Arc<AtomicBool>, questions: Questions) -> (Scene, ToolServerId) {
    let (shut, id) = (shut.clone(), Id::fresh());
    let page = format!("https://galaxy.example/tools/{id}");
    let scene = Scene::at(Some(Desk { server: id, page }), questions, move |_, _| {
        let shut = shut.load(Ordering::SeqCst);
        async move {
            if shut {
                Err(ServerError::NeedsSignIn { www_authenticate: None })
            } else {
                Ok(said("yes"))
            }
        }
    });
    (scene, id)
}

fn asked(elicitation: &Elicitation) -> &Inquiry {
    &elicitation.questions["sign_in"]
}

#[tokio::test]
async fn a_call_that_is_refused_for_a_sign_in_is_put_down_and_made_afresh() {
    for questions in [Questions::Allowed, Questions::Off] {
        let shut = Arc::new(AtomicBool::new(true));
        let (scene, id) = guarded(&shut, questions);
        let waits = scene.waits(None).await;
        assert_eq!((&*waits.server, &*waits.tool, &waits.back), ("far", "pay", &WayBack::Afresh));
        assert_eq!(*asked(&waits), Inquiry::SignIn { server: id, before: 0 });
        shut.store(false, Ordering::SeqCst);
        let scene = scene.elsewhere();
        let output = scene.call(with(waits, &yes())).await.unwrap();
        assert_eq!(output, [Part::text("yes")]);
        let [first, second] = &scene.server.requests()[..] else { panic!("two requests") };
        assert_eq!(first, second);
    }
}

#[tokio::test]
async fn nobody_is_asked_to_sign_in_for_ever() {
    let (scene, id) = guarded(&Arc::new(AtomicBool::new(true)), Questions::Off);
    let mut waits = scene.waits(None).await;
    for before in 1..3 {
        waits = scene.waits(with(waits, &yes())).await;
        assert_eq!(*asked(&waits), Inquiry::SignIn { server: id, before });
    }
    let Err(ToolError::Tell(told)) = scene.call(with(waits, &yes())).await else { panic!() };
    assert!(told.contains("3 times in a row"), "{told}");
}

#[tokio::test]
async fn what_a_server_may_have_begun_is_not_made_afresh() {
    let desk = Desk { server: Id::fresh(), page: "https://galaxy.example/tools/1".to_owned() };
    let scene = Scene::at(Some(desk), Questions::Allowed, |request, _| async move {
        let params = request.params.unwrap();
        match params.get("requestState") {
            Some(_) => Err(ServerError::NeedsSignIn { www_authenticate: None }),
            None => Ok(json!({ "resultType": "input_required", "requestState": "s",
                "inputRequests": { "a": { "method": "elicitation/create", "params": form("a") } } })),
        }
    });
    let waits = scene.waits(None).await;
    let Err(ToolError::Tell(told)) = scene.call(with(waits, &yes())).await else { panic!() };
    assert!(told.contains("sign in"), "{told}");
}
