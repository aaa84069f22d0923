//! temp
use std::time::{Duration, Instant};
use galaxy_domain::*;
use galaxy_domain::{conversation::Settings, transcript::Finish};
use galaxy_store::*;
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn speed() {
    let fixture = galaxy_testkit::store::sqlite().await;
    let store = &fixture.store;
    let ann = fixture.someone("a@b").await;
    for clients in [1usize, 16, 128] {
        let mut chats = vec![];
        for _ in 0..clients { chats.push(store.create(ann.may_here(), NewConversation{title: String::new(), settings: Settings::default()}, None).await.unwrap().value); }
        let rounds = 2000 / clients;
        let start = Instant::now();
        let cpu = std::fs::read_to_string("/proc/self/stat").unwrap();
        futures::future::join_all(chats.iter().map(|chat| async move {
            for _ in 0..rounds {
                let say = Say { parent: None, sibling_of: None, parts: vec![Part::text("hello world how are you")], run: Some(NewRun::default()), max_active: 100000 };
                store.say(ann.may(*chat), say, None).await.unwrap();
                let mut run = vec![];
                while run.is_empty() { run = store.claim("w", Duration::from_secs(100), 1, 100000).await.unwrap(); }
                let run = run.remove(0);
                let d = |t: &str| Item::Delta { delta: galaxy_domain::transcript::Delta::Text { text: t.into() } };
                let after = store.append(ann.may(run.id), run.fence, 1, vec![d("foo"), d("bar")], Strength::Relaxed).await.unwrap();
                let items = vec![Item::Assistant { parts: vec![Part::text("I am fine thanks")], calls: vec![], finish: Finish::Stop, model: "m".into() }, Item::Stopped { stop: Stop::Finished }];
                store.finish(ann.may(run.id), run.fence, after, items, RunState::Finished).await.unwrap();
            }
        })).await;
        let t = start.elapsed();
        let cpu2 = std::fs::read_to_string("/proc/self/stat").unwrap();
        let f = |s: &str| -> u64 { let v: Vec<&str> = s.split_whitespace().collect(); v[13].parse::<u64>().unwrap() + v[14].parse::<u64>().unwrap() };
        println!("{clients} clients: {} turns in {:?}: {:.0}/s cpu {:.0} us/turn", rounds*clients, t, (rounds*clients) as f64 / t.as_secs_f64(), (f(&cpu2)-f(&cpu)) as f64 * 10_000.0 / (rounds*clients) as f64);
    }
}
