use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use galaxy_domain::{Effect, Item, Outcome, Part, Stop, Verdict};
use galaxy_model::Message;
use galaxy_testkit::{FakeTool, Gate, Script};
use galaxy_tool::ToolError;
use serde_json::json;
use tokio::{
    sync::Barrier,
    time::{Instant, sleep},
};

use crate::{
    memory::give_way,
    scene::{Scene, done, failed, hangs},
};

/// A run whose model asks for `tool` once and then says that it is done.
fn once(tool: FakeTool) -> Scene {
    let name = galaxy_tool::AnyTool::name(&tool).to_owned();
    Scene::new([Script::calls("c1", &name, json!({})), Script::says("Done.")]).with(tool)
}

fn notes(scene: &Scene) -> Vec<(String, Option<f64>)> {
    let note = |item| match item {
        Item::Progress { note, share, .. } => Some((note, share)),
        _ => None,
    };
    scene.log.items().into_iter().filter_map(note).collect()
}

#[tokio::test(start_paused = true)]
async fn calls_of_one_answer_run_side_by_side() {
    // Each call waits for the other two: one after the other they would never end.
    let all_there = Arc::new(Barrier::new(3));
    let meet = FakeTool::new("meet", Effect::Reads, move |input, _| {
        let all_there = all_there.clone();
        async move {
            all_there.wait().await;
            Ok(vec![Part::text(input["who"].to_string())])
        }
    });
    let three = Script::default()
        .call("a", "meet", json!({ "who": 1 }))
        .call("b", "meet", json!({ "who": 2 }))
        .call("c", "meet", json!({ "who": 3 }));
    let scene = Scene::new([three, Script::says("All were there.")]).with(meet);
    assert_eq!(scene.drive().await, Stop::Finished);
    let mut replies = scene.replies();
    replies.sort_by(|one, two| one.0.cmp(&two.0));
    let expected = [("a", "1"), ("b", "2"), ("c", "3")];
    assert_eq!(replies, expected.map(|(id, text)| (id.to_owned(), done(text))));
}

