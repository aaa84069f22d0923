//! What people think of answers.

use galaxy_testkit::store::StoreFixture;
use serde_json::{Value, json};

use crate::{
    house::House,
    talk::{chat_path, items},
};

galaxy_testkit::on_both_engines! { an_opinion_is_kept_replaced_and_taken_back }

async fn an_opinion_is_kept_replaced_and_taken_back(store: &StoreFixture) {
    let house = House::open(store).await;
    let (admin, bo) = (house.admin().await, house.member("bo@example.org").await);
    let chat = house.chat(&bo, "Hello?").await;
    let path = chat_path(&chat.conversation, &format!("/messages/{}/feedback", chat.answer));
    let shown = async || house.messages(&bo, &chat.conversation).await[1]["feedback"].clone();
    assert_eq!(shown().await, Value::Null);
    for (rating, comment) in [("up", ""), ("down", "Too short.")] {
        let opinion = json!({ "rating": rating, "comment": comment });
        house.put(&path).by(&bo).json(&opinion).send().await.ok(204);
        assert_eq!(shown().await, opinion);
    }
    let all = items(&house.get("/api/feedback").by(&admin).send().await.ok(200));
    assert_eq!(all.len(), 1);
    assert_eq!((&all[0]["message_id"], &all[0]["rating"]), (&json!(chat.answer), &json!("down")));
    assert_eq!(all[0]["person_id"], bo.id.to_string());
    let wrong = json!({ "rating": "sideways" });
    house.put(&path).by(&bo).json(&wrong).send().await.refused(422, "invalid");
    let long = json!({ "rating": "up", "comment": "x".repeat(4_001) });
    house.put(&path).by(&bo).json(&long).send().await.refused(422, "invalid");
    for _ in 0..2 {
        house.delete(&path).by(&bo).send().await.ok(204);
    }
    assert_eq!(shown().await, Value::Null);
}
