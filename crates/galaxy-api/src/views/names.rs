//! Closed sets of names, as clients see them. Each mirrors a domain enum, name for name: a new
//! variant there does not compile until it has a name here.

use serde::Serialize;
use utoipa::ToSchema;

/// Declares the view of a domain enum.
macro_rules! names {
    ($($(#[$doc:meta])* $view:ident of $domain:path {
        $($(#[$variant_doc:meta])* $variant:ident $fields:tt,)*
    })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum $view {
            $($(#[$variant_doc])* $variant,)*
        }

        impl From<&$domain> for $view {
            fn from(value: &$domain) -> Self {
                use $domain as Domain;
                match value {
                    $(Domain::$variant $fields => Self::$variant,)*
                }
            }
        }

        impl From<$domain> for $view {
            fn from(value: $domain) -> Self {
                Self::from(&value)
            }
        }
    )*};
}

names! {
    /// What a person is in a workspace.
    RoleName of galaxy_domain::Role {
        /// Looks, changes nothing.
        Viewer {},
        /// Works.
        Member {},
        /// Works, and looks after the others.
        Admin {},
    }
    /// What an API key is good for.
    ScopeName of galaxy_domain::access::Scope {
        /// Look at everything its owner sees.
        Read {},
        /// Talk to agents.
        Chat {},
        /// Work with tasks.
        Tasks {},
        /// Manage accounts and settings.
        Admin {},
        /// Of that, also what people have to have signed in for a moment ago.
        Unattended {},
    }
    /// How a caller proved who they are.
    CredentialName of galaxy_domain::access::Credential {
        /// By a browser's cookie.
        Session(_),
        /// By a short-lived token.
        Token(_),
        /// By a key for programs.
        ApiKey(_),
        /// By a trusted proxy's word.
        Proxy {},
        /// As the test person.
        TestMode {},
        /// By being on the server's own machine.
        Local {},
        /// As an agent at work.
        Run(_),
    }
    /// Where a run stands.
    RunStateName of galaxy_domain::RunState {
        /// Waits for a worker.
        Queued {},
        /// A worker drives it.
        Running {},
        /// Waits for a person.
        Parked {},
        /// Done.
        Finished {},
        /// Ran into a limit; can be continued.
        Exhausted {},
        /// A person stopped it.
        Cancelled {},
        /// The answer broke off; can be continued.
        Incomplete {},
        /// It broke.
        Failed {},
    }
    /// Who speaks.
    SpeakerName of galaxy_domain::conversation::Speaker {
        /// A person.
        Person {},
        /// An agent.
        Agent {},
    }
    /// What a tool can do to the world.
    EffectName of galaxy_domain::Effect {
        /// Looks only.
        Reads {},
        /// Changes something the person can undo here.
        Writes {},
        /// Reaches outside.
        Reaches {},
        /// Is answered by the person.
        Asks {},
    }
    /// What a policy says about a tool.
    VerdictName of galaxy_domain::Verdict {
        /// Go ahead.
        Allow {},
        /// Only if a person agrees.
        Ask {},
        /// Never.
        Deny {},
    }
    /// How far a yes reaches.
    ReachName of galaxy_domain::tool::Reach {
        /// This call.
        Once {},
        /// This tool, in this conversation.
        Conversation {},
        /// This tool, from now on.
        Always {},
    }
    /// What a person is asked about a call.
    QuestionName of galaxy_domain::transcript::Question {
        /// May it run?
        Approval {},
        /// What is the answer?
        Answer {},
        /// What does the tool want to know?
        Form {},
    }
    /// What the words of a field look like.
    FormatName of galaxy_domain::elicitation::Format {
        /// An address of mail.
        Email {},
        /// An address of the web or another URI.
        Uri {},
        /// A day.
        Date {},
        /// A moment.
        DateTime {},
    }
    /// How a call ended.
    OutcomeName of galaxy_domain::Outcome {
        /// It ran.
        Done { .. },
        /// It did not succeed.
        Failed { .. },
        /// A person or a policy said no.
        Denied { .. },
        /// The run was stopped first.
        Aborted {},
        /// It may or may not have happened.
        Unknown {},
    }
    /// Why a model stopped speaking.
    FinishName of galaxy_domain::transcript::Finish {
        /// It was done.
        Stop {},
        /// It wants tools.
        Calls {},
        /// It ran into its limit of output.
        Length {},
        /// It declined.
        Refused {},
        /// A person stopped it.
        Cancelled {},
        /// The stream broke off.
        Broken {},
    }
    /// Yes or no.
    DecisionName of galaxy_domain::tool::Decision {
        /// The call may run.
        Allow { .. },
        /// It may not.
        Deny { .. },
    }
    /// How much a task matters.
    PriorityName of galaxy_domain::task::Priority {
        /// When there is time.
        Low {},
        /// As usual.
        Normal {},
        /// First.
        High {},
    }
    /// What a person thinks of an answer.
    RatingName of galaxy_domain::feedback::Rating {
        /// Good.
        Up {},
        /// Bad.
        Down {},
    }
    /// Where a tool stands between its server and whoever looks after it.
    StandingName of galaxy_app::servers::Standing {
        /// It is what was allowed.
        Approved {},
        /// Nobody has looked at it yet.
        New {},
        /// It is not what was allowed.
        Changed {},
        /// The server no longer lists it.
        Gone {},
    }
    /// Which list an entry is in.
    MarketSourceName of galaxy_app::market::Source {
        /// The one that comes with the program.
        Curated {},
        /// The registry that is read.
        Registry {},
    }
    /// What became of an entry.
    EntryStatusName of galaxy_app::market::registry::Status {
        /// It can be used.
        Active {},
        /// Its author would rather have something else used.
        Deprecated {},
        /// It was taken out.
        Deleted {},
    }
    /// What a tool server may touch.
    TouchName of galaxy_app::market::registry::Touch {
        /// Files of the machine that it runs on.
        Files {},
        /// The network.
        Network {},
        /// An account that somebody has somewhere.
        Account {},
        /// A database.
        Database {},
        /// The machine that it runs on: it starts programs.
        Machine {},
        /// Nothing but what it is told.
        Nothing {},
    }
    /// What kind of value something is.
    InputFormatName of galaxy_app::market::registry::Format {
        /// A number.
        Number {},
        /// `true` or `false`.
        Boolean {},
        /// An absolute path on the server's machine.
        Path {},
        /// Any text.
        Text {},
    }
    /// How the last check of a model went.
    StatusName of galaxy_app::models::Status {
        /// It was never asked.
        Unknown {},
        /// It answered.
        Ok {},
        /// It did not.
        Failed {},
        /// Calls to it are switched off.
        Disabled {},
    }
}
