use super::*;
use crate::settings::{Mistake, Origin};

fn given(pairs: &[(&str, &str)]) -> Given {
    let mut given = Given::default();
    for (name, value) in pairs {
        given.add((*name).to_owned(), (*value).to_owned(), Origin::Environment);
    }
    given
}

fn names(models: &[Configured]) -> Vec<&str> {
    models.iter().map(|it| it.name.as_str()).collect()
}

#[test]
fn an_entry_says_all_it_can_and_the_rest_has_defaults() {
    let text = r#"
models:
  - name: Claude
    provider: anthropic
    api_key: "${ANTHROPIC_API_KEY}"
    model_name: claude-sonnet-4-5
    context_tokens: 200000
    images: true
    reasoning: true
    fallbacks: [Local]
  - name: Local
    provider: openai_chat
    base_url: http://${BOX}:8080/v1
    model_name: 4.5
    max_concurrent: 2
    tools: false
  - name: Try
    provider: demo
"#;
    let mut given = given(&[("ANTHROPIC_API_KEY", "hush"), ("BOX", "box")]);
    let (models, used) = file::parse(&mut given, "llms.yml", text);
    assert_eq!(given.mistakes(), []);
    assert_eq!(names(&models), ["Claude", "Local", "Try"]);
    assert!(used.contains("ANTHROPIC_API_KEY"));
    let (claude, local) = (&models[0], &models[1]);
    assert_eq!(claude.protocol, Some(Protocol::Anthropic));
    assert_eq!(claude.api_key.as_ref().unwrap().expose_secret(), "hush");
    assert_eq!((claude.context_tokens, claude.images, claude.tools), (200_000, true, true));
    assert_eq!(claude.fallbacks, ["Local"]);
    assert_eq!(local.base_url.as_ref().unwrap().as_str(), "http://box:8080/v1");
    assert_eq!((local.model.as_str(), local.max_concurrent, local.tools), ("4.5", 2, false));
    assert_eq!(local.context_tokens, CONTEXT_TOKENS);
    assert_eq!(models[2].protocol, None);
}

#[test]
fn all_mistakes_of_a_file_are_reported_at_once_with_their_places() {
    let text = r#"
version: 2
models:
  - name: A
    provider: telepathy
    model_name: m
    temprature: 1
  - provider: openai_chat
    api_key: "${NOBODY_SET_THIS}"
    context_tokens: 5
  - name: A
    provider: gemini
    model_name: m
    images: maybe
    fallbacks: B
  - just text
"#;
    let mut given = given(&[]);
    file::parse(&mut given, "llms.yml", text);
    let lines: Vec<String> = given
        .mistakes()
        .into_iter()
        .map(|Mistake { key, message }| format!("{key}: {message}"))
        .collect();
    let all = lines.join("\n");
    for expected in [
        "llms.yml: unknown key `version`",
        "llms.yml: models[0] (A): provider: `telepathy` is none of",
        "llms.yml: models[0] (A): unknown key `temprature`",
        "llms.yml: models[1] (without a name): name: is missing",
        "llms.yml: models[1] (without a name): model_name: is missing",
        "llms.yml: models[1] (without a name): api_key: the variable NOBODY_SET_THIS is not set",
        "llms.yml: models[1] (without a name): context_tokens: must be a whole number",
        "llms.yml: models[2] (A): name: there is another model of that name",
        "llms.yml: models[2] (A): images: must be true or false",
        "llms.yml: models[2] (A): fallbacks: must be a list of names",
        "llms.yml: models[3]: must have keys and values",
    ] {
        assert!(all.contains(expected), "{expected}\n---\n{all}");
    }
    assert_eq!(lines.len(), 11, "{all}");
}

#[test]
fn the_example_file_is_read_and_so_are_its_entries() {
    let example = include_str!("../../../../config/llms.yml");
    let mut given =
        given(&[("ANTHROPIC_API_KEY", "a"), ("OPENAI_API_KEY", "b"), ("GEMINI_API_KEY", "c")]);
    let (models, _) = file::parse(&mut given, "llms.yml", example);
    assert_eq!((names(&models), given.mistakes()), (vec![], vec![]));

    let (head, entries) = example.split_once("models: []\n").unwrap();
    let entries: String = entries
        .lines()
        .map(|line| line.strip_prefix('#').unwrap_or(line).to_owned() + "\n")
        .collect();
    let opened = format!("{head}models:\n{entries}");
    let (models, _) = file::parse(&mut given, "llms.yml", &opened);
    check_fallbacks(&mut given, &models);
    assert_eq!(given.mistakes(), []);
    assert_eq!(names(&models), ["Local", "Claude", "GPT", "Gemini", "Llama"]);
}