#[tokio::test(start_paused = true)]
async fn at_most_four_tools_work_at_once() {
    let (working, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let highest = most.clone();
    let busy = FakeTool::new("busy", Effect::Reads, move |_, _| {
        let (working, most) = (working.clone(), most.clone());
        async move {
            most.fetch_max(working.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            sleep(Duration::from_secs(1)).await;
            working.fetch_sub(1, Ordering::SeqCst);
            Ok(vec![])
        }
    });
    let ten = (0..10).fold(Script::default(), |script, idx| {
        script.call(&format!("c{idx}"), "busy", json!({ "idx": idx }))
    });
    let scene = Scene::new([ten, Script::says("Done.")]).with(busy);
    let start = Instant::now();
    scene.drive().await;
    assert_eq!(scene.replies().len(), 10);
    assert_eq!(highest.load(Ordering::SeqCst), 4);
    assert_eq!(start.elapsed().as_secs(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_makes_no_sense_is_explained_to_the_model() {
    let add = FakeTool::says("add", Effect::Writes, "added").verdict(Verdict::Allow).takes(json!({
        "type": "object",
        "properties": { "title": { "type": "string" } },
        "required": ["title"],
        "additionalProperties": false,
    }));
    let added = add.inputs();
    let wrong = Script::default()
        .call("a", "add", json!({ "titel": "Milk" }))
        .call("b", "add", json!("{\"title\": \"Mi"))
        .call("c", "fly", json!({}));
    let scene = Scene::new([wrong, Script::says("I see.")]).with(add);
    assert_eq!(scene.drive().await, Stop::Finished);
    let told: Vec<String> = scene
        .replies()
        .into_iter()
        .map(|(_, outcome)| match outcome {
            Outcome::Failed { message } => message,
            other => panic!("{other:?}"),
        })
        .collect();
    assert!(told[0].contains("titel") && told[0].contains("title"), "{}", told[0]);
    assert!(told[1].starts_with("invalid arguments"), "{}", told[1]);
    assert_eq!(told[2], "there is no tool `fly`; the tools are: add");
    assert!(added.lock().unwrap().is_empty());
    let told = scene.model.requests().remove(1);
    let errors = told
        .messages
        .iter()
        .filter(|message| matches!(message, Message::Result { is_error: true, .. }));
    assert_eq!(errors.count(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_tool_that_panics_is_a_call_that_failed() {
    let scene = once(FakeTool::new("bad", Effect::Reads, |_, _| async { panic!("on purpose") }));
    assert_eq!(scene.drive().await, Stop::Finished);
    assert_eq!(scene.replies(), [("c1".to_owned(), failed("the tool broke"))]);
}

#[tokio::test(start_paused = true)]
async fn what_went_wrong_inside_is_not_told_to_the_model() {
    let secret = || std::io::Error::other("password=hunter2");
    let scene = once(FakeTool::new("bad", Effect::Reads, move |_, _| async move {
        Err(ToolError::Internal(Box::new(secret())))
    }));
    scene.drive().await;
    assert_eq!(scene.replies(), [("c1".to_owned(), failed("the tool failed"))]);
}

#[tokio::test(start_paused = true)]
async fn a_tool_that_hangs_is_given_up_in_time() {
    let slow = hangs("slow", Effect::Reads).limit(Duration::from_secs(7));
    let scene = once(slow);
    let start = Instant::now();
    assert_eq!(scene.drive().await, Stop::Finished);
    assert_eq!(start.elapsed().as_secs(), 7);
    assert_eq!(scene.replies(), [("c1".to_owned(), failed("no result after 7 seconds"))]);
    let [Item::Reply { took_ms: 7_000, .. }] = scene
        .settled()
        .iter()
        .filter(|item| matches!(item, Item::Reply { .. }))
        .cloned()
        .collect::<Vec<_>>()[..]
    else {
        panic!("{:?}", scene.settled())
    };
}

#[tokio::test(start_paused = true)]
async fn a_tool_with_effects_that_hangs_may_have_had_them() {
    let slow = hangs("slow", Effect::Writes).verdict(Verdict::Allow);
    let scene = once(slow.limit(Duration::from_secs(7)));
    assert_eq!(scene.drive().await, Stop::Finished);
    let message = "no result after 7 seconds; it may have taken effect all the same";
    assert_eq!(scene.replies(), [("c1".to_owned(), failed(message))]);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_given_up_is_told_to_stop() {
    let told = Gate::new();
    let ended = told.clone();
    let scene = once(
        FakeTool::new("slow", Effect::Reads, move |_, cx| {
            let ended = ended.clone();
            let cancel = cx.cancel.clone();
            // Work that outlives its call watches the token.
            #[expect(clippy::disallowed_methods, reason = "a tool's own thread is what this is")]
            tokio::spawn(async move {
                cancel.cancelled().await;
                ended.pass().await;
            });
            std::future::pending()
        })
        .limit(Duration::from_secs(1)),
    );
    scene.drive().await;
    told.reached().await;
}

#[tokio::test(start_paused = true)]
async fn too_much_output_is_cut_visibly() {
    let long = || "x".repeat(40_000);
    let scene = once(FakeTool::new("dump", Effect::Reads, move |_, _| async move {
        Ok(vec![Part::text(long()), Part::text(long()), Part::text(long())])
    }));
    scene.drive().await;
    let (_, Outcome::Done { output }) = scene.replies().remove(0) else { panic!("no output") };
    let texts: Vec<&str> = output
        .iter()
        .map(|part| match part {
            Part::Text { text } => text.as_str(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(texts[0].len(), 40_000);
    assert!(texts[1].contains("[32000 characters omitted]"), "{}", texts[1].len());
    assert!(texts[2].contains("[40000 characters omitted]"));
    assert!(texts.iter().map(|text| text.len()).sum::<usize>() < 48_200);
}

#[tokio::test(start_paused = true)]
async fn pictures_that_are_too_big_are_left_out_visibly() {
    let picture = |megabytes: usize| Part::Image {
        media_type: "image/png".to_owned(),
        data: "A".repeat(megabytes * 1024 * 1024),
    };
    let scene = once(FakeTool::new("draw", Effect::Reads, move |_, _| async move {
        Ok(vec![picture(3), picture(5), picture(1), picture(1)])
    }));
    scene.drive().await;
    let (_, Outcome::Done { output }) = scene.replies().remove(0) else { panic!("no output") };
    assert_eq!(output[0], picture(3));
    assert_eq!(output[1], Part::text("[an image of 5120 kB (image/png) is left out]"));
    assert_eq!(output[2], picture(1));
    assert_eq!(output[3], Part::text("[an image of 1024 kB (image/png) is left out]"));
}

#[tokio::test(start_paused = true)]
async fn a_working_tool_tells_how_far_it_is() {
    let scene = once(FakeTool::new("work", Effect::Reads, |_, cx| async move {
        cx.notes.tell(Some(0.5), "half of it");
        sleep(Duration::from_secs(1)).await;
        cx.notes.tell(None, "w".repeat(5_000));
        sleep(Duration::from_secs(12)).await;
        Ok(vec![])
    }));
    scene.drive().await;
    let notes = notes(&scene);
    assert_eq!(notes[0], ("half of it".to_owned(), Some(0.5)));
    assert!(notes[1].0.chars().count() <= 300, "a note is bounded");
    // A reader sees a sign of life even when the tool says nothing.
    assert_eq!(notes[2].0, "running for 6 s");
    assert_eq!(notes[3].0, "running for 11 s");
    assert_eq!(notes.len(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_note_that_comes_too_late_is_dropped() {
    let quick = FakeTool::new("quick", Effect::Reads, |_, cx| async move {
        cx.notes.tell(None, "nearly there");
        // Heard and finished between two looks of the driver.
        give_way(1).await;
        Ok(vec![])
    });
    let slow = FakeTool::new("slow", Effect::Reads, |_, _| async {
        sleep(Duration::from_secs(2)).await;
        Ok(vec![])
    });
    let both = Script::calls("a", "quick", json!({})).call("b", "slow", json!({}));
    let scene = Scene::new([both, Script::says("Done.")]).with(quick).with(slow);
    assert_eq!(scene.drive().await, Stop::Finished);
    assert_eq!(scene.replies().len(), 2);
}
