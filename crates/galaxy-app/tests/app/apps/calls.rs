//! Calls that views make.

use galaxy_app::{
    apps::{AppCall, AppCalled, Yes},
    conversations::Change,
};
use galaxy_domain::{Effect, RunId, Verdict, tool::Reach};
use galaxy_testkit::store::StoreFixture;
use galaxy_tool::server::Request;
use serde_json::json;

use super::{c1, call, calls_of, lend, looks, shown, wanted};
use crate::house::House;

galaxy_testkit::on_both_engines! {
    a_view_calls_what_is_there_for_views_once_its_person_says_so,
    a_yes_is_bound_to_the_arguments_and_reaches_as_far_as_it_says,
    a_view_reaches_nothing_that_its_person_forbade_or_left_out,
}

/// The digest of the question that such a call is answered with.
async fn asked(house: &House, run: RunId, tool: &str) -> String {
    match call(house, run, tool, None).await {
        AppCalled::Asks(question) => {
            assert_eq!(question.effect, Effect::Reaches);
            assert_eq!(question.input, json!({ "at": "noon" }));
            question.digest
        }
        other => panic!("{other:?}"),
    }
}

async fn a_view_calls_what_is_there_for_views_once_its_person_says_so(store: &StoreFixture) {
    let house = House::new(store, looks()).await;
    let server = lend(&house).await;
    let (_, run) = shown(&house).await;
    let digest = asked(&house, run, "refresh").await;
    assert_eq!(calls_of(&server).len(), 1, "nothing is called before the yes");
    let yes = Yes { digest, reach: Reach::Once };
    let AppCalled::Answered(result) = call(&house, run, "refresh", Some(yes)).await else {
        panic!("it answers");
    };
    assert_eq!(result["_meta"], json!({ "for": "the view" }), "nothing of it is lost");
    let last = calls_of(&server).pop().unwrap();
    assert_eq!(last, Request::call("refresh", json!({ "at": "noon" })));
    asked(&house, run, "refresh").await;
    for tool in ["erase", "nothing", "weather__refresh"] {
        let refused = call(&house, run, tool, None).await;
        assert!(matches!(refused, AppCalled::Refused(_)), "{tool}: {refused:?}");
    }
    assert_eq!(calls_of(&server).len(), 2);
}

async fn a_yes_is_bound_to_the_arguments_and_reaches_as_far_as_it_says(store: &StoreFixture) {
    let house = House::new(store, [looks(), looks()].concat()).await;
    let server = lend(&house).await;
    let (_, run) = shown(&house).await;
    let digest = asked(&house, run, "refresh").await;
    let yes = |reach| Some(Yes { digest: digest.clone(), reach });
    let other =
        AppCall { arguments: json!({ "at": "night" }), ..wanted("refresh", yes(Reach::Once)) };
    let answer = house.app.call_for_app(&house.ann, run, &c1(), other).await.unwrap();
    assert!(matches!(answer, AppCalled::Asks(_)), "{answer:?}");
    let forged = Yes { digest: "0".repeat(64), reach: Reach::Always };
    assert!(matches!(call(&house, run, "refresh", Some(forged)).await, AppCalled::Asks(_)));
    assert_eq!(calls_of(&server).len(), 1);
    // For the conversation: here it is not asked about again, elsewhere it is.
    let answer = call(&house, run, "refresh", yes(Reach::Conversation)).await;
    assert!(matches!(answer, AppCalled::Answered(_)), "{answer:?}");
    let answer = call(&house, run, "refresh", None).await;
    assert!(matches!(answer, AppCalled::Answered(_)), "{answer:?}");
    let (_, elsewhere) = shown(&house).await;
    asked(&house, elsewhere, "refresh").await;
    assert!(matches!(
        call(&house, elsewhere, "refresh", yes(Reach::Always)).await,
        AppCalled::Answered(_)
    ));
    assert!(matches!(call(&house, elsewhere, "refresh", None).await, AppCalled::Answered(_)));
}

async fn a_view_reaches_nothing_that_its_person_forbade_or_left_out(store: &StoreFixture) {
    let house = House::new(store, looks()).await;
    let server = lend(&house).await;
    let names = vec!["weather__look".to_owned()];
    let only = Change { tools: Some(Some(names)), ..Change::default() };
    let chat = house.app.create_conversation(&house.ann, only, None).await.unwrap().id;
    let (said, _) = house.ask(chat, "How is the weather?").await;
    let run = said.run.unwrap();
    // Agents could have it in this conversation if the person had not left it out.
    assert!(matches!(call(&house, run, "both", None).await, AppCalled::Refused(_)));
    asked(&house, run, "refresh").await;
    house.app.rule_tool(&house.ann, "weather__refresh", Some(Verdict::Deny)).await.unwrap();
    assert!(matches!(call(&house, run, "refresh", None).await, AppCalled::Refused(_)));
    assert_eq!(calls_of(&server).len(), 1);
}
