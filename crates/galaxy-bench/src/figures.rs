//! What is measured, in order.

use std::{path::Path, time::Duration};

use anyhow::Result;
use galaxy_base::Tasks;

use crate::{
    asking::Kind,
    load::{Load, Turn, percentile, streams, turns},
    peers,
    process::Stretch,
    report::{Figure, Report, Target},
    stage::{Stage, starts},
};

/// Tokens in a second of each stream.
const PACE: u32 = 50;
/// Clients that take turns.
pub(crate) const CLIENTS: u32 = 16;
/// Times that medians are taken of.
pub(crate) const TIMES: usize = 5;
/// Of the errors of one load, so many are told.
const TOLD: usize = 3;

/// How much is done.
struct Extent {
    /// Questions for the time to the first token.
    questions: usize,
    /// Tokens of each stream.
    tokens: usize,
    /// How long turns are taken, each of so many times.
    turns: Duration,
    /// How many streams there are at once.
    streams: &'static [u32],
}

/// How much is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Breadth {
    /// Everything, for a short time.
    Short,
    /// Everything, for longer and with more streams.
    Full,
    /// The Model Context Protocol beside others.
    Protocol,
    /// Turns of a chat and of an agent, for whoever makes them faster.
    Turns,
}

/// Measures the server `program`.
pub(crate) async fn measure(
    program: &Path,
    python: Option<&Path>,
    breadth: Breadth,
) -> Result<Report> {
    let full = breadth == Breadth::Full;
    let extent = if full {
        let turns = Duration::from_secs(5);
        Extent { questions: 2_000, tokens: 1_500, turns, streams: &[200, 1_000, 2_000, 4_000] }
    } else {
        let turns = Duration::from_secs(2);
        Extent { questions: 400, tokens: 500, turns, streams: &[200, 1_000] }
    };
    let processors = std::thread::available_parallelism()?.get();
    let mut report = Report { processors, full, ..Report::default() };
    if breadth == Breadth::Protocol {
        let stage = Stage::set(program, python).await?;
        say("the gateway, and a FastMCP server");
        peers::measure(&stage, extent.turns, &mut report).await?;
        return Ok(report);
    }
    if breadth == Breadth::Turns {
        let stage = Stage::set(program, None).await?;
        for turn in [Turn::Plain, Turn::Agent] {
            take_turns(&stage, turn, extent.turns, &mut report).await?;
        }
        return Ok(report);
    }
    say("starting it again and again");
    start(program, &mut report).await?;
    let stage = Stage::set(program, python).await?;
    say("time to the first token");
    first_token(&stage, extent.questions, &mut report).await?;
    for turn in [Turn::Plain, Turn::Agent, Turn::List, Turn::Store] {
        say(match turn {
            Turn::Plain => "turns of a chat",
            Turn::Agent => "turns of an agent",
            Turn::List => "lists of tools",
            Turn::Store => "calls of a tool",
            Turn::Discover => "discovery",
        });
        take_turns(&stage, turn, extent.turns, &mut report).await?;
    }
    say("the gateway, and a FastMCP server");
    peers::measure(&stage, extent.turns, &mut report).await?;
    for count in extent.streams {
        say(&format!("{count} streams"));
        stream(&stage, *count, extent.tokens, &mut report).await?;
    }
    Ok(report)
}

fn say(what: &str) {
    println!("… {what}");
}

impl Report {
    /// Adds a figure.
    pub(crate) fn add(
        &mut self,
        name: impl Into<String>,
        unit: &'static str,
        value: f64,
        target: Target,
    ) {
        let (name, floor, errors) = (name.into(), None, 0);
        self.figures.push(Figure { name, unit, value, target, floor, errors });
    }

    /// Adds what the last figure is compared with.
    pub(crate) fn beside(&mut self, floor: f64, errors: usize) {
        if let Some(figure) = self.figures.last_mut() {
            (figure.floor, figure.errors) = (Some(floor), errors);
        }
    }

    /// Counts errors of the last figure.
    pub(crate) fn errors_count(&mut self, errors: usize) {
        if let Some(figure) = self.figures.last_mut() {
            figure.errors = errors;
        }
    }

    /// Tells some errors of a load; gives how many there were.
    pub(crate) fn errors_of(&mut self, name: &str, load: &Load) -> usize {
        let told = load.errors.iter().take(TOLD).map(|error| format!("{name}: {error}"));
        self.errors.extend(told);
        load.errors.len()
    }
}

async fn start(program: &Path, report: &mut Report) -> Result<()> {
    let (took, memory) = starts(program, TIMES).await?;
    report.add("start to ready, median", "ms", percentile(&took, 0.5), Target::AtMost(100.0));
    report.add("memory at rest", "MB", megabytes(memory), Target::AtMost(40.0));
    Ok(())
}

