//! Which tool a request is about.

use super::{
    clause::Clause,
    fields::Kind,
    tools::Known,
    words::{Verb, is_connector, is_filler},
};

/// How well a tool fits; a larger one fits better.
type Fit = usize;

/// A calculation fits a calculator whatever else is said.
const CALCULATION: Fit = 100;
/// Whoever calls a tool by its name means it.
const BY_NAME: Fit = 200;
const SAME_VERB: Fit = 4;
const SAME_SUBJECT: Fit = 3;
/// What a description adds at most.
const DESCRIBED: usize = 3;

/// The tool that fits `clause` best; of equals, the first on offer.
pub(super) fn best<'k, 'a>(clause: &Clause, tools: &'k [Known<'a>]) -> Option<&'k Known<'a>> {
    let mut best: Option<(Fit, &Known<'_>)> = None;
    for tool in tools {
        if let Some(fit) = fit(clause, tool)
            && best.is_none_or(|it| it.0 < fit)
        {
            best = Some((fit, tool));
        }
    }
    if let Some((_, tool)) = best {
        return Some(tool);
    }
    // "Search for Rust" names no subject. Where there is one tool only that searches, it is meant.
    let mut same = tools.iter().filter(|it| may_stand_alone(clause, it));
    same.next().filter(|_| same.next().is_none())
}

fn fit(clause: &Clause, tool: &Known<'_>) -> Option<Fit> {
    if clause.tells || clause.words.is_empty() {
        return None;
    }
    if tool.needs(&[Kind::Expression]).is_some() {
        return clause.expression.is_some().then_some(CALCULATION);
    }
    if clause.place_of(&tool.spec.name).is_some() {
        return Some(BY_NAME);
    }
    let shown = tool.needs(&[Kind::Url]).is_some() && has_url(clause) || shows_code(clause, tool);
    let verb = match clause.lead {
        Some(Verb::Run) if shown => SAME_VERB,
        lead => verb_fit(lead, tool.verb)?,
    };
    let named = tool.nouns.iter().filter(|it| clause.says(it)).count();
    let described = described(clause, tool);
    let subject = if tool.nouns.is_empty() {
        // Only the verb itself names such a tool.
        tool.name.iter().any(|it| clause.says(it))
    } else {
        named * 2 >= tool.nouns.len() || (named > 0 && described > 0)
    };
    let fits = shown || subject || (named == 0 && described >= 2);
    let shown = if shown { 2 * SAME_SUBJECT } else { 0 };
    fits.then_some(verb + shown + named * SAME_SUBJECT + described.min(DESCRIBED))
}

/// Whether what is wanted and what the tool does go together; `None` when they do not.
fn verb_fit(wanted: Option<Verb>, does: Option<Verb>) -> Option<Fit> {
    match (wanted, does) {
        (Some(wanted), Some(does)) if wanted == does => Some(SAME_VERB),
        (Some(wanted), Some(does)) => (wanted.looks() && does.looks()).then_some(1),
        (None, Some(does)) => does.looks().then_some(1),
        (Some(_) | None, None) => Some(0),
    }
}

fn described(clause: &Clause, tool: &Known<'_>) -> usize {
    let body = clause.words.iter().skip(clause.body).filter(|it| !it.quoted);
    let means = body
        .map(|it| it.plain.as_str())
        .filter(|it| it.len() > 2 && !is_filler(it) && !is_connector(it));
    means.filter(|it| tool.mentions(&super::words::stem(it))).count()
}

fn may_stand_alone(clause: &Clause, tool: &Known<'_>) -> bool {
    let distinct = |it: Verb| match it {
        Verb::Find | Verb::Ask | Verb::Send => true,
        // Nothing happens unless there is a thing of that title.
        Verb::Complete | Verb::Delete | Verb::Update => tool.needs(&[Kind::Id]).is_some(),
        Verb::Add | Verb::List | Verb::Get | Verb::Compute | Verb::Run => false,
    };
    // With a subject of its own the request is about something else.
    clause.implied.is_empty()
        && tool.needs(&[Kind::Code]).is_none()
        && clause.words.len() > clause.body
        && clause.lead.is_some_and(distinct)
        && clause.lead == tool.verb
}

/// Whether an address of a page is among the words.
fn has_url(clause: &Clause) -> bool {
    clause.words.iter().any(|it| is_url(&it.raw))
}

/// Whether the words hold what `tool` would run: a block of code, or a statement in SQL.
fn shows_code(clause: &Clause, tool: &Known<'_>) -> bool {
    let Some(field) = tool.needs(&[Kind::Code]) else { return false };
    let is_sql = field.words().iter().any(|it| it == "sql" || it == "statement");
    clause.words.iter().any(|word| match is_sql {
        true => word.plain == "select" || word.plain.starts_with("select "),
        false => word.quoted,
    })
}

/// Whether `text` is an address of a page.
pub(super) fn is_url(text: &str) -> bool {
    ["http://", "https://"].iter().any(|it| text.starts_with(it))
}
