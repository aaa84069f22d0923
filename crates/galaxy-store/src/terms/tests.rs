use super::*;

fn texts(question: &str) -> Vec<String> {
    let shown = |it: Asked| format!("{}{}", it.text, if it.prefix { "*" } else { "" });
    asked(question).into_iter().map(shown).collect()
}

#[test]
fn words_are_folded() {
    assert_eq!(indexed("Crème-brûlée, PLEASE!"), "creme brulee please");
    assert_eq!(indexed("Straße Łódź Øresund ЁЖИК ΣΊΣΥΦΟΣ"), "strasse lodz oresund ежик σισυφοσ");
    assert_eq!(indexed("ﬁle Ⅳ ｆｕｌｌ x²"), "file iv full x2");
    assert_eq!(indexed("e\u{301}te\u{301} été"), "ete ete");
    assert_eq!(indexed("İstanbul ıslak"), "istanbul islak");
}

#[test]
fn scripts_without_spaces_become_pairs() {
    assert_eq!(indexed("機械学習"), "機械 械学 学習 習");
    assert_eq!(indexed("Rustで書く"), "rust で書 書く く");
    assert_eq!(indexed("한국어"), "한국 국어 어");
    // Half-width and decomposed forms are the same words.
    assert_eq!(indexed("ﾊﾞﾅﾅ"), indexed("バナナ"));
    assert_eq!(indexed("\u{1112}\u{1161}\u{11ab}\u{1100}\u{116e}\u{11a8}"), indexed("한국"));
}

#[test]
fn a_term_knows_its_place() {
    let text = "Das „Füße“-Buch: 学習";
    let found: Vec<&str> = terms(text).map(|it| &text[it.at]).collect();
    assert_eq!(found, ["Das", "Füße", "Buch", "学習", "習"]);
}

#[test]
fn questions_lose_doubles_and_words_that_say_nothing() {
    assert_eq!(texts("What is the capital of France? France "), ["capital", "france"]);
    assert_eq!(texts("to be or not to be "), ["to", "be", "or", "not"]);
    assert_eq!(texts(""), Vec::<String>::new());
    assert_eq!(texts("?!* \" ' ( ) --"), Vec::<String>::new());
}

#[test]
fn the_word_being_typed_is_a_prefix() {
    assert_eq!(texts("self hosted gal"), ["self", "hosted", "gal*"]);
    assert_eq!(texts("self hosted gal "), ["self", "hosted", "gal"]);
    assert_eq!(texts("plan b"), ["plan", "b"]);
    assert_eq!(texts("習"), ["習*"]);
    assert_eq!(texts("習 "), ["習*"]);
    assert_eq!(texts("学習"), ["学習*"]);
}

#[test]
fn hostile_questions_stay_small_and_harmless() {
    let many: String = (0..5_000).map(|it| format!("w{it} ")).collect();
    assert_eq!(asked(&many).len(), MAX_ASKED);
    let long = "x".repeat(10_000);
    assert_eq!(asked(&long)[0].text.len(), MAX_TERM_CHARS);
    for term in terms("\"NEAR(a b)\" col:x* ^y -z 'q' \\ \0 & | ! <-> 💥\u{202e}\u{fe0f}\u{301}")
    {
        assert!(term.text.chars().all(is_word), "{term:?}");
        assert!(!term.text.is_empty());
    }
}

#[test]
fn the_index_is_bounded() {
    let text = "長い文".repeat(100_000);
    let stored = indexed(&text);
    assert!(stored.len() <= MAX_INDEXED_BYTES && stored.len() > MAX_INDEXED_BYTES - 100);
}

#[test]
fn whole_texts_fold_for_comparison() {
    assert_eq!(folded("Äpfel & Birnen 50%"), "apfel & birnen 50%");
}
