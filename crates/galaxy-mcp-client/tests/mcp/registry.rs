//! A registry as it is and as it should not be.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    extract::{Query, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use galaxy_base::Tasks;
use galaxy_mcp_client::Registry;
use galaxy_registry::{Status, Upstream, UpstreamError, Wanted, listed::moment};
use serde_json::{Value, json};

/// What the registry answers next instead of a page.
type Trouble = (StatusCode, Option<&'static str>, String);

/// A registry that pages as the official one does.
#[derive(Clone, Default)]
struct Fake {
    servers: Arc<Vec<Value>>,
    troubles: Arc<Mutex<VecDeque<Trouble>>>,
    asked: Arc<Mutex<Vec<HashMap<String, String>>>>,
}

impl Fake {
    async fn listen(self) -> Registry {
        let router = Router::new().route("/sub/v0.1/servers", get(page)).with_state(self);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        Tasks::default().spawn(async move { axum::serve(listener, router).await });
        let _ = rustls::crypto::ring::default_provider().install_default();
        let net = galaxy_net::Client::new(galaxy_net::Config::default()).unwrap();
        Registry::new(net, format!("http://127.0.0.1:{port}/sub/").parse().unwrap())
    }
}

async fn page(State(fake): State<Fake>, Query(query): Query<HashMap<String, String>>) -> Response {
    fake.asked.lock().unwrap().push(query.clone());
    if let Some((status, retry_after, body)) = fake.troubles.lock().unwrap().pop_front() {
        let mut response = (status, body).into_response();
        if let Some(after) = retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, after.parse().unwrap());
        }
        return response;
    }
    let after = query.get("cursor").cloned().unwrap_or_default();
    let since = query.get("updated_since").cloned().unwrap_or_default();
    let of = |it: &Value, name: &str| it["server"][name].as_str().unwrap().to_owned();
    let at = |it: &Value| format!("{}:{}", of(it, "name"), of(it, "version"));
    let changed = |it: &Value| {
        let official = &it["_meta"]["io.modelcontextprotocol.registry/official"];
        official["updatedAt"].as_str().unwrap().to_owned()
    };
    let mut rest =
        fake.servers.iter().filter(|it| at(it) > after && changed(it) > since).peekable();
    let servers: Vec<&Value> = rest.by_ref().take(2).collect();
    let next = rest.peek().and_then(|_| servers.last().map(|it| at(it)));
    let metadata = json!({ "count": servers.len(), "nextCursor": next });
    axum::Json(json!({ "servers": servers, "metadata": metadata })).into_response()
}

fn server(name: &str, status: &str, updated_at: &str) -> Value {
    json!({
        "server": { "name": name, "version": "1.0.0", "description": "It.", "unknown": [1] },
        "_meta": { "io.modelcontextprotocol.registry/official": {
            "status": status, "publishedAt": updated_at, "updatedAt": updated_at, "isLatest": true
        } }
    })
}

fn three() -> Fake {
    let servers = vec![
        server("a/a", "active", "2026-01-01T00:00:00Z"),
        server("b/b", "deleted", "2026-01-02T00:00:00Z"),
        server("c/c", "deprecated", "2026-01-03T00:00:00.123456Z"),
    ];
    Fake { servers: Arc::new(servers), ..Fake::default() }
}

#[tokio::test]
async fn a_registry_is_read_page_by_page_and_from_a_moment_on() {
    let fake = three();
    let registry = fake.clone().listen().await;
    let first = registry.page(Wanted::default()).await.unwrap();
    assert_eq!((first.entries.len(), first.next.as_deref()), (2, Some("b/b:1.0.0")));
    assert_eq!(first.entries[1].listed.status, Status::Deleted);
    let sent: Value = serde_json::from_str(&first.entries[0].text).unwrap();
    assert_eq!(sent, fake.servers[0], "what is not known is there, too");
    let wanted = Wanted { cursor: first.next, ..Wanted::default() };
    let last = registry.page(wanted).await.unwrap();
    assert_eq!((last.entries.len(), last.next), (1, None));
    assert_eq!(last.entries[0].listed.status, Status::Deprecated);

    let since = moment("2026-01-02T12:00:00Z");
    let changed = registry.page(Wanted { updated_since: since, cursor: None }).await.unwrap();
    assert_eq!(changed.entries.len(), 1);
    let asked = fake.asked.lock().unwrap();
    assert_eq!(asked[2]["updated_since"], "2026-01-02T12:00:00.000Z");
    assert!(asked.iter().all(|it| it["version"] == "latest" && it["limit"] == "100"));
    assert!(!registry.address().ends_with('/'), "{}", registry.address());
}

#[tokio::test]
async fn each_trouble_says_what_to_do_about_it() {
    let fake = three();
    let registry = fake.clone().listen().await;
    let long = format!(r#"{{"servers":[],"padding":"{}"}}"#, "x".repeat(9 << 20));
    let troubles: [Trouble; 7] = [
        (StatusCode::TOO_MANY_REQUESTS, Some("120"), String::new()),
        (StatusCode::TOO_MANY_REQUESTS, None, String::new()),
        (StatusCode::SERVICE_UNAVAILABLE, Some("7"), String::new()),
        (StatusCode::BAD_REQUEST, None, "invalid cursor".to_owned()),
        (StatusCode::FOUND, None, "elsewhere".to_owned()),
        (StatusCode::OK, None, r#"{"servers": ["#.to_owned()),
        (StatusCode::OK, None, long),
    ];
    fake.troubles.lock().unwrap().extend(troubles);
    let after = |seconds| UpstreamError::Busy { retry_after: Some(Duration::from_secs(seconds)) };
    let ask = async || registry.page(Wanted::default()).await.unwrap_err();
    assert_eq!(ask().await, after(120));
    assert_eq!(ask().await, UpstreamError::Busy { retry_after: None });
    assert_eq!(ask().await, after(7));
    let refused = ask().await;
    assert!(matches!(&refused, UpstreamError::Refused(it) if it.contains("invalid cursor")));
    let elsewhere = ask().await;
    assert!(matches!(&elsewhere, UpstreamError::Unavailable(it) if it.contains("302")));
    for _ in 0..2 {
        let broken = ask().await;
        assert!(matches!(broken, UpstreamError::Nonsense(_)), "{broken:?}");
    }
    assert!(registry.page(Wanted::default()).await.is_ok(), "nothing of it stays");
}
