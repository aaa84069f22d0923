use galaxy_access::PersonChange;
use galaxy_domain::access::Credential;
use galaxy_testkit::store::{StoreFixture, sqlite};

use super::*;

/// Access that trusts two networks.
fn trusting(store: &StoreFixture) -> Access {
    let trusted_proxies = vec!["10.0.0.0/8".parse().unwrap(), "2001:db8::/32".parse().unwrap()];
    Access::new(AccessConfig { trusted_proxies, ..config() }, store.store.clone()).unwrap()
}

async fn vouch(access: &Access, peer: &str, values: &[&str]) -> Result<Caller, AccessError> {
    let peer = peer.parse().unwrap();
    access.authenticate(Presented::ProxyHeader { peer, values }).await
}

#[tokio::test]
async fn only_a_trusted_proxy_may_vouch() {
    let store = sqlite().await;
    let house = house(&store).await;
    let access = trusting(&store);
    for peer in ["10.1.2.3", "::ffff:10.1.2.3", "2001:db8::1"] {
        let caller = vouch(&access, peer, &[MEMBER]).await.unwrap();
        assert_eq!((caller.person, caller.credential), (house.member.id, Credential::Proxy));
    }
    for peer in ["127.0.0.1", "::1", "11.0.0.1", "192.0.2.1", "2001:db9::1", "::ffff:11.0.0.1"] {
        assert_eq!(kind(vouch(&access, peer, &[ADMIN]).await), REFUSED, "{peer}");
    }
    assert_eq!(kind(vouch(&house.access, "10.1.2.3", &[ADMIN]).await), REFUSED, "off by default");
}

#[tokio::test]
async fn a_header_says_exactly_one_address() {
    let store = sqlite().await;
    house(&store).await;
    let access = trusting(&store);
    let odd: [&[&str]; 8] = [
        &[],
        &[""],
        &[ADMIN, ADMIN],
        &[ADMIN, MEMBER],
        &["ana@example.org,bo@example.org"],
        &["ana"],
        &["ana@example.org\nX-Admin: 1"],
        &["<ana@example.org>"],
    ];
    for values in odd {
        assert_eq!(kind(vouch(&access, "10.1.2.3", values).await), REFUSED, "{values:?}");
    }
    let newcomer = vouch(&access, "10.1.2.3", &["New.Comer@Example.org"]).await.unwrap();
    assert_eq!(newcomer.role, Role::Member);
    let again = vouch(&access, "10.1.2.3", &["new.comer@example.org"]).await.unwrap();
    assert_eq!(again.person, newcomer.person);
}

#[tokio::test]
async fn a_proxy_cannot_open_a_disabled_account() {
    let store = sqlite().await;
    let house = house(&store).await;
    let access = trusting(&store);
    let caller = vouch(&access, "10.1.2.3", &[MEMBER]).await.unwrap();
    let change = PersonChange { disabled: Some(true), ..Default::default() };
    access.change_person(&house.admin, house.member.id, change).await.unwrap();
    assert_eq!(kind(vouch(&access, "10.1.2.3", &[MEMBER]).await), REFUSED);
    assert_eq!(kind(access.recheck(&caller).await), REFUSED);
}

#[tokio::test]
async fn a_header_and_a_session_of_two_people_end_the_session() {
    let store = sqlite().await;
    house(&store).await;
    let access = trusting(&store);
    let vouched = vouch(&access, "10.1.2.3", &[MEMBER]).await.unwrap();
    let own = cookie(&access, MEMBER, PASSWORD).await;
    let foreign = cookie(&access, ADMIN, PASSWORD).await;
    access.reconcile(&vouched, own.expose_secret()).await.unwrap();
    access.reconcile(&vouched, "expired").await.unwrap();
    assert_eq!(kind(access.reconcile(&vouched, foreign.expose_secret()).await), REFUSED);
    let end = access.authenticate(Presented::Cookie(foreign.expose_secret())).await;
    assert_eq!(kind(end), REFUSED);
    access.authenticate(Presented::Cookie(own.expose_secret())).await.unwrap();
}

#[tokio::test]
async fn in_test_mode_whoever_presents_nothing_is_the_test_person() {
    let store = sqlite().await;
    let test_person = Some("tester@example.org".to_owned());
    let config = AccessConfig { test_person, ..config() };
    let access = Access::new(config, store.store.clone()).unwrap();
    let first = access.authenticate(Presented::Nothing).await.unwrap();
    assert_eq!((first.role, first.credential), (Role::Admin, Credential::TestMode));
    assert_eq!(access.authenticate(Presented::Nothing).await.unwrap(), first);
    assert_eq!(access.me(&first).await.unwrap().email, "tester@example.org");
    assert_eq!(kind(access.authenticate(Presented::Cookie("wrong")).await), REFUSED);
}
