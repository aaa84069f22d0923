//! What the demo model says when there is nothing to do.

use super::{tools::Known, words::words};

/// Said with the first answer of every conversation.
pub(super) const NOTICE: &str =
    "*(I am the built-in demo model, not a real language model: I match words and call tools.)*";

/// How to get better answers.
const REAL_MODEL: &str = "To talk to a real language model, set `LLM_BASE_URL`, `LLM_API_KEY` and \
    `LLM_MODEL_NAME` (or a key such as `OPENAI_API_KEY` or `ANTHROPIC_API_KEY`, or list models in \
    `config/llms.yml`) and start again. A running Ollama is found by itself.";

const SHOWCASE: &str = include_str!("showcase.md");
const STORY: &str = include_str!("story.md");

/// More tools are counted, not listed.
const LISTED: usize = 20;

enum Topic {
    Greeting,
    Thanks,
    Help,
    Showcase,
    Story,
    Unknown,
}

/// Answers a message that no tool fits.
pub(super) fn talk(text: &str, tools: &[Known<'_>], has_spoken: bool) -> String {
    let text = match topic(text) {
        Topic::Greeting => {
            let hello = "Hello there! I am the built-in **demo model**, not a real language model.";
            return format!("{hello} {}", abilities(tools));
        }
        Topic::Help => {
            let who = "I am the built-in **demo model**, not a real language model.";
            return format!("{who} {}\n\n{REAL_MODEL}", abilities(tools));
        }
        Topic::Unknown => {
            let sorry = "I am the built-in **demo model**, not a real language model, so I cannot \
                answer that.";
            return format!("{sorry} {}\n\n{REAL_MODEL}", abilities(tools));
        }
        Topic::Thanks => "You are welcome.".to_owned(),
        Topic::Showcase => SHOWCASE.trim_end().to_owned(),
        Topic::Story => format!("{}\n\n{}", STORY.trim_end(), SHOWCASE.trim_end()),
    };
    if has_spoken { text } else { format!("{text}\n\n{NOTICE}") }
}

fn topic(text: &str) -> Topic {
    let words: Vec<String> = words(text).into_iter().map(|it| it.plain).collect();
    let has = |wanted: &[&str]| words.iter().any(|it| wanted.contains(&it.as_str()));
    let short = words.len() <= 4;
    if has(&["markdown", "showcase"]) {
        Topic::Showcase
    } else if has(&["story", "essay"]) || (has(&["long"]) && has(&["answer", "text", "reply"])) {
        Topic::Story
    } else if has(&["help", "tools", "abilities"])
        || (has(&["you"]) && has(&["who", "what", "how"]))
    {
        Topic::Help
    } else if short && has(&["hi", "hello", "hey", "morning", "afternoon", "evening"]) {
        Topic::Greeting
    } else if short && has(&["thanks", "thank", "thx"]) {
        Topic::Thanks
    } else {
        Topic::Unknown
    }
}

/// What it can do with the tools it was offered.
fn abilities(tools: &[Known<'_>]) -> String {
    let other = "say *tell me a story* or *show markdown* to see a long answer";
    if tools.is_empty() {
        return format!("I was offered no tools, but you can {other}.");
    }
    let lines: Vec<String> = tools.iter().take(LISTED).map(ability).collect();
    let more = tools.len().saturating_sub(LISTED);
    let more = if more > 0 { format!("\n- … and {more} more") } else { String::new() };
    let lines = lines.join("\n");
    format!("I can call these tools for you, for real:\n\n{lines}{more}\n\nYou can also {other}.")
}

fn ability(tool: &Known<'_>) -> String {
    let name = &tool.spec.name;
    match tool.example() {
        Some(example) => format!("- `{name}`: say *{example}*"),
        None => {
            let about = galaxy_base::text::headline(&tool.spec.description, 80);
            format!("- `{name}`: {about}")
        }
    }
}
