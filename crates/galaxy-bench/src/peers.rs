//! The Model Context Protocol: Galaxy's own endpoint and its gateway, beside a FastMCP server.

use std::time::Duration;

use anyhow::Result;

use crate::{
    asking::Kind,
    figures::{CLIENTS, TIMES, median},
    load::{Turn, turns},
    report::{Report, Target},
    stage::Stage,
};

/// Discovery is done before anybody notices, in milliseconds.
const DISCOVERY: f64 = 100.0;

/// What one kind of server did.
struct Measured {
    rate: f64,
    late: f64,
    errors: usize,
}

/// Measures lists, calls and discovery, each for `time`.
pub(crate) async fn measure(stage: &Stage, time: Duration, report: &mut Report) -> Result<()> {
    for turn in [Turn::List, Turn::Store] {
        let what = if turn == Turn::List { "tools/list" } else { "tools/call" };
        let beside = match &stage.fast_mcp {
            Some(_) => Some(take(stage, Kind::FastMcp, turn, time, what, report).await?),
            None => None,
        };
        for (kind, way) in [(Kind::Galaxy, "/mcp"), (Kind::Gateway, "the gateway")] {
            let name = format!("MCP {what} by {way}, beside FastMCP");
            let own = take(stage, kind, turn, time, &name, report).await?;
            let (least, most) =
                beside.as_ref().map_or((0.0, f64::INFINITY), |it| (it.rate, it.late));
            let errors = own.errors + beside.as_ref().map_or(0, |it| it.errors);
            report.add(&name, "1/s", own.rate, Target::AtLeast(least));
            report.beside(beside.as_ref().map_or(f64::NAN, |it| it.rate), errors);
            report.add(format!("{name}, p99"), "ms", own.late, Target::AtMost(most));
            report.beside(beside.as_ref().map_or(f64::NAN, |it| it.late), errors);
        }
    }
    for (kind, way) in [(Kind::Galaxy, "/mcp"), (Kind::Gateway, "the gateway")] {
        let name = format!("MCP server/discover by {way}, {CLIENTS} clients, p99");
        let own = take(stage, kind, Turn::Discover, time, &name, report).await?;
        report.add(&name, "ms", own.late, Target::AtMost(DISCOVERY));
        report.errors_count(own.errors);
    }
    Ok(())
}

/// Medians of several times.
async fn take(
    stage: &Stage,
    kind: Kind,
    turn: Turn,
    time: Duration,
    name: &str,
    report: &mut Report,
) -> Result<Measured> {
    let (mut rates, mut late, mut errors) = (Vec::new(), Vec::new(), 0);
    for _ in 0..TIMES {
        let load = turns(&stage.target(kind), CLIENTS, turn, time).await;
        rates.push(load.rate());
        late.push(load.percentile(0.99));
        errors += report.errors_of(name, &load);
    }
    Ok(Measured { rate: median(rates), late: median(late), errors })
}
