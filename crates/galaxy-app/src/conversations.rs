//! Conversations: make, find, change, fork, delete; and the messages in them.

use galaxy_access::{require, within};
use galaxy_domain::{
    Caller, ConversationId, MessageId, Permit,
    access::{Create, Read, Write},
    conversation::{ConversationRow, MessageRow, Settings},
    feedback::Feedback,
    id::Conversation,
};
use galaxy_store::{ConversationChange, Made, NewConversation, StoreError};
pub use galaxy_store::{Filter, Hit, Once, Page, Window};

use crate::{App, AppError, Mistake, runs::Progress};

/// A title is at most this long, in characters.
const TITLE_CHARS: usize = 200;
/// Own instructions are at most this long, in characters.
const PROMPT_CHARS: usize = 32_000;

/// What a person wants changed about a conversation; `None` leaves a thing as it is.
#[derive(Debug, Clone, Default)]
pub struct Change {
    /// What it is called.
    pub title: Option<String>,
    /// Whether it is shown first.
    pub pinned: Option<bool>,
    /// Whether it is out of sight.
    pub archived: Option<bool>,
    /// The model; the inner `None` is the default.
    pub model: Option<Option<String>>,
    /// The tools; the inner `None` is all.
    pub tools: Option<Option<Vec<String>>>,
    /// Own instructions; the inner `None` is the deployment's.
    pub system_prompt: Option<Option<String>>,
}

/// A window of the branch that is shown.
#[derive(Debug, Clone)]
pub struct Messages {
    /// Oldest first; an answer under way with how far it is.
    pub shown: Vec<(MessageRow, Option<Progress>)>,
    /// Whether there are older ones.
    pub has_more: bool,
    /// What the caller thinks of messages of this conversation.
    pub feedback: Vec<Feedback>,
}

/// A list is always there; what is not found is where its cursor points.
pub(crate) fn listed(err: StoreError) -> AppError {
    if matches!(err, StoreError::NotFound) {
        return AppError::invalid("/cursor", "is not from a list in this order");
    }
    err.into()
}

impl App {
    /// The permit to do `A` to a conversation.
    pub(crate) async fn conversation_permit<A: galaxy_access::Action>(
        &self,
        caller: &Caller,
        id: ConversationId,
    ) -> Result<Permit<A, Conversation>, AppError> {
        let target = self.store.conversation_target(id).await?.ok_or(AppError::NotFound)?;
        Ok(require::<A, _>(caller, &target)?)
    }

    /// Makes an empty conversation.
    ///
    /// # Errors
    /// [`AppError::Invalid`] for unknown models and tools and for texts that are too long;
    /// [`AppError::TooMany`] when the caller makes too many.
    pub async fn create_conversation(
        &self,
        caller: &Caller,
        wanted: Change,
        once: Option<&Once>,
    ) -> Result<ConversationRow, AppError> {
        let permit = within::<Create, Conversation>(caller)?;
        self.check(caller, &wanted).await?;
        self.making.count(caller.person, once)?;
        let settings = Settings {
            model: wanted.model.flatten(),
            tools: wanted.tools.flatten(),
            tools_locked: false,
            system_prompt: wanted.system_prompt.flatten(),
        };
        let title = wanted.title.unwrap_or_default().trim().to_owned();
        let made = self.store.create(permit, NewConversation { title, settings }, once).await?;
        self.conversation(caller, made.value).await
    }

    /// One conversation.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when it is not there or not the caller's.
    pub async fn conversation(
        &self,
        caller: &Caller,
        id: ConversationId,
    ) -> Result<ConversationRow, AppError> {
        let permit = self.conversation_permit::<Read>(caller, id).await?;
        Ok(self.store.conversation(permit).await?)
    }

    /// The caller's conversations: pinned ones first, then by time, newest first.
    ///
    /// # Errors
    /// [`AppError::Invalid`] for a cursor that makes no sense.
    pub async fn conversations(
        &self,
        caller: &Caller,
        filter: Filter,
    ) -> Result<(Page<ConversationRow>, i64), AppError> {
        let permit = within::<Read, Conversation>(caller)?;
        let page = self.store.conversations(permit, filter).await.map_err(listed)?;
        Ok((page, self.store.count_conversations(permit).await?))
    }

