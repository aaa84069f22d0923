//! A conversation and its first message, in one change.

use galaxy_domain::{
    ConversationId, Permit,
    access::Write,
    conversation::{Body, Speaker},
    id::Conversation,
};
use serde::{Deserialize, Serialize};

use super::{
    Said, Say,
    import::{Told, take_over},
    saying::{first_said, said},
};
use crate::{
    NewConversation, Store, conversations,
    db::Strength,
    error::StoreError,
    json,
    once::{self, Made, Once},
};

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Begun {
    /// The conversation.
    pub conversation: ConversationId,
    /// Its first message, apart from what was said before.
    pub said: Said,
}

impl Store {
    /// Makes the conversation that the permit is for, takes over what was said before, and adds a
    /// person's message as [`Store::say`] does.
    ///
    /// # Errors
    /// As for [`Store::say`].
    pub async fn begin(
        &self,
        permit: Permit<Write, Conversation>,
        new: NewConversation,
        before: &[(Speaker, Body)],
        say: Say,
        once: Option<&Once>,
    ) -> Result<Made<Begun>, StoreError> {
        let body = json::write(&Body::Said { parts: say.parts.clone() })?;
        let input = (permit, new, Told::all(before)?, (say, body), once.cloned());
        self.write(Strength::Synced, input, |tx, (permit, new, before, (say, body), once)| {
            Box::pin(async move {
                let (person, once) = (permit.person(), once.as_ref());
                if let Some(made) = once::replay(tx, person, once).await? {
                    return Ok(made);
                }
                let conversation = permit.resource();
                let said = if before.is_empty() {
                    first_said(tx, permit, new, say, body).await?
                } else {
                    conversations::insert(tx, permit, conversation, new, None).await?;
                    take_over(tx, permit, before).await?;
                    said(tx, permit, say, body).await?
                };
                once::keep(tx, person, once, Begun { conversation, said }).await
            })
        })
        .await
    }
}
