use serde_json::json;

use super::*;

fn form(schema: Value) -> Result<Vec<Field>, Unfit> {
    let question = Question::Form { message: "Who?".to_owned(), schema };
    match read(&question)? {
        Inquiry::Form { fields, .. } => Ok(fields),
        Inquiry::Page { .. } | Inquiry::SignIn { .. } => panic!("it is a form"),
    }
}

fn kind_of(property: &Value) -> Result<FieldKind, Unfit> {
    let mut fields = form(json!({ "type": "object", "properties": { "x": property } }))?;
    Ok(fields.remove(0).kind)
}

fn choice(value: &str, title: &str) -> Choice {
    Choice { value: value.to_owned(), title: title.to_owned() }
}

#[test]
fn every_kind_of_field_of_the_protocol_is_known() {
    let text = |format| FieldKind::Text {
        min_length: Some(1),
        max_length: Some(5),
        format,
        default: Some("a".to_owned()),
    };
    let property = json!({ "type": "string", "minLength": 1, "maxLength": 5, "format": "email", "default": "a" });
    assert_eq!(kind_of(&property), Ok(text(Some(Format::Email))));
    let number = json!({ "type": "integer", "minimum": 0, "maximum": 9.5, "default": 3 });
    let expected = FieldKind::Number {
        whole: true,
        minimum: Some(0.0),
        maximum: Some(9.5),
        default: Some(3.0),
    };
    assert_eq!(kind_of(&number), Ok(expected));
    let flag = json!({ "type": "boolean", "default": true });
    assert_eq!(kind_of(&flag), Ok(FieldKind::Flag { default: Some(true) }));
    let both = vec![choice("r", "Red"), choice("g", "g")];
    let named =
        json!({ "type": "string", "enum": ["r", "g"], "enumNames": ["Red"], "default": "z" });
    assert_eq!(kind_of(&named), Ok(FieldKind::One { choices: both.clone(), default: None }));
    let titled = json!([{ "const": "r", "title": "Red" }, { "const": "g" }]);
    let one = json!({ "type": "string", "oneOf": titled, "default": "g" });
    let default = Some("g".to_owned());
    assert_eq!(kind_of(&one), Ok(FieldKind::One { choices: both.clone(), default }));
    let several = json!({ "type": "array", "minItems": 1, "items": { "anyOf": titled }, "default": ["r", "z"] });
    let expected = FieldKind::Several {
        choices: both,
        least: Some(1),
        most: None,
        default: vec!["r".to_owned()],
    };
    assert_eq!(kind_of(&several), Ok(expected));
}

#[test]
fn what_has_to_be_filled_in_comes_first() {
    let text = json!({ "type": "string", "title": "T", "description": "D" });
    let fields =
        form(json!({ "properties": { "a": text, "b": text }, "required": ["b"] })).unwrap();
    let shown: Vec<_> = fields.iter().map(|it| (&*it.name, it.required)).collect();
    assert_eq!(shown, [("b", true), ("a", false)]);
    assert_eq!(fields[0].title.as_deref(), Some("T"));
    assert_eq!(form(json!({ "type": "object" })), Ok(vec![]), "a plain yes or no");
}

#[test]
fn nobody_is_asked_for_a_secret() {
    for property in [
        json!({ "password": { "type": "string" } }),
        json!({ "name": { "type": "string" }, "apiKey": { "type": "string" } }),
        json!({ "x": { "type": "string", "format": "password" } }),
        json!({ "x": { "type": "string", "title": "Access token" } }),
    ] {
        assert_eq!(form(json!({ "properties": property })), Err(Unfit::Secret), "{property}");
    }
}

#[test]
fn what_cannot_be_shown_is_not_asked() {
    let text = json!({ "type": "string" });
    let many: Map<String, Value> = (0..33).map(|it| (format!("f{it}"), text.clone())).collect();
    for schema in [
        json!("object"),
        json!({ "type": "array" }),
        json!({ "properties": [] }),
        json!({ "properties": { "x": { "type": "object" } } }),
        json!({ "properties": { "x": { "type": "array", "items": text } } }),
        json!({ "properties": { "x": { "type": "string", "enum": [] } } }),
        json!({ "properties": { "x": { "type": "string", "enum": [1] } } }),
        json!({ "properties": { "x\u{202e}y": text } }),
        json!({ "properties": { "x": text }, "required": ["y"] }),
        json!({ "properties": many }),
    ] {
        if schema != json!("object") {
            assert_eq!(form(schema.clone()), Err(Unfit::Strange), "{schema}");
        }
    }
}

#[test]
fn words_are_visible_and_cut_visibly() {
    let message = format!("pay \u{202e}now{}", "x".repeat(3_000));
    let question = Question::Form { message, schema: json!({}) };
    let Ok(Inquiry::Form { message, .. }) = read(&question) else { panic!("it is a form") };
    assert!(message.contains("pay \\u{202e}now") && message.contains("characters omitted"));
}

#[test]
fn a_page_leads_where_it_seems_to_lead() {
    let read = |url: &str| {
        read(&Question::Page { message: String::new(), url: url.to_owned() }).map(|it| match it {
            Inquiry::Page { url, .. } => url,
            Inquiry::Form { .. } | Inquiry::SignIn { .. } => panic!("it is a page"),
        })
    };
    assert_eq!(read("https://example.org/a?b=c").as_deref(), Ok("https://example.org/a?b=c"));
    // Letters of other scripts that look like ours are told apart.
    assert_eq!(read("https://ex\u{430}mple.org").as_deref(), Ok("https://xn--exmple-4nf.org/"));
    let long = format!("https://example.org/{}", "x".repeat(2_000));
    for url in [
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "example.org",
        "",
        "https://bank.example@evil.example/",
        "https://u:p@example.org/",
        &long,
    ] {
        assert_eq!(read(url), Err(Unfit::Strange), "{url}");
    }
}

#[test]
fn questions_are_sorted() {
    let form = |name: &str| Question::Form {
        message: String::new(),
        schema: json!({ "properties": { name: { "type": "string" } } }),
    };
    let questions = [("a", "city"), ("b", "password"), ("\u{200b}", "city")];
    let questions = questions.map(|(key, name)| (key.to_owned(), form(name))).into();
    let screened = screen(&questions);
    assert_eq!(screened.questions.keys().collect::<Vec<_>>(), ["a"]);
    assert_eq!(screened.declined, ["b", "\u{200b}"]);
}
