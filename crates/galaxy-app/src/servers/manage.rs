//! Adding, changing and deleting servers.

use std::{sync::Arc, time::Duration};

use galaxy_access::{administer, look_after};
use galaxy_domain::{
    Caller, Permit, ToolServerId,
    access::Write,
    id::ToolServer,
    tool_server::{Link, ToolServerRow},
};
use galaxy_store::{NewToolServer, Once, Place, ToolServerChange, tool_servers::tools::ToolRuling};
use tokio::time::timeout;

use super::{
    NewServer, ServerChange, ServerDetail, Servers,
    connections::{Purpose, Who},
    right::Weighed,
    settings::{Known, Mistakes},
};
use crate::{App, AppError};

/// Servers of one person, and servers of everybody.
const MOST_OWN: usize = 200;
const MOST_SHARED: usize = 500;
/// Whoever saves a server waits so long to see whether it answers; it is looked at further.
const SHOWN_WITHIN: Duration = Duration::from_secs(5);

/// What becomes of the list that a server gives when it is looked at.
#[derive(Debug, Clone, Copy)]
pub(super) enum First {
    /// What nobody allowed waits.
    Waits,
    /// It is the first one, of a server that somebody wants: it is allowed.
    Allowed(Permit<Write, ToolServer>),
}

impl App {
    /// Writes a server down, looks at it for at most five seconds, and allows the tools that it
    /// lists first, also when that takes longer. That it does not answer is no error: it is seen in its health.
    ///
    /// # Errors
    /// [`AppError::Invalid`] with every mistake; [`AppError::Denied`] for what only administrators
    /// may say; [`AppError::Store`] with a conflict when the name is taken; [`AppError::NotStarted`]
    /// for a program where the walls do not hold: it is not written down.
    pub async fn add_server(
        &self,
        caller: &Caller,
        new: NewServer,
        once: Option<&Once>,
    ) -> Result<ServerDetail, AppError> {
        let place = self.place(caller, &new)?;
        let weighed = self.weigh(caller, Some(&new.link), new.shared || new.trusted)?;
        let id = ToolServerId::fresh();
        let (stored, most) = self.checked(caller, id, &new, weighed)?;
        if let Link::Program { .. } = &stored.link {
            self.servers.behind_walls().await?;
        }
        // What was sent holds what opens the server.
        let once = once.map(|it| self.access.sealed(it));
        let adding = self.servers.clone().add(caller.clone(), place, stored, most, once);
        // What was begun is finished, also when whoever asked for it goes away.
        let added = self.servers.tasks.spawn(adding).await;
        let gone = |_| AppError::Unavailable("The server is about to stop.".to_owned());
        let id = added.map_err(gone)??;
        self.remembered.forget_all();
        self.server(caller, id).await
    }

    fn checked(
        &self,
        caller: &Caller,
        id: ToolServerId,
        new: &NewServer,
        _: Weighed,
    ) -> Result<(NewToolServer, usize), AppError> {
        let title = new.title.as_ref().unwrap_or(&new.name);
        let mut mistakes = Mistakes::default();
        mistakes.name(&new.name);
        mistakes.title(title);
        self.refuse_programs(&new.link, &mut mistakes);
        let reached = mistakes.link(&new.link, &Known::default(), &self.servers.config);
        mistakes.end()?;
        let (link, values) = reached.ok_or(AppError::NotFound)?;
        let stored = NewToolServer {
            id,
            name: new.name.clone(),
            title: title.trim().to_owned(),
            link,
            secrets: self.servers.seal(caller.workspace, id, &values),
            origin: new.origin.clone(),
            trusted: new.trusted,
            may_ask: new.may_ask,
        };
        Ok((stored, if new.shared { MOST_SHARED } else { MOST_OWN }))
    }

    pub(crate) fn refuse_programs(&self, link: &super::LinkRequest, mistakes: &mut Mistakes) {
        if matches!(link, super::LinkRequest::Program { .. }) && !self.servers.config.programs {
            mistakes.add("/link", "this deployment starts no programs (TOOL_PROGRAMS)");
        }
    }

    /// Changes a server. When it is reached another way than before, it is looked at as when it
    /// was added; what it then lists and nobody allowed waits.
    ///
    /// # Errors
    /// As [`App::add_server`]; [`AppError::NotFound`].
    pub async fn change_server(
        &self,
        caller: &Caller,
        id: ToolServerId,
        change: ServerChange,
    ) -> Result<ServerDetail, AppError> {
        let permit = self.care_permit(caller, id).await?;
        let says = change.link.as_ref().is_some_and(super::LinkRequest::is_an_administrators);
        let row = self.store.tool_server(permit).await?;
        // What is believed may not be moved by whoever could not have had it believed.
        let moves_trust = row.trusted && change.trusted != Some(false) && change.link.is_some();
        let trusts = change.trusted == Some(true) || moves_trust;
        if says || trusts {
            administer(caller)?;
        }
        let for_all = row.owner.is_none() && change.link.is_some();
        let weighed = self.weigh(caller, change.link.as_ref(), trusts || for_all)?;
        let stored = self.checked_change(&row, &change, weighed).await?;
        let is_reached_anew = stored.link.is_some();
        let row = self.store.change_tool_server(permit, stored).await?;
        self.servers.owing.notify_one();
        self.servers.shelves.forget_all();
        self.remembered.forget_all();
        if !row.enabled {
            self.servers.close(id).await;
        } else if is_reached_anew {
            self.servers.look_now(&row, Some(caller.person), First::Waits).await;
        }
        self.server(caller, id).await
    }

