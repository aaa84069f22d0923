use galaxy_domain::{ConversationId, Kind, Verdict, tool::ToolRule};
use galaxy_testkit::store::{Someone, StoreFixture};

use crate::talk;

fn rule(tool: &str, conversation: Option<ConversationId>, verdict: Verdict) -> ToolRule {
    ToolRule { tool: tool.to_owned(), conversation, verdict, definition: "v1".to_owned() }
}

async fn a_rule_for_a_conversation_comes_before_one_for_everywhere(store: &StoreFixture) {
    let ada = store.someone("ada@example.org").await;
    let here = talk::conversation(store, ada, "here").await;
    let there = talk::conversation(store, ada, "there").await;
    let everywhere = rule("mail", None, Verdict::Ask);
    let only_here = rule("mail", Some(here), Verdict::Allow);
    store.put_rule(ada.may_self(), everywhere.clone()).await.unwrap();
    store.put_rule(ada.may_self(), only_here.clone()).await.unwrap();
    let rules = async |at| store.rules(ada.id, ada.workspace, at).await.unwrap();
    assert_eq!(rules(Some(here)).await, [only_here.clone(), everywhere.clone()]);
    for place in [Some(there), None] {
        assert_eq!(rules(place).await, std::slice::from_ref(&everywhere));
    }
    assert_eq!(store.all_rules(ada.may_self()).await.unwrap(), [only_here, everywhere]);
}

async fn a_later_rule_replaces_an_earlier_one(store: &StoreFixture) {
    let ada = store.someone("ada@example.org").await;
    let here = talk::conversation(store, ada, "here").await;
    for place in [None, Some(here)] {
        let changed =
            ToolRule { definition: "v2".to_owned(), ..rule("mail", place, Verdict::Deny) };
        store.put_rule(ada.may_self(), rule("mail", place, Verdict::Allow)).await.unwrap();
        store.put_rule(ada.may_self(), changed.clone()).await.unwrap();
        let rules = store.all_rules(ada.may_self()).await.unwrap();
        assert_eq!(rules.iter().filter(|it| it.conversation == place).count(), 1);
        assert!(rules.contains(&changed));
    }
}

async fn simultaneous_rules_leave_one(store: &StoreFixture) {
    let ada = store.someone("ada@example.org").await;
    let puts = (0..10).map(|idx| {
        let verdict = if idx % 2 == 0 { Verdict::Allow } else { Verdict::Deny };
        store.put_rule(ada.may_self(), rule("mail", None, verdict))
    });
    futures::future::try_join_all(puts).await.unwrap();
    assert_eq!(store.all_rules(ada.may_self()).await.unwrap().len(), 1);
}

async fn a_deleted_rule_is_gone_and_the_other_stays(store: &StoreFixture) {
    let ada = store.someone("ada@example.org").await;
    let here = talk::conversation(store, ada, "here").await;
    let everywhere = rule("mail", None, Verdict::Ask);
    store.put_rule(ada.may_self(), everywhere.clone()).await.unwrap();
    store.put_rule(ada.may_self(), rule("mail", Some(here), Verdict::Allow)).await.unwrap();
    store.delete_rule(ada.may_self(), "mail", Some(here)).await.unwrap();
    assert_eq!(store.all_rules(ada.may_self()).await.unwrap(), [everywhere]);
    let again = store.delete_rule(ada.may_self(), "mail", Some(here)).await.unwrap_err();
    assert_eq!(again.kind(), Kind::NotFound);
    store.delete_rule(ada.may_self(), "mail", None).await.unwrap();
    assert!(store.all_rules(ada.may_self()).await.unwrap().is_empty());
}

async fn rules_are_ones_own(store: &StoreFixture) {
    let ada = store.someone("ada@example.org").await;
    let bob = store.someone("bob@example.org").await;
    let hers = talk::conversation(store, ada, "hers").await;
    store.put_rule(ada.may_self(), rule("mail", None, Verdict::Allow)).await.unwrap();
    let foreign = store.put_rule(bob.may_self(), rule("mail", Some(hers), Verdict::Allow)).await;
    assert_eq!(foreign.unwrap_err().kind(), Kind::NotFound);
    assert!(store.rules(bob.id, bob.workspace, Some(hers)).await.unwrap().is_empty());
    let elsewhere = Someone { workspace: galaxy_domain::WorkspaceId::fresh(), ..ada };
    assert!(store.rules(ada.id, elsewhere.workspace, None).await.unwrap().is_empty());
    let deleted = store.delete_rule(elsewhere.may_self(), "mail", None).await.unwrap_err();
    assert_eq!(deleted.kind(), Kind::NotFound);
}

galaxy_testkit::on_both_engines! {
    a_rule_for_a_conversation_comes_before_one_for_everywhere,
    a_later_rule_replaces_an_earlier_one,
    simultaneous_rules_leave_one,
    a_deleted_rule_is_gone_and_the_other_stays,
    rules_are_ones_own,
}
