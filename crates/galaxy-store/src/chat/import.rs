//! Taking over what was said elsewhere.

use galaxy_base::text::headline;
use galaxy_domain::{
    MessageId, Permit,
    access::Write,
    conversation::{Body, Speaker},
    id::Conversation,
};

use super::{TITLE, insert, open, touch};
use crate::{Store, db::Strength, error::StoreError, json, search};

impl Store {
    /// Adds messages one below the other, after the newest that is shown. No run is started.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] while the answer that is shown last is still being written.
    pub async fn import(
        &self,
        permit: Permit<Write, Conversation>,
        messages: Vec<(Speaker, Body)>,
    ) -> Result<(), StoreError> {
        let written: Result<Vec<_>, StoreError> = messages
            .iter()
            .map(|(speaker, body)| Ok((*speaker, json::write(body)?, search::text_of(body))))
            .collect();
        let input = (permit, written?);
        self.write(Strength::Synced, input, |tx, (permit, messages)| {
            Box::pin(async move {
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
                match newest {
                    Some(leaf) => touch(tx, place, chat, leaf).await,
                    None => Ok(()),
                }
            })
        })
        .await
    }
}
