//! What is written down of requests for what somebody may not have.
//!
//! They have no effect, and anybody who is signed in can make as many as they like: of each person
//! so many a minute are written down, and the others are counted.

use std::{net::IpAddr, sync::atomic::Ordering};

use galaxy_domain::{
    Caller,
    audit::{Act, Actor, Ending, Fact, Record, Thing},
};

use crate::App;

/// So many of one person are written down in a minute.
pub(crate) const A_MINUTE: std::num::NonZeroU32 = std::num::NonZeroU32::new(60).unwrap();

/// A request that was refused.
#[derive(Debug, Clone, Copy)]
pub struct Denial<'a> {
    /// Its method.
    pub method: &'a str,
    /// The route, with places for ids.
    pub route: &'a str,
    /// The thing that was asked for, if the route names one.
    pub target: Option<&'a str>,
    /// Whether it was somebody else's, and said not to be there.
    pub is_hidden: bool,
    /// From where it came.
    pub address: IpAddr,
}

impl App {
    /// Writes down that `caller` asked for what they may not have.
    pub async fn note_denial(&self, caller: &Caller, denial: Denial<'_>) {
        if self.denied.count(caller.person, None).is_err() {
            self.left_out.fetch_add(1, Ordering::Relaxed);
            metrics::counter!("galaxy_audit_left_out_total").increment(1);
            return;
        }
        let actor = Actor::from(caller).at(denial.address);
        let reason = if denial.is_hidden { "not_theirs" } else { "not_allowed" };
        let mut record = Record::new(caller.workspace, actor, Act::Denied)
            .about(Thing::Route, denial.route)
            .ended(Ending::Refused)
            .with(Fact::Method, denial.method)
            .with(Fact::Reason, reason);
        if let Some(target) = denial.target {
            record = record.with(Fact::Target, target);
        }
        let left_out = self.left_out.swap(0, Ordering::Relaxed);
        if left_out > 0 {
            record = record.with(Fact::LeftOut, left_out);
        }
        if let Err(err) = self.store.note(record).await {
            tracing::warn!(error = %err, "a refusal was not written down");
        }
    }
}
