use std::time::Duration;

use galaxy_base::Timestamp;
use galaxy_domain::{
    ToolServerId,
    access::{Read, Write},
    tool_server::{Link, Origin},
};
use galaxy_store::{
    NewToolServer, Place, ToolServerChange,
    registry::{EntryFilter, RegistryEntry, mirrors::MirrorPage},
};
use galaxy_testkit::store::StoreFixture;

const SOURCE: &str = "https://registry.example";
const HOUR: Duration = Duration::from_secs(3_600);

fn entry(name: &str, version: &str, changed_at: i64) -> RegistryEntry {
    RegistryEntry {
        name: name.to_owned(),
        version: version.to_owned(),
        body: format!(r#"{{"server":{{"name":"{name}"}} }}"#),
        sha256: "ab".to_owned(),
        fetched_at: Timestamp::from_millis(9),
        source: SOURCE.to_owned(),
        status: "active".to_owned(),
        is_latest: true,
        published_at: Timestamp::from_millis(changed_at),
        changed_at: Timestamp::from_millis(changed_at),
        words: format!("{name} looks at the 100% weather"),
    }
}

fn all() -> EntryFilter {
    EntryFilter { limit: 10, ..EntryFilter::default() }
}

async fn seen(store: &StoreFixture, filter: EntryFilter) -> Vec<String> {
    let entries = store.registry_entries(&filter).await.unwrap();
    let mark = |it: &RegistryEntry| if it.is_latest { "*" } else { "" };
    entries.iter().map(|it| format!("{}:{}{}", it.name, it.version, mark(it))).collect()
}

async fn an_older_state_never_replaces_a_newer_one(store: &StoreFixture) {
    let put = async |entries| store.put_registry_entries(entries).await.unwrap();
    assert_eq!(put(vec![entry("a/a", "1", 10), entry("a/a", "2", 20)]).await, 2);
    assert_eq!(seen(store, all()).await, ["a/a:1", "a/a:2*"]);
    // A snapshot from before says that 1 is the newest, and knows less of 2.
    let old = RegistryEntry { status: "deleted".to_owned(), ..entry("a/a", "2", 15) };
    assert_eq!(put(vec![entry("a/a", "1", 10), old]).await, 0, "the first is there already");
    assert_eq!(seen(store, all()).await, ["a/a:1", "a/a:2*"]);
    let kept = store.registry_entry("a/a", Some("2")).await.unwrap().unwrap();
    assert_eq!(kept, entry("a/a", "2", 20));
    assert_eq!(store.registry_entry("a/a", None).await.unwrap().unwrap().version, "2");
    assert_eq!(store.registry_entry("a/a", Some("3")).await.unwrap(), None);
}

async fn entries_are_searched_page_by_page_and_what_is_gone_is_gone(store: &StoreFixture) {
    let gone = RegistryEntry { status: "deleted".to_owned(), ..entry("b/gone", "1", 30) };
    let entries = vec![entry("a/a", "1", 10), entry("a/a", "2", 20), gone, entry("c/c", "1", 5)];
    store.put_registry_entries(entries).await.unwrap();
    let latest = EntryFilter { latest: true, ..all() };
    assert_eq!(seen(store, latest.clone()).await, ["a/a:2*", "c/c:1*"]);
    assert_eq!(store.count_registry_entries().await.unwrap(), 2);
    let page = EntryFilter { limit: 1, ..latest.clone() };
    assert_eq!(seen(store, page.clone()).await, ["a/a:2*"]);
    let after = Some(("a/a".to_owned(), "2".to_owned()));
    assert_eq!(seen(store, EntryFilter { after, ..page }).await, ["c/c:1*"]);
    for (search, found) in
        [("100%", 2), ("c/c looks", 1), ("1%0", 0), ("_", 0), ("!", 0), ("nothing", 0)]
    {
        let filter = EntryFilter { search: Some(search.to_owned()), ..latest.clone() };
        assert_eq!(seen(store, filter).await.len(), found, "{search}");
    }
    // Whoever asks for changes is told of what was taken out.
    let since = EntryFilter { updated_since: Some(Timestamp::from_millis(20)), ..all() };
    assert_eq!(seen(store, since).await, ["a/a:2*", "b/gone:1*"]);
    let one = EntryFilter { name: Some("a/a".to_owned()), ..all() };
    assert_eq!(seen(store, one).await, ["a/a:1", "a/a:2*"]);
}

async fn one_process_at_a_time_reads_a_registry_and_goes_on_where_it_was(store: &StoreFixture) {
    let hold = Duration::from_secs(60);
    let taken = store.take_mirror(SOURCE, hold).await.unwrap().unwrap();
    assert_eq!((taken.since, taken.position, taken.failures), (None, None, 0));
    assert_eq!(store.take_mirror(SOURCE, hold).await.unwrap(), None, "somebody has it");
    let newest = Some(Timestamp::from_millis(20));
    let (entries, position) = (vec![entry("a/a", "1", 20)], "a/a:1".to_owned());
    let page = MirrorPage { entries, position, newest, hold: HOUR };
    assert_eq!(store.note_mirror_page(SOURCE, page).await.unwrap(), 1);
    store.clock.advance(hold);
    assert_eq!(store.take_mirror(SOURCE, hold).await.unwrap(), None, "it is held longer now");

    store.fail_mirror(SOURCE, "no".to_owned(), hold, false).await.unwrap();
    store.clock.advance(hold);
    let again = store.take_mirror(SOURCE, hold).await.unwrap().unwrap();
    assert_eq!((again.position.as_deref(), again.newest), (Some("a/a:1"), newest));
    assert_eq!((again.failures, again.trouble.as_deref()), (1, Some("no")));
    store.fail_mirror(SOURCE, "no".to_owned(), hold, true).await.unwrap();
    let anew = store.mirror(SOURCE).await.unwrap().unwrap();
    assert_eq!((anew.position, anew.failures), (None, 2));

    store.finish_mirror(SOURCE, vec![entry("b/b", "1", 30)], newest, HOUR).await.unwrap();
    let done = store.mirror(SOURCE).await.unwrap().unwrap();
    assert_eq!((done.since, done.failures, done.trouble), (newest, 0, None));
    assert!(done.done_at.is_some());
    // Nothing changed meanwhile: what was known stays known.
    store.finish_mirror(SOURCE, Vec::new(), None, HOUR).await.unwrap();
    assert_eq!(store.mirror(SOURCE).await.unwrap().unwrap().since, newest);
    assert_eq!(seen(store, all()).await, ["a/a:1*", "b/b:1*"], "what is here stays");
}

async fn a_server_remembers_where_it_was_chosen_until_it_is_reached_otherwise(
    store: &StoreFixture,
) {
    let ada = store.someone("ada@example.org").await;
    let origin = |version: &str| Origin {
        entry: "a/a".to_owned(),
        version: version.to_owned(),
        way: "remote-0".to_owned(),
        inputs: [("url.tenant".to_owned(), vec!["us".to_owned()])].into(),
    };
    let link = |url: &str| Link::Http { url: url.to_owned(), headers: vec![], inside: false };
    let new = NewToolServer {
        id: ToolServerId::fresh(),
        name: "weather".to_owned(),
        title: "Weather".to_owned(),
        link: link("https://a.example/mcp"),
        secrets: None,
        origin: Some(origin("1")),
        trusted: false,
        may_ask: false,
    };
    let place = Place::Own(ada.may_here());
    let id = store.create_tool_server(place, new, 10, None).await.unwrap().value;
    let row = store.tool_server(ada.may::<Read, _>(id)).await.unwrap();
    assert_eq!(row.origin, Some(origin("1")));
    let change = async |change| {
        store.change_tool_server(ada.may::<Write, _>(id), change).await.unwrap().origin
    };
    let titled = ToolServerChange { title: Some("W".to_owned()), ..Default::default() };
    assert_eq!(change(titled).await, Some(origin("1")));
    let newer = ToolServerChange {
        link: Some((link("https://a.example/2"), None)),
        origin: Some(origin("2")),
        ..Default::default()
    };
    assert_eq!(change(newer).await, Some(origin("2")));
    let moved = ToolServerChange {
        link: Some((link("https://b.example/mcp"), None)),
        ..Default::default()
    };
    assert_eq!(change(moved).await, None);
}

galaxy_testkit::on_both_engines! {
    an_older_state_never_replaces_a_newer_one,
    entries_are_searched_page_by_page_and_what_is_gone_is_gone,
    one_process_at_a_time_reads_a_registry_and_goes_on_where_it_was,
    a_server_remembers_where_it_was_chosen_until_it_is_reached_otherwise,
}
