//! A registry elsewhere, and reading it.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures::{FutureExt, future::BoxFuture};
use galaxy_app::market::{
    MarketQuery, Source,
    mirror::Mirrored,
    registry::{Page, Upstream, UpstreamError, Wanted},
};
use galaxy_testkit::store::StoreFixture;
use serde_json::{Value, json};

use super::listed;
use crate::house::House;

pub(super) const HOUR: Duration = Duration::from_secs(3_600);

/// A registry that answers what it was told to, in turn, and remembers what it was asked.
#[derive(Default)]
pub(super) struct Elsewhere {
    answers: Mutex<VecDeque<Result<Page, UpstreamError>>>,
    asked: Mutex<Vec<Wanted>>,
}

impl Elsewhere {
    pub(super) fn answers(&self, answer: Result<Page, UpstreamError>) {
        self.answers.lock().unwrap().push_back(answer);
    }

    pub(super) fn asked(&self) -> Vec<Wanted> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

impl Upstream for Elsewhere {
    fn address(&self) -> &'static str {
        "https://registry.example"
    }

    fn page(&self, wanted: Wanted) -> BoxFuture<'_, Result<Page, UpstreamError>> {
        self.asked.lock().unwrap().push(wanted);
        let answer = self.answers.lock().unwrap().pop_front();
        let silent = || Err(UpstreamError::Unavailable("nobody is there".to_owned()));
        async move { answer.unwrap_or_else(silent) }.boxed()
    }
}

/// An entry with an address and a header, changed in the given hour of a day.
pub(super) fn entry(name: &str, version: &str, hour: u32, status: &str) -> Value {
    let moment = format!("2026-03-01T{hour:02}:00:00Z");
    let header = json!({ "name": "X-Key", "isSecret": true, "isRequired": true });
    json!({
        "server": {
            "name": name, "version": version, "description": "Tells the weather.", "more": [1],
            "remotes": [{
                "type": "streamable-http", "headers": [header],
                "url": format!("https://{{tenant}}.example.org/{version}"),
                "variables": { "tenant": { "isRequired": true } },
            }],
        },
        "_meta": { "io.modelcontextprotocol.registry/official": {
            "status": status, "publishedAt": moment, "updatedAt": moment, "isLatest": true
        } },
    })
}

pub(super) fn page(entries: &[Value], next: Option<&str>) -> Result<Page, UpstreamError> {
    let metadata = json!({ "nextCursor": next, "count": entries.len() });
    Page::read(&json!({ "servers": entries, "metadata": metadata }).to_string())
}

async fn a_registry_is_read_from_where_it_was_and_its_failures_take_nothing_away(
    store: &StoreFixture,
) {
    let elsewhere = Arc::new(Elsewhere::default());
    let house = House::reading(store, elsewhere.clone()).await;
    let mirroring = house.app.mirroring().unwrap();
    let read = async || mirroring.read().await.unwrap();
    let wanted = || MarketQuery { source: Some(Source::Registry), limit: 10, ..Default::default() };
    let first = [entry("a/a", "1.0.0", 1, "active"), entry("b/b", "1.0.0", 5, "active")];
    elsewhere.answers(page(&first, Some("b/b:1.0.0")));
    elsewhere.answers(Err(UpstreamError::Unavailable("it fell over".to_owned())));
    assert_eq!(read().await, Mirrored::Failed);
    assert_eq!(listed(&house, wanted()).await, ["a/a", "b/b"], "what came is kept");
    let state = house.app.mirror_state().await.unwrap();
    assert_eq!((state.entries, state.done_at), (2, None));
    assert!(state.trouble.unwrap().contains("it fell over"));
    assert_eq!(read().await, Mirrored::NotNow);
    elsewhere.asked();

    store.clock.advance(HOUR);
    elsewhere.answers(page(&[entry("c/c", "1.0.0", 3, "active")], None));
    assert_eq!(read().await, Mirrored::Done(1));
    let cursor = Some("b/b:1.0.0".to_owned());
    assert_eq!(elsewhere.asked(), [Wanted { updated_since: None, cursor }], "it goes on");
    assert_eq!(read().await, Mirrored::NotNow, "at most once an hour");

    // Only what changed since; what was taken out is gone.
    store.clock.advance(2 * HOUR);
    let changed = [entry("a/a", "2.0.0", 7, "active"), entry("b/b", "1.0.0", 8, "deleted")];
    elsewhere.answers(page(&changed, None));
    assert_eq!(read().await, Mirrored::Done(2));
    let since = elsewhere.asked()[0].updated_since.unwrap();
    assert_eq!(since.to_string(), "2026-03-01T05:00:00.000Z");
    assert_eq!(listed(&house, wanted()).await, ["a/a", "c/c"]);
    let detail = house.app.market_entry(&house.ann, "a/a", None).await.unwrap();
    let versions: Vec<&str> = detail.versions.iter().map(|it| it.version.as_str()).collect();
    assert_eq!((detail.offer.entry.version.as_str(), versions), ("2.0.0", vec!["2.0.0", "1.0.0"]));
    assert_eq!(house.app.mirror_state().await.unwrap().trouble, None);
    assert!(house.app.mirror_state().await.unwrap().done_at.is_some());
}

async fn a_registry_that_wants_rest_or_lost_its_place_gets_what_it_wants(store: &StoreFixture) {
    let elsewhere = Arc::new(Elsewhere::default());
    let house = House::reading(store, elsewhere.clone()).await;
    let mirroring = house.app.mirroring().unwrap();
    let read = async || mirroring.read().await.unwrap();
    let busy = UpstreamError::Busy { retry_after: Some(3 * HOUR) };
    elsewhere.answers(Err(busy));
    assert_eq!(read().await, Mirrored::Failed);
    store.clock.advance(2 * HOUR);
    assert_eq!(read().await, Mirrored::NotNow);
    store.clock.advance(HOUR);
    elsewhere.answers(page(&[entry("a/a", "1.0.0", 1, "active")], Some("lost")));
    elsewhere.answers(Err(UpstreamError::Refused("no such cursor".to_owned())));
    assert_eq!(read().await, Mirrored::Failed);
    store.clock.advance(6 * HOUR);
    elsewhere.asked();
    // A place that never moves is no place.
    elsewhere.answers(page(&[], Some("again")));
    elsewhere.answers(page(&[], Some("again")));
    assert_eq!(read().await, Mirrored::Failed);
    assert_eq!(elsewhere.asked()[0].cursor, None, "it began anew");
    assert!(house.app.mirror_state().await.unwrap().trouble.unwrap().contains("do not end"));
}

galaxy_testkit::on_both_engines! {
    a_registry_is_read_from_where_it_was_and_its_failures_take_nothing_away,
    a_registry_that_wants_rest_or_lost_its_place_gets_what_it_wants,
}
