//! Tools that want to know something from the person before they go on.

use std::collections::BTreeMap;

use galaxy_domain::{
    Effect, Part, Verdict,
    elicitation::{Choice, Elicitation, Field, FieldKind, Format, Inquiry, WayBack},
};
use galaxy_testkit::{FakeTool, Script, store::StoreFixture};
use galaxy_tool::ToolError;
use serde_json::{Value, json};

use crate::{
    call::Reply,
    house::{House, Person, Plan},
    talk::Started,
};

galaxy_testkit::on_both_engines! {
    a_form_is_shown_and_its_answers_go_back_to_the_tool,
    what_a_server_wants_back_is_shown_to_nobody,
    every_mistake_is_told_with_its_place,
    an_answer_is_given_once_and_by_the_person_alone,
    what_was_asked_is_there_after_a_reload,
    a_stream_of_one_question_ends_when_a_tool_asks,
}

fn field(name: &str, required: bool, kind: FieldKind) -> Field {
    let title = Some(name.to_uppercase());
    Field { name: name.to_owned(), title, description: None, required, kind }
}

fn asks() -> Elicitation {
    let number =
        FieldKind::Number { whole: true, minimum: Some(1.0), maximum: None, default: None };
    let format = Some(Format::Email);
    let mail = FieldKind::Text { min_length: None, max_length: None, format, default: None };
    let choices = ["red", "green"].map(|it| Choice { value: it.to_owned(), title: it.to_owned() });
    let one = FieldKind::One { choices: choices.into(), default: Some("red".to_owned()) };
    let fields =
        vec![field("seats", true, number), field("mail", false, mail), field("colour", false, one)];
    let form = Inquiry::Form { message: "Which table?".to_owned(), fields };
    let page = Inquiry::Page {
        message: "Pay here.".to_owned(),
        url: "https://pay.example.org/7".to_owned(),
    };
    Elicitation {
        server: "far".to_owned(),
        tool: "book".to_owned(),
        questions: [("table".to_owned(), form), ("pay".to_owned(), page)].into(),
        declined: vec!["password".to_owned()],
        back: WayBack::Again { state: Some("opaque-state".to_owned()) },
    }
}

/// A tool that books what the person says.
pub(crate) fn book() -> FakeTool {
    let tool = FakeTool::new("book", Effect::Reaches, |_, cx| async move {
        let Some(resumed) = cx.asks.unwrap().resumed else {
            return Err(ToolError::Waits(Box::new(asks())));
        };
        let said: BTreeMap<_, _> = resumed.answers.into_iter().collect();
        Ok(vec![Part::text(serde_json::to_string(&said).unwrap())])
    });
    tool.verdict(Verdict::Allow)
}

/// A run that waits for what its tool wants to know.
async fn waiting(house: &House<'_>, by: &Person) -> Started {
    house.script(Script::calls("c", "book", json!({ "for": "tonight" })));
    let started = house.chat(by, "Book a table.").await;
    house.script(Script::says("Booked."));
    started
}

async fn house(store: &StoreFixture) -> (House<'_>, Person) {
    let house = House::with(store, Plan::default().tool(book())).await;
    let bo = house.member("bo@example.org").await;
    (house, bo)
}

fn right() -> Value {
    let content = json!({ "seats": 4, "mail": "bo@example.org", "colour": "green" });
    json!({ "call": "c", "round": 1, "answers": {
        "table": { "action": "accept", "content": content },
        "pay": { "action": "accept" } } })
}

async fn respond(house: &House<'_>, by: &Person, started: &Started, body: &Value) -> Reply {
    house.post(&started.run_path("/respond")).by(by).json(body).send().await
}

async fn a_form_is_shown_and_its_answers_go_back_to_the_tool(store: &StoreFixture) {
    let (house, bo) = house(store).await;
    let started = waiting(&house, &bo).await;
    let run = house.run(&bo, &started.run).await;
    let open = &run["open"][0];
    assert_eq!((&run["state"], &open["question"]), (&json!("parked"), &json!("form")));
    let asked = &open["elicitation"];
    assert_eq!((&asked["server"], &asked["tool"]), (&json!("far"), &json!("book")));
    assert_eq!((&asked["round"], &asked["declined"]), (&json!(1), &json!(1)));
    assert_eq!(asked["until"], Value::Null);
    assert_eq!(asked["questions"]["pay"]["url"], "https://pay.example.org/7");
    let fields = &asked["questions"]["table"]["fields"];
    assert_eq!(
        fields[0]["kind"],
        json!({ "type": "number", "whole": true, "minimum": 1.0, "maximum": null, "default": null })
    );
    assert_eq!(fields[1]["kind"]["format"], "email");
    assert_eq!(fields[2]["kind"]["choices"][1], json!({ "value": "green", "title": "green" }));

    let mut events = house.events(&bo, &started.run, 0).await;
    let shown = events.until("tool.elicited").await.pop().unwrap();
    assert_eq!(&shown.data["elicitation"], asked, "the event says the same");
    assert_eq!(respond(&house, &bo, &started, &right()).await.ok(202)["state"], "queued");
    assert_eq!(house.rest(&bo, &started.run).await["state"], "finished");
    let rest = events.all().await;
    let find = |name: &str| rest.iter().find(|it| it.name == name).expect(name).data.clone();
    let answered = find("tool.answered");
    assert_eq!(answered["answers"]["table"]["content"]["seats"], 4);
    assert_eq!((&answered["by"], &answered["call"]), (&json!(bo.id), &json!("c")));
    let output = find("tool.finished")["output"][0]["text"].as_str().unwrap().to_owned();
    let heard: Value = serde_json::from_str(&output).unwrap();
    assert_eq!(heard["pay"], json!({ "action": "accept", "content": {} }));
}

