//! What a way is filled with: each argument, variable and header, and what is asked for it.

use crate::{
    entry::{
        How, Package, PackageKind, Remote, Way,
        input::{Argument, Input, KeyValue},
    },
    question::{Format, Question},
};

/// Where a value goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// Among the arguments of what runs the package, after this flag.
    Runtime(Option<String>),
    /// Among the package's own, after this flag.
    Argument(Option<String>),
    /// The variable of that name.
    Environment(String),
    /// The header of that name.
    Header(String),
    /// The address.
    Url,
}

/// One thing to fill.
#[derive(Debug, Clone)]
pub(super) struct Field {
    /// Where it goes.
    pub(super) place: Place,
    /// Names it within its way.
    pub(super) key: String,
    /// What people read.
    pub(super) label: String,
    /// What it is filled with.
    pub(super) input: Input,
    /// Whether it may be there several times.
    pub(super) is_repeated: bool,
}

/// A piece of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    /// As it stands.
    Text(String),
    /// What stands for the name in braces.
    Name(String),
}

/// Everything to fill, in its order.
pub(super) fn fields(way: &Way) -> Vec<Field> {
    match &way.how {
        How::Remote(remote) => of_remote(remote),
        How::Package(package) => of_package(package),
        How::Unreadable { .. } => Vec::new(),
    }
}

fn of_remote(remote: &Remote) -> Vec<Field> {
    let address = Field {
        place: Place::Url,
        key: "url".to_owned(),
        label: "URL".to_owned(),
        input: Input {
            value: Some(remote.url.clone()),
            is_required: true,
            variables: remote.variables.clone(),
            ..Input::default()
        },
        is_repeated: false,
    };
    let header = |it: &KeyValue| Field {
        place: Place::Header(it.name.clone()),
        key: format!("header.{}", it.name),
        label: it.name.clone(),
        input: it.input.clone(),
        is_repeated: false,
    };
    std::iter::once(address).chain(remote.headers.iter().map(header)).collect()
}

fn of_package(package: &Package) -> Vec<Field> {
    let runtime = package.runtime_arguments.iter().enumerate().map(|(at, it)| {
        let of_container = (package.kind == PackageKind::Oci).then(|| container_variable(it));
        of_container.flatten().unwrap_or_else(|| argument("runtime", at, it, Place::Runtime))
    });
    let own = package.arguments.iter().enumerate();
    let own = own.map(|(at, it)| argument("argument", at, it, Place::Argument));
    let environment = package.environment.iter().map(|it| variable(&it.name, it.input.clone()));
    runtime.chain(own).chain(environment).collect()
}

fn argument(
    list: &str,
    at: usize,
    argument: &Argument,
    place: fn(Option<String>) -> Place,
) -> Field {
    let label = argument.name.as_ref().or(argument.value_hint.as_ref());
    Field {
        place: place(argument.name.clone()),
        key: format!("{list}.{at}"),
        label: label.cloned().unwrap_or_else(|| format!("{list} {}", at + 1)),
        input: argument.input.clone(),
        is_repeated: argument.is_repeated,
    }
}

fn variable(name: &str, input: Input) -> Field {
    Field {
        place: Place::Environment(name.to_owned()),
        key: format!("environment.{name}"),
        label: name.to_owned(),
        input,
        is_repeated: false,
    }
}

/// `-e NAME=value` for a container is a variable of its environment: as such its value does not
/// stand on the command line.
fn container_variable(argument: &Argument) -> Option<Field> {
    let is_variable = matches!(argument.name.as_deref(), Some("-e" | "--env"));
    let (name, value) = argument.input.value.as_deref().filter(|_| is_variable)?.split_once('=')?;
    let input = Input { value: Some(value.to_owned()), ..argument.input.clone() };
    Some(variable(name, input))
}

impl Field {
    /// Whether others can see what it is filled with.
    pub(super) const fn is_exposed(&self) -> bool {
        match self.place {
            Place::Runtime(_) | Place::Argument(_) | Place::Url => true,
            Place::Environment(_) | Place::Header(_) => false,
        }
    }

