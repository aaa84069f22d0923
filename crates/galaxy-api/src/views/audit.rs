//! What happened, as clients see it.

use std::collections::BTreeMap;

use galaxy_app::audit::{AuditState, LastCheck, Records};
use galaxy_domain::{
    PersonId, RunId,
    audit::{Act, Actor, Ending, Record, Subject, Thing, Value, Way, Written},
    person::Person,
};
use serde::Serialize;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        RefOr, Schema,
        schema::{ObjectBuilder, Type},
    },
};

use super::event::time;

/// Declares the view of a closed set of tags that are written down.
macro_rules! tags {
    ($($(#[$doc:meta])* $view:ident of $domain:ident in $all:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
        #[serde(transparent)]
        pub struct $view(&'static str);

        impl From<$domain> for $view {
            fn from(value: $domain) -> Self {
                Self(value.as_str())
            }
        }

        impl PartialSchema for $view {
            fn schema() -> RefOr<Schema> {
                let names = $all.iter().map(|it| it.as_str());
                ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names)).into()
            }
        }

        impl ToSchema for $view {
            fn name() -> std::borrow::Cow<'static, str> {
                stringify!($view).into()
            }
        }
    )*};
}

tags! {
    /// What was done.
    ActName of Act in Act::ALL;
    /// How it ended.
    EndingName of Ending in Ending::ALL;
    /// By what somebody came.
    WayName of Way in Way::ALL;
    /// What kind of thing it was done to.
    ThingName of Thing in Thing::ALL;
}

/// Who did something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ActorView {
    /// The account, if that is known.
    #[schema(required, value_type = Option<uuid::Uuid>)]
    pub person: Option<PersonId>,
    /// What they are called, while they have an account.
    #[schema(required)]
    pub name: Option<String>,
    /// By what they came.
    pub way: WayName,
    /// Which session, key or run that was.
    #[schema(required)]
    pub credential: Option<String>,
    /// From where, if that was looked at.
    #[schema(required)]
    pub address: Option<String>,
}

/// What something was done to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SubjectView {
    /// What kind of thing.
    pub kind: ThingName,
    /// Its id, or its name where it has none.
    pub id: String,
    /// What it was called then; of people, what they are called now.
    #[schema(required)]
    pub name: Option<String>,
}

/// Something else that is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FactView {
    /// Its name, such as `took_ms`.
    pub name: String,
    /// What it says.
    pub value: String,
}

/// A record of what happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AuditRecordView {
    /// Where it stands: chain and place, such as `1.7`.
    pub id: String,
    /// When it happened.
    pub at: String,
    /// What was done.
    pub act: ActName,
    /// How it ended.
    pub ending: EndingName,
    /// Who did it.
    pub actor: ActorView,
    /// To what.
    #[schema(required)]
    pub subject: Option<SubjectView>,
    /// In which run.
    #[schema(required, value_type = Option<uuid::Uuid>)]
    pub run: Option<RunId>,
    /// What else is known. Never contents.
    pub facts: Vec<FactView>,
    /// SHA-256 of it and of all before it in its chain.
    pub hash: String,
}

impl AuditRecordView {
    fn of(written: Written, people: &BTreeMap<PersonId, Person>) -> Self {
        let Written { place, at, record, hash } = written;
        let Record { act, ending, actor, subject, run, facts, workspace: _ } = record;
        let fact = |(name, value): (&str, &Value)| FactView {
            name: name.to_owned(),
            value: match value {
                Value::Text(text) => text.clone(),
                Value::Number(number) => number.to_string(),
                Value::Flag(flag) => flag.to_string(),
                Value::List(words) => words.join(", "),
            },
        };
        Self {
            id: format!("{}.{}", place.chain, place.seq),
            at: time(at),
            act: act.into(),
            ending: ending.into(),
            actor: actor_view(&actor, people),
            subject: subject.map(|it| subject_view(it, people)),
            run,
            facts: facts.iter().map(fact).collect(),
            hash,
        }
    }
}

fn actor_view(actor: &Actor, people: &BTreeMap<PersonId, Person>) -> ActorView {
    let Actor { person, way, credential, address } = *actor;
    ActorView {
        person,
        name: person.and_then(|id| people.get(&id)).map(|it| it.name.clone()),
        way: way.into(),
        credential: credential.map(|it| it.to_string()),
        address: address.map(|it| it.to_string()),
    }
}

fn subject_view(subject: Subject, people: &BTreeMap<PersonId, Person>) -> SubjectView {
    let Subject { kind, id, name } = subject;
    let person = id.parse().ok().filter(|_| kind == Thing::Person);
    let person = person.and_then(|id: PersonId| people.get(&id)).map(|it| it.name.clone());
    SubjectView { kind: kind.into(), id, name: name.or(person) }
}

/// Some records, and where the next ones begin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AuditPageView {
    /// The records, the newest first.
    pub items: Vec<AuditRecordView>,
    /// What to pass as `cursor` to get the next ones; `null` at the end.
    #[schema(required)]
    pub next: Option<String>,
}

impl From<Records> for AuditPageView {
    fn from(records: Records) -> Self {
        let Records { items, next, people } = records;
        let items = items.into_iter().map(|it| AuditRecordView::of(it, &people)).collect();
        Self { items, next }
    }
}

/// What came of reading all records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AuditCheckView {
    /// When that began.
    pub at: String,
    /// Records that were there.
    pub records: u64,
    /// Records that had been removed when their time was over.
    pub removed: u64,
    /// Where each chain ended, as `chain:place:hash`, to be noted down elsewhere.
    pub heads: Vec<String>,
    /// What is not as it was written.
    pub troubles: Vec<String>,
    /// How much more is not.
    pub more_troubles: u64,
}

impl From<LastCheck> for AuditCheckView {
    fn from(LastCheck { at, checked }: LastCheck) -> Self {
        let trouble = |it: &galaxy_app::audit::Trouble| format!("{}: {}", it.place, it.what);
        Self {
            at: time(at),
            records: checked.records,
            removed: checked.removed,
            heads: checked.heads.iter().map(ToString::to_string).collect(),
            troubles: checked.troubles.iter().map(trouble).collect(),
            more_troubles: checked.untold,
        }
    }
}

/// How the log is, as far as this server knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AuditStateView {
    /// Whether it is being read at the moment.
    pub checking: bool,
    /// What came of the last time since the server was started.
    #[schema(required)]
    pub last: Option<AuditCheckView>,
    /// For how many days records are kept; `null`: for ever.
    #[schema(required)]
    pub kept_days: Option<u32>,
}

impl From<AuditState> for AuditStateView {
    fn from(AuditState { is_checking, last, kept_days }: AuditState) -> Self {
        Self { checking: is_checking, last: last.map(Into::into), kept_days }
    }
}
