use std::{collections::BTreeMap, time::Duration};

use galaxy_agent::{FirstPiece, Signals};
use galaxy_domain::{
    Item,
    transcript::{Delta, Finish},
};
use galaxy_model::Event;
use galaxy_store::Strength;
use galaxy_testkit::{Gate, Script};
use tokio::time::{Instant, sleep};

use crate::scene::{Scene, call, text_of};

/// Opens `gates` one after the other, each so long after the one before.
async fn open_every(gates: &[Gate], gap: Duration) {
    for gate in gates {
        sleep(gap).await;
        gate.open();
    }
}

/// Milliseconds from `start` to each commit that holds text, and that text.
fn texts(scene: &Scene, start: Instant) -> Vec<(u128, String)> {
    let kept = scene.log.kept();
    let text = |items: &[Item]| items.iter().filter_map(text_of).collect::<String>();
    kept.commits
        .iter()
        .map(|commit| ((commit.at - start).as_millis(), text(&commit.items)))
        .filter(|(_, text)| !text.is_empty())
        .collect()
}

#[tokio::test(start_paused = true)]
async fn the_first_word_is_stored_at_once_and_later_ones_are_joined() {
    let gates: Vec<Gate> = (0..7).map(|_| Gate::new()).collect();
    let words = ["b", "c", "d", "e", "f", "g", "."];
    let script = gates
        .iter()
        .zip(words)
        .fold(Script::says("a"), |script, (gate, word)| script.wait(gate).text(word));
    let scene = Scene::new([script]);
    let start = Instant::now();
    let signals = Signals::default();
    let (end, ()) =
        tokio::join!(scene.drive_with(&signals), open_every(&gates, Duration::from_millis(9)));
    end.unwrap();
    let expected = [(0, "a"), (25, "bc"), (50, "def")];
    assert_eq!(texts(&scene, start), expected.map(|(at, text)| (at, text.to_owned())));
    // What came after the last commit is stored as part of the whole answer.
    assert_eq!(scene.answers(), [("abcdefg.".to_owned(), vec![], Finish::Stop)]);
}

#[tokio::test(start_paused = true)]
async fn the_first_word_waits_for_others_where_only_the_whole_is_waited_for() {
    let gates: Vec<Gate> = (0..3).map(|_| Gate::new()).collect();
    let words = ["b", "c", "."];
    let script = gates
        .iter()
        .zip(words)
        .fold(Script::says("a"), |script, (gate, word)| script.wait(gate).text(word));
    let scene = Scene { first: FirstPiece::Joined, ..Scene::new([script]) };
    let start = Instant::now();
    let signals = Signals::default();
    let (end, ()) =
        tokio::join!(scene.drive_with(&signals), open_every(&gates, Duration::from_millis(10)));
    end.unwrap();
    assert_eq!(texts(&scene, start), [(25, "abc".to_owned())]);
    assert_eq!(scene.answers(), [("abc.".to_owned(), vec![], Finish::Stop)]);
}

#[tokio::test(start_paused = true)]
async fn a_quick_answer_that_nobody_reads_along_is_one_change() {
    let scene =
        Scene { first: FirstPiece::Joined, ..Scene::new([Script::says("It is ").text("391.")]) };
    scene.drive().await;
    assert_eq!(scene.log.kept().commits.len(), 1);
    assert_eq!(scene.answers(), [("It is 391.".to_owned(), vec![], Finish::Stop)]);
}

#[tokio::test(start_paused = true)]
async fn what_was_streamed_is_what_was_said() {
    let gate = Gate::new();
    let last = Gate::new();
    let script = Script::default()
        .thinks("Hm, ")
        .thinks("yes.")
        .text("The answer ")
        .wait(&gate)
        .text("is 4.")
        .wait(&last);
    let scene = Scene::new([script]);
    let signals = Signals::default();
    let (end, ()) = tokio::join!(scene.drive_with(&signals), async {
        open_every(&[gate, last], Duration::from_millis(40)).await;
    });
    end.unwrap();
    assert_eq!(scene.streamed(), "The answer is 4.");
    let thoughts: String = scene
        .log
        .items()
        .into_iter()
        .filter_map(|item| match item {
            Item::Delta { delta: Delta::Reasoning { text } } => Some(text),
            _ => None,
        })
        .collect();
    assert_eq!(thoughts, "Hm, yes.");
}

