use galaxy_domain::{ConversationId, MessageId, WorkspaceId};
use galaxy_store::{conversations::ConversationChange, search::Hit};
use galaxy_testkit::store::{Someone, StoreFixture};

use crate::talk;

async fn hits(store: &StoreFixture, who: Someone, question: &str) -> Vec<Hit> {
    store.search(who.may_here(), question, 50).await.unwrap()
}

async fn messages(store: &StoreFixture, who: Someone, question: &str) -> Vec<Option<MessageId>> {
    hits(store, who, question).await.into_iter().map(|it| it.message).collect()
}

fn shown(hit: &Hit) -> String {
    let pieces = hit.snippet.iter();
    pieces.map(|(text, hit)| if *hit { format!("[{text}]") } else { text.clone() }).collect()
}

async fn words_are_found_in_titles_and_messages(store: &StoreFixture) {
    let ada = store.someone("ada@example.org").await;
    let travel = talk::conversation(store, ada, "Trip to Zürich").await;
    let said = talk::say(store, ada, travel, "Which train goes to ZURICH at noon?").await;
    let other = talk::conversation(store, ada, "").await;
    talk::say(store, ada, other, "Nothing of the kind").await;

    let found = hits(store, ada, "zurich").await;
    let places: Vec<(ConversationId, Option<MessageId>)> =
        found.iter().map(|it| (it.conversation, it.message)).collect();
    assert_eq!(places, [(travel, None), (travel, Some(said))]);
    assert!(found.iter().all(|it| it.title == "Trip to Zürich"));
    assert_eq!(shown(&found[0]), "Trip to [Zürich]");
    assert_eq!(shown(&found[1]), "Which train goes to [ZURICH] at noon?");
    // The first message named the other conversation.
    let found = hits(store, ada, "nothing kind").await;
    assert_eq!(found.iter().filter(|it| it.conversation == other).count(), 2);
}

async fn scripts_without_spaces_are_found(store: &StoreFixture) {
    let ada = store.someone("ada@example.org").await;
    let talk = talk::conversation(store, ada, "t").await;
    let japanese = talk::say(store, ada, talk, "東京都で機械学習を学ぶ").await;
    let thai = talk::say(store, ada, talk, "สวัสดีชาวโลก").await;
    for (question, message) in [
        ("学習", japanese),
        ("機械学習", japanese),
        ("都", japanese),
        ("ぶ", japanese),
        ("ชาวโลก", thai),
    ] {
        assert_eq!(messages(store, ada, question).await, [Some(message)], "{question}");
    }
    assert_eq!(messages(store, ada, "京大").await, []);
}

async fn the_ranking_is_the_same_on_both_engines(store: &StoreFixture) {
    let ada = store.someone("ada@example.org").await;
    let talk = talk::conversation(store, ada, "t").await;
    let texts = [
        "rust and tokio and rust again",
        "a long message about gardening, with one word about rust and nothing else of interest \
         to anybody who wants to know something about asynchronous programming",
        "tokio",
        "rust tokio",
        "python",
        "the rusty gate",
    ];
    let mut ids = Vec::new();
    for text in texts {
        ids.push(Some(talk::say(store, ada, talk, text).await));
    }
    let order = async |question| {
        let found = messages(store, ada, question).await.into_iter();
        found.filter_map(|it| ids.iter().position(|id| *id == it)).collect::<Vec<_>>()
    };
    assert_eq!(order("rust tokio ").await, [3, 0, 2, 1]);
    assert_eq!(order("tokio ").await, [2, 3, 0]);
    assert_eq!(order("rust").await, [0, 3, 5, 1]);
    assert_eq!(order("what is the rust tokio python of it ").await[0], 4);
}

async fn a_rare_word_is_found_behind_many_newer_ones(store: &StoreFixture) {
    let ada = store.someone("ada@example.org").await;
    let talk = talk::conversation(store, ada, "t").await;
    let rare = talk::say(store, ada, talk, "common okapi").await;
    for _ in 0..320 {
        talk::say(store, ada, talk, "common").await;
    }
    assert_eq!(messages(store, ada, "common okapi ").await[0], Some(rare));
    assert_eq!(messages(store, ada, "common ").await.len(), 50);
    assert_eq!(store.search(ada.may_here(), "common ", 7).await.unwrap().len(), 7);
    assert_eq!(store.search(ada.may_here(), "common ", 0).await.unwrap(), []);
}

