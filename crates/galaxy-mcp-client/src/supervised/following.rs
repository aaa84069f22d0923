//! Following single resources, across connections.
//!
//! Servers of the newest revision are listened to; older ones are told (`resources/subscribe`), and
//! told again when there is a new connection.

use std::{sync::Arc, time::Duration};

use galaxy_base::Backoff;
use galaxy_tool::server::{Era, Request, RequestCx, ServerError};
use rmcp::{
    model::{ServerNotification, SubscriptionFilter},
    service::ServiceError,
};
use serde_json::json;
use tokio::sync::watch;

use crate::{
    connection::Connection,
    failure,
    follow::Joined,
    supervised::{Inner, Patience},
};

/// How long to wait before following again.
const AGAIN: Backoff = Backoff { first: Duration::from_secs(1), longest: Duration::from_secs(60) };

impl Inner {
    /// Follows the resource at `uri`.
    pub(super) async fn follow(
        self: &Arc<Self>,
        uri: &str,
    ) -> Result<watch::Receiver<u64>, ServerError> {
        let followed = self.status.ears().followed;
        let first = match followed.join(uri) {
            Joined::Along(known) => return Ok(known),
            Joined::First(first) => first,
            Joined::Full => {
                let message = "too many of its resources are followed already".to_owned();
                return Err(ServerError::Unavailable { message, retry_after: None });
            }
        };
        // Whether the server lets anybody follow is found out before anybody relies on it.
        let begun = match self.connection(Patience::Waits).await {
            Ok(connection) => self.begin(&connection, uri).await.map(|begun| (connection, begun)),
            Err(err) => Err(err),
        };
        let (connection, begun) = match begun {
            Ok(begun) => begun,
            Err(err) => {
                followed.forget(uri);
                return Err(err);
            }
        };
        let (inner, uri) = (self.clone(), uri.to_owned());
        self.house.tasks.spawn(async move {
            let stopping = inner.house.tasks.stopping().clone();
            let work = inner.keep_following(&uri, connection, begun);
            tokio::select! {
                () = work => (),
                () = stopping.cancelled() => (),
            }
        });
        Ok(first)
    }

    async fn keep_following(
        self: &Arc<Self>,
        uri: &str,
        mut connection: Arc<Connection>,
        mut begun: Option<rmcp::service::Subscription>,
    ) {
        let followed = self.status.ears().followed;
        for attempt in 0_u32.. {
            tokio::select! {
                () = followed.left(uri) => return self.end(&connection, uri).await,
                () = self.hear(&connection, begun.as_mut(), uri) => (),
            }
            drop(begun.take());
            // There is nobody to listen to for a while, or for ever.
            loop {
                tokio::select! {
                    () = followed.left(uri) => return,
                    () = tokio::time::sleep(AGAIN.bound(attempt)) => (),
                }
                let Ok(again) = self.connection(Patience::Waits).await else { continue };
                match self.begin(&again, uri).await {
                    Ok(new) => {
                        (connection, begun) = (again, new);
                        // What changed meanwhile was told to nobody.
                        followed.touch(uri);
                        break;
                    }
                    Err(ServerError::Said { .. }) => return followed.forget(uri),
                    Err(_) => (),
                }
            }
        }
    }

    /// Asks the server to tell of `uri`.
    async fn begin(
        &self,
        connection: &Connection,
        uri: &str,
    ) -> Result<Option<rmcp::service::Subscription>, ServerError> {
        match connection.era {
            Era::Modern => {
                let mut filter = SubscriptionFilter::new();
                filter.resource_subscriptions = Some(vec![uri.to_owned()]);
                let listening = connection.peer().listen(filter);
                let limit = self.spec.limits.silence;
                let listening = tokio::time::timeout(limit, listening).await;
                listening
                    .map_err(|_| ServerError::TimedOut(limit))?
                    .map(Some)
                    .map_err(|err: ServiceError| failure::of_request(err))
            }
            Era::Legacy => self.tell(connection, "resources/subscribe", uri).await.map(|()| None),
        }
    }

    /// Returns when nothing will be heard any more.
    async fn hear(
        &self,
        connection: &Connection,
        listening: Option<&mut rmcp::service::Subscription>,
        uri: &str,
    ) {
        let followed = self.status.ears().followed;
        let Some(listening) = listening else { return connection.ended().cancelled().await };
        let ended = connection.ended().clone();
        loop {
            let heard = tokio::select! {
                () = ended.cancelled() => return,
                heard = listening.next() => heard,
            };
            match heard {
                Ok(Some(ServerNotification::ResourceUpdatedNotification(_))) => followed.touch(uri),
                Ok(Some(_)) => (),
                Ok(None) | Err(_) => return,
            }
        }
    }

    /// Tells an old server that nobody follows `uri` any more; a new one notices by itself.
    async fn end(&self, connection: &Connection, uri: &str) {
        if connection.era == Era::Legacy && !connection.is_over() {
            // A server that goes on telling is not listened to.
            let _ = self.tell(connection, "resources/unsubscribe", uri).await;
        }
    }

    async fn tell(
        &self,
        connection: &Connection,
        method: &str,
        uri: &str,
    ) -> Result<(), ServerError> {
        let request = Request::new(method, json!({ "uri": uri }));
        let told = connection.request(&self.house.tasks, request, &RequestCx::default()).await;
        told.map(drop).map_err(|err| self.status.ears().log.clean(err))
    }
}
