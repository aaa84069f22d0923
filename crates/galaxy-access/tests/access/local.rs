use galaxy_access::PersonChange;
use galaxy_domain::access::{Credential, Scope};
use galaxy_testkit::store::{StoreFixture, sqlite};

use super::*;

galaxy_testkit::on_both_engines! { whoever_opened_the_data_is_the_only_administrator_or_whom_they_name }

async fn whoever_opened_the_data_is_the_only_administrator_or_whom_they_name(store: &StoreFixture) {
    let House { access, admin, member } = &house(store).await;
    let local = access.local(None).await.unwrap();
    assert_eq!((local.person, local.credential), (admin.person, Credential::Local));
    assert_eq!(local.scopes, [Scope::Read, Scope::Chat, Scope::Tasks], "but no administrator");
    assert_eq!(kind(access.people(&local).await), Some(Kind::Forbidden));
    assert_eq!(access.local(Some(" BO@example.org ")).await.unwrap().person, member.id);
    assert_eq!(kind(access.local(Some("cy@example.org")).await), Some(Kind::Conflict));
    let second = PersonChange { role: Some(Role::Admin), ..PersonChange::default() };
    access.change_person(admin, member.id, second).await.unwrap();
    assert_eq!(kind(access.local(None).await), Some(Kind::Conflict), "which of the two?");
    let disabled = PersonChange { disabled: Some(true), ..PersonChange::default() };
    let bo = access.local(Some(MEMBER)).await.unwrap();
    access.recheck(&bo).await.unwrap();
    access.change_person(admin, member.id, disabled).await.unwrap();
    assert_eq!(kind(access.recheck(&bo).await), REFUSED);
    assert_eq!(kind(access.local(Some(MEMBER)).await), Some(Kind::Conflict));
    assert_eq!(access.local(None).await.unwrap().person, admin.person);
}

#[tokio::test]
async fn where_nobody_has_an_account_nobody_is_local() {
    let store = sqlite().await;
    assert_eq!(kind(access(&store).local(None).await), Some(Kind::Conflict));
}