    /// Looks for words in titles and messages.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn search(
        &self,
        caller: &Caller,
        words: &str,
        limit: usize,
    ) -> Result<Vec<Hit>, AppError> {
        let permit = within::<Read, Conversation>(caller)?;
        Ok(self.store.search(permit, words, limit).await?)
    }

    /// Changes a conversation.
    ///
    /// # Errors
    /// [`AppError::Invalid`] as for making one; [`AppError::Store`] with a conflict when its tools
    /// are locked.
    pub async fn change_conversation(
        &self,
        caller: &Caller,
        id: ConversationId,
        wanted: Change,
    ) -> Result<ConversationRow, AppError> {
        let permit = self.conversation_permit::<Write>(caller, id).await?;
        self.check(caller, &wanted).await?;
        let row = self.conversation(caller, id).await?;
        let mut settings = row.settings.clone();
        if let Some(tools) = wanted.tools {
            if settings.tools_locked && settings.tools != tools && !self.config.tools_unlockable {
                let message = "The tools of this conversation are fixed since its first message.";
                return Err(AppError::Conflict(message.to_owned()));
            }
            settings.tools = tools;
        }
        if let Some(model) = wanted.model {
            settings.model = model;
        }
        if let Some(prompt) = wanted.system_prompt {
            settings.system_prompt = prompt.filter(|it| !it.trim().is_empty());
        }
        let change = ConversationChange {
            title: wanted.title.map(|title| title.trim().to_owned()),
            pinned: wanted.pinned,
            archived: wanted.archived,
            settings: (settings != row.settings).then_some(settings),
        };
        Ok(self.store.change(permit, change).await?)
    }

    /// Deletes a conversation with all that belongs to it; a run under way in it is stopped first.
    ///
    /// # Errors
    /// [`AppError::Store`] with a conflict when the run does not stop in time.
    pub async fn delete_conversation(
        &self,
        caller: &Caller,
        id: ConversationId,
    ) -> Result<(), AppError> {
        let permit = self.conversation_permit::<Write>(caller, id).await?;
        self.stop_all_in(caller, id).await?;
        Ok(self.store.delete(permit).await?)
    }

    /// Copies the branch that ends with `message` into a new conversation.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when there is no such message in it; [`AppError::TooMany`] when the
    /// caller makes too many.
    pub async fn fork(
        &self,
        caller: &Caller,
        id: ConversationId,
        message: MessageId,
        once: Option<&Once>,
    ) -> Result<ConversationRow, AppError> {
        let read = self.conversation_permit::<Read>(caller, id).await?;
        let create = within::<Create, Conversation>(caller)?;
        self.making.count(caller.person, once)?;
        let Made { value, .. } = self.store.fork(read, create, message, once).await?;
        self.conversation(caller, value).await
    }

    /// A window of the branch that is shown. For an answer whose run is not over, its log so far
    /// comes along.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when the conversation or the message to show around is not there.
    pub async fn messages(
        &self,
        caller: &Caller,
        id: ConversationId,
        window: Window,
    ) -> Result<Messages, AppError> {
        let permit = self.conversation_permit::<Read>(caller, id).await?;
        let page = self.store.messages(permit, window).await?;
        let mut shown = Vec::with_capacity(page.items.len());
        for row in page.items {
            let under_way = row.run.filter(|_| row.state.is_some_and(|state| !state.is_over()));
            let progress = match under_way {
                Some(run) => Some(self.progress(caller, run).await?),
                None => None,
            };
            shown.push((row, progress));
        }
        let feedback = self.store.ratings(permit).await?;
        Ok(Messages { shown, has_more: page.has_more, feedback })
    }

    /// Makes the branch through `message` the one that is shown.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when there is no such message.
    pub async fn show(
        &self,
        caller: &Caller,
        id: ConversationId,
        message: MessageId,
    ) -> Result<(), AppError> {
        let permit = self.conversation_permit::<Write>(caller, id).await?;
        Ok(self.store.show(permit, message).await?)
    }

    async fn check(&self, caller: &Caller, wanted: &Change) -> Result<(), AppError> {
        let shelf = self.servers.shelf(caller.person, caller.workspace).await?;
        let mut mistakes = Vec::new();
        let mut complain = |pointer: &str, message: String| {
            mistakes.push(Mistake { pointer: pointer.to_owned(), message });
        };
        let too_long = |text: &Option<String>, limit: usize| {
            text.as_ref().is_some_and(|it| it.chars().count() > limit)
        };
        if too_long(&wanted.title, TITLE_CHARS) {
            complain("/title", format!("at most {TITLE_CHARS} characters"));
        }
        if wanted.system_prompt.as_ref().is_some_and(|it| too_long(it, PROMPT_CHARS)) {
            complain("/system_prompt", format!("at most {PROMPT_CHARS} characters"));
        }
        if let Some(Some(model)) = &wanted.model
            && self.catalogue.get(Some(model)).is_none()
        {
            complain("/model", format!("there is no model `{model}`"));
        }
        for tool in wanted.tools.iter().flatten().flatten() {
            if shelf.toolbox.get(tool).is_none() {
                complain("/tools", format!("there is no tool `{tool}`"));
            }
        }
        if mistakes.is_empty() { Ok(()) } else { Err(AppError::Invalid(mistakes)) }
    }
}
