//! What the issuer knows, and how it changes with each verb.

use std::collections::{HashMap, VecDeque};

use galaxy_base::{ExposeSecret, SecretString, Timestamp};
use galaxy_tool::server::{
    SignInError,
    oauth::{Ask, Callback, Grant, Pending},
};

use super::{ISSUER, LIFE, Verb};
use crate::Gate;

#[derive(Default)]
pub(super) struct Inner {
    pub(super) asked: Vec<Ask>,
    /// Tokens that open something, and what they allow.
    pub(super) good: Vec<(String, Vec<String>)>,
    /// The sign-in that each refresh token belongs to, and whether it was used.
    pub(super) refresh: HashMap<String, (usize, bool)>,
    /// How often a refresh token was used again.
    pub(super) thefts: usize,
    /// Whose answers wait, and where.
    pub(super) held: Option<(Verb, Gate)>,
    pub(super) takes_nothing_back: bool,
    /// Tokens that were shown, in order.
    pub(super) shown: Vec<String>,
    /// What else has to be allowed.
    pub(super) demand: Option<String>,
    pub(super) refusals: VecDeque<SignInError>,
    pub(super) renewals: usize,
    pub(super) count: usize,
    pub(super) now: Option<Timestamp>,
}

impl Inner {
    pub(super) fn refusal(&mut self) -> Result<(), SignInError> {
        self.refusals.pop_front().map_or(Ok(()), Err)
    }

    fn token(&mut self, scopes: &[String], family: Option<usize>) -> (SecretString, SecretString) {
        self.count += 1;
        let token = format!("canary-access-{}", self.count);
        let refresh = format!("canary-refresh-{}", self.count);
        self.good.push((token.clone(), scopes.to_vec()));
        self.refresh.insert(refresh.clone(), (family.unwrap_or(self.count), false));
        (token.into(), refresh.into())
    }

    /// Uses up what a grant is renewed with; gives the sign-in that it belongs to. What it does not
    /// know was given before its time.
    fn use_up(&mut self, refresh: Option<&SecretString>) -> Result<Option<usize>, SignInError> {
        let refresh = refresh.ok_or(SignInError::SignInAgain)?.expose_secret();
        let Some((family, used)) = self.refresh.get_mut(refresh) else { return Ok(None) };
        if std::mem::replace(used, true) {
            let family = *family;
            self.thefts += 1;
            self.end(family);
            return Err(SignInError::SignInAgain);
        }
        Ok(Some(*family))
    }

    /// Ends a sign-in with all that came of it.
    fn end(&mut self, family: usize) {
        let of_it = self.refresh.iter_mut().filter(|(_, (it, _))| *it == family);
        for (refresh, (_, used)) in of_it {
            *used = true;
            let access = refresh.replace("refresh", "access");
            self.good.retain(|(it, _)| *it != access);
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.now.unwrap_or(crate::store::START)
    }

    pub(super) fn finish(
        &mut self,
        pending: Pending,
        callback: Callback,
    ) -> Result<Grant, SignInError> {
        self.refusal()?;
        if callback.issuer.as_deref() != Some(ISSUER) {
            let (expected, found) = (ISSUER.to_owned(), callback.issuer);
            return Err(SignInError::WrongIssuer { expected, found });
        }
        if callback.code.is_none_or(|it| it.expose_secret() != "canary-code") {
            return Err(SignInError::SignInAgain);
        }
        let (access_token, refresh_token) = self.token(&pending.scopes, None);
        Ok(Grant {
            issuer: pending.issuer,
            client: pending.client,
            token_endpoint: pending.token_endpoint,
            revocation_endpoint: pending.revocation_endpoint,
            access_token,
            refresh_token: Some(refresh_token),
            expires_at: Some(self.now().after(LIFE)),
            scopes: pending.scopes,
            resource: pending.resource,
            inside: pending.inside,
        })
    }

    pub(super) fn renew(&mut self, grant: &Grant) -> Result<Grant, SignInError> {
        self.renewals += 1;
        self.refusal()?;
        let family = self.use_up(grant.refresh_token.as_ref())?;
        let (access_token, refresh_token) = self.token(&grant.scopes, family);
        let expires_at = Some(self.now().after(LIFE));
        let refresh_token = Some(refresh_token);
        Ok(Grant { access_token, refresh_token, expires_at, ..grant.clone() })
    }

    /// Takes a grant back; gives what named it.
    pub(super) fn revoke(&mut self, grant: &Grant) -> Result<Option<String>, SignInError> {
        self.refusal()?;
        if grant.revocation_endpoint.is_none() {
            return Ok(None);
        }
        let token = grant.refresh_token.as_ref().unwrap_or(&grant.access_token).expose_secret();
        if let Some((family, _)) = self.refresh.get(token) {
            self.end(*family);
        }
        self.good.retain(|(it, _)| it != grant.access_token.expose_secret());
        Ok(Some(token.to_owned()))
    }
}
