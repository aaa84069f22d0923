//! Conversations as resources.

use galaxy_testkit::store::StoreFixture;
use serde_json::json;

use super::host::{Host, MODERN};
use crate::{house::House, talk::text};

galaxy_testkit::on_both_engines! {
    a_person_reads_their_conversations_and_nobody_elses,
    long_lists_come_page_by_page,
}

async fn a_person_reads_their_conversations_and_nobody_elses(store: &StoreFixture) {
    let house = House::open(store).await;
    let bo = house.member("bo@example.org").await;
    let cy = house.member("cy@example.org").await;
    let chat = house.chat(&bo, "What is there?").await;
    let uri = format!("galaxy://conversations/{}", chat.conversation);
    let host = Host::of(&house, &bo, &["read"]).await;
    for era in [MODERN, "2025-06-18"] {
        let host = host.speaking(era);
        let list = host.ask("resources/list", json!({})).await;
        assert_eq!(list["resources"][0]["uri"], uri);
        let templates = host.ask("resources/templates/list", json!({})).await;
        let template = &templates["resourceTemplates"][0]["uriTemplate"];
        assert_eq!(template, "galaxy://conversations/{id}");
        let read = host.ask("resources/read", json!({ "uri": uri })).await;
        let contents = &read["contents"][0];
        assert_eq!(
            (&contents["uri"], &contents["mimeType"]),
            (&json!(uri), &json!("text/markdown"))
        );
        let said = text(&contents["text"]);
        assert!(said.contains("What is there?") && said.contains("Hello there."), "{said}");
        // The code that was right before is another since.
        let missing = if era == MODERN { -32602 } else { -32002 };
        let strange = Host::full(&house, &cy).await.speaking(era);
        assert!(strange.ask("resources/list", json!({})).await["resources"][0].is_null());
        for uri in [&*uri, "galaxy://conversations/none", "file:///etc/passwd"] {
            let error = strange.error("resources/read", json!({ "uri": uri })).await;
            assert_eq!(error, (missing, "not found".to_owned()), "{uri}");
        }
    }
}

async fn long_lists_come_page_by_page(store: &StoreFixture) {
    let house = House::open(store).await;
    let bo = house.member("bo@example.org").await;
    for _ in 0..51 {
        house.conversation(&bo).await;
    }
    let host = Host::of(&house, &bo, &["chat"]).await;
    let first = host.ask("resources/list", json!({})).await;
    assert_eq!(first["resources"].as_array().unwrap().len(), 50);
    let rest = host.ask("resources/list", json!({ "cursor": first["nextCursor"] })).await;
    assert_eq!(rest["resources"].as_array().unwrap().len(), 1);
    assert!(rest.get("nextCursor").is_none());
    assert_eq!(host.error("resources/list", json!({ "cursor": "nowhere" })).await.0, -32602);
}
