use serde_json::json;

use super::*;

fn field(name: &str, required: bool, kind: FieldKind) -> Field {
    Field { name: name.to_owned(), title: None, description: None, required, kind }
}

fn text(format: Option<Format>) -> FieldKind {
    FieldKind::Text { min_length: Some(2), max_length: Some(30), format, default: None }
}

fn choices() -> Vec<Choice> {
    let choice = |it: &&str| Choice { value: (*it).to_owned(), title: it.to_uppercase() };
    ["a", "b", "c"].iter().map(choice).collect()
}

fn form() -> BTreeMap<String, Inquiry> {
    let several =
        FieldKind::Several { choices: choices(), least: Some(1), most: Some(2), default: vec![] };
    let number =
        |whole| FieldKind::Number { whole, minimum: Some(1.0), maximum: Some(9.5), default: None };
    let fields = vec![
        field("name", true, text(None)),
        field("mail", false, text(Some(Format::Email))),
        field("day", false, text(Some(Format::Date))),
        field("at", false, text(Some(Format::DateTime))),
        field("site", false, text(Some(Format::Uri))),
        field("count", false, number(true)),
        field("share", false, number(false)),
        field("sure", false, FieldKind::Flag { default: None }),
        field("one", false, FieldKind::One { choices: choices(), default: None }),
        field("some/of", false, several),
    ];
    [("q".to_owned(), Inquiry::Form { message: String::new(), fields })].into()
}

/// What is wrong with `content`, each as place and words.
fn wrongs(content: &Value) -> Vec<(String, String)> {
    let given = [("q".to_owned(), Answer::Accept { content: content.clone() })].into();
    answers(&form(), &given).into_iter().map(|it| (it.pointer, it.message)).collect()
}

#[test]
fn what_fits_is_taken() {
    let all = json!({
        "name": "Ann", "mail": "ann@example.org", "day": "2024-02-29",
        "at": "2026-11-30T14:00:00.5+01:00", "site": "https://example.org/", "count": 3,
        "share": 9.5, "sure": false, "one": "b", "some/of": ["a", "c"],
    });
    assert_eq!(wrongs(&all), []);
    assert_eq!(wrongs(&json!({ "name": "Ann", "count": 3.0 })), []);
}

#[test]
fn every_mistake_is_told_with_its_place() {
    let all = json!({
        "mail": "ann", "day": "2026-02-29", "at": "yesterday", "site": "no address", "count": 2.5,
        "share": 10, "sure": "yes", "one": "d", "some/of": ["a", "a"], "more": 1,
    });
    let told = wrongs(&all);
    let places: Vec<&str> = told.iter().map(|(place, _)| place.as_str()).collect();
    let expected =
        ["more", "name", "mail", "day", "at", "site", "count", "share", "sure", "one", "some~1of"];
    assert_eq!(places, expected.map(|it| format!("/q/content/{it}")));
    assert_eq!(told[1].1, "has to be filled in");
    assert_eq!(told[7].1, "at most 9.5");
}

#[test]
fn bounds_hold() {
    for (content, words) in [
        (json!({ "name": "A" }), "at least 2 characters"),
        (json!({ "name": "x".repeat(31) }), "at most 30 characters"),
        (json!({ "name": "Ann", "count": 0 }), "at least 1"),
        (json!({ "name": "Ann", "some/of": [] }), "at least 1 choices"),
        (json!({ "name": "Ann", "some/of": ["a", "b", "c"] }), "at most 2 choices"),
        (json!({ "name": 7 }), "a text"),
        (json!({ "name": null }), "a text"),
    ] {
        assert_eq!(wrongs(&content).iter().map(|it| &*it.1).collect::<Vec<_>>(), [words]);
    }
}

#[test]
fn all_questions_are_answered_and_no_others() {
    let other: BTreeMap<String, Answer> = [("p".to_owned(), Answer::Decline)].into();
    let told: Vec<String> = answers(&form(), &other).into_iter().map(|it| it.pointer).collect();
    assert_eq!(told, ["/p", "/q"]);
    for no in [Answer::Decline, Answer::Cancel] {
        assert_eq!(answers(&form(), &[("q".to_owned(), no)].into()), []);
    }
    let list = Answer::Accept { content: json!([]) };
    assert_eq!(answers(&form(), &[("q".to_owned(), list)].into())[0].pointer, "/q/content");
}

#[test]
fn a_page_takes_a_yes_with_nothing_in_it() {
    let url = "https://example.org/".to_owned();
    let page: BTreeMap<String, Inquiry> =
        [("q".to_owned(), Inquiry::Page { message: String::new(), url })].into();
    let yes = |content| [("q".to_owned(), Answer::Accept { content })].into();
    assert_eq!(answers(&page, &yes(json!({}))), []);
    assert_eq!(answers(&page, &yes(json!({ "x": 1 })))[0].pointer, "/q/content/x");
}
