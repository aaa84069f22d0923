//! Servers that wait on the line.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use futures::{FutureExt, future::BoxFuture};
use galaxy_domain::{
    CallId, Id, Part, RunId,
    elicitation::{Answer, Inquiry, WayBack},
    part::plain_text,
};
use galaxy_testkit::FakeToolServer;
use galaxy_tool::{
    Output, ToolError,
    server::{Asked, OnEnd, Question, RequestCx},
};
use serde_json::{Value, json};

use crate::scene::{NOW, Scene, form, said, with, yes};

/// Waits on the line for an answer to a question for the field `name`, and says what came.
async fn on_the_line(cx: &RequestCx, name: &str) -> Value {
    let server = FakeToolServer::spec("far").name;
    let question = Question::read(&form(name)).unwrap();
    let asked = Asked { server, tool: Some("pay".to_owned()), question };
    cx.elicit.ask(asked).await.into_result()
}

#[tokio::test(start_paused = true)]
async fn a_server_on_the_line_is_held_until_the_answer_goes_down_it() {
    let scene = Scene::new(|_, cx| async move {
        let first = on_the_line(&cx, "colour").await;
        let second = on_the_line(&cx, "size").await;
        Ok(said(&json!([first, second]).to_string()))
    });
    let first = scene.waits(None).await;
    assert!(
        matches!(&first.questions["question"], Inquiry::Form { fields, .. } if fields[0].name == "colour")
    );
    assert_eq!(first.back, WayBack::Held { until: NOW.after(Duration::from_secs(600)) });
    assert_eq!(scene.holds.count(), 1);
    tokio::time::advance(Duration::from_secs(100)).await;

    let second = scene.waits(with(first, &yes())).await;
    assert_eq!(second.back, WayBack::Held { until: NOW.after(Duration::from_secs(500)) });
    let output = scene.call(with(second, &Answer::Decline)).await.unwrap();
    let accepted = r#"{"action":"accept","content":{"colour":"red"}}"#;
    assert_eq!(output, [Part::text(format!(r#"[{accepted},{{"action":"decline"}}]"#))]);
    assert_eq!(scene.server.requests().len(), 1, "it is one call");
    assert_eq!(scene.holds.count(), 0);
}

#[tokio::test]
async fn a_held_call_does_not_survive_its_process() {
    let scene = Scene::new(|_, cx| async move {
        on_the_line(&cx, "colour").await;
        Ok(said("done"))
    });
    let asked = scene.waits(None).await;
    let scene = scene.elsewhere();
    let end = scene.call(with(asked, &yes())).await;
    assert!(matches!(end, Err(ToolError::Lost)), "{end:?}");
    assert_eq!(scene.server.requests().len(), 1, "it is not called again");
}

#[tokio::test]
async fn a_secret_on_the_line_is_declined_and_the_call_goes_on() {
    let scene =
        Scene::new(
            |_, cx| async move { Ok(said(&on_the_line(&cx, "access_token").await.to_string())) },
        );
    let told = plain_text(&scene.call(None).await.unwrap());
    assert!(told.starts_with(r#"{"action":"decline"}"#) && told.contains("without asking"));
    assert_eq!(scene.holds.count(), 0);
}

/// A server that asks on the line and tells when the question is taken back.
fn taken_back() -> (Scene, Arc<tokio::sync::Notify>) {
    let gone = Arc::new(tokio::sync::Notify::new());
    let tell = gone.clone();
    let scene = Scene::new(move |_, cx| {
        let tell = tell.clone();
        async move {
            let _told = when_dropped(move || tell.notify_one());
            on_the_line(&cx, "colour").await;
            Ok(said("done"))
        }
    });
    (scene, gone)
}

/// Does something when it is dropped.
struct Guard<F: FnMut()>(F);

impl<F: FnMut()> Drop for Guard<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

fn when_dropped<F: FnMut()>(work: F) -> Guard<F> {
    Guard(work)
}

#[tokio::test]
async fn what_is_held_of_a_stopped_run_is_cancelled() {
    let (scene, gone) = taken_back();
    scene.waits(None).await;
    scene.holds.cancel(Id::fresh());
    assert_eq!(scene.holds.count(), 1, "another run's");
    scene.holds.cancel(scene.run);
    gone.notified().await;
    assert_eq!(scene.holds.count(), 0);
}

#[tokio::test]
async fn what_is_held_ends_with_the_process() {
    let (scene, gone) = taken_back();
    scene.waits(None).await;
    assert!(scene.tasks.stop(Duration::from_secs(5)).await, "nothing keeps the process");
    gone.notified().await;
    assert_eq!(scene.holds.count(), 0);
}

/// Remembers what it hears.
#[derive(Default)]
struct Hears(Mutex<Vec<(RunId, CallId, String)>>);

impl OnEnd for Hears {
    fn ended(
        &self,
        run: RunId,
        call: CallId,
        result: Result<Output, ToolError>,
    ) -> BoxFuture<'_, ()> {
        let words = result.map_or_else(|err| err.to_string(), |it| plain_text(&it));
        self.0.lock().unwrap().push((run, call, words));
        async {}.boxed()
    }
}

#[tokio::test(start_paused = true)]
async fn a_held_call_that_ends_by_itself_is_told() {
    for (patience, words) in [
        (Some(Duration::from_secs(60)), "nobody answered"),
        (None, "did not answer within 600 seconds; it may have taken effect"),
    ] {
        let scene = Scene::new(move |_, cx| async move {
            match patience {
                Some(patience) => {
                    let asking = on_the_line(&cx, "colour");
                    let _ = tokio::time::timeout(patience, asking).await;
                    Ok(said("nobody answered"))
                }
                None => Ok(on_the_line(&cx, "colour").await),
            }
        });
        let hears = Arc::new(Hears::default());
        scene.holds.tell(hears.clone());
        scene.waits(None).await;
        assert_eq!(hears.0.lock().unwrap().len(), 0);
        tokio::time::sleep(Duration::from_secs(601)).await;
        let heard = hears.0.lock().unwrap().clone();
        let [(run, call, said)] = &heard[..] else { panic!("{heard:?}") };
        assert_eq!((*run, &*call.0), (scene.run, "c"));
        assert!(said.contains(words), "{said}");
        assert_eq!(scene.holds.count(), 0);
    }
}

#[tokio::test]
async fn a_call_that_is_stopped_tells_the_server() {
    let (scene, gone) = taken_back();
    scene.cancel.cancel();
    // Whoever calls gives it a moment for a last word, and then drops it.
    let call = scene.call(None);
    assert!(call.now_or_never().is_none());
    gone.notified().await;
    assert_eq!(scene.holds.count(), 0);
}
