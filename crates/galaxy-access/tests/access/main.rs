//! Access on a real store.

#![expect(clippy::unwrap_used, reason = "a test that meets an error has failed")]

mod accounts;
mod confirm;
mod keys;
mod local;
mod proxies;
mod set_up;
mod sign_in;
mod tokens;

use std::net::IpAddr;

use galaxy_access::{Access, AccessConfig, AccessError, Fresh, PersonRequest, Presented};
use galaxy_base::{ExposeSecret, SecretString};
use galaxy_domain::{Caller, Kind, Role, person::Person};
use galaxy_testkit::store::StoreFixture;

const SIGNING_SECRET: &str = "0123456789abcdef0123456789ABCDEF";
const PASSWORD: &str = "three quiet lanterns";
const OTHER_PASSWORD: &str = "seven loud harbours";
const ADMIN: &str = "ana@example.org";
const MEMBER: &str = "bo@example.org";

/// Access, an administrator who is signed in, and a member.
struct House {
    access: Access,
    admin: Caller,
    member: Person,
}

fn config() -> AccessConfig {
    AccessConfig::new("Galaxy Chat", SIGNING_SECRET.into())
}

fn access(store: &StoreFixture) -> Access {
    Access::new(config(), store.store.clone()).unwrap()
}

fn address(last: u8) -> IpAddr {
    IpAddr::from([192, 0, 2, last])
}

async fn house(store: &StoreFixture) -> House {
    let access = access(store);
    let token = access.setup_token().await.unwrap().unwrap();
    access.set_up(token.expose_secret(), ADMIN, "Ana", &PASSWORD.into()).await.unwrap();
    let admin = sign_in(&access, ADMIN, PASSWORD).await;
    let member = access.create_person(&fresh(&access, &admin), person(MEMBER), None).await.unwrap();
    House { access, admin, member }
}

fn person(email: &str) -> PersonRequest {
    let (email, name) = (email.to_owned(), "Somebody".to_owned());
    PersonRequest { email, name, role: Role::Member, password: PASSWORD.into() }
}

/// The caller after signing in with a browser.
async fn sign_in(access: &Access, email: &str, password: &str) -> Caller {
    let secret = cookie(access, email, password).await;
    access.authenticate(Presented::Cookie(secret.expose_secret())).await.unwrap()
}

/// What a browser gets for signing in.
async fn cookie(access: &Access, email: &str, password: &str) -> SecretString {
    access.sign_in(email, &password.into(), "Firefox", address(1)).await.unwrap().secret
}

/// The proof that whoever calls has just signed in, or needs not.
fn fresh(access: &Access, caller: &Caller) -> Fresh {
    access.fresh(caller).unwrap()
}

/// How an attempt ended: `None` when it succeeded.
fn kind<T>(end: Result<T, AccessError>) -> Option<Kind> {
    end.err().map(|err| err.kind())
}

const REFUSED: Option<Kind> = Some(Kind::Unauthenticated);
