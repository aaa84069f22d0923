//! Taking over what was said elsewhere.

use galaxy_base::text::headline;
use galaxy_domain::{
    MessageId, Permit,
    access::Write,
    conversation::{Body, Speaker},
    id::Conversation,
};

use super::{TITLE, insert, open, touch};
use crate::{
    Store,
    db::Strength,
    error::StoreError,
    json,
    once::{self, Made, Once},
    search,
};

impl Store {
    /// Adds messages one below the other, after the newest that is shown. No run is started.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] while the answer that is shown last is still being written, and
    /// [`StoreError::Mismatch`] when the key was used with another request.
    pub async fn import(
        &self,
        permit: Permit<Write, Conversation>,
        messages: Vec<(Speaker, Body)>,
        once: Option<&Once>,
    ) -> Result<Made<()>, StoreError> {
        let written: Result<Vec<_>, StoreError> = messages
            .iter()
            .map(|(speaker, body)| Ok((*speaker, json::write(body)?, search::text_of(body))))
            .collect();
        let input = (permit, written?, once.cloned());
        self.write(Strength::Synced, input, |tx, (permit, messages, once)| {
            Box::pin(async move {
                let (person, once) = (permit.person(), once.as_ref());
                if let Some(made) = once::replay(tx, person, once).await? {
                    return Ok(made);
                }
                let (place, mut chat) = open(tx, permit, None).await?;
                let mut newest = chat.leaf_id.map(MessageId::from_uuid);
                for (speaker, body, text) in messages {
                    let id = MessageId::fresh();
                    let speaker = match speaker {
                        Speaker::Person => "person",
                        Speaker::Agent => "agent",
                    };
                    let message = insert::Message { id, parent: newest, speaker, body, run: None };
                    insert::messages(tx, place, &[message]).await?;
                    search::put_message(tx, place.conversation, id, text).await?;
                    if chat.title.is_empty() {
                        chat.title = headline(text, TITLE);
                        search::put_title(tx, place.conversation, &chat.title).await?;
                    }
                    newest = Some(id);
                }
                if let Some(leaf) = newest {
                    touch(tx, place, chat, leaf).await?;
                }
                once::keep(tx, person, once, ()).await
            })
        })
        .await
    }
}
