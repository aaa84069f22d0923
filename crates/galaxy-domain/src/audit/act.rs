//! What can be done that is written down.

macro_rules! acts {
    ($($(#[$doc:meta])* $act:ident = $tag:literal,)*) => {
        /// What was done. Persisted tags: they never change meaning.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Act {
            $($(#[$doc])* $act,)*
        }

        impl Act {
            /// Every one there is.
            pub const ALL: &[Self] = &[$(Self::$act,)*];

            /// The name that is stored and shown.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$act => $tag,)*
                }
            }
        }
    };
}

acts! {
    /// The first administrator was made.
    SetUp = "account.set_up",
    /// Somebody signed in, or tried to.
    SignedIn = "sign_in",
    /// Somebody signed out.
    SignedOut = "sign_out",
    /// Sessions were ended.
    SessionClosed = "session.closed",
    /// A refresh token was used twice, which ended its session.
    SessionBetrayed = "session.betrayed",
    /// Somebody changed their password.
    PasswordChanged = "password.changed",
    /// Somebody showed once more that they are themselves, or tried to.
    SessionConfirmed = "session.confirmed",
    /// An administrator replaced somebody's password.
    PasswordReset = "password.reset",
    /// A key for programs was made.
    KeyCreated = "key.created",
    /// A key was deleted.
    KeyDeleted = "key.deleted",
    /// A key that opens nothing (any more) was used.
    KeyRefused = "key.refused",
    /// An account was made.
    PersonCreated = "person.created",
    /// An account was changed: its name, its role, or whether it is disabled.
    PersonChanged = "person.changed",
    /// An account was deleted with everything in it.
    PersonDeleted = "person.deleted",
    /// Somebody asked for what they may not have.
    Denied = "access.denied",
    /// A tool server was added.
    ServerAdded = "tool_server.added",
    /// A tool server was changed.
    ServerChanged = "tool_server.changed",
    /// A tool server was deleted.
    ServerDeleted = "tool_server.deleted",
    /// What a program kept in its folder was removed.
    ServerEmptied = "tool_server.emptied",
    /// Tools of a server were allowed or switched.
    ServerTools = "tool_server.tools",
    /// The client by which a server's issuer knows us was entered or removed.
    ServerClient = "tool_server.client",
    /// Somebody signed in at a tool server, or tried to.
    ServerConnected = "tool_server.connected",
    /// Somebody gave back what they were granted at a tool server.
    ServerDisconnected = "tool_server.disconnected",
    /// A call with effects is about to be made.
    ToolBegan = "tool.began",
    /// A call of a tool ended, or was refused.
    ToolCalled = "tool.called",
    /// A person said yes to a call.
    Approved = "approval.given",
    /// A person said no to a call.
    Declined = "approval.denied",
    /// A person answered what a tool wanted to know.
    Answered = "question.answered",
    /// A standing rule about a tool was made or replaced.
    RuleSet = "rule.set",
    /// A standing rule was deleted.
    RuleDeleted = "rule.deleted",
    /// What opens a tool server was taken out of the vault, for a connection.
    SecretOpened = "secret.opened",
    /// A conversation was written to a file.
    ConversationExported = "conversation.exported",
    /// A conversation was deleted.
    ConversationDeleted = "conversation.deleted",
    /// A task was deleted.
    TaskDeleted = "task.deleted",
    /// Stored secrets were moved to another key.
    VaultRotated = "vault.rotated",
    /// The server was started without walls around the programs that it starts.
    Unconfined = "programs.unconfined",
    /// Entries of a registry were taken from a file.
    RegistryImported = "registry.imported",
    /// A process began to write records.
    LogOpened = "log.opened",
    /// Records that were past their time were removed.
    LogPruned = "log.pruned",
    /// Records were written to a file.
    LogExported = "log.exported",
}

impl Act {
    /// Parses [`Act::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|it| it.as_str() == text)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_act_has_a_tag_of_its_own_that_leads_back_to_it() {
        let tags: BTreeSet<&str> = Act::ALL.iter().map(|it| it.as_str()).collect();
        assert_eq!(tags.len(), Act::ALL.len());
        assert!(Act::ALL.iter().all(|it| Act::parse(it.as_str()) == Some(*it)));
        assert_eq!(Act::parse("log.edited"), None);
    }
}
