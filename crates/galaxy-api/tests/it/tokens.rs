//! Tokens for API clients.

use galaxy_base::ExposeSecret;
use galaxy_testkit::store::StoreFixture;
use serde_json::{Value, json};

use crate::{
    call::Reply,
    house::{House, PASSWORD, Plan},
    talk::text,
};

galaxy_testkit::on_both_engines! { a_refresh_token_is_good_once_and_its_copy_ends_the_session }

async fn refresh(house: &House<'_>, tokens: &Value) -> Reply {
    let body = json!({ "refresh_token": tokens["refresh_token"] });
    house.post("/api/auth/refresh").json(&body).send().await
}

async fn a_refresh_token_is_good_once_and_its_copy_ends_the_session(store: &StoreFixture) {
    let house = House::empty(store, Plan::default()).await;
    let access = house.app.access();
    let token = access.setup_token().await.unwrap().unwrap();
    let token = token.expose_secret();
    access.set_up(token, "ana@example.org", "Ana", &PASSWORD.into()).await.unwrap();
    let body = json!({ "email": "ana@example.org", "password": PASSWORD });
    let reply = house.post("/api/auth/token").json(&body).send().await;
    assert!(reply.header("set-cookie").is_none(), "tokens are for programs");
    let first = reply.ok(200);
    assert_eq!(first["token_type"], "Bearer");
    assert!(first["expires_in"].as_u64().unwrap() <= 15 * 60);
    let me = async |tokens: &Value| {
        house.get("/api/auth/me").bearer(&text(&tokens["access_token"])).send().await
    };
    assert_eq!(me(&first).await.ok(200)["credential"], "token");
    let second = refresh(&house, &first).await.ok(200);
    me(&second).await.ok(200);
    refresh(&house, &first).await.refused(401, "unauthenticated");
    // The copy gave itself away: whoever holds the newest token is out too.
    refresh(&house, &second).await.refused(401, "unauthenticated");
    me(&second).await.refused(401, "unauthenticated");
    let garbled = json!({ "refresh_token": "gxr_nonsense" });
    refresh(&house, &garbled).await.refused(401, "unauthenticated");
}
