use futures::{StreamExt, TryStreamExt};
use galaxy_app::{
    chat::Sending,
    export::{Export, Format},
};
use galaxy_domain::{Effect, Kind};
use galaxy_testkit::{FakeTool, Script, store::StoreFixture};
use serde_json::{Value, json};

use crate::house::{House, kind};

galaxy_testkit::on_both_engines! {
    a_conversation_is_written_as_text,
    a_conversation_is_written_as_markdown,
    a_conversation_is_written_as_json,
    a_conversation_is_read_a_message_at_a_time,
    an_empty_conversation_is_a_file_too,
    nobody_else_gets_it,
}

const TEXT: &str = r#"What is 2+2?
Started: 2026-01-01T00:00:00.000Z
Last message: 2026-01-01T00:00:00.000Z
Model: default
Tools used: math
Messages: 4

[2026-01-01T00:00:00.000Z] You:
What is 2+2?

[2026-01-01T00:00:00.000Z] scripted:
Let me see.

> math {"expression":"2+2"}
< 4

[2026-01-01T00:00:00.000Z] scripted:
It is 4.

[2026-01-01T00:00:00.000Z] You:
Thanks.

[2026-01-01T00:00:00.000Z] scripted:
You are welcome.
"#;

const MARKDOWN: &str = r#"# What is 2+2?

Started 2026-01-01T00:00:00.000Z, last message 2026-01-01T00:00:00.000Z, tools used: math

## You

*2026-01-01T00:00:00.000Z*

What is 2+2?

## scripted

*2026-01-01T00:00:00.000Z*

Let me see.

**math**

```json
{"expression":"2+2"}
```

```
4
```

## scripted

*2026-01-01T00:00:00.000Z*

It is 4.

## You

*2026-01-01T00:00:00.000Z*

Thanks.

## scripted

*2026-01-01T00:00:00.000Z*

You are welcome.
"#;

async fn talked(store: &StoreFixture) -> (House, galaxy_domain::ConversationId) {
    let scripts = [
        Script::says("Let me see.").call("c1", "math", json!({ "expression": "2+2" })),
        Script::says("It is 4."),
        Script::says("You are welcome."),
    ];
    let house = House::with(store, scripts, [FakeTool::says("math", Effect::Reads, "4")]).await;
    let chat = house.chat().await;
    house.ask(chat, "What is 2+2?").await;
    house.ask(chat, "Thanks.").await;
    (house, chat)
}

/// The whole file.
async fn content(export: Export) -> String {
    export.pieces.try_collect::<Vec<String>>().await.unwrap().concat()
}

async fn a_conversation_is_written_as_text(store: &StoreFixture) {
    let (house, chat) = talked(store).await;
    let export = house.app.export(&house.ann, chat, Format::Text).await.unwrap();
    assert_eq!(export.file_name, "what-is-2-2.txt");
    assert_eq!(export.media_type, "text/plain; charset=utf-8");
    assert_eq!(content(export).await, TEXT);
}

async fn a_conversation_is_written_as_markdown(store: &StoreFixture) {
    let (house, chat) = talked(store).await;
    let export = house.app.export(&house.ann, chat, Format::Markdown).await.unwrap();
    assert_eq!(content(export).await, MARKDOWN);
}

async fn a_conversation_is_written_as_json(store: &StoreFixture) {
    let (house, chat) = talked(store).await;
    let export = house.app.export(&house.ann, chat, Format::Json).await.unwrap();
    let written: Value = serde_json::from_str(&content(export).await).unwrap();
    assert_eq!(written["format"], "galaxy-conversation-1");
    let messages = written["messages"].as_array().unwrap();
    let kinds: Vec<&Value> = messages.iter().map(|message| &message["kind"]).collect();
    assert_eq!(kinds, ["said", "answered", "said", "answered"]);
    assert_eq!(messages[1]["parent"], messages[0]["id"]);
    let items: Vec<&Value> =
        messages[1]["entries"].as_array().unwrap().iter().map(|it| &it["item"]["kind"]).collect();
    assert_eq!(items, ["user", "assistant", "began", "reply", "assistant", "stopped"]);
}

async fn a_conversation_is_read_a_message_at_a_time(store: &StoreFixture) {
    let (house, chat) = talked(store).await;
    let picture = ("image/png".to_owned(), "AAAA".repeat(200));
    for number in 0..3 {
        let images = vec![picture.clone(); 4];
        let sending = Sending { text: format!("Look {number}."), images, ..Sending::default() };
        house.model.then(Script::says("I see."));
        let said = house.app.send(&house.ann, chat, sending, None).await.unwrap().value;
        house.rests(said.run.unwrap()).await;
    }
    let mut export = house.app.export(&house.ann, chat, Format::Json).await.unwrap();
    let mut pieces = Vec::new();
    while let Some(piece) = export.pieces.next().await {
        pieces.push(piece.unwrap());
    }
    assert_eq!(pieces.len(), 12, "a head, ten messages, an end");
    assert!(pieces.iter().all(|piece| piece.matches(&*picture.1).count() <= 4));
    let written: Value = serde_json::from_str(&pieces.concat()).unwrap();
    assert_eq!(written["messages"].as_array().unwrap().len(), 10);
    assert_eq!(written["messages"][4]["parts"][0]["data"], picture.1);
    // What is deleted meanwhile breaks the file off.
    let mut export = house.app.export(&house.ann, chat, Format::Json).await.unwrap();
    export.pieces.next().await.unwrap().unwrap();
    house.app.delete_conversation(&house.ann, chat).await.unwrap();
    let broken = export.pieces.next().await.unwrap();
    assert_eq!(kind(broken), Some(Kind::NotFound));
}

async fn an_empty_conversation_is_a_file_too(store: &StoreFixture) {
    let house = House::new(store, []).await;
    let chat = house.chat().await;
    let export = house.app.export(&house.ann, chat, Format::Json).await.unwrap();
    let written: Value = serde_json::from_str(&content(export).await).unwrap();
    assert_eq!(written["messages"], json!([]));
}

async fn nobody_else_gets_it(store: &StoreFixture) {
    let (house, chat) = talked(store).await;
    let theirs = house.app.export(&house.bob, chat, Format::Json).await;
    assert_eq!(kind(theirs), Some(Kind::NotFound));
}
