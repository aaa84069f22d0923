//! What is written down of changes to tool servers: never what opens them, nor what their addresses
//! or arguments say.

use galaxy_domain::{
    Permit,
    audit::{Act, Fact, Record, Thing, Value},
    id::ToolServer,
    tool_server::{Link, Origin, Outward, ToolServerRow},
};

use super::{NewToolServer, Place, ToolServerChange, tools::ToolRuling};

/// Something was done to the permit's server.
pub(super) fn about<A>(permit: &Permit<A, ToolServer>, act: Act) -> Record {
    Record::by(permit, act).about(Thing::ToolServer, permit.resource())
}

/// A server was added.
pub(super) fn added(place: Place, new: &NewToolServer) -> Record {
    let (record, is_shared) = match place {
        Place::Own(permit) => (Record::by(&permit, Act::ServerAdded), false),
        Place::Shared(permit) => (Record::by(&permit, Act::ServerAdded), true),
    };
    let record = record
        .about(Thing::ToolServer, new.id)
        .called(&new.name)
        .with(Fact::Shared, is_shared)
        .with(Fact::Trusted, new.trusted)
        .with(Fact::MayAsk, new.may_ask)
        .with(Fact::Values, names(&new.link).len());
    chosen(linked(record, &new.link), new.origin.as_ref())
}

/// A server was changed.
pub(super) fn changed(
    permit: &Permit<galaxy_domain::access::Write, ToolServer>,
    change: &ToolServerChange,
    after: &ToolServerRow,
) -> Record {
    let changed = [
        ("title", change.title.is_some()),
        ("enabled", change.enabled.is_some()),
        ("link", change.link.is_some()),
        ("trusted", change.trusted.is_some()),
        ("may_ask", change.may_ask.is_some()),
    ];
    let changed = changed.into_iter().filter_map(|(what, is_so)| is_so.then_some(what));
    let record = about(permit, Act::ServerChanged)
        .called(&after.name)
        .with(Fact::Changed, changed.collect::<Value>())
        .with(Fact::Enabled, after.enabled)
        .with(Fact::Trusted, after.trusted)
        .with(Fact::MayAsk, after.may_ask);
    match &change.link {
        Some((link, _)) => chosen(linked(record, link), after.origin.as_ref()),
        None => record,
    }
}

/// Tools of a server were allowed or switched.
pub(super) fn ruled(
    permit: &Permit<galaxy_domain::access::Write, ToolServer>,
    rulings: &[ToolRuling],
) -> Record {
    let count = |is_so: fn(&ToolRuling) -> bool| rulings.iter().filter(|it| is_so(it)).count();
    let tools = rulings.iter().take(20).map(|it| it.tool.as_str());
    about(permit, Act::ServerTools)
        .with(Fact::Changed, tools.collect::<Value>())
        .with(Fact::Count, rulings.len())
        .with(Fact::Allowed, count(|it| it.approve.is_some()))
        .with(Fact::SwitchedOn, count(|it| it.enabled == Some(true)))
        .with(Fact::SwitchedOff, count(|it| it.enabled == Some(false)))
}

/// How a server is reached, as far as it says what it may do.
fn linked(record: Record, link: &Link) -> Record {
    match link {
        Link::Http { inside, .. } => {
            let network = if *inside { "inside" } else { "outside" };
            record.with(Fact::Kind, "http").with(Fact::Network, network)
        }
        Link::Program { network, .. } => {
            let network = match network {
                Outward::Nowhere => "none",
                Outward::Web => "web",
                Outward::Anywhere => "any",
            };
            record.with(Fact::Kind, "program").with(Fact::Network, network)
        }
    }
}

fn chosen(record: Record, origin: Option<&Origin>) -> Record {
    match origin {
        Some(Origin { entry, version, .. }) => {
            record.with(Fact::Entry, entry.as_str()).with(Fact::Version, version.as_str())
        }
        None => record,
    }
}

fn names(link: &Link) -> &[String] {
    match link {
        Link::Http { headers, .. } => headers,
        Link::Program { environment, .. } => environment,
    }
}
