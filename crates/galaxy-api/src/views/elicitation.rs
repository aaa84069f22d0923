//! What tools ask people, as clients see it. What a server wants back with the answers is between
//! it and us.

use std::collections::BTreeMap;

use galaxy_domain::{
    ToolServerId,
    elicitation::{Answer, Choice, Elicitation, Field, FieldKind, Inquiry, WayBack},
};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{event::time, names::FormatName};

/// A round of questions of the tool of a call.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ElicitationView {
    /// Which round of this call, counted from 1; goes back with the answers.
    pub round: u32,
    /// The tool server that asks. It is not this deployment: show it, and warn of giving away
    /// secrets.
    pub server: String,
    /// Its tool, as it names it.
    pub tool: String,
    /// What it asks, by key.
    pub questions: BTreeMap<String, InquiryView>,
    /// How many more questions were declined without asking: they wanted secrets, or cannot be
    /// shown.
    pub declined: usize,
    /// When the server waits no longer; `null` where it has all the time in the world.
    #[schema(required)]
    pub until: Option<String>,
}

impl ElicitationView {
    /// The `round`th round of questions of a call.
    pub fn of(round: u32, elicitation: &Elicitation) -> Self {
        let Elicitation { server, tool, questions, declined, back } = elicitation;
        Self {
            round,
            server: server.clone(),
            tool: tool.clone(),
            questions: questions.iter().map(|(key, it)| (key.clone(), it.into())).collect(),
            declined: declined.len(),
            until: match back {
                WayBack::Again { .. } | WayBack::Task | WayBack::Afresh => None,
                WayBack::Held { until } => Some(time(*until)),
            },
        }
    }
}

/// One question.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum InquiryView {
    /// Fill in a form; one without fields is a plain yes or no.
    Form {
        /// What for, in the server's words.
        message: String,
        /// What to fill in.
        fields: Vec<FieldView>,
    },
    /// Open a page and do something there.
    Page {
        /// What for, in the server's words.
        message: String,
        /// Where: show all of it, and open it only when the person says so.
        url: String,
    },
    /// Sign in at the tool server, by `POST /api/tool-servers/{id}/connect`. Who has signed in need
    /// not answer: the run goes on by itself.
    SignIn {
        /// Where.
        #[schema(value_type = uuid::Uuid)]
        server: ToolServerId,
    },
}

impl From<&Inquiry> for InquiryView {
    fn from(inquiry: &Inquiry) -> Self {
        match inquiry {
            Inquiry::Form { message, fields } => Self::Form {
                message: message.clone(),
                fields: fields.iter().map(FieldView::from).collect(),
            },
            Inquiry::Page { message, url } => {
                Self::Page { message: message.clone(), url: url.clone() }
            }
            Inquiry::SignIn { server, .. } => Self::SignIn { server: *server },
        }
    }
}

/// One field of a form.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct FieldView {
    /// Its name, under which its value goes back.
    pub name: String,
    /// What it is called on the screen.
    #[schema(required)]
    pub title: Option<String>,
    /// What to fill in.
    #[schema(required)]
    pub description: Option<String>,
    /// Whether it has to be filled in.
    pub required: bool,
    /// What it takes.
    pub kind: FieldKindView,
}

impl From<&Field> for FieldView {
    fn from(field: &Field) -> Self {
        let Field { name, title, description, required, kind } = field.clone();
        Self { name, title, description, required, kind: kind.into() }
    }
}

/// What a field takes.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum FieldKindView {
    /// Words.
    Text {
        /// At least this many characters.
        #[schema(required)]
        min_length: Option<u64>,
        /// At most this many.
        #[schema(required)]
        max_length: Option<u64>,
        /// `email`, `uri`, `date` or `date_time`.
        #[schema(required)]
        format: Option<FormatName>,
        /// What is filled in already.
        #[schema(required)]
        default: Option<String>,
    },
    /// A number.
    Number {
        /// Whether it has to be whole.
        whole: bool,
        /// The smallest.
        #[schema(required)]
        minimum: Option<f64>,
        /// The largest.
        #[schema(required)]
        maximum: Option<f64>,
        /// What is filled in already.
        #[schema(required)]
        default: Option<f64>,
    },
    /// Yes or no.
    Flag {
        /// What is filled in already.
        #[schema(required)]
        default: Option<bool>,
    },
    /// One of several.
    One {
        /// Of these.
        choices: Vec<ChoiceView>,
        /// Which is chosen already.
        #[schema(required)]
        default: Option<String>,
    },
    /// Any of several.
    Several {
        /// Of these.
        choices: Vec<ChoiceView>,
        /// At least this many.
        #[schema(required)]
        least: Option<u64>,
        /// At most this many.
        #[schema(required)]
        most: Option<u64>,
        /// Which are chosen already.
        default: Vec<String>,
    },
}

impl From<FieldKind> for FieldKindView {
    fn from(kind: FieldKind) -> Self {
        let views = |choices: Vec<Choice>| choices.into_iter().map(ChoiceView::from).collect();
        match kind {
            FieldKind::Text { min_length, max_length, format, default } => {
                let format = format.map(FormatName::from);
                Self::Text { min_length, max_length, format, default }
            }
            FieldKind::Number { whole, minimum, maximum, default } => {
                Self::Number { whole, minimum, maximum, default }
            }
            FieldKind::Flag { default } => Self::Flag { default },
            FieldKind::One { choices, default } => Self::One { choices: views(choices), default },
            FieldKind::Several { choices, least, most, default } => {
                Self::Several { choices: views(choices), least, most, default }
            }
        }
    }
}

/// Something that can be chosen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ChoiceView {
    /// The value that goes back.
    pub value: String,
    /// What it is called on the screen.
    pub title: String,
}

impl From<Choice> for ChoiceView {
    fn from(Choice { value, title }: Choice) -> Self {
        Self { value, title }
    }
}

/// What a person said to one question.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum AnswerView {
    /// Yes, with what was filled in.
    Accept {
        /// Values by the names of the fields.
        content: Value,
    },
    /// No.
    Decline,
    /// Neither.
    Cancel,
}

impl From<&Answer> for AnswerView {
    fn from(answer: &Answer) -> Self {
        match answer {
            Answer::Accept { content } => Self::Accept { content: content.clone() },
            Answer::Decline => Self::Decline,
            Answer::Cancel => Self::Cancel,
        }
    }
}
