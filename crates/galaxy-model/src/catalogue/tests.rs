use std::time::Duration;

use galaxy_base::Timestamp;
use galaxy_domain::transcript::Finish;
use tokio::time::advance;

use super::*;
use crate::{
    answer::{Event, collect},
    fake::{Fake, FakeProvider, Play, Step, profile, says, unavailable},
    request::Request,
};

fn entry(name: &str, provider: Arc<FakeProvider>) -> CatalogueEntry {
    CatalogueEntry {
        profile: profile(name),
        provider_name: "acme".to_owned(),
        provider,
        fallbacks: vec![],
        source: "config/llms.yml".to_owned(),
        max_concurrent: 8,
    }
}

fn model(name: &str, plays: impl IntoIterator<Item = Play>) -> (CatalogueEntry, Arc<Fake>) {
    let fake = Arc::new(Fake::with(profile(name), plays));
    (entry(name, FakeProvider::new([fake.clone()])), fake)
}

fn demo() -> CatalogueEntry {
    let (mut entry, _) = model("demo", [says("hi"), says("hi")]);
    entry.profile.demo = true;
    entry.provider_name = "demo".to_owned();
    entry
}

fn catalogue(entries: Vec<CatalogueEntry>) -> Catalogue {
    Catalogue::new(entries, Clock::fixed(Timestamp::from_millis(7)), false).ok().unwrap()
}

fn default_name(catalogue: &Catalogue) -> String {
    // A fake keeps the profile it was made with, so the name is what the entry says.
    catalogue.get(None).unwrap().profile().name.clone()
}

#[tokio::test(start_paused = true)]
async fn the_default_is_the_first_healthy_model_and_the_demo_only_when_alone() {
    assert!(catalogue(vec![]).get(None).is_none());
    assert!(catalogue(vec![demo()]).get(None).unwrap().profile().name == "demo");

    let (first, _) = model("first", []);
    let (second, _) = model("second", [says("hi")]);
    let catalogue = catalogue(vec![demo(), first, second]);
    assert_eq!(default_name(&catalogue), "first");
    catalogue.probe_all().await;
    assert_eq!(default_name(&catalogue), "second");
    assert!(catalogue.get(Some("third")).is_none());
}

#[tokio::test(start_paused = true)]
async fn a_probe_says_hi_and_tells_what_is_wrong_in_the_providers_words() {
    let slow = Play::Steps(vec![
        Step::Wait(Duration::from_millis(120)),
        Step::Event(Event::Finished(Finish::Length)),
    ]);
    let (well, fake) = model("well", [slow]);
    let bad_key = ModelError::Unauthorized { message: "incorrect API key".to_owned() };
    let (ill, _) = model("ill", [Play::Refuse(bad_key)]);
    let catalogue = catalogue(vec![well, ill]);
    assert_eq!(catalogue.list()[0].health, Health::UNKNOWN);
    catalogue.probe_all().await;

    let [well, ill] = &catalogue.list()[..] else { panic!("two models") };
    assert_eq!((well.health.status, well.source.as_str()), (Status::Ok, "config/llms.yml"));
    assert_eq!(well.health.latency, Some(Duration::from_millis(120)));
    assert_eq!(well.health.checked_at, Some(Timestamp::from_millis(7)));
    assert_eq!(fake.last_request().max_output_tokens, Some(3));
    assert_eq!(ill.health.status, Status::Failed);
    assert_eq!(ill.health.code, Some("model_unauthorized"));
    assert_eq!(ill.health.detail.as_deref(), Some("incorrect API key"));
    assert!(ill.health.advice.unwrap().contains("API key"));
}

#[tokio::test(start_paused = true)]
async fn probes_run_together_but_not_all_at_once() {
    let slow = || Play::Steps(vec![Step::Wait(Duration::from_secs(20)), Step::Fail(unavailable())]);
    let entries = (0..8).map(|it| model(&format!("m{it}"), [slow()]).0).collect();
    let catalogue = catalogue(entries);
    let started = tokio::time::Instant::now();
    catalogue.probe_all().await;
    assert_eq!(started.elapsed(), Duration::from_secs(40));
}

