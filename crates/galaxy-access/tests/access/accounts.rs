use galaxy_access::PersonChange;
use galaxy_domain::PersonId;
use galaxy_testkit::store::{StoreFixture, sqlite};

use super::*;

galaxy_testkit::on_both_engines! {
    disabling_and_demoting_act_at_once,
    there_is_always_an_administrator,
}

fn disabled(disabled: bool) -> PersonChange {
    PersonChange { disabled: Some(disabled), ..Default::default() }
}

fn role(role: Role) -> PersonChange {
    PersonChange { role: Some(role), ..Default::default() }
}

async fn disabling_and_demoting_act_at_once(store: &StoreFixture) {
    let House { access, admin, member } = &house(store).await;
    let secret = cookie(access, MEMBER, PASSWORD).await;
    let tokens = access.issue_tokens(MEMBER, &PASSWORD.into(), "cli", address(1)).await.unwrap();
    let by_cookie = || access.authenticate(Presented::Cookie(secret.expose_secret()));
    let by_token = || access.authenticate(Presented::Bearer(tokens.access.expose_secret()));
    assert_eq!(by_cookie().await.unwrap().role, Role::Member);
    assert_eq!(by_token().await.unwrap().role, Role::Member);

    access.change_person(admin, member.id, role(Role::Viewer)).await.unwrap();
    assert_eq!(by_cookie().await.unwrap().role, Role::Viewer);
    assert_eq!(by_token().await.unwrap().role, Role::Viewer);

    access.change_person(admin, member.id, disabled(true)).await.unwrap();
    assert_eq!(kind(by_cookie().await), REFUSED);
    assert_eq!(kind(by_token().await), REFUSED);
    assert_eq!(kind(access.refresh(tokens.refresh.expose_secret()).await), REFUSED);
    access.change_person(admin, member.id, disabled(false)).await.unwrap();
    assert_eq!(kind(by_cookie().await), REFUSED, "what was ended stays ended");
    sign_in(access, MEMBER, PASSWORD).await;
}

async fn there_is_always_an_administrator(store: &StoreFixture) {
    let House { access, admin, member } = &house(store).await;
    let conflict = Some(Kind::Conflict);
    assert_eq!(kind(access.change_person(admin, admin.person, role(Role::Member)).await), conflict);
    assert_eq!(kind(access.change_person(admin, admin.person, disabled(true)).await), conflict);
    assert_eq!(kind(access.delete_person(&fresh(access, admin), admin.person).await), conflict);
    access.change_person(admin, member.id, role(Role::Admin)).await.unwrap();
    let second = sign_in(access, MEMBER, PASSWORD).await;
    // Each removes the other at the same moment: one of them must fail.
    let (one, other) = tokio::join!(
        access.change_person(admin, second.person, role(Role::Member)),
        access.change_person(&second, admin.person, role(Role::Member)),
    );
    let ends = [kind(one), kind(other)];
    assert!(ends.contains(&None) && ends.contains(&conflict), "{ends:?}");
}

#[tokio::test]
async fn only_administrators_look_after_accounts() {
    let store = sqlite().await;
    let House { access, admin, member } = &house(&store).await;
    let caller = sign_in(access, MEMBER, PASSWORD).await;
    let password = OTHER_PASSWORD.into();
    let forbidden = Some(Kind::Forbidden);
    assert_eq!(kind(access.people(&caller).await), forbidden);
    assert_eq!(
        kind(access.create_person(&fresh(access, &caller), person("cy@example.org"), None).await),
        forbidden
    );
    for id in [member.id, admin.person, PersonId::fresh()] {
        assert_eq!(kind(access.change_person(&caller, id, disabled(true)).await), forbidden);
        assert_eq!(
            kind(access.reset_password(&fresh(access, &caller), id, &password).await),
            forbidden
        );
        assert_eq!(kind(access.delete_person(&fresh(access, &caller), id).await), forbidden);
    }
    let nobody = PersonId::fresh();
    let missing = Some(Kind::NotFound);
    assert_eq!(kind(access.change_person(admin, nobody, disabled(true)).await), missing);
    assert_eq!(kind(access.delete_person(&fresh(access, admin), nobody).await), missing);
    assert_eq!(access.me(&caller).await.unwrap().email, MEMBER);
}

#[tokio::test]
async fn accounts_are_made_with_everything_right() {
    let store = sqlite().await;
    let House { access, admin, .. } = &house(&store).await;
    let taken = access.create_person(&fresh(access, admin), person(" BO@example.ORG"), None).await;
    assert_eq!(kind(taken), Some(Kind::Conflict));
    let wrong = PersonRequest { password: "galaxy chat!".into(), ..person("nobody") };
    let end = access.create_person(&fresh(access, admin), wrong, None).await;
    let Err(AccessError::Invalid(mistakes)) = end else { panic!("{end:?}") };
    let fields: Vec<&str> = mistakes.iter().map(|(field, _)| *field).collect();
    assert_eq!(fields, ["email", "password"]);
    let emails: Vec<String> =
        access.people(admin).await.unwrap().into_iter().map(|it| it.email).collect();
    assert_eq!(emails, [ADMIN, MEMBER]);
}

#[tokio::test]
async fn a_reset_password_replaces_the_old_one_and_closes_the_sessions() {
    let store = sqlite().await;
    let House { access, admin, member } = &house(&store).await;
    let caller = sign_in(access, MEMBER, PASSWORD).await;
    let easy =
        access.reset_password(&fresh(access, admin), member.id, &"password1234".into()).await;
    assert_eq!(kind(easy), Some(Kind::Invalid));
    access.recheck(&caller).await.unwrap();
    access.reset_password(&fresh(access, admin), member.id, &OTHER_PASSWORD.into()).await.unwrap();
    assert_eq!(kind(access.recheck(&caller).await), REFUSED);
    sign_in(access, MEMBER, OTHER_PASSWORD).await;
    let renamed = PersonChange { name: Some(" Bo ".to_owned()), ..Default::default() };
    assert_eq!(access.change_person(admin, member.id, renamed).await.unwrap().name, "Bo");
}

#[tokio::test]
async fn a_configuration_is_refused_with_all_its_mistakes() {
    let store = sqlite().await;
    let config = AccessConfig {
        trusted_proxies: vec!["0.0.0.0/0".parse().unwrap(), "::/0".parse().unwrap()],
        test_person: Some("tester".to_owned()),
        ..AccessConfig::new("Galaxy Chat", "change me".into())
    };
    let Err(AccessError::Invalid(mistakes)) = Access::new(config, store.store.clone()) else {
        panic!("four mistakes");
    };
    assert_eq!(mistakes.len(), 4, "{mistakes:?}");
    let repeated = AccessConfig::new("Galaxy Chat", "a".repeat(64).into());
    assert_eq!(kind(Access::new(repeated, store.store.clone())), Some(Kind::Invalid));
}