#[test]
fn what_is_no_list_of_models_is_refused() {
    for (text, expected) in
        [("", 0), ("models:", 0), ("models: 3", 1), ("- a", 1), ("models: [", 1), ("modles: []", 1)]
    {
        let mut given = given(&[]);
        file::parse(&mut given, "llms.yml", text);
        assert_eq!(given.mistakes().len(), expected, "{text}");
    }
}

#[test]
fn each_usual_key_brings_a_model_and_its_name_can_be_chosen() {
    let mut given = given(&[
        ("OPENAI_API_KEY", "a"),
        ("ANTHROPIC_API_KEY", "b"),
        ("GOOGLE_API_KEY", "c"),
        ("GROQ_API_KEY", "d"),
        ("OPENROUTER_API_KEY", "e"),
        ("OPENAI_MODEL", "gpt-next"),
        ("LLM_MODEL_NAME", "own"),
        ("LLM_BASE_URL", "http://box:8080/v1"),
    ]);
    let config = Config::read(&mut given);
    assert_eq!(given.mistakes(), []);
    let sources: Vec<&str> = config.names().map(|(_, source)| source).collect();
    let expected = [
        "LLM_MODEL_NAME",
        "OPENAI_API_KEY",
        "ANTHROPIC_API_KEY",
        "GOOGLE_API_KEY",
        "GROQ_API_KEY",
        "OPENROUTER_API_KEY",
    ];
    assert_eq!(sources, expected);
    assert_eq!(names(&config.configured)[..2], ["own", "gpt-next"]);
    let groq = &config.configured[4];
    assert_eq!(groq.base_url.as_ref().unwrap().host_str(), Some("api.groq.com"));
}

#[test]
fn a_stand_in_for_openai_is_spoken_to_as_most_of_them_understand() {
    let protocol = |pairs: &[(&str, &str)]| {
        let models = variables::read(&mut given(pairs), &Default::default());
        models[0].protocol
    };
    let own = [("OPENAI_API_KEY", "a")];
    assert_eq!(protocol(&own), Some(Protocol::OpenaiResponses));
    let other = [("OPENAI_API_KEY", "a"), ("OPENAI_BASE_URL", "http://box/v1")];
    assert_eq!(protocol(&other), Some(Protocol::OpenaiChat));
}

#[test]
fn a_key_that_the_file_uses_brings_no_second_model() {
    let text = "models: [{name: GPT, provider: openai_responses, model_name: gpt-5, \
                api_key: \"${OPENAI_API_KEY}\"}]";
    let mut given = given(&[("OPENAI_API_KEY", "a")]);
    let (_, used) = file::parse(&mut given, "llms.yml", text);
    assert_eq!(names(&variables::read(&mut given, &used)), Vec::<&str>::new());
}

#[test]
fn of_two_that_are_the_same_the_first_stays_and_names_are_unique() {
    let one = Configured::new("m", Protocol::OpenaiChat, "m", "llms.yml");
    let at = |url: &str, source: &str| Configured {
        base_url: Some(Url::parse(url).unwrap()),
        source: source.to_owned(),
        ..one.clone()
    };
    let mut models = vec![one.clone()];
    add(&mut models, at("https://api.openai.com/v1/", "OPENAI_API_KEY"));
    add(&mut models, at("http://box/v1", "LLM_MODEL_NAME"));
    assert_eq!(names(&models), ["m", "m (LLM_MODEL_NAME)"]);
}

#[test]
fn nothing_falls_back_on_what_does_not_exist_or_on_itself() {
    let model = |name: &str, fallback: &str| Configured {
        fallbacks: vec![fallback.to_owned()],
        ..Configured::new(name, Protocol::OpenaiChat, name, "llms.yml")
    };
    let mut given = given(&[]);
    check_fallbacks(&mut given, &[model("A", "A"), model("B", "C"), model("D", DEMO)]);
    let keys: Vec<String> = given.mistakes().into_iter().map(|it| it.key).collect();
    assert_eq!(keys, ["llms.yml: model `A`", "llms.yml: model `B`"]);
}