    /// Whether anything that is asked for it is a secret.
    pub(super) fn is_secret(&self) -> bool {
        self.questions().iter().any(|it| it.is_secret)
    }

    /// Whether it is a flag that is there or not, without a value.
    pub(super) fn is_switch(&self) -> bool {
        let Input { value, default, placeholder, choices, format, is_required, is_secret, .. } =
            &self.input;
        let has_no_value =
            default.is_none() && placeholder.is_none() && choices.is_empty() && !is_secret;
        let is_alone = has_no_value && !is_required;
        self.is_flag() && value.is_none() && (*format == Format::Boolean || is_alone)
    }

    /// Whether it is an argument with a name.
    pub(super) const fn is_flag(&self) -> bool {
        matches!(self.place, Place::Runtime(Some(_)) | Place::Argument(Some(_)))
    }

    /// What is asked for it.
    pub(super) fn questions(&self) -> Vec<Question> {
        let Some(template) = &self.input.value else { return vec![self.question()] };
        let names = pieces(template).into_iter().filter_map(|it| match it {
            Piece::Name(name) => Some(name),
            Piece::Text(_) => None,
        });
        names.map(|name| self.question_about(&name)).collect()
    }

    /// What is asked for the whole of it.
    pub(super) fn question(&self) -> Question {
        let is_switch = self.is_switch();
        let input = &self.input;
        let format = if is_switch { Format::Boolean } else { input.format };
        let is_repeated = self.is_repeated && !is_switch;
        question(self.key.clone(), self.label.clone(), input, format, is_repeated)
    }

    /// What is asked for a name in its template.
    pub(super) fn question_about(&self, name: &str) -> Question {
        let key = format!("{}.{name}", self.key);
        let known = self.input.variables.get(name);
        let mut asked = match known {
            Some(input) => question(key, name.to_owned(), input, input.format, false),
            None => question(key, name.to_owned(), &Input::default(), Format::Text, false),
        };
        // A header without an explanation is one that opens something.
        let opens = known.is_none() && matches!(self.place, Place::Header(_));
        asked.is_secret |= self.input.is_secret || opens;
        asked.is_required |= self.input.is_required || (known.is_none() && self.is_exposed());
        if asked.description.is_empty() {
            asked.description.clone_from(&self.input.description);
        }
        asked
    }
}

fn question(
    key: String,
    label: String,
    input: &Input,
    format: Format,
    is_repeated: bool,
) -> Question {
    Question {
        key,
        label,
        description: input.description.clone(),
        is_required: input.is_required,
        is_secret: input.is_secret,
        format,
        choices: input.choices.clone(),
        default: input.default.clone().or_else(|| input.value.clone()).filter(|it| !it.is_empty()),
        placeholder: input.placeholder.clone(),
        is_repeated,
    }
}

/// A template taken apart. Braces around what is no name are text: much JSON is.
pub(super) fn pieces(template: &str) -> Vec<Piece> {
    let is_name = |it: &str| {
        !it.is_empty()
            && it.len() <= 100
            && it.bytes().all(|it| it.is_ascii_alphanumeric() || b"_-.".contains(&it))
    };
    let (mut pieces, mut text, mut rest) = (Vec::new(), String::new(), template);
    while let Some(at) = rest.find('{') {
        let inside = &rest[at + 1..];
        match inside.split_once('}').filter(|(name, _)| is_name(name)) {
            Some((name, after)) => {
                text.push_str(&rest[..at]);
                if !text.is_empty() {
                    pieces.push(Piece::Text(std::mem::take(&mut text)));
                }
                pieces.push(Piece::Name(name.to_owned()));
                rest = after;
            }
            None => {
                text.push_str(&rest[..=at]);
                rest = inside;
            }
        }
    }
    text.push_str(rest);
    if !text.is_empty() || pieces.is_empty() {
        pieces.push(Piece::Text(text));
    }
    pieces
}
