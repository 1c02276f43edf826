//! `porteur tour`: real files travel through everything there is, and every claim is checked.
//!
//! Without a host it starts the simulator in this process, with a rate limit, a lost connection, an expired URL, a lost
//! answer, an unsupported codec, a socket that is closed and a download that breaks off on the way. Each step is a file here.

mod account;
mod attachment;
mod audit;
mod conversation;
mod files;
mod interaction;
mod message;
mod preview;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use porteur::simulator::{ClockKind, Simulator, SimulatorSettings};
use porteur::{Client, Config, Error, Result};

use crate::settings::Platform;
use account::Account;
use audit::Trail;
use message::Address;

#[derive(Args)]
pub(crate) struct Arguments {
    /// Files to take along; without any, a file of 64 MiB that is made for it and the pictures in tests/media, if it is
    /// there. With --base-url or --environment they go to a real platform, with the credentials of the environment
    files: Vec<PathBuf>,
    #[command(flatten)]
    address: Option<Address>,
    #[command(flatten)]
    platform: Platform,
}

/// What every step works with.
struct Tour {
    client: Client,
    /// None on a real host, which cannot be looked into.
    simulator: Option<Simulator>,
    trail: Trail,
    account: Account,
}

pub(crate) async fn run(arguments: Arguments) -> Result<ExitCode> {
    let luggage = files::pack(arguments.files)?;
    let (mut tour, address) = match (arguments.platform.is_named(), arguments.address) {
        (true, address) => (Tour::on(arguments.platform.config()?)?, address),
        (false, None) => {
            let address = Address::simulated();
            (Tour::simulated(&luggage, &address)?, Some(address))
        }
        (false, Some(address)) => {
            let reason = format!("expected --base-url or --environment beside it, got {} alone", address.conversation);
            return Err(Error::InvalidInput { field: "conversation".to_owned(), reason, answer: None });
        }
    };
    let uploaded = files::upload(&mut tour, &luggage).await?;
    conversation::send(&mut tour, &uploaded).await?;
    interaction::transfer(&mut tour).await?;
    attachment::transform(&mut tour).await?;
    match address {
        Some(address) => {
            message::send(&mut tour, &address, &uploaded).await?;
            preview::make(&mut tour, &address.conversation).await?;
            audit::verify(&mut tour).await?;
        }
        None => tour.account.note("no message to a conversation: --conversation, --from and --to would say which"),
    }
    tour.contract();
    Ok(tour.account.close())
}

impl Tour {
    fn on(config: Config) -> Result<Self> {
        let account = Account::open(config.base_url.as_deref().unwrap_or(&config.environment));
        let mut trail = Trail::new()?;
        Ok(Self { client: Client::new(trail.keep(config))?, simulator: None, trail, account })
    }

    fn simulated(luggage: &files::Luggage, address: &Address) -> Result<Self> {
        let trail = Trail::new()?;
        let mut faults = files::faults(luggage);
        faults.extend([address.fault(), interaction::fault(), attachment::fault()]);
        let audit_secret = trail.secret.clone();
        let codecs = vec![interaction::CODEC.to_owned()];
        let settings = SimulatorSettings {
            clock: ClockKind::System,
            faults,
            audit_secret,
            codecs,
            attachments: vec![attachment::settings()],
            hosted: preview::hosted(),
            ..Default::default()
        };
        let simulator = Simulator::start(settings)?;
        let config = trail.post(Config::simulated(&simulator), format!("{}/audit", simulator.url()));
        let account = Account::open(&format!("the simulated platform on {}", simulator.url()));
        Ok(Self { client: Client::new(config)?, simulator: Some(simulator), trail, account })
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
