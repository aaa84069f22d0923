use galaxy_app::export::Format;
use galaxy_domain::{Effect, Kind};
use galaxy_testkit::{FakeTool, Script, store::StoreFixture};
use serde_json::{Value, json};

use crate::house::{House, kind};

galaxy_testkit::on_both_engines! {
    a_conversation_is_written_as_text,
    a_conversation_is_written_as_markdown,
    a_conversation_is_written_as_json,
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

async fn a_conversation_is_written_as_text(store: &StoreFixture) {
    let (house, chat) = talked(store).await;
    let export = house.app.export(&house.ann, chat, Format::Text).await.unwrap();
    assert_eq!(export.content, TEXT);
    assert_eq!(export.file_name, "what-is-2-2.txt");
    assert_eq!(export.media_type, "text/plain; charset=utf-8");
}

async fn a_conversation_is_written_as_markdown(store: &StoreFixture) {
    let (house, chat) = talked(store).await;
    let export = house.app.export(&house.ann, chat, Format::Markdown).await.unwrap();
    assert_eq!(export.content, MARKDOWN);
}

async fn a_conversation_is_written_as_json(store: &StoreFixture) {
    let (house, chat) = talked(store).await;
    let export = house.app.export(&house.ann, chat, Format::Json).await.unwrap();
    let written: Value = serde_json::from_str(&export.content).unwrap();
    assert_eq!(written["format"], "galaxy-conversation-1");
    let messages = written["messages"].as_array().unwrap();
    let kinds: Vec<&Value> = messages.iter().map(|message| &message["kind"]).collect();
    assert_eq!(kinds, ["said", "answered", "said", "answered"]);
    assert_eq!(messages[1]["parent"], messages[0]["id"]);
    let items: Vec<&Value> =
        messages[1]["entries"].as_array().unwrap().iter().map(|it| &it["item"]["kind"]).collect();
    assert_eq!(items, ["user", "assistant", "began", "reply", "assistant", "stopped"]);
}

async fn nobody_else_gets_it(store: &StoreFixture) {
    let (house, chat) = talked(store).await;
    let theirs = house.app.export(&house.bob, chat, Format::Json).await;
    assert_eq!(kind(theirs), Some(Kind::NotFound));
}
