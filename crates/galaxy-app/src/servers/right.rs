//! The right to write a server down: whose it may be, and whether that needs a fresh sign-in.

use galaxy_access::{Denied, administer, within};
use galaxy_domain::{Caller, Role, access::Create, id::ToolServer};
use galaxy_store::Place;

use super::{LinkRequest, NewServer};
use crate::{App, AppError};

/// Proof that a server may be written down as far as that needs a fresh sign-in.
#[derive(Debug)]
pub(super) struct Weighed(());

impl App {
    /// The right to add a server where it is to be.
    pub(super) fn place(&self, caller: &Caller, new: &NewServer) -> Result<Place, AppError> {
        let is_an_administrators = new.trusted || new.link.is_an_administrators();
        self.place_of(caller, is_an_administrators, new.shared)
    }

    /// The same for what is known of it before all of it is.
    pub(crate) fn place_of(
        &self,
        caller: &Caller,
        is_an_administrators: bool,
        shared: bool,
    ) -> Result<Place, AppError> {
        if is_an_administrators {
            administer(caller)?;
        }
        if shared {
            return Ok(Place::Shared(administer(caller)?));
        }
        if !self.servers.config.personal && caller.role < Role::Admin {
            return Err(Denied::Forbidden.into());
        }
        Ok(Place::Own(within::<Create, ToolServer>(caller)?))
    }

    /// Looks whether a server needs whoever signed in a moment ago: for what runs on this machine or
    /// reaches inside, for what opens it, and for what is everybody's or is believed.
    pub(super) fn weigh(
        &self,
        caller: &Caller,
        link: Option<&LinkRequest>,
        weighs: bool,
    ) -> Result<Weighed, AppError> {
        if weighs || link.is_some_and(LinkRequest::is_delicate) {
            self.access.fresh(caller)?;
        }
        Ok(Weighed(()))
    }
}
