//! Newer versions of what was added.

use std::collections::BTreeMap;

use galaxy_domain::{
    Caller, ToolServerId,
    tool_server::{Link, Origin, ToolServerRow},
};
use galaxy_registry::{Status, curated, version::is_newer};

use super::{Choice, Offer, Resolution, resolution::Prepared};
use crate::{
    App, AppError,
    servers::{Known, ServerChange, ServerDetail},
};

/// What a newer version comes to, beside what there is.
#[derive(Debug, Clone)]
pub struct UpdateResolution {
    /// How the server is reached now.
    pub now: Link,
    /// The version that it has.
    pub from: String,
    /// What it would become.
    pub resolution: Resolution,
    /// The entry in that version.
    pub offer: Offer,
    /// What was answered, as far as it may be seen, and where nobody answered anew.
    pub inputs: BTreeMap<String, Vec<String>>,
}

impl App {
    /// Says what a server would become in a newer version (the newest, if not said). What was
    /// answered before counts where nothing is answered now; stored secrets stay.
    ///
    /// # Errors
    /// [`AppError::Conflict`] when it was not added from a list; [`AppError::NotFound`];
    /// [`AppError::Denied`].
    pub async fn resolve_update(
        &self,
        caller: &Caller,
        id: ToolServerId,
        choice: Choice,
    ) -> Result<UpdateResolution, AppError> {
        let (row, origin) = self.chosen_row(caller, id).await?;
        let (offer, prepared) = self.prepare_update(caller, &row, &origin, choice).await?;
        let inputs = prepared.origin.inputs;
        let resolution = prepared.resolution;
        Ok(UpdateResolution { now: row.link, from: origin.version, resolution, offer, inputs })
    }

    /// Moves a server to a newer version, as it was shown.
    ///
    /// # Errors
    /// [`AppError::Conflict`] when it would not be what the digest stands for; otherwise as
    /// [`App::resolve_update`] and [`App::change_server`].
    pub async fn apply_update(
        &self,
        caller: &Caller,
        id: ToolServerId,
        choice: Choice,
        digest: &str,
    ) -> Result<ServerDetail, AppError> {
        let (row, origin) = self.chosen_row(caller, id).await?;
        let (offer, prepared) = self.prepare_update(caller, &row, &origin, choice).await?;
        self.may_add(caller, &offer, &prepared.origin.way, (false, false))?;
        let (link, origin) = prepared.consented(digest)?;
        let change =
            ServerChange { link: Some(link), origin: Some(origin), ..ServerChange::default() };
        self.change_server(caller, id, change).await
    }

    async fn chosen_row(
        &self,
        caller: &Caller,
        id: ToolServerId,
    ) -> Result<(ToolServerRow, Origin), AppError> {
        let row = self.store.tool_server(self.care_permit(caller, id).await?).await?;
        let origin = row.origin.clone().ok_or_else(|| {
            AppError::Conflict("This tool server was not chosen from a list.".to_owned())
        })?;
        Ok((row, origin))
    }

    async fn prepare_update(
        &self,
        caller: &Caller,
        row: &ToolServerRow,
        origin: &Origin,
        mut choice: Choice,
    ) -> Result<(Offer, Prepared), AppError> {
        let offer = self.offer(&origin.entry, choice.version.as_deref()).await?;
        if choice.way.is_empty() {
            choice.way.clone_from(&origin.way);
        }
        if choice.way == origin.way {
            let way = offer.entry.way(&choice.way).ok_or(AppError::NotFound)?;
            let asked: Vec<String> = way.questions().into_iter().map(|it| it.key).collect();
            for (key, answers) in origin.inputs.iter().filter(|(key, _)| asked.contains(key)) {
                let before = || answers.iter().map(|it| it.as_str().into()).collect();
                choice.inputs.entry(key.clone()).or_insert_with(before);
            }
        }
        let values = self.servers.values(row).await.unwrap_or_default();
        let known = Known { link: Some(&row.link), values };
        let prepared = self.prepare(caller, &offer, &choice, &known)?;
        Ok((offer, prepared))
    }

    /// The newer version of each server that was chosen from a list, by the name of its entry.
    pub(crate) async fn newer_versions<'a>(
        &self,
        rows: impl Iterator<Item = &'a ToolServerRow>,
    ) -> Result<BTreeMap<ToolServerId, String>, AppError> {
        let mut newest: BTreeMap<&str, Option<String>> = BTreeMap::new();
        let mut newer = BTreeMap::new();
        for (row, origin) in rows.filter_map(|row| Some((row, row.origin.as_ref()?))) {
            if !newest.contains_key(origin.entry.as_str()) {
                newest.insert(&origin.entry, self.newest(&origin.entry).await?);
            }
            let found = newest.get(origin.entry.as_str()).and_then(Option::as_ref);
            if let Some(version) = found.filter(|it| is_newer(it, &origin.version)) {
                newer.insert(row.id, version.clone());
            }
        }
        Ok(newer)
    }

    async fn newest(&self, entry: &str) -> Result<Option<String>, AppError> {
        if let Some(curated) = curated::find(entry) {
            return Ok(Some(curated.entry.version.clone()));
        }
        let row = self.store.registry_entry(entry, None).await?;
        let is_there = |status: &str| Status::read(status) != Status::Deleted;
        Ok(row.filter(|it| is_there(&it.status)).map(|it| it.version))
    }
}
