//! Identifiers that cannot be confused with one another.

use std::{cmp, fmt, hash, marker::PhantomData, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

/// Identifies one `T` by a UUID of version 7 (RFC 9562), so that ids sort by birth.
///
/// An id is a name, never an authority: whoever presents one must still be allowed in.
pub struct Id<T> {
    uuid: Uuid,
    _kind: PhantomData<fn() -> T>,
}

impl<T> Id<T> {
    /// A fresh id.
    pub fn fresh() -> Self {
        Self::from_uuid(Uuid::now_v7())
    }

    /// Wraps a UUID, as read from a store.
    pub const fn from_uuid(uuid: Uuid) -> Self {
        Self { uuid, _kind: PhantomData }
    }

    /// The bare UUID, for a store.
    pub const fn uuid(self) -> Uuid {
        self.uuid
    }
}

// Derives would demand the same traits of `T`, which is only a label.
impl<T> Clone for Id<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Id<T> {}
impl<T> PartialEq for Id<T> {
    fn eq(&self, other: &Self) -> bool {
        self.uuid == other.uuid
    }
}
impl<T> Eq for Id<T> {}
impl<T> PartialOrd for Id<T> {
    fn partial_cmp(&self, other: &Self) -> Option<cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl<T> Ord for Id<T> {
    fn cmp(&self, other: &Self) -> cmp::Ordering {
        self.uuid.cmp(&other.uuid)
    }
}
impl<T> hash::Hash for Id<T> {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        self.uuid.hash(state);
    }
}
impl<T> fmt::Display for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.uuid.fmt(f)
    }
}
impl<T> fmt::Debug for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Id({self})")
    }
}
impl<T> FromStr for Id<T> {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Uuid::from_str(text).map(Self::from_uuid)
    }
}
impl<T> Serialize for Id<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.uuid.serialize(serializer)
    }
}
impl<'de, T> Deserialize<'de> for Id<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Uuid::deserialize(deserializer).map(Self::from_uuid)
    }
}

/// Declares what an id names, and the id's short name.
macro_rules! names {
    ($($(#[$doc:meta])* $kind:ident => $id:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub enum $kind {}

        #[doc = concat!("Names one [`", stringify!($kind), "`].")]
        pub type $id = Id<$kind>;
    )*};
}

names! {
    /// The boundary that no query crosses (a tenant).
    Workspace => WorkspaceId;
    /// An account.
    Person => PersonId;
    /// A tree of messages.
    Conversation => ConversationId;
    /// A node of that tree.
    Message => MessageId;
    /// One piece of work of an agent, which is its log.
    Run => RunId;
    /// A to-do of a person.
    Task => TaskId;
    /// A signed-in browser, or a family of refresh tokens.
    Session => SessionId;
    /// A key for programs.
    ApiKey => ApiKeyId;
    /// A server of tools that speaks MCP.
    ToolServer => ToolServerId;
    /// What a person was granted at a tool server.
    ToolGrant => ToolGrantId;
    /// A sign-in at a tool server that is under way.
    ToolSignIn => ToolSignInId;
    /// A client by which a tool server's issuer knows us.
    ToolClient => ToolClientId;
    /// Anything that has a numbered log to follow: a run, a conversation or a person.
    Topic => TopicId;
}

impl From<RunId> for TopicId {
    fn from(run: RunId) -> Self {
        Self::from_uuid(run.uuid())
    }
}
impl From<ConversationId> for TopicId {
    fn from(conversation: ConversationId) -> Self {
        Self::from_uuid(conversation.uuid())
    }
}
impl From<PersonId> for TopicId {
    fn from(person: PersonId) -> Self {
        Self::from_uuid(person.uuid())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_survive_text_and_sort_by_birth() {
        let (first, second) = (RunId::fresh(), RunId::fresh());
        assert!(first < second);
        assert_eq!(first.to_string().parse::<RunId>().unwrap(), first);
        assert!("run-7".parse::<RunId>().is_err());
    }
}
