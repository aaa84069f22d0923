//! Asking in one call: `POST /api/chat` for programs that keep no conversation of their own.

mod report;

use futures::FutureExt;
use galaxy_access::{founding, within};
use galaxy_domain::{
    CallId, Caller, ConversationId, Entry, Item, Outcome, Part, Permit, RunId, RunState, Usage,
    access::{Create, Read},
    conversation::{Body, Speaker},
    id::{Conversation, Workspace},
    transcript::Finish,
};
use galaxy_store::{Begun, Made, NewConversation, Once};
use serde_json::Value;

use crate::{
    App, AppError, Mistake,
    chat::{Awaits, Sending},
    follow::is_still,
    runs::{replay, whole_log},
};
use report::told_of;

/// Turns that a client may bring along.
const HISTORY: usize = 200;

/// What a program asks.
#[derive(Debug, Clone, Default)]
pub struct Question {
    /// What it says.
    pub message: String,
    /// The conversation to go on with; `None` begins one.
    pub conversation: Option<ConversationId>,
    /// What was said before, when a conversation begins: who and what.
    pub history: Vec<(Speaker, String)>,
    /// The model to answer with.
    pub model: Option<String>,
    /// What the program waits for.
    pub awaits: Awaits,
}

/// Where the answer comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// In this conversation.
    pub conversation: ConversationId,
    /// By this run.
    pub run: RunId,
}

/// A tool call as a program sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct CallReport {
    /// Names it.
    pub id: CallId,
    /// Which tool.
    pub tool: String,
    /// With what.
    pub input: Value,
    /// How it ended; `None` while it waits for a person.
    pub outcome: Option<Outcome>,
    /// What a person is asked about it and has not answered.
    pub asks: Option<Asks>,
}

/// What a call waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asks {
    /// A yes or a no.
    Approval,
    /// An answer: the call is a question itself.
    Answer,
    /// What its tool wants to know before it goes on.
    Form {
        /// The server that asks.
        server: String,
        /// What for, in its words: untrusted, bounded, everything in them visible.
        messages: Vec<String>,
    },
}

/// What came of a question.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    /// What the agent said last, or why it said nothing.
    pub response: String,
    /// The calls it made, in order.
    pub calls: Vec<CallReport>,
    /// What it cost.
    pub usage: Usage,
    /// Where the run stands.
    pub state: RunState,
}

impl App {
    /// Asks, and begins a conversation where none is given.
    ///
    /// # Errors
    /// As for [`App::send`].
    pub async fn ask(
        &self,
        caller: &Caller,
        question: Question,
        once: Option<&Once>,
    ) -> Result<Asked, AppError> {
        let Question { message, conversation, history, model, awaits } = question;
        let sending = Sending { text: message, model, awaits, ..Sending::default() };
        let (conversation, made) = match conversation {
            Some(conversation) if history.is_empty() => {
                let made = self.send(caller, conversation, sending, once).await;
                (conversation, made.map_err(about_message)?)
            }
            Some(_) => {
                let message = "a conversation keeps its own history; send one or the other";
                return Err(AppError::invalid("/conversation_history", message));
            }
            None => {
                // What is wrong is said before a conversation is made for it.
                let parts = self.parts(&sending).map_err(about_message)?;
                self.check_model(sending.model.as_deref())?;
                self.check_history(&history)?;
                let permit = within::<Create, Conversation>(caller)?;
                // A request that comes again with its key has a run already.
                if once.is_none() {
                    self.check_room(caller).await?;
                }
                self.sending.count(caller.person, once)?;
                let begun = self.begin(&permit, sending, parts, history, once).await?;
                let said = Made { value: begun.value.said, replayed: begun.replayed };
                (begun.value.conversation, said)
            }
        };
        let run = made.value.run;
        let run = run.ok_or_else(|| AppError::Internal("a sent message has no run".to_owned()))?;
        Ok(Asked { conversation, run })
    }

    fn check_history(&self, history: &[(Speaker, String)]) -> Result<(), AppError> {
        let mut mistakes = Vec::new();
        let mut complain = |pointer: String, message: String| {
            mistakes.push(Mistake { pointer, message });
        };
        if history.len() > HISTORY {
            complain("/conversation_history".to_owned(), format!("at most {HISTORY} turns"));
        }
        for (idx, (_, content)) in history.iter().enumerate().take(HISTORY) {
            let pointer = || format!("/conversation_history/{idx}/content");
            if content.trim().is_empty() {
                complain(pointer(), "say something".to_owned());
            }
            let most = self.config.message_chars;
            if content.chars().count() > most {
                complain(pointer(), format!("at most {most} characters"));
            }
        }
        if mistakes.is_empty() { Ok(()) } else { Err(AppError::Invalid(mistakes)) }
    }

    /// Makes a conversation with its first message.
    async fn begin(
        &self,
        permit: &Permit<Create, Workspace>,
        sending: Sending,
        parts: Vec<Part>,
        history: Vec<(Speaker, String)>,
        once: Option<&Once>,
    ) -> Result<Made<Begun>, AppError> {
        let permit = founding(permit, ConversationId::fresh());
        let newborn = match history.as_slice() {
            [] => self.firstborn(&permit, &sending, &parts, once).await,
            // What was said before gets its place in the tree first.
            [_, ..] => None,
        };
        let say = self.saying(sending, parts);
        let before: Vec<(Speaker, Body)> = history.into_iter().map(told).collect();
        let (store, once) = (self.store.clone(), once.cloned());
        self.bear(newborn, move |birth| {
            let (store, say, once) = (store.clone(), say.clone().born(birth), once.clone());
            let (new, before) = (NewConversation::default(), before.clone());
            async move { store.begin(permit, new, &before, say, once.as_ref()).await }.boxed()
        })
        .await
    }

    /// Waits for the run of a question and tells what came of it.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when the run is not the caller's.
    pub async fn reply(&self, caller: &Caller, run: RunId) -> Result<Reply, AppError> {
        let permit = self.run_permit::<Read>(caller, run).await?;
        let state = self.watch(permit, is_still).await?;
        Ok(told_of(&replay(whole_log(&self.store, permit).await?)?, state))
    }

    /// What came of a question so far, and where.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when the run is not the caller's.
    pub async fn so_far(&self, caller: &Caller, run: RunId) -> Result<(Asked, Reply), AppError> {
        let detail = self.run(caller, run).await?;
        let reply = told_of(&detail.transcript, detail.row.state);
        Ok((Asked { conversation: detail.row.conversation, run }, reply))
    }
}

/// Here the text of a message goes by another name.
fn about_message(err: AppError) -> AppError {
    let AppError::Invalid(mistakes) = err else { return err };
    let named = |it: Mistake| match &*it.pointer {
        "/text" => Mistake { pointer: "/message".to_owned(), ..it },
        _ => it,
    };
    AppError::Invalid(mistakes.into_iter().map(named).collect())
}

/// A turn that a client brings along, as a message.
fn told((speaker, text): (Speaker, String)) -> (Speaker, Body) {
    let parts = vec![Part::text(text)];
    let body = match speaker {
        Speaker::Person => Body::Said { parts },
        Speaker::Agent => {
            let model = "imported".to_owned();
            let item = Item::Assistant { parts, calls: Vec::new(), finish: Finish::Stop, model };
            let entry = Entry { seq: 1, at: galaxy_base::Timestamp::default(), item };
            Body::Answered { entries: vec![entry] }
        }
    };
    (speaker, body)
}