    async fn checked_change(
        &self,
        row: &ToolServerRow,
        change: &ServerChange,
        _: Weighed,
    ) -> Result<ToolServerChange, AppError> {
        let mut mistakes = Mistakes::default();
        if let Some(title) = &change.title {
            mistakes.title(title);
        }
        let mut link = None;
        if let Some(request) = &change.link {
            self.refuse_programs(request, &mut mistakes);
            // Values that cannot be read any more have to be entered again.
            let values = self.servers.values(row).await.unwrap_or_default();
            let known = Known { link: Some(&row.link), values };
            let reached = mistakes.link(request, &known, &self.servers.config);
            link = reached.map(|(link, values)| {
                let sealed = self.servers.seal(row.workspace, row.id, &values);
                (link, sealed)
            });
        }
        mistakes.end()?;
        Ok(ToolServerChange {
            title: change.title.as_ref().map(|it| it.trim().to_owned()),
            enabled: change.enabled,
            link,
            origin: change.origin.clone(),
            trusted: change.trusted,
            may_ask: change.may_ask,
        })
    }

    /// Deletes a server; whatever runs of it ends. One that is everybody's needs a fresh sign-in.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; [`AppError::Denied`].
    pub async fn delete_server(&self, caller: &Caller, id: ToolServerId) -> Result<(), AppError> {
        let permit = self.care_permit(caller, id).await?;
        if self.store.tool_server(permit).await?.owner.is_none() {
            // With what others were granted there, and what a program kept, which nobody gets back.
            self.access.fresh(caller)?;
        }
        self.store.delete_tool_server(permit).await?;
        self.servers.owing.notify_one();
        self.servers.shelves.forget_all();
        self.remembered.forget_all();
        if let Err(err) = self.servers.clear_home(id).await {
            tracing::warn!(server = %id, error = %err, "a folder is left");
        }
        Ok(())
    }

    /// Looks at a server now, whatever state it is in, for at most five seconds.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; [`AppError::Denied`]; [`AppError::NotStarted`] for a program where
    /// the walls do not hold.
    pub async fn probe_server(
        &self,
        caller: &Caller,
        id: ToolServerId,
    ) -> Result<ServerDetail, AppError> {
        let permit = self.care_permit(caller, id).await?;
        let row = self.store.tool_server(permit).await?;
        if !row.enabled {
            return Err(AppError::Conflict("The tool server is switched off.".to_owned()));
        }
        if let Link::Program { .. } = &row.link {
            self.servers.behind_walls().await?;
        }
        self.servers.look_now(&row, Some(caller.person), First::Waits).await;
        self.server(caller, id).await
    }

    /// Ends the connection to a server, and its process, and looks at it afresh.
    ///
    /// # Errors
    /// As [`App::probe_server`].
    pub async fn restart_server(
        &self,
        caller: &Caller,
        id: ToolServerId,
    ) -> Result<ServerDetail, AppError> {
        self.care_permit(caller, id).await?;
        self.servers.close(id).await;
        self.probe_server(caller, id).await
    }

    /// The permit to look after a server.
    pub(crate) async fn care_permit(
        &self,
        caller: &Caller,
        id: ToolServerId,
    ) -> Result<Permit<Write, ToolServer>, AppError> {
        let target = self.store.tool_server_target(id).await?.ok_or(AppError::NotFound)?;
        Ok(look_after(caller, &target)?)
    }
}

impl Servers {
    /// Keeps a new server and looks at it for the first time.
    async fn add(
        self: Arc<Self>,
        caller: Caller,
        place: Place,
        stored: NewToolServer,
        most: usize,
        once: Option<Once>,
    ) -> Result<ToolServerId, AppError> {
        let made = self.store.create_tool_server(place, stored, most, once.as_ref()).await?;
        self.shelves.forget_all();
        if !made.replayed {
            let target = self.store.tool_server_target(made.value).await?;
            let permit = look_after(&caller, &target.ok_or(AppError::NotFound)?)?;
            let row = self.store.tool_server(permit).await?;
            self.look_now(&row, Some(caller.person), First::Allowed(permit)).await;
        }
        Ok(made.value)
    }

    /// Looks at a server for as long as somebody waits, and goes on behind their back: what must
    /// be fetched first takes longer. What `first` says of the list holds whenever it comes.
    pub(super) async fn look_now(self: &Arc<Self>, row: &ToolServerRow, who: Who, first: First) {
        let (servers, row) = (self.clone(), row.clone());
        let look = self.tasks.spawn(async move {
            let looked = match (servers.probe(&row, who, Purpose::Use).await, first) {
                (Ok(true), First::Allowed(permit)) => servers.allow_all(permit, &row).await,
                (Ok(_), _) => Ok(()),
                (Err(err), _) => Err(err),
            };
            if let Err(err) = looked {
                tracing::warn!(server = %row.name, error = %err, "cannot be tried");
            }
        });
        let _ = timeout(SHOWN_WITHIN, look).await;
    }

    /// Allows what a server lists now, if it is still reached as in `row`.
    async fn allow_all(
        &self,
        permit: Permit<Write, ToolServer>,
        row: &ToolServerRow,
    ) -> Result<(), AppError> {
        if self.store.tool_server(permit).await?.revision != row.revision {
            return Ok(());
        }
        let found = self.store.server_tools(permit).await?;
        let allow = |tool: galaxy_domain::tool_server::ServerToolRow| {
            let approve = Some(tool.found?.pin);
            Some(ToolRuling { tool: tool.tool, approve, enabled: None })
        };
        self.store.rule_server_tools(permit, found.into_iter().filter_map(allow).collect()).await?;
        self.shelves.forget_all();
        Ok(())
    }
}