async fn what_a_server_wants_back_is_shown_to_nobody(store: &StoreFixture) {
    let (house, bo) = house(store).await;
    let started = waiting(&house, &bo).await;
    respond(&house, &bo, &started, &right()).await.ok(202);
    house.rest(&bo, &started.run).await;
    let history = format!("{:?}", house.history(&bo, &started.run).await);
    let messages = format!("{:?}", house.messages(&bo, &started.conversation).await);
    assert!(history.contains("tool.elicited") && messages.contains("tool.elicited"));
    assert!(!history.contains("opaque-state") && !messages.contains("opaque-state"));
    let path = format!("/api/conversations/{}/export?format=json", started.conversation);
    let export = house.get(&path).by(&bo).send().await;
    assert_eq!(export.status, 200);
    assert!(!String::from_utf8_lossy(&export.body).contains("opaque-state"));
}

async fn every_mistake_is_told_with_its_place(store: &StoreFixture) {
    let (house, bo) = house(store).await;
    let started = waiting(&house, &bo).await;
    let mut wrong = right();
    wrong["answers"]["table"]["content"] = json!({ "seats": 0.5, "mail": "bo", "more": 1 });
    let refused = respond(&house, &bo, &started, &wrong).await.refused(422, "invalid");
    let places: Vec<&str> = refused["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["pointer"].as_str().unwrap())
        .collect();
    let content = "/answers/table/content";
    let expected = ["more", "seats", "mail"].map(|it| format!("{content}/{it}"));
    assert_eq!(places, expected);
    for wrong in [
        json!({ "call": "c", "round": 1, "answers": {} }),
        json!({ "call": "c", "round": 1, "answers": { "table": { "action": "decline" } } }),
        json!({ "call": "c", "round": 1, "answers": { "table": { "action": "perhaps" } } }),
        json!({ "call": "c", "answers": {} }),
        json!({ "call": "c", "round": 1, "answers": {}, "more": 1 }),
    ] {
        respond(&house, &bo, &started, &wrong).await.refused(422, "invalid");
    }
    assert_eq!(house.run(&bo, &started.run).await["state"], "parked");
}

async fn an_answer_is_given_once_and_by_the_person_alone(store: &StoreFixture) {
    let (house, bo) = house(store).await;
    let cy = house.member("cy@example.org").await;
    let started = waiting(&house, &bo).await;
    respond(&house, &cy, &started, &right()).await.refused(404, "not_found");
    let mut other = right();
    other["round"] = json!(2);
    respond(&house, &bo, &started, &other).await.refused(409, "conflict");
    let path = started.run_path("/respond");
    let send = || house.post(&path).by(&bo).key("once").json(&right()).send();
    let (one, two) = futures::join!(send(), send());
    assert_eq!(
        (one.ok(202), two.ok(202)["state"].clone()),
        (json!({ "state": "queued" }), json!("queued"))
    );
    house.rest(&bo, &started.run).await;
    send().await.ok(202);
    respond(&house, &bo, &started, &right()).await.refused(409, "conflict");
    let history = house.history(&bo, &started.run).await;
    assert_eq!(history.iter().filter(|it| it.name == "tool.answered").count(), 1);
}

async fn what_was_asked_is_there_after_a_reload(store: &StoreFixture) {
    let (house, bo) = house(store).await;
    let started = waiting(&house, &bo).await;
    let messages = house.messages(&bo, &started.conversation).await;
    let answer = messages.last().unwrap();
    assert_eq!(answer["run"]["state"], "parked");
    let events = answer["events"].as_array().unwrap();
    let asked = events.iter().find(|it| it["type"] == "tool.elicited").expect("the question");
    assert_eq!(asked["elicitation"]["questions"]["table"]["message"], "Which table?");
    let listed = house.get("/api/runs").by(&bo).send().await.ok(200);
    assert_eq!(listed["items"][0]["state"], "parked");
    house.post(&started.run_path("/stop")).by(&bo).send().await.ok(202);
    let over = house.run(&bo, &started.run).await;
    assert_eq!((&over["state"], &over["open"]), (&json!("cancelled"), &json!([])));
}

async fn a_stream_of_one_question_ends_when_a_tool_asks(store: &StoreFixture) {
    let (house, bo) = house(store).await;
    house.script(Script::calls("c", "book", json!({})));
    let body = json!({ "message": "Book a table." });
    let events = house.post("/api/chat/stream").by(&bo).json(&body).follow().await.all().await;
    let last = events.last().unwrap();
    assert_eq!((&*last.name, &last.data["state"]), ("chat.done", &json!("parked")));
    assert!(events.iter().any(|it| it.name == "tool.elicited"));
}
