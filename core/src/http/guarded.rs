//! A client for hosts that strangers named: it connects to addresses that somebody let through, and to nothing else.
//!
//! An address in a URL never comes here, since the client connects to it without asking: it has to be looked at before.

use std::error::Error as StdError;
use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::{Http, Peer, builder};
use crate::clock::Clock;
use crate::error::Result;

/// How the addresses of a name are found. A failure that is one of our own errors is final, and what the call ends with.
pub(crate) type Lookup = Arc<dyn Fn(String) -> Looking + Send + Sync>;

/// The addresses of a name, once they are known.
type Looking = Pin<Box<dyn Future<Output = Result<Vec<IpAddr>, Box<dyn StdError + Send + Sync>>> + Send>>;

impl Http {
    /// Connects to what `lookup` finds, straight and never through the proxy of the environment: a proxy would look the name
    /// up again.
    pub(crate) fn guarded(connect: Duration, lookup: Lookup, clock: Arc<dyn Clock>) -> Result<Self> {
        Self::build(builder(connect).no_proxy().dns_resolver(Resolver(lookup)), Peer::Stranger, clock)
    }
}

/// Asks the system.
pub(crate) fn look_up() -> Lookup {
    Arc::new(|name| {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name, 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    })
}

struct Resolver(Lookup);

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let looking = (self.0)(name.as_str().to_owned());
        Box::pin(async move {
            // With port 0 the client takes the one of the URL.
            let found = looking.await?.into_iter().map(|address| SocketAddr::new(address, 0));
            Ok(Box::new(found) as Addrs)
        })
    }
}
