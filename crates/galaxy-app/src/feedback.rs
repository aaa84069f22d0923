//! What people think of answers.

use galaxy_access::administer;
use galaxy_domain::{
    Caller, ConversationId, MessageId,
    access::{Read, Write},
    feedback::{Feedback, Rating},
};

use crate::{App, AppError};

/// A reason is at most this long, in characters.
const COMMENT_CHARS: usize = 4_000;
/// So many opinions are shown at once.
const LISTED: usize = 200;

impl App {
    /// Says what the caller thinks of a message; a later opinion replaces an earlier one.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when there is no such message.
    pub async fn rate(
        &self,
        caller: &Caller,
        conversation: ConversationId,
        message: MessageId,
        rating: Rating,
        comment: String,
    ) -> Result<(), AppError> {
        if comment.chars().count() > COMMENT_CHARS {
            return Err(AppError::invalid(
                "/comment",
                format!("at most {COMMENT_CHARS} characters"),
            ));
        }
        // Who may only look leaves no opinion.
        self.conversation_permit::<Write>(caller, conversation).await?;
        let permit = self.conversation_permit::<Read>(caller, conversation).await?;
        Ok(self.store.rate(permit, message, rating, &comment).await?)
    }

    /// Takes the caller's opinion of a message back.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when there is no such conversation.
    pub async fn unrate(
        &self,
        caller: &Caller,
        conversation: ConversationId,
        message: MessageId,
    ) -> Result<(), AppError> {
        self.conversation_permit::<Write>(caller, conversation).await?;
        let permit = self.conversation_permit::<Read>(caller, conversation).await?;
        Ok(self.store.unrate(permit, message).await?)
    }

    /// The caller's opinions of the messages of a conversation.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when there is no such conversation.
    pub async fn ratings(
        &self,
        caller: &Caller,
        conversation: ConversationId,
    ) -> Result<Vec<Feedback>, AppError> {
        let permit = self.conversation_permit::<Read>(caller, conversation).await?;
        Ok(self.store.ratings(permit).await?)
    }

    /// Everybody's newest opinions, for administrators.
    ///
    /// # Errors
    /// [`AppError::Denied`] to everybody else.
    pub async fn all_feedback(&self, caller: &Caller) -> Result<Vec<Feedback>, AppError> {
        Ok(self.store.all_feedback(administer(caller)?, LISTED).await?)
    }
}
