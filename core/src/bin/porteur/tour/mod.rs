//! `porteur tour`: real files travel through everything there is, and every claim is checked.
//!
//! Without a host it starts the simulator in this process, with a rate limit, a lost connection and an expired URL on
//! the way. Each step is a file here.

mod account;
mod conversation;
mod files;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use porteur::simulator::{ClockKind, Simulator, SimulatorSettings};
use porteur::{Client, Config, Result};

use crate::settings::Platform;
use account::Account;

#[derive(Args)]
pub(crate) struct Arguments {
    /// Files to take along; without any, a file of 64 MiB that is made for it and the pictures in tests/media, if it is
    /// there. With --base-url or --environment they go to a real platform, with the credentials of the environment
    files: Vec<PathBuf>,
    #[command(flatten)]
    platform: Platform,
}

/// What every step works with.
struct Tour {
    client: Client,
    /// None on a real host, which cannot be looked into.
    simulator: Option<Simulator>,
    account: Account,
}

pub(crate) async fn run(arguments: Arguments) -> Result<ExitCode> {
    let luggage = files::pack(arguments.files)?;
    let mut tour = match arguments.platform.is_named() {
        true => Tour::on(arguments.platform.config()?)?,
        false => Tour::simulated(&luggage)?,
    };
    let uploaded = files::upload(&mut tour, &luggage).await?;
    conversation::send(&mut tour, &uploaded).await?;
    tour.contract();
    Ok(tour.account.close())
}

impl Tour {
    fn on(config: Config) -> Result<Self> {
        let account = Account::open(config.base_url.as_deref().unwrap_or(&config.environment));
        Ok(Self { client: Client::new(config)?, simulator: None, account })
    }

    fn simulated(luggage: &files::Luggage) -> Result<Self> {
        let settings =
            SimulatorSettings { clock: ClockKind::System, faults: files::faults(luggage), ..Default::default() };
        let simulator = Simulator::start(settings)?;
        let client = Client::new(Config::simulated(&simulator))?;
        let account = Account::open(&format!("the simulated platform on {}", simulator.url()));
        Ok(Self { client, simulator: Some(simulator), account })
    }

    /// What holds for the trip as a whole.
    fn contract(&mut self) {
        let Some(simulator) = &self.simulator else { return };
        let violations = simulator.violations();
        self.account.step("contract", "what the platform saw of us", None);
        self.account.check("no request broke the contract", violations.is_empty(), &violations.join("; "));
        let tokens = simulator.state().token_requests;
        self.account.check("one token served every call", tokens == 1, &format!("{tokens} token requests"));
    }
}
