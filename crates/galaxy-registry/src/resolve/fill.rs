//! Filling what is asked in.

use std::collections::{BTreeMap, BTreeSet};

use galaxy_base::{ExposeSecret, SecretString};

use super::{
    Defect, Inputs, Reached, Worth,
    fields::{Field, Piece, Place, fields, pieces},
    program,
};
use crate::{
    entry::{Package, Way},
    question::Question,
};

/// More answers than this to one question are no answers.
const MOST_ANSWERS: usize = 64;

/// Fills one way in, and gathers what is wrong.
pub(super) struct Filler<'a> {
    inputs: &'a Inputs,
    kept: &'a BTreeSet<String>,
    defects: BTreeMap<String, String>,
}

/// What came of a field.
enum Filled {
    /// It is left out.
    Nothing,
    /// It has these values.
    Values(Vec<String>),
    /// It is a flag, and there.
    Switch,
    /// Its stored value stays.
    Kept,
}

impl<'a> Filler<'a> {
    pub(super) fn new(inputs: &'a Inputs, kept: &'a BTreeSet<String>) -> Self {
        Self { inputs, kept, defects: BTreeMap::new() }
    }

    /// Everything that was wrong.
    pub(super) fn defects(self) -> impl Iterator<Item = Defect> {
        self.defects.into_iter().map(|(key, message)| Defect { key, message })
    }

    /// The server at an address.
    pub(super) fn address(&mut self, way: &Way) -> Option<Reached> {
        let (mut url, mut headers) = (None, BTreeMap::new());
        for field in fields(way) {
            let filled = self.fill(&field);
            match &field.place {
                Place::Url => url = values(filled).into_iter().next(),
                Place::Header(name) => keep_worth(&mut headers, name, filled, field.is_secret()),
                Place::Runtime(_) | Place::Argument(_) | Place::Environment(_) => (),
            }
        }
        let url = url?;
        if !url.parse::<url::Url>().is_ok_and(|it| matches!(it.scheme(), "http" | "https")) {
            let message = format!("this makes no address: {url}");
            self.defects.insert(String::new(), message);
            return None;
        }
        Some(Reached::Http { url, headers })
    }

    /// The program of a package.
    pub(super) fn program(&mut self, way: &Way, package: &Package) -> Option<Reached> {
        let (mut runtime, mut own, mut environment) = (Vec::new(), Vec::new(), BTreeMap::new());
        for field in fields(way) {
            let filled = self.fill(&field);
            match &field.place {
                Place::Runtime(flag) => append(&mut runtime, flag.as_deref(), filled),
                Place::Argument(flag) => append(&mut own, flag.as_deref(), filled),
                Place::Environment(name) => {
                    keep_worth(&mut environment, name, filled, field.is_secret());
                }
                Place::Header(_) | Place::Url => (),
            }
        }
        let command = program::runner(package).ok()?.to_owned();
        let names = environment.keys().map(String::as_str);
        let arguments = program::arguments(package, runtime, own, names).ok()?;
        Some(Reached::Program { command, arguments, environment })
    }

    fn fill(&mut self, field: &Field) -> Filled {
        match &field.input.value {
            Some(template) => self.fill_template(field, template),
            None => self.fill_whole(field),
        }
    }

    fn fill_whole(&mut self, field: &Field) -> Filled {
        let question = field.question();
        if self.stays(field, &question) {
            return Filled::Kept;
        }
        match self.answers(&question) {
            None => Filled::Nothing,
            Some(answers) if field.is_switch() => match answers.first().map(String::as_str) {
                Some("true") => Filled::Switch,
                Some(_) | None => Filled::Nothing,
            },
            Some(answers) => Filled::Values(answers),
        }
    }

    /// A template is filled as a whole, or left out as a whole.
    fn fill_template(&mut self, field: &Field, template: &str) -> Filled {
        let (mut text, mut is_whole) = (String::new(), true);
        for piece in pieces(template) {
            match piece {
                Piece::Text(piece) => text.push_str(&piece),
                Piece::Name(name) => {
                    let question = field.question_about(&name);
                    if self.stays(field, &question) {
                        return Filled::Kept;
                    }
                    match self.answers(&question).and_then(|it| it.into_iter().next()) {
                        Some(answer) => text.push_str(&answer),
                        None => is_whole = false,
                    }
                }
            }
        }
        let is_bare_flag = text.is_empty() && field.is_flag();
        match (is_whole, is_bare_flag) {
            (false, _) => Filled::Nothing,
            (true, true) => Filled::Switch,
            (true, false) => Filled::Values(vec![text]),
        }
    }

    /// Whether nobody answered what is stored.
    fn stays(&self, field: &Field, question: &Question) -> bool {
        let (Place::Environment(name) | Place::Header(name)) = &field.place else { return false };
        question.is_secret && self.given(&question.key).is_empty() && self.kept.contains(name)
    }

    fn given(&self, key: &str) -> Vec<&'a str> {
        let answers: &'a [SecretString] = self.inputs.get(key).map_or(&[], Vec::as_slice);
        answers.iter().map(ExposeSecret::expose_secret).filter(|it| !it.trim().is_empty()).collect()
    }

    /// What was answered, or else goes without saying; `None` when nothing was, or it is wrong.
    fn answers(&mut self, question: &Question) -> Option<Vec<String>> {
        let given = self.given(&question.key);
        let answers = if given.is_empty() {
            question.default.as_deref().into_iter().collect()
        } else {
            given
        };
        let most = if question.is_repeated { MOST_ANSWERS } else { 1 };
        let complaint = match answers.len() {
            0 if question.is_required => Some("is needed".to_owned()),
            0 => return None,
            count if count > most => Some(format!("takes at most {most}")),
            _ => answers.iter().find_map(|it| question.complaint(it)),
        };
        if let Some(message) = complaint {
            self.defects.insert(question.key.clone(), message);
            return None;
        }
        Some(answers.into_iter().map(str::to_owned).collect())
    }
}

fn values(filled: Filled) -> Vec<String> {
    match filled {
        Filled::Values(values) => values,
        Filled::Nothing | Filled::Switch | Filled::Kept => Vec::new(),
    }
}

fn append(arguments: &mut Vec<String>, flag: Option<&str>, filled: Filled) {
    match (flag, filled) {
        (_, Filled::Nothing | Filled::Kept) => (),
        (Some(flag), Filled::Switch) => arguments.push(flag.to_owned()),
        (None, Filled::Switch) => (),
        (None, Filled::Values(values)) => arguments.extend(values),
        (Some(flag), Filled::Values(values)) => {
            for value in values {
                // `--flag=` says itself that the value follows at once.
                if flag.ends_with('=') {
                    arguments.push(format!("{flag}{value}"));
                } else {
                    arguments.extend([flag.to_owned(), value]);
                }
            }
        }
    }
}

fn keep_worth(worths: &mut BTreeMap<String, Worth>, name: &str, filled: Filled, is_secret: bool) {
    let worth = match filled {
        Filled::Nothing | Filled::Switch => return,
        Filled::Kept => Worth::Kept,
        Filled::Values(values) => {
            let value = values.join(",");
            if is_secret { Worth::Secret(value.into()) } else { Worth::Plain(value) }
        }
    };
    worths.insert(name.to_owned(), worth);
}
