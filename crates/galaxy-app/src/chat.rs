//! Saying something, and having it answered: every use case here starts a run or waits for none.

use futures::FutureExt;
use galaxy_access::within;
use galaxy_domain::{
    Caller, ConversationId, MessageId, Part, Permit,
    access::{Read, Write},
    id::Conversation,
};
pub use galaxy_store::Said;
use galaxy_store::{Made, NewRun, Once, Say, StoreError};

use crate::{App, AppError, Mistake, apps::Context};

/// Images of one message.
const IMAGES: usize = 8;
/// What an image may be.
const IMAGE_TYPES: [&str; 4] = ["image/png", "image/jpeg", "image/webp", "image/gif"];

/// What a person sends.
#[derive(Debug, Clone, Default)]
pub struct Sending {
    /// What they wrote.
    pub text: String,
    /// What they show: type and base64 data.
    pub images: Vec<(String, String)>,
    /// The message it follows; `None` is the newest that is shown.
    pub parent: Option<MessageId>,
    /// The model to answer with; `None` is the conversation's.
    pub model: Option<String>,
    /// What views of the conversation want the agent to know besides.
    pub context: Vec<Context>,
    /// What the sender waits for.
    pub awaits: Awaits,
}

/// What whoever sends something waits for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Awaits {
    /// Every word as it comes.
    #[default]
    Words,
    /// The whole answer, so that its first word needs no hurry.
    Answer,
}

/// Another version of a message.
#[derive(Debug, Clone)]
pub struct Edit {
    /// Which message.
    pub message: MessageId,
    /// What it says instead.
    pub text: String,
    /// Whether it is answered too.
    pub rerun: bool,
}

impl App {
    /// Sends a message and starts a run that answers it.
    ///
    /// # Errors
    /// [`AppError::Invalid`] for messages that are empty or too long; [`AppError::TooMany`] over
    /// the limits of the person; a conflict while the last answer is still under way.
    pub async fn send(
        &self,
        caller: &Caller,
        conversation: ConversationId,
        sending: Sending,
        once: Option<&Once>,
    ) -> Result<Made<Said>, AppError> {
        let permit = self.conversation_permit::<Write>(caller, conversation).await?;
        let mut parts = self.parts(&sending)?;
        parts.extend(self.said_by_views(caller, conversation, &sending.context).await?);
        self.check_model(sending.model.as_deref())?;
        self.sending.count(caller.person, once)?;
        self.say(permit, sending, parts, once).await
    }

    /// Sends what was checked and counted.
    pub(crate) async fn say(
        &self,
        permit: Permit<Write, Conversation>,
        sending: Sending,
        parts: Vec<Part>,
        once: Option<&Once>,
    ) -> Result<Made<Said>, AppError> {
        let newborn = self.newborn(&permit, &sending, &parts, once).await;
        let say = self.saying(sending, parts);
        let (store, once) = (self.store.clone(), once.cloned());
        self.bear(newborn, move |birth| {
            let (store, say, once) = (store.clone(), say.clone().born(birth), once.clone());
            async move { store.say(permit, say, once.as_ref()).await }.boxed()
        })
        .await
    }

    /// What is said to the store.
    pub(crate) fn saying(&self, sending: Sending, parts: Vec<Part>) -> Say {
        Say {
            parent: sending.parent,
            sibling_of: None,
            parts,
            run: Some(NewRun { model: sending.model, birth: None }),
            max_active: self.config.active_runs,
        }
    }

    /// Puts another version beside a message of the person.
    ///
    /// # Errors
    /// As for [`App::send`].
    pub async fn edit(
        &self,
        caller: &Caller,
        conversation: ConversationId,
        edit: Edit,
        once: Option<&Once>,
    ) -> Result<Made<Said>, AppError> {
        let Edit { message, text, rerun } = edit;
        let permit = self.conversation_permit::<Write>(caller, conversation).await?;
        let parts = self.parts(&Sending { text, ..Sending::default() })?;
        self.sending.count(caller.person, once)?;
        let say = Say {
            parent: None,
            sibling_of: Some(message),
            parts,
            run: rerun.then(NewRun::default),
            max_active: self.config.active_runs,
        };
        Ok(self.store.say(permit, say, once).await?)
    }

    /// Starts another run for the question that `answer` answers.
    ///
    /// # Errors
    /// As for [`App::send`].
    pub async fn regenerate(
        &self,
        caller: &Caller,
        conversation: ConversationId,
        answer: MessageId,
        model: Option<String>,
        once: Option<&Once>,
    ) -> Result<Made<Said>, AppError> {
        let permit = self.conversation_permit::<Write>(caller, conversation).await?;
        self.check_model(model.as_deref())?;
        self.sending.count(caller.person, once)?;
        let active = self.config.active_runs;
        let new = NewRun { model, birth: None };
        Ok(self.store.regenerate(permit, answer, new, active, once).await?)
    }

    /// Whether the caller may have one more run under way.
    ///
    /// # Errors
    /// [`AppError::Store`] with the limit when not.
    pub(crate) async fn check_room(&self, caller: &Caller) -> Result<(), AppError> {
        let limit = self.config.active_runs;
        let moving = self.store.moving_runs(within::<Read, Conversation>(caller)?).await?;
        if moving >= limit { Err(StoreError::TooMany { limit }.into()) } else { Ok(()) }
    }

    pub(crate) fn check_model(&self, model: Option<&str>) -> Result<(), AppError> {
        match model {
            Some(name) if self.catalogue.get(Some(name)).is_none() => {
                Err(AppError::invalid("/model", format!("there is no model `{name}`")))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Checks what a person sends and turns it into parts.
    pub(crate) fn parts(&self, sending: &Sending) -> Result<Vec<Part>, AppError> {
        let mut mistakes = Vec::new();
        let mut complain = |pointer: &str, message: String| {
            mistakes.push(Mistake { pointer: pointer.to_owned(), message });
        };
        if sending.text.trim().is_empty() && sending.images.is_empty() {
            complain("/text", "say something".to_owned());
        }
        if sending.text.chars().count() > self.config.message_chars {
            complain("/text", format!("at most {} characters", self.config.message_chars));
        }
        if sending.images.len() > IMAGES {
            complain("/images", format!("at most {IMAGES} images"));
        }
        for (idx, (media_type, data)) in sending.images.iter().enumerate() {
            if !IMAGE_TYPES.contains(&media_type.as_str()) {
                complain(&format!("/images/{idx}/media_type"), IMAGE_TYPES.join(", "));
            }
            if data.len() > self.config.image_bytes || !is_base64(data) {
                let most = self.config.image_bytes;
                complain(&format!("/images/{idx}/data"), format!("base64, at most {most} bytes"));
            }
        }
        if !mistakes.is_empty() {
            return Err(AppError::Invalid(mistakes));
        }
        let images = sending.images.iter().map(|(media_type, data)| Part::Image {
            media_type: media_type.clone(),
            data: data.clone(),
        });
        let text =
            Some(Part::text(sending.text.clone())).filter(|_| !sending.text.trim().is_empty());
        Ok(images.chain(text).collect())
    }
}

/// Whether `data` looks like padded standard base64; providers check the picture itself.
fn is_base64(data: &str) -> bool {
    let body = data.trim_end_matches('=');
    !body.is_empty()
        && data.len().is_multiple_of(4)
        && body.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'))
}