/// One question after the other, each to all three in turn, so that the machine's moods hit all.
async fn first_token(stage: &Stage, questions: usize, report: &mut Report) -> Result<()> {
    let tasks = Tasks::default();
    let kinds = [Kind::Direct, Kind::Floor, Kind::Galaxy];
    let mut asking = Vec::new();
    for kind in kinds {
        asking.push((stage.target(kind).ask(&tasks).await?, Vec::new()));
    }
    let mut errors = 0;
    // The first tenth only warms up.
    for question in 0..questions + questions / 10 {
        for (asking, times) in &mut asking {
            let asked = async {
                asking.prepare().await?;
                asking.stream(1, 0).await
            };
            match asked.await {
                Ok(time) if question >= questions / 10 => times.push(time),
                Ok(_) => (),
                Err(err) => {
                    errors += 1;
                    report.errors.push(format!("first token: {err:#}"));
                }
            }
        }
    }
    let [direct, floor, galaxy] = [0, 1, 2].map(|at: usize| {
        let mut times = std::mem::take(&mut asking[at].1);
        times.sort_unstable();
        move |share: f64| percentile(&times, share)
    });
    for (name, share, most) in [("p50", 0.5, 1.0), ("p99", 0.99, 3.0)] {
        let added = galaxy(share) - direct(share);
        let name = format!("time to first token, added, {name}");
        report.add(name, "ms", added, Target::AtMost(most));
        report.beside(floor(share) - direct(share), errors);
    }
    Ok(())
}

async fn take_turns(stage: &Stage, turn: Turn, time: Duration, report: &mut Report) -> Result<()> {
    let (name, least, most, latest) = match turn {
        Turn::Plain => ("chat turn, kept", 1_500.0, 600.0, 50.0),
        Turn::Agent => ("agent turn with a stored call, kept", 800.0, 500.0, 50.0),
        Turn::List => ("MCP tools/list", 12_000.0, 40.0, 15.0),
        Turn::Store => ("MCP add_task, kept", 5_000.0, 80.0, 15.0),
        Turn::Discover => anyhow::bail!("it is measured by itself"),
    };
    let (mut rates, mut costs, mut late) = ([vec![], vec![]], [vec![], vec![]], Vec::new());
    let mut errors = 0;
    for _ in 0..TIMES {
        for (at, kind) in [Kind::Galaxy, Kind::Floor].into_iter().enumerate() {
            let stretch = Stretch::of(stage.server(kind))?;
            let load = turns(&stage.target(kind), CLIENTS, turn, time).await;
            let (cpu, _) = stretch.end()?;
            rates[at].push(load.rate());
            costs[at].push(cpu.as_secs_f64() * 1e6 / load.times.len() as f64);
            if kind == Kind::Galaxy {
                late.push(load.percentile(0.99));
            }
            errors += report.errors_of(name, &load);
        }
    }
    let [rate, floor_rate] = rates.map(median);
    let [cost, floor_cost] = costs.map(median);
    report.add(format!("{name}, {CLIENTS} clients"), "1/s", rate, Target::AtLeast(least));
    report.beside(floor_rate, errors);
    report.add(format!("{name}, processor"), "µs", cost, Target::AtMost(most));
    report.beside(floor_cost, errors);
    report.add(format!("{name}, p99"), "ms", median(late), Target::AtMost(latest));
    Ok(())
}

async fn stream(stage: &Stage, count: u32, tokens: usize, report: &mut Report) -> Result<()> {
    let mut loads = Vec::new();
    for kind in [Kind::Galaxy, Kind::Floor, Kind::Direct] {
        let stretch = Stretch::of(stage.server(kind))?;
        let load = streams(&stage.target(kind), count, tokens, PACE).await;
        let (cpu, _) = stretch.end()?;
        let sent = load.times.len() * tokens;
        let cost = cpu.as_secs_f64() * 1e6 / sent as f64;
        let rate = sent as f64 / load.wall.as_secs_f64();
        loads.push((load, rate, cost));
    }
    let [(galaxy, rate, cost), (floor, floor_rate, floor_cost), (direct, direct_rate, _)] =
        loads.as_slice()
    else {
        anyhow::bail!("three loads were made");
    };
    let name = format!("{count} streams x {PACE}/s");
    let errors = report.errors_of(&name, galaxy)
        + report.errors_of(&name, floor)
        + report.errors_of(&name, direct);
    report.add(format!("{name}, tokens"), "1/s", *rate, Target::AtLeast(direct_rate * 0.98));
    report.beside(*floor_rate, errors);
    let (half, late) = if count > 200 { (50.0, 500.0) } else { (15.0, 30.0) };
    for (words, share, most) in [("p50", 0.5, half), ("p99", 0.99, late)] {
        let words = format!("{name}, first token, {words}");
        report.add(words, "ms", galaxy.percentile(share), Target::AtMost(most));
        report.beside(floor.percentile(share), errors);
    }
    report.add(format!("{name}, processor per token"), "µs", *cost, Target::AtMost(15.0));
    report.beside(*floor_cost, errors);
    let memory = megabytes(stage.server(Kind::Galaxy).memory(true)?);
    report.add(format!("{name}, most memory"), "MB", memory, Target::AtMost(300.0));
    report.beside(megabytes(stage.server(Kind::Floor).memory(true)?), errors);
    Ok(())
}

/// The middle one.
pub(crate) fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or(f64::NAN)
}

fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}