#[tokio::test(start_paused = true)]
async fn arguments_are_streamed_by_call() {
    let (gate, last) = (Gate::new(), Gate::new());
    let more = |id: &str, text: &str| Event::Arguments {
        call: call(id),
        tool: "look".to_owned(),
        text: text.to_owned(),
    };
    let script = Script::says("So:")
        .wait(&gate)
        .event(more("a", "{\"n\""))
        .event(more("a", ":1}"))
        .event(more("b", "{}"))
        .wait(&last);
    let scene = Scene::new([script]);
    let signals = Signals::default();
    let (end, ()) = tokio::join!(scene.drive_with(&signals), async {
        open_every(&[gate, last], Duration::from_millis(40)).await;
    });
    end.unwrap();
    let mut arguments: BTreeMap<String, String> = BTreeMap::new();
    for item in scene.log.items() {
        if let Item::Delta { delta: Delta::Arguments { call, text, .. } } = item {
            arguments.entry(call.0).or_default().push_str(&text);
        }
    }
    let expected = [("a", "{\"n\":1}"), ("b", "{}")];
    assert_eq!(arguments, expected.map(|(id, text)| (id.to_owned(), text.to_owned())).into());
}

#[tokio::test(start_paused = true)]
async fn a_silent_model_gives_a_sign_of_life_every_five_seconds() {
    let gate = Gate::new();
    let scene = Scene::new([Script::says("At last.").held_by(&gate)]);
    let start = Instant::now();
    let signals = Signals::default();
    let (end, ()) = tokio::join!(
        scene.drive_with(&signals),
        open_every(std::slice::from_ref(&gate), Duration::from_secs(17))
    );
    end.unwrap();
    let empty = Item::Delta { delta: Delta::Reasoning { text: String::new() } };
    let signs: Vec<u64> = scene
        .log
        .kept()
        .commits
        .iter()
        .filter(|commit| commit.items.contains(&empty))
        .map(|commit| (commit.at - start).as_secs())
        .collect();
    assert_eq!(signs, [5, 10, 15]);
    assert_eq!(scene.answers(), [("At last.".to_owned(), vec![], Finish::Stop)]);
}

#[tokio::test(start_paused = true)]
async fn a_slow_store_loses_no_text_and_keeps_its_order() {
    let gates: Vec<Gate> = (0..50).map(|_| Gate::new()).collect();
    let script = gates.iter().enumerate().fold(Script::says("start"), |script, (idx, gate)| {
        script.wait(gate).text(&format!(" {idx}"))
    });
    let last = Gate::new();
    let mut scene = Scene::new([script.wait(&last)]);
    scene.log.slowness = Duration::from_millis(300);
    let signals = Signals::default();
    let (end, ()) = tokio::join!(scene.drive_with(&signals), async {
        open_every(&gates, Duration::from_millis(20)).await;
        open_every(&[last], Duration::from_secs(1)).await;
    });
    end.unwrap();
    let said = &scene.answers()[0].0;
    assert!(said.starts_with("start 0 1 2") && said.ends_with("48 49"), "{said}");
    assert_eq!(&scene.streamed(), said);
    // A second of text in pieces of 300 ms: the pieces were joined while the store was busy.
    let commits = texts(&scene, Instant::now() - Duration::from_secs(60)).len();
    assert!((4..=7).contains(&commits), "{commits} commits");
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_outruns_the_store_waits_for_it() {
    let piece = "x".repeat(100 * 1024);
    let script = (0..8).fold(Script::default(), |script, _| script.text(&piece));
    let last = Gate::new();
    let mut scene = Scene::new([script.wait(&last)]);
    scene.log.slowness = Duration::from_secs(1);
    let signals = Signals::default();
    let (end, ()) = tokio::join!(scene.drive_with(&signals), async {
        last.reached().await;
        // All of it was read, so all but the last quarter of a megabyte is stored or under way.
        assert!(scene.streamed().len() >= 300 * 1024, "{}", scene.streamed().len());
        sleep(Duration::from_secs(3)).await;
        last.open();
    });
    end.unwrap();
    assert_eq!(scene.streamed().len(), 800 * 1024);
}

#[tokio::test(start_paused = true)]
async fn pieces_need_no_sync() {
    let (gate, last) = (Gate::new(), Gate::new());
    let scene = Scene::new([Script::says("a").wait(&gate).text("b").wait(&last)]);
    let signals = Signals::default();
    let (end, ()) = tokio::join!(scene.drive_with(&signals), async {
        open_every(&[gate, last], Duration::from_millis(40)).await;
    });
    end.unwrap();
    let kept = scene.log.kept();
    let (last, pieces) = kept.commits.split_last().unwrap();
    assert_eq!(pieces.len(), 2);
    assert!(pieces.iter().all(|commit| commit.strength == Strength::Relaxed));
    assert_eq!(last.strength, Strength::Synced);
}
