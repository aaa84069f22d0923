//! Signing in: a whole world of one address, with an issuer and a server that wants its tokens.

mod connection;
mod flows;
mod issuer;
mod liars;
mod secrets;
mod world;