async fn hostile_questions_find_nothing_and_break_nothing(store: &StoreFixture) {
    let ada = store.someone("ada@example.org").await;
    let talk = talk::conversation(store, ada, "t").await;
    talk::say(store, ada, talk, "harmless").await;
    let endless = "x".repeat(10_000);
    let many: String = (0..5_000).map(|idx| format!("w{idx} ")).collect();
    let emoji = "💥\u{202e}\u{fe0f}\u{301}\u{0}".repeat(500);
    for question in [
        "",
        " ",
        "\"",
        "'",
        "\\",
        "*",
        "\" OR 1=1 --",
        "'; DROP TABLE search; --",
        "a NEAR/3 b",
        "NEAR(",
        "terms:x",
        "^x",
        "-",
        "x AND",
        "OR",
        "NOT",
        "( ",
        "{a} :",
        "a & | ! <-> b:*",
        "'a' <-> ",
        "\0",
        "%_",
        "é\u{301}\u{301}",
        "\u{e31}\u{e31}",
        &endless,
        &many,
        &emoji,
    ] {
        assert_eq!(messages(store, ada, question).await, [], "{question}");
    }
    assert_eq!(messages(store, ada, "\"harmless\" AND (").await.len(), 1);
    assert_eq!(messages(store, ada, "harmless'--").await.len(), 1);
}

async fn strange_texts_can_be_kept_and_found(store: &StoreFixture) {
    let ada = store.someone("ada@example.org").await;
    let talk = talk::conversation(store, ada, "t").await;
    let word = "ab".repeat(5_000);
    let texts = [
        "…",
        "𝕳𝖊𝖑𝖑𝖔 𝖜𝖔𝖗𝖑𝖉",
        "a\u{300}\u{301}\u{302}b",
        &word,
        "ẞ ŉ ǰ ﷺ",
        "हिन्दी में",
        "'quoted\\' \"text\"",
    ];
    for text in texts {
        talk::say(store, ada, talk, text).await;
    }
    for (question, count) in
        [("hello", 1), ("àb", 2), (word.as_str(), 1), ("हिन्दी ", 1), ("quoted", 1), ("ss ", 1)]
    {
        assert_eq!(messages(store, ada, question).await.len(), count, "{question}");
    }
}

async fn a_new_title_replaces_the_old_one(store: &StoreFixture) {
    let ada = store.someone("ada@example.org").await;
    let talk = talk::conversation(store, ada, "Apples").await;
    let change = |title: &str| ConversationChange {
        title: Some(title.to_owned()),
        ..ConversationChange::default()
    };
    store.change(ada.may(talk), change("Pears")).await.unwrap();
    assert_eq!(hits(store, ada, "apples").await, []);
    assert_eq!(hits(store, ada, "pears").await.len(), 1);
    store.change(ada.may(talk), change("…")).await.unwrap();
    assert_eq!(hits(store, ada, "pears").await, []);
}

async fn what_is_deleted_is_not_found(store: &StoreFixture) {
    let ada = store.someone("ada@example.org").await;
    let talk = talk::conversation(store, ada, "Apples").await;
    talk::say(store, ada, talk, "apples again").await;
    assert_eq!(hits(store, ada, "apples").await.len(), 2);
    store.delete(ada.may(talk)).await.unwrap();
    assert_eq!(hits(store, ada, "apples").await, []);
}

async fn others_find_nothing(store: &StoreFixture) {
    let ada = store.someone("ada@example.org").await;
    let bob = store.someone("bob@example.org").await;
    let hers = talk::conversation(store, ada, "secret plan").await;
    talk::say(store, ada, hers, "a secret").await;
    let his = talk::conversation(store, bob, "no secret").await;
    let elsewhere = Someone { workspace: WorkspaceId::fresh(), ..ada };
    assert_eq!(hits(store, elsewhere, "secret").await, []);
    let found = hits(store, bob, "secret").await;
    assert_eq!(found.iter().map(|it| it.conversation).collect::<Vec<_>>(), [his]);
    assert_eq!(hits(store, ada, "secret").await.len(), 2);
}

galaxy_testkit::on_both_engines! {
    words_are_found_in_titles_and_messages,
    scripts_without_spaces_are_found,
    the_ranking_is_the_same_on_both_engines,
    a_rare_word_is_found_behind_many_newer_ones,
    hostile_questions_find_nothing_and_break_nothing,
    strange_texts_can_be_kept_and_found,
    a_new_title_replaces_the_old_one,
    what_is_deleted_is_not_found,
    others_find_nothing,
}
