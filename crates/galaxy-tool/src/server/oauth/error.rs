//! Why nobody could be signed in.

use std::time::Duration;

use galaxy_domain::Kind;

/// Why nobody could be signed in, or a grant not be renewed. Safe for people: no secret is in the
/// words, and what others said in them is bounded and visible.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignInError {
    /// Somebody does not answer, or not now. It is worth another try.
    #[error("signing in does not work at the moment: {message}")]
    Unavailable {
        /// Who, and how it failed.
        message: String,
        /// When it is worth another try, if that is known.
        retry_after: Option<Duration>,
    },
    /// The rules here do not let us go where the server points.
    #[error("the sign-in leads to where it may not: {0}")]
    Refused(String),
    /// A secret would travel in the clear.
    #[error("the sign-in is not encrypted: {0} has no https address")]
    NotEncrypted(String),
    /// The server does not say where to sign in.
    #[error("the tool server does not say where to sign in")]
    NoWay,
    /// The issuer wants a client that somebody entered, and nobody did.
    #[error("{issuer} does not register applications by itself{}", .why.as_ref().map(|it| format!(": {it}")).unwrap_or_default())]
    NeedsClient {
        /// Who wants it.
        issuer: String,
        /// What it said, if it was asked.
        why: Option<String>,
    },
    /// A client was entered, but the server names another issuer than the client belongs to.
    #[error("the client was entered for {entered}, but the tool server names {found}")]
    OtherIssuer {
        /// Whose client it is.
        entered: String,
        /// Whom the server names.
        found: String,
    },
    /// The metadata that were found are not this server's.
    #[error("the tool server says that it is another one: {0}")]
    WrongResource(String),
    /// Somebody says that they are an issuer, and are not.
    #[error(
        "another issuer answers for {expected}: {}",
        .found.as_deref().unwrap_or("one without a name")
    )]
    WrongIssuer {
        /// Who was expected.
        expected: String,
        /// Who it says that it is.
        found: Option<String>,
    },
    /// The answer does not belong to the sign-in.
    #[error("this answer does not belong to the sign-in that was begun")]
    WrongState,
    /// It took too long.
    #[error("the sign-in took longer than ten minutes")]
    Expired,
    /// The issuer cannot do what is needed for a safe sign-in.
    #[error("the issuer cannot do what a safe sign-in needs: {0}")]
    Unsupported(String),
    /// The person, or somebody for them, said no.
    #[error("it was not allowed: {0}")]
    Declined(String),
    /// The issuer refused, for another reason.
    #[error("the issuer refused ({code}): {words}")]
    Rejected {
        /// The code of OAuth.
        code: String,
        /// What it said.
        words: String,
    },
    /// The grant, or the code for it, is not good any more (`invalid_grant`).
    #[error("the sign-in is not valid any more")]
    SignInAgain,
    /// The issuer does not know our client any more (`invalid_client`).
    #[error("the issuer does not know this application any more")]
    ClientUnknown,
    /// Somebody sent more than fits.
    #[error("too much was sent: {0}")]
    TooLarge(String),
    /// Somebody sent what makes no sense.
    #[error("what was sent makes no sense: {0}")]
    Garbled(String),
}

impl SignInError {
    /// Sorts the error.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Refused(_) | Self::NotEncrypted(_) => Kind::Forbidden,
            Self::WrongState | Self::Expired => Kind::Invalid,
            Self::NoWay
            | Self::NeedsClient { .. }
            | Self::OtherIssuer { .. }
            | Self::Unsupported(_)
            | Self::Declined(_)
            | Self::SignInAgain
            | Self::ClientUnknown => Kind::Conflict,
            Self::Unavailable { .. }
            | Self::WrongResource(_)
            | Self::WrongIssuer { .. }
            | Self::Rejected { .. }
            | Self::TooLarge(_)
            | Self::Garbled(_) => Kind::Unavailable,
        }
    }

    /// The name that is stored and told to programs.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unavailable { .. } => "unavailable",
            Self::Refused(_) => "refused",
            Self::NotEncrypted(_) => "not_encrypted",
            Self::NoWay => "no_way",
            Self::NeedsClient { .. } => "needs_client",
            Self::OtherIssuer { .. } => "other_issuer",
            Self::WrongResource(_) => "wrong_resource",
            Self::WrongIssuer { .. } => "wrong_issuer",
            Self::WrongState => "wrong_state",
            Self::Expired => "expired",
            Self::Unsupported(_) => "unsupported",
            Self::Declined(_) => "declined",
            Self::Rejected { .. } => "rejected",
            Self::SignInAgain => "sign_in_again",
            Self::ClientUnknown => "client_unknown",
            Self::TooLarge(_) => "too_large",
            Self::Garbled(_) => "garbled",
        }
    }

    /// Whether the grant is lost: only a person can get another.
    pub const fn is_final(&self) -> bool {
        matches!(self, Self::SignInAgain | Self::ClientUnknown)
    }

    /// What a person can do about it.
    pub const fn advice(&self) -> &'static str {
        match self {
            Self::Unavailable { .. } => "Try again in a while.",
            Self::Refused(_) => "An administrator has to allow this address.",
            Self::NotEncrypted(_) => "Use a server that has an https address.",
            Self::NoWay => "See how the server wants to be used: it may want a key in a header.",
            Self::NeedsClient { .. } => {
                "Register this application there, and enter its client ID and secret here."
            }
            Self::OtherIssuer { .. } => {
                "See whether the server moved; if it did, enter a client of the new issuer."
            }
            Self::WrongResource(_) | Self::WrongIssuer { .. } => {
                "Do not sign in there: check the server's address, and tell whoever runs it."
            }
            Self::WrongState | Self::Expired | Self::SignInAgain => "Sign in again.",
            Self::Unsupported(_) => "Tell whoever runs the issuer.",
            Self::Declined(_) => "Sign in again, and allow what is asked for.",
            Self::Rejected { .. } => "See what the issuer says, and sign in again.",
            Self::ClientUnknown => {
                "Sign in again; if a client was entered by hand, check its ID and secret."
            }
            Self::TooLarge(_) | Self::Garbled(_) => {
                "The issuer does not keep to the protocol: tell whoever runs it."
            }
        }
    }
}
