use std::time::Duration;

use futures::future::join_all;
use galaxy_access::Tokens;
use galaxy_domain::access::Credential;
use galaxy_testkit::store::StoreFixture;

use super::*;

galaxy_testkit::on_both_engines! {
    tokens_are_exchanged_and_the_old_ones_betray_a_thief,
    a_token_used_long_ago_still_betrays_a_thief,
    of_many_exchanges_at_once_one_succeeds_and_the_family_ends,
    an_access_token_ends_with_its_session,
    tokens_age,
    tokens_of_another_deployment_open_nothing,
}

async fn issue(access: &Access) -> Tokens {
    access.issue_tokens(MEMBER, &PASSWORD.into(), "cli", address(1)).await.unwrap()
}

async fn bearer(access: &Access, tokens: &Tokens) -> Result<Caller, AccessError> {
    access.authenticate(Presented::Bearer(tokens.access.expose_secret())).await
}

async fn exchange(access: &Access, tokens: &Tokens) -> Result<Tokens, AccessError> {
    access.refresh(tokens.refresh.expose_secret()).await
}

async fn tokens_are_exchanged_and_the_old_ones_betray_a_thief(store: &StoreFixture) {
    let House { access, member, .. } = &house(store).await;
    let first = issue(access).await;
    let caller = bearer(access, &first).await.unwrap();
    assert_eq!(
        (caller.person, caller.credential),
        (member.id, Credential::Token(first.session.id))
    );
    let second = exchange(access, &first).await.unwrap();
    assert_eq!(second.session.id, first.session.id);
    assert_eq!(bearer(access, &second).await.unwrap(), caller);
    let elsewhere = issue(access).await;

    assert_eq!(kind(exchange(access, &first).await), REFUSED, "used before");
    assert_eq!(kind(exchange(access, &second).await), REFUSED, "the family is closed");
    assert_eq!(kind(bearer(access, &first).await), REFUSED);
    assert_eq!(kind(bearer(access, &second).await), REFUSED);
    exchange(access, &elsewhere).await.unwrap();
}

async fn a_token_used_long_ago_still_betrays_a_thief(store: &StoreFixture) {
    let House { access, .. } = &house(store).await;
    let stolen = issue(access).await;
    let mut newest = exchange(access, &stolen).await.unwrap();
    for _ in 0..5 {
        newest = exchange(access, &newest).await.unwrap();
    }
    assert_eq!(kind(exchange(access, &stolen).await), REFUSED);
    assert_eq!(kind(exchange(access, &newest).await), REFUSED);
}

async fn of_many_exchanges_at_once_one_succeeds_and_the_family_ends(store: &StoreFixture) {
    let House { access, .. } = &house(store).await;
    let tokens = issue(access).await;
    let ends = join_all((0..20).map(|_| exchange(access, &tokens))).await;
    let made: Vec<Tokens> = ends.into_iter().filter_map(Result::ok).collect();
    assert_eq!(made.len(), 1);
    assert_eq!(kind(exchange(access, &made[0]).await), REFUSED);
}

async fn an_access_token_ends_with_its_session(store: &StoreFixture) {
    let House { access, admin, member } = &house(store).await;
    let tokens = issue(access).await;
    let caller = bearer(access, &tokens).await.unwrap();
    access.close_session(&caller, tokens.session.id).await.unwrap();
    assert_eq!(kind(bearer(access, &tokens).await), REFUSED);
    assert_eq!(kind(access.recheck(&caller).await), REFUSED);

    let tokens = issue(access).await;
    bearer(access, &tokens).await.unwrap();
    access.delete_person(&fresh(access, admin), member.id).await.unwrap();
    assert_eq!(kind(bearer(access, &tokens).await), REFUSED);
    assert_eq!(kind(exchange(access, &tokens).await), REFUSED);
}

async fn tokens_age(store: &StoreFixture) {
    let House { access, .. } = &house(store).await;
    let mut tokens = issue(access).await;
    assert_eq!(tokens.expires_in, Duration::from_secs(15 * 60));
    store.clock.advance(Duration::from_secs(15 * 60 + 59));
    bearer(access, &tokens).await.unwrap();
    store.clock.advance(Duration::from_secs(1));
    assert_eq!(kind(bearer(access, &tokens).await), REFUSED);
    let day = Duration::from_secs(24 * 60 * 60);
    for _ in 0..29 {
        store.clock.advance(day);
        tokens = exchange(access, &tokens).await.unwrap();
    }
    store.clock.advance(day);
    assert_eq!(kind(exchange(access, &tokens).await), REFUSED, "a month is the limit");
}

async fn tokens_of_another_deployment_open_nothing(store: &StoreFixture) {
    let House { access, .. } = &house(store).await;
    let tokens = issue(access).await;
    let configs = [
        AccessConfig::new("Galaxy Chat", "ABCDEF0123456789abcdef0123456789".into()),
        AccessConfig { issuer: "elsewhere".to_owned(), ..config() },
        AccessConfig { audience: "elsewhere".to_owned(), ..config() },
    ];
    for (number, config) in configs.into_iter().enumerate() {
        let other = Access::new(config, store.store.clone()).unwrap();
        assert_eq!(kind(bearer(&other, &tokens).await), REFUSED, "{number}");
        if number == 0 {
            assert_eq!(kind(exchange(&other, &tokens).await), REFUSED);
        }
    }
    exchange(access, &tokens).await.unwrap();
    let cookie = cookie(access, MEMBER, PASSWORD).await;
    assert_eq!(kind(access.authenticate(Presented::Bearer(cookie.expose_secret())).await), REFUSED);
    let wrong = Presented::Cookie(tokens.refresh.expose_secret());
    assert_eq!(kind(access.authenticate(wrong).await), REFUSED, "no cookie");
}