#[tokio::test(start_paused = true)]
async fn a_probe_ends_even_if_the_model_does_not() {
    let (stuck, fake) = model("stuck", [Play::Steps(vec![Step::Forever])]);
    let catalogue = catalogue(vec![stuck]);
    let health = catalogue.probe("stuck").await.unwrap();
    assert_eq!(health.code, Some("model_timed_out"));
    assert_eq!(fake.abandoned(), 1);
    assert!(catalogue.probe("nobody").await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_fallback_of_another_provider_steps_in() {
    let (mut big, fake) = model("big", []);
    big.fallbacks = vec!["small".to_owned()];
    let (mut small, _) = model("small", [says("hello")]);
    small.provider_name = "other".to_owned();
    let catalogue = catalogue(vec![big, small]);
    let answer = catalogue.get(Some("big")).unwrap().answer(Request::default()).await.unwrap();
    let sampled = collect(answer, |_| ()).await.unwrap();
    assert_eq!(sampled.switched.as_deref(), Some("small"));
    assert_eq!(fake.asked(), 3, "it was tried again first");
}

#[tokio::test(start_paused = true)]
async fn models_of_one_provider_share_its_breaker() {
    let failing = || (0..40).map(|_| Play::Refuse(unavailable()));
    let (first, _) = model("first", failing());
    let (second, fake) = model("second", failing());
    let catalogue = catalogue(vec![first, second]);
    let first = catalogue.get(Some("first")).unwrap();
    for _ in 0..20 {
        first.answer(Request::default()).await.err().unwrap();
    }
    assert!(matches!(catalogue.list()[1].breaker, BreakerState::Open { .. }));
    let second = catalogue.get(Some("second")).unwrap();
    let err = second.answer(Request::default()).await.err().unwrap();
    assert_eq!((err.code(), fake.asked()), ("model_resting", 0));
}

#[tokio::test(start_paused = true)]
async fn switched_off_means_no_call_but_the_demo_model_goes_on() {
    let (real, fake) = model("real", [says("hi")]);
    let catalogue = Catalogue::new(vec![real, demo()], Clock::System, true).ok().unwrap();
    assert_eq!(catalogue.list()[0].health.status, Status::Disabled);
    catalogue.probe_all().await;
    let statuses: Vec<Status> = catalogue.list().iter().map(|it| it.health.status).collect();
    assert_eq!(statuses, [Status::Disabled, Status::Ok]);
    let real = catalogue.get(Some("real")).unwrap();
    assert_eq!(real.answer(Request::default()).await.err(), Some(ModelError::Disabled));
    let remote = catalogue.remote_models("acme", true).await.unwrap();
    assert_eq!(remote, Err(ModelError::Disabled));
    assert_eq!(fake.asked(), 0);
    let demo = catalogue.get(Some("demo")).unwrap();
    assert!(demo.answer(Request::default()).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn remote_models_are_asked_for_once_in_ten_minutes() {
    let fake = Arc::new(Fake::new([]));
    let provider = FakeProvider::new([fake]);
    let lists = ["a", "b", "c"].map(|it| Ok(vec!["z".to_owned(), it.to_owned()]));
    provider.lists.lock().unwrap().extend(lists);
    let catalogue = catalogue(vec![entry("m", provider)]);
    let names =
        async |refresh| catalogue.remote_models("acme", refresh).await.unwrap().unwrap().names;
    assert_eq!(names(false).await, ["a", "z"]);
    advance(Duration::from_secs(599)).await;
    assert_eq!(names(false).await, ["a", "z"]);
    advance(Duration::from_secs(1)).await;
    assert_eq!(names(false).await, ["b", "z"]);
    advance(Duration::from_millis(1)).await;
    assert_eq!(names(true).await, ["c", "z"]);
    advance(Duration::from_secs(1)).await;
    let failed = catalogue.remote_models("acme", true).await.unwrap();
    assert_eq!(failed.unwrap_err(), unavailable());
    assert!(catalogue.remote_models("nobody", false).await.is_none());
}

#[test]
fn every_mistake_is_told_at_once() {
    let provider = FakeProvider::new([]);
    let mut entries =
        vec![entry("a", provider.clone()), entry("a", provider.clone()), entry("b", provider)];
    entries[2].fallbacks = vec!["b".to_owned(), "c".to_owned()];
    let mistakes = Catalogue::new(entries, Clock::System, false).err().unwrap();
    let fallback = Mistake::NoSuchFallback { model: "b".to_owned(), fallback: "c".to_owned() };
    assert_eq!(
        mistakes,
        [Mistake::NameTaken("a".to_owned()), Mistake::FallsBackOnItself("b".to_owned()), fallback]
    );
}
