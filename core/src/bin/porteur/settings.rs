//! Where a command finds the platform: the environment, and what is said in its place.

use std::time::Duration;

use clap::Args;
use porteur::{Config, Error, Result};

#[derive(Args)]
pub(crate) struct Platform {
    /// One host for everything, in place of GENESYS_BASE_URL and GENESYS_ENVIRONMENT
    #[arg(long, value_name = "URL")]
    base_url: Option<String>,
    /// A domain of the platform or its AWS region, in place of GENESYS_ENVIRONMENT
    #[arg(long, value_name = "NAME")]
    environment: Option<String>,
    /// Lets tokens and bytes travel unencrypted to a host that is not this machine
    #[arg(long)]
    allow_plain_http: bool,
}

impl Platform {
    /// Whether a real platform was asked for on the command line.
    pub(crate) fn is_named(&self) -> bool {
        self.base_url.is_some() || self.environment.is_some()
    }

    /// Credentials come from GENESYS_CLIENT_ID and GENESYS_CLIENT_SECRET: a command line can be read by everybody on the
    /// machine.
    pub(crate) fn config(&self) -> Result<Config> {
        let mut config = Config::from_env()?.allow_plain_http(self.allow_plain_http);
        if let Some(environment) = &self.environment {
            config = config.environment(environment);
        }
        if let Some(url) = &self.base_url {
            config = config.base_url(url);
        }
        Ok(config)
    }
}

/// A setting that cannot be.
pub(crate) fn invalid(field: &str, reason: String) -> Error {
    Error::InvalidInput { field: field.to_owned(), reason, answer: None }
}

/// A number of seconds on the command line.
pub(crate) fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().map_err(|_| "expected a number of seconds".to_owned())?;
    Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_a_time_that_can_be_waited_for() {
        assert_eq!(seconds("2.5").unwrap(), Duration::from_millis(2_500));
        for wrong in ["", "two", "-1", "NaN", "1e30"] {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
    }
}
