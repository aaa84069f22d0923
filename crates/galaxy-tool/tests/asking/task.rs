//! Servers that go on with a call by themselves, and are asked about it.

use std::{sync::Arc, time::Duration};

use galaxy_domain::{
    Id, Part, RemoteTask,
    elicitation::{Answer, Inquiry, WayBack},
    part::plain_text,
};
use galaxy_testkit::FakeToolServer;
use galaxy_tool::{
    Notes, ToolError,
    server::{Desk, Questions, Request, RequestCx, ServerError, ToolServer},
    tool::UnderWay,
};
use serde_json::json;
use tokio::time::Instant;

use crate::{
    scene::{NOW, Scene, said, with, yes},
    works::{Works, asks, at, away, done, said_no},
};

async fn created(scene: &Scene) -> UnderWay {
    match scene.call(None).await {
        Err(ToolError::Task(task)) => UnderWay { task: *task, answered: [].into() },
        other => panic!("{other:?}"),
    }
}

fn methods(scene: &Scene) -> Vec<String> {
    scene.server.requests().into_iter().map(|it| it.method).collect()
}

async fn fails(scene: &Scene, task: UnderWay) -> String {
    match scene.go_on(None, Some(task)).await {
        Err(ToolError::Tell(message)) => message,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_becomes_a_task_is_handed_out_first_and_then_looked_after() {
    let stages = [at("working", &json!({ "statusMessage": "half" })), done("built")];
    for questions in [Questions::Allowed, Questions::Off] {
        let mut scene = Works::through(stages.clone()).scene(questions);
        let task = created(&scene).await;
        assert_eq!(methods(&scene), ["tools/call"], "nobody asks before it is noted");
        let RemoteTask { server, id, since, ttl_ms, poll_ms, .. } = &task.task;
        assert_eq!((&**server, &**id, *since), ("far", "t-1", NOW));
        assert_eq!((*ttl_ms, *poll_ms), (None, Some(2000)));

        // Another process takes it up.
        scene = scene.elsewhere();
        let (notes, mut heard) = Notes::channel();
        scene.notes = notes;
        let began = Instant::now();
        let output = scene.go_on(None, Some(task)).await.unwrap();
        assert_eq!(output, [Part::text("built")]);
        assert_eq!(methods(&scene)[1..], ["tasks/get", "tasks/get"], "it is not called again");
        assert_eq!(began.elapsed(), Duration::from_secs(2), "as often as the server wants");
        assert_eq!(heard.recv().await.unwrap().text, "half");
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_away_costs_no_task() {
    let stages = [away(), away(), Err(ServerError::Lost("gone".to_owned())), done("built")];
    let scene = Works::through(stages).scene(Questions::Allowed);
    let task = created(&scene).await;
    let output = scene.go_on(None, Some(task)).await.unwrap();
    assert_eq!(output, [Part::text("built")]);
}

#[tokio::test(start_paused = true)]
async fn what_a_task_asks_a_person_is_asked_and_the_answer_is_given_to_it() {
    let stages = [
        asks(&[("a", "colour"), ("b", "password")]),
        // It has not noticed the answer yet.
        asks(&[("a", "colour"), ("b", "password")]),
        at("working", &json!({})),
        asks(&[("c", "size")]),
        done("painted"),
    ];
    let scene = Works::through(stages).scene(Questions::Allowed);
    let mut task = created(&scene).await;
    let Err(ToolError::Waits(first)) = scene.go_on(None, Some(task.clone())).await else {
        panic!("it asks")
    };
    assert_eq!(first.back, WayBack::Task);
    assert_eq!(first.questions.keys().collect::<Vec<_>>(), ["a"]);
    assert_eq!(first.declined, ["b"], "nobody is asked for a password");
    task.answered = ["a".to_owned(), "b".to_owned()].into();

    let scene = scene.elsewhere();
    let resumed = with(*first, &yes());
    let Err(ToolError::Waits(second)) = scene.go_on(resumed, Some(task.clone())).await else {
        panic!("it asks again")
    };
    let update = scene.server.requests()[2].clone();
    assert_eq!(update.method, "tasks/update");
    let accepted = json!({ "action": "accept", "content": { "colour": "red" } });
    let said = json!({ "a": accepted, "b": { "action": "decline" } });
    assert_eq!(update.params, Some(json!({ "taskId": "t-1", "inputResponses": said })));
    assert_eq!(second.questions.keys().collect::<Vec<_>>(), ["c"], "nothing is asked twice");
    let output = scene.go_on(with(*second, &Answer::Decline), Some(task)).await.unwrap();
    assert_eq!(plain_text(&output), "painted");
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_never_arrived_is_asked_for_again() {
    let scene = Works::through([asks(&[("a", "colour")])]).scene(Questions::Allowed);
    let mut task = created(&scene).await;
    task.answered = ["a".to_owned()].into();
    let began = Instant::now();
    let Err(ToolError::Waits(again)) = scene.go_on(None, Some(task)).await else {
        panic!("it asks")
    };
    assert!(again.questions.contains_key("a"));
    assert_eq!(began.elapsed(), Duration::from_secs(30), "it had time to notice");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_may_not_ask_hears_no_and_goes_on() {
    let scene = Works::through([asks(&[("a", "colour")]), done("grey")]).scene(Questions::Off);
    let task = created(&scene).await;
    let told = plain_text(&scene.go_on(None, Some(task)).await.unwrap());
    assert!(told.starts_with("grey") && told.contains("without asking the person"), "{told}");
    assert_eq!(methods(&scene)[1..], ["tasks/get", "tasks/update", "tasks/get"]);
}

#[tokio::test(start_paused = true)]
async fn a_task_that_comes_to_nothing_is_a_clear_error() {
    let error = json!({ "error": { "code": -32603, "message": "boom" } });
    let odd = at("working", &json!({ "taskId": "t-2" }));
    for (stage, words) in [
        (at("failed", &error), "the tool server says: boom"),
        (at("cancelled", &json!({ "statusMessage": "by hand" })), "was cancelled there: by hand"),
        (said_no(-32602), "is not known there any more"),
        (said_no(-32601), "the tool server says: no"),
        (said_no(-32603), "the tool server says: no"),
        (odd, "tells of another task"),
        (at("resting", &json!({})), "makes no sense"),
    ] {
        let scene = Works::through([stage]).scene(Questions::Allowed);
        let task = created(&scene).await;
        let told = fails(&scene, task).await;
        assert!(told.contains(words), "{told}");
        assert!(told.contains("may have taken effect"), "{told}");
    }
    // The tool itself failed, which it says in its own words.
    let failed = json!({ "isError": true, "content": [{ "type": "text", "text": "no paint" }] });
    let stage = at("completed", &json!({ "result": failed }));
    let scene = Works::through([stage]).scene(Questions::Allowed);
    let task = created(&scene).await;
    assert_eq!(fails(&scene, task).await, "no paint");
}

#[tokio::test(start_paused = true)]
async fn a_task_is_waited_for_as_long_as_its_server_keeps_it_and_no_longer_than_we_do() {
    let minute = json!(60_000);
    let scene = Works::through([at("working", &json!({ "ttlMs": minute }))])
        .with("ttlMs", minute)
        .scene(Questions::Allowed);
    let task = created(&scene).await;
    assert!(fails(&scene, task.clone()).await.contains("has expired"));
    assert_eq!(methods(&scene).last().map(String::as_str), Some("tasks/cancel"));
    // A process that comes back much later does not wait anew.
    scene.clock.advance(Duration::from_secs(3600));
    let began = Instant::now();
    assert!(fails(&scene, task).await.contains("has expired"));
    assert_eq!(began.elapsed(), Duration::ZERO);

    let scene = Works::for_ever().scene(Questions::Allowed);
    let task = created(&scene).await;
    let began = Instant::now();
    assert!(fails(&scene, task).await.contains("did not answer within 86400 seconds"));
    let day = Duration::from_secs(86_400);
    assert!(began.elapsed() <= day && began.elapsed() > day - Duration::from_secs(60));
}

#[tokio::test(start_paused = true)]
async fn whoever_gives_up_tells_the_server() {
    let scene = Works::for_ever().scene(Questions::Allowed);
    let task = created(&scene).await;
    let cancel = scene.cancel.clone();
    let (ended, ()) = tokio::join!(scene.go_on(None, Some(task)), async {
        tokio::time::sleep(Duration::from_secs(5)).await;
        cancel.cancel();
    });
    assert!(matches!(ended, Err(ToolError::Lost)), "nobody knows how far it came: {ended:?}");
    assert_eq!(methods(&scene).last().map(String::as_str), Some("tasks/cancel"));
}

#[tokio::test(start_paused = true)]
async fn a_task_is_shown_to_no_other_server() {
    let scene = Works::for_ever().scene(Questions::Allowed);
    let task = created(&scene).await;
    let mut spec = FakeToolServer::spec("far");
    spec.desk = Some(Desk { server: Id::fresh(), page: String::new() });
    let other = FakeToolServer::new(spec, |_: Request, _: RequestCx| async { done("stolen") });
    other.offer(vec![json!({ "name": "pay", "description": "Pays.", "inputSchema": {} })]);
    let elsewhere = Scene { server: Arc::new(other), ..scene };
    let told = fails(&elsewhere, task.clone()).await;
    assert!(told.contains("reached elsewhere"), "{told}");
    assert!(elsewhere.server.requests().is_empty());
    // Nor is the same server whose tool became another one.
    let scene = Works::for_ever().scene(Questions::Allowed);
    scene.server.offer(vec![json!({ "name": "pay", "description": "Robs.", "inputSchema": {} })]);
    assert!(fails(&scene, task).await.contains("describes the tool differently"));
}

#[tokio::test(start_paused = true)]
async fn a_task_waits_for_a_sign_in_too() {
    let desk = Desk { server: Id::fresh(), page: "https://g.example/tools/1".to_owned() };
    let works =
        Works::through([Err(ServerError::NeedsSignIn { www_authenticate: None }), done("built")]);
    let scene = Scene::at(Some(desk.clone()), Questions::Off, move |request, _| {
        let answer = works.answer(&request);
        async move { answer }
    });
    let task = created(&scene).await;
    let Err(ToolError::Waits(asked)) = scene.go_on(None, Some(task.clone())).await else {
        panic!("somebody has to sign in")
    };
    let wanted = Inquiry::SignIn { server: desk.server, before: 0 };
    assert_eq!((asked.questions.values().next(), &asked.back), (Some(&wanted), &WayBack::Task));
    let output = scene.go_on(with(*asked, &yes()), Some(task)).await.unwrap();
    assert_eq!(output, [Part::text("built")]);
    assert_eq!(
        methods(&scene)[1..],
        ["tasks/get", "tasks/get"],
        "that is no answer for the server"
    );
}

#[tokio::test(start_paused = true)]
async fn outside_of_a_run_a_task_is_waited_for_within_the_time_of_a_call() {
    let port = |works: Works| {
        let server = FakeToolServer::new(FakeToolServer::spec("far"), move |request, _| {
            let answer = works.answer(&request);
            async move { answer }
        });
        let server = Arc::new(server);
        (server.clone(), server as Arc<dyn ToolServer>)
    };
    let (_, quick) = port(Works::through([at("working", &json!({})), done("built")]));
    let exchanged = quick.call("pay", json!({}), &RequestCx::default()).await.unwrap();
    assert_eq!(exchanged, galaxy_tool::server::Exchanged::Done(said("built")));
    let (server, slow) = port(Works::for_ever());
    let began = Instant::now();
    let late = slow.call("pay", json!({}), &RequestCx::default()).await;
    assert_eq!(late, Err(ServerError::TimedOut(slow.spec().limits.ceiling)));
    assert_eq!(began.elapsed(), slow.spec().limits.ceiling);
    assert_eq!(server.requests().last().unwrap().method, "tasks/cancel");
}
