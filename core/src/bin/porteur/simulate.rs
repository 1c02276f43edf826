//! `porteur simulate`: the platform on loopback until Ctrl-C.

use std::process::ExitCode;

use clap::Args;
use porteur::simulator::{ClockKind, Simulator, SimulatorSettings};
use porteur::{Error, Result};

#[derive(Args)]
pub(crate) struct Arguments {
    /// The port on 127.0.0.1; any free one when it is left out
    #[arg(long)]
    port: Option<u16>,
    /// More settings as JSON, as in '{"chunk_size": 65536, "faults": [{"on": "PUT /storage", "nth": 2, "status": 503}]}'
    #[arg(long, value_name = "JSON")]
    settings: Option<String>,
    /// Keeps digests only, for files larger than the memory
    #[arg(long)]
    discard: bool,
}

pub(crate) async fn run(arguments: Arguments) -> Result<ExitCode> {
    let mut settings = match &arguments.settings {
        Some(json) => serde_json::from_str(json).map_err(|error| Error::InvalidInput {
            field: "settings".to_owned(),
            reason: format!("expected the simulator's settings as JSON: {error}"),
            answer: None,
        })?,
        None => SimulatorSettings::default(),
    };
    // Whoever talks to it from another process lives in real time.
    settings.clock = ClockKind::System;
    settings.port = arguments.port.unwrap_or(settings.port);
    settings.keep_bytes &= !arguments.discard;
    let simulator = Simulator::start(settings)?;
    println!("GENESYS_BASE_URL={}", simulator.url());
    println!("GENESYS_CLIENT_ID={}", simulator.client_id());
    println!("GENESYS_CLIENT_SECRET={}", simulator.client_secret());
    eprintln!("serving until Ctrl-C; set the lines above to use it");
    // When there is no signal to wait for, there is nothing to serve for.
    let _ = tokio::signal::ctrl_c().await;
    for violation in simulator.violations() {
        eprintln!("breach of the contract: {violation}");
    }
    Ok(ExitCode::SUCCESS)
}
