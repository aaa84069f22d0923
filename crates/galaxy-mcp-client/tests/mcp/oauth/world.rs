//! What every test of a sign-in needs: somebody who signs in, and a place to keep what they get.

use std::sync::{Arc, Mutex};

use futures::{FutureExt, future::BoxFuture};
use galaxy_base::{Clock, Tasks};
use galaxy_mcp_client::OAuth;
use galaxy_tool::server::{
    Network, ServerError, SignIn, SignInError, ToolServer, Transport,
    oauth::{Ask, Begun, Grant, Grants, Inside, Renewing},
};
use url::Url;

use crate::{
    house::{net, open, web},
    oauth::issuer::{Fields, Issuer},
};

pub(crate) const BACK: &str = "https://galaxy.example/api/oauth/callback";

pub(crate) fn oauth() -> OAuth {
    OAuth::new(net(), Clock::System)
}

/// A sign-in at the world's server, after it was refused there.
pub(crate) fn ask(world: &Issuer) -> Ask {
    let inside = Inside::of(&world.mcp(), Network::Inside);
    let mut ask = Ask::new(world.mcp(), inside, BACK.parse().unwrap());
    ask.challenge = Some(world.challenge());
    ask
}

pub(crate) async fn begin(ask: Ask) -> Result<Begun, SignInError> {
    oauth().begin(ask).await
}

/// Signs in.
pub(crate) async fn sign_in(world: &Issuer, ask: Ask) -> Result<Grant, SignInError> {
    let begun = begin(ask).await?;
    let callback = world.approved(&begun.url);
    oauth().finish(begun.pending, callback).await
}

/// What an address asks.
pub(crate) fn asked(url: &Url) -> Fields {
    url.query_pairs().into_owned().collect()
}

/// Keeps a grant, and remembers why it was lost.
#[derive(Default)]
pub(crate) struct Kept {
    pub(crate) grant: Mutex<Option<Grant>>,
    pub(crate) lost: Mutex<Vec<SignInError>>,
}

impl Kept {
    pub(crate) fn new(grant: Grant) -> Arc<Self> {
        Arc::new(Self { grant: Mutex::new(Some(grant)), lost: Mutex::default() })
    }

    pub(crate) fn grant(&self) -> Option<Grant> {
        self.grant.lock().unwrap().clone()
    }
}

impl Grants for Kept {
    fn load(&self) -> BoxFuture<'_, Result<Option<Grant>, ServerError>> {
        async move { Ok(self.grant()) }.boxed()
    }
    fn keep<'a>(&'a self, _: &'a Grant, new: &'a Grant) -> BoxFuture<'a, Result<(), ServerError>> {
        async move {
            *self.grant.lock().unwrap() = Some(new.clone());
            Ok(())
        }
        .boxed()
    }
    fn lost<'a>(
        &'a self,
        _: &'a Grant,
        why: &'a SignInError,
    ) -> BoxFuture<'a, Result<(), ServerError>> {
        async move {
            *self.grant.lock().unwrap() = None;
            self.lost.lock().unwrap().push(why.clone());
            Ok(())
        }
        .boxed()
    }
}

/// A connection to the world's server that shows what is kept.
pub(crate) fn connect(world: &Issuer, kept: &Arc<Kept>) -> Arc<dyn ToolServer> {
    let mut spec = web(world.mcp().as_str());
    let Transport::Http { credentials, .. } = &mut spec.transport else { panic!() };
    let (sign_in, tasks) = (Arc::new(oauth()), Tasks::default());
    *credentials = Some(Arc::new(Renewing::new(sign_in, kept.clone(), Clock::System, tasks)));
    open(spec)
}
