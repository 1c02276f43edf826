//! Transfers with porteur from Rust: `transfer TRANSFERS SOCKETS IN_FLIGHT CHECK`; `transfer idle SESSIONS` opens sessions and says
//! what they hold. transfer.py calls it.

use std::time::{Duration, Instant};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use porteur::{Client, Config, Pace, Transfer};

// One thread, as the peers have: the platform gets the other core.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let client = Client::new(Config::from_env()?.pace(Pace::default().per_minute(FAST).burst(FAST)))?;
    match &arguments[..] {
        [idle, sessions] if idle == "idle" => rest(&client, sessions.parse()?).await,
        [transfers, sockets, in_flight, check] => {
            run(&client, transfers.parse()?, sockets.parse()?, in_flight.parse()?, check == "check").await
        }
        _ => Err("usage: transfer TRANSFERS SOCKETS IN_FLIGHT check|unchecked, or transfer idle SESSIONS".into()),
    }
}

async fn run(
    client: &Client,
    transfers: usize,
    sockets: usize,
    in_flight: usize,
    check: bool,
) -> Result<(), Box<dyn std::error::Error>> {
    let sessions: Vec<_> = stream::iter(0..sockets).then(|_| client.connect()).try_collect().await?;
    let started = Instant::now();
    // Tasks, so that none waits for the socket of another.
    let tasks = sessions.iter().map(|session| {
        let session = session.clone();
        let wish = Transfer::new("interaction-1", "genesys://user/agent-9").check(check);
        let wishes = vec![wish; transfers / sockets];
        tokio::spawn(async move { session.transfer_many(wishes, in_flight / sockets).await })
    });
    let mut took: Vec<Duration> = Vec::new();
    for task in tasks.collect::<Vec<_>>() {
        for outcome in task.await?? {
            took.push(outcome?.latency);
        }
    }
    let seconds = started.elapsed().as_secs_f64();
    took.sort_unstable();
    let at = |part: usize| took[(took.len() * part / 100).min(took.len() - 1)].as_secs_f64() * 1e3;
    println!(r#"{{"seconds": {seconds}, "transfers": {}, "p50_ms": {}, "p99_ms": {}}}"#, took.len(), at(50), at(99));
    Ok(())
}

/// Opens sessions and leaves them alone.
async fn rest(client: &Client, count: usize) -> Result<(), Box<dyn std::error::Error>> {
    // The first one brings what all share.
    let first = client.connect().await?;
    let before = resident()?;
    let sessions: Vec<_> = stream::iter(0..count).map(|_| client.connect()).buffer_unordered(32).try_collect().await?;
    let each = (resident()? - before) / count as u64;
    first.transfer(Transfer::new("interaction-1", "genesys://user/agent-9")).await?;
    println!(r#"{{"sessions": {}, "bytes": {each}}}"#, sessions.len());
    Ok(())
}

/// Bytes in memory, as the kernel counts them.
fn resident() -> Result<u64, Box<dyn std::error::Error>> {
    let pages: u64 = std::fs::read_to_string("/proc/self/statm")?.split(' ').nth(1).ok_or("no statm")?.parse()?;
    Ok(pages * 4096)
}

/// A million a minute and at once: so fast that the rate does not matter.
const FAST: u32 = 1_000_000;
