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
    db::{Strength, Tx},
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
        let input = (permit, Told::all(&messages)?, once.cloned());
        self.write(Strength::Synced, input, |tx, (permit, messages, once)| {
            Box::pin(async move {
                let (person, once) = (permit.person(), once.as_ref());
                if let Some(made) = once::replay(tx, person, once).await? {
                    return Ok(made);
                }
                take_over(tx, permit, messages).await?;
                once::keep(tx, person, once, ()).await
            })
        })
        .await
    }
}

/// Something that was said elsewhere, ready to be written.
#[derive(Debug)]
pub(super) struct Told {
    speaker: &'static str,
    body: String,
    text: String,
}

impl Told {
    /// Writes all of `messages` down.
    pub(super) fn all(messages: &[(Speaker, Body)]) -> Result<Vec<Self>, StoreError> {
        let told = messages.iter().map(|(speaker, body)| {
            let speaker = match speaker {
                Speaker::Person => "person",
                Speaker::Agent => "agent",
            };
            Ok(Self { speaker, body: json::write(body)?, text: search::text_of(body) })
        });
        told.collect()
    }
}

/// Adds `messages` one below the other.
pub(super) async fn take_over(
    tx: &mut Tx,
    permit: &Permit<Write, Conversation>,
    messages: &[Told],
) -> Result<(), StoreError> {
    let (place, mut chat) = open(tx, permit, None).await?;
    let mut newest = chat.leaf_id.map(MessageId::from_uuid);
    for Told { speaker, body, text } in messages {
        let id = MessageId::fresh();
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
    Ok(())
}
