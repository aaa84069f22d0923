use futures::future::join_all;
use galaxy_testkit::store::StoreFixture;

use super::*;

galaxy_testkit::on_both_engines! {
    of_fifty_at_once_exactly_one_becomes_the_first_administrator,
    of_fifty_arrivals_by_header_exactly_one_becomes_an_administrator,
    the_token_is_good_once_and_only_for_its_holder,
    a_set_up_system_gives_no_token,
}

async fn of_fifty_at_once_exactly_one_becomes_the_first_administrator(store: &StoreFixture) {
    let access = access(store);
    let token = access.setup_token().await.unwrap().unwrap();
    let emails: Vec<String> = (0..50).map(|it| format!("person{it}@example.org")).collect();
    let password = PASSWORD.into();
    let ends = join_all(
        emails.iter().map(|email| access.set_up(token.expose_secret(), email, "Me", &password)),
    )
    .await;
    let (made, refused): (Vec<_>, Vec<_>) = ends.into_iter().partition(Result::is_ok);
    assert_eq!(made.len(), 1);
    assert!(refused.into_iter().all(|end| kind(end) == Some(Kind::Conflict)));
    let admin = made.into_iter().next().unwrap().unwrap();
    assert_eq!(admin.role, Role::Admin);
    let admin = sign_in(&access, &admin.email, PASSWORD).await;
    assert_eq!(access.people(&admin).await.unwrap().len(), 1);
}

async fn of_fifty_arrivals_by_header_exactly_one_becomes_an_administrator(store: &StoreFixture) {
    let proxies = vec!["192.0.2.0/24".parse().unwrap()];
    let config = AccessConfig { trusted_proxies: proxies, ..config() };
    let access = Access::new(config, store.store.clone()).unwrap();
    let token = access.setup_token().await.unwrap().unwrap();
    let emails: Vec<String> = (0..50).map(|it| format!("person{it}@example.org")).collect();
    let arrivals = emails.iter().map(|email| {
        let access = &access;
        async move { access.authenticate_proxy(address(1), &[email]).await.unwrap() }
    });
    let callers = join_all(arrivals).await;
    let admins: Vec<&Caller> = callers.iter().filter(|it| it.role == Role::Admin).collect();
    assert_eq!(admins.len(), 1);
    assert_eq!(access.people(admins[0]).await.unwrap().len(), 50);
    let late = access.set_up(token.expose_secret(), ADMIN, "Ana", &PASSWORD.into()).await;
    assert_eq!(kind(late), Some(Kind::Conflict));
}

async fn the_token_is_good_once_and_only_for_its_holder(store: &StoreFixture) {
    let access = access(store);
    let before = access.setup_token().await.unwrap().unwrap();
    let token = access.setup_token().await.unwrap().unwrap();
    for guess in ["", "guess", before.expose_secret()] {
        let end = access.set_up(guess, ADMIN, "Ana", &PASSWORD.into()).await;
        assert_eq!(kind(end), REFUSED, "{guess}");
    }
    assert_eq!(access.hashes_computed(), 0, "strangers do not make the server work");
    let faulty = access.set_up(token.expose_secret(), "ana", " ", &"short".into()).await;
    let Err(AccessError::Invalid(mistakes)) = faulty else { panic!("three mistakes: {faulty:?}") };
    assert_eq!(mistakes.len(), 3);
    access.set_up(token.expose_secret(), ADMIN, "Ana", &PASSWORD.into()).await.unwrap();
    let again = access.set_up(token.expose_secret(), MEMBER, "Bo", &PASSWORD.into()).await;
    assert_eq!(kind(again), Some(Kind::Conflict));
}

async fn a_set_up_system_gives_no_token(store: &StoreFixture) {
    let house = house(store).await;
    assert!(house.access.setup_token().await.unwrap().is_none());
    let restarted = access(store);
    assert!(restarted.is_set_up().await.unwrap());
    assert!(restarted.setup_token().await.unwrap().is_none());
}
