//! Which URLs and which addresses may be asked when a stranger names them.
//!
//! A URL is looked at as it will be used: after the parser that the client uses too has written every spelling of an address
//! in the one way. The addresses of a name are looked at as they come from DNS, and the connection goes to exactly those, so
//! there is no moment between the look and the connection in which a name could change its mind. Every redirect is a new
//! URL. Source: docs/platform.md, "Previews"; which address is what is in `address`.

use std::net::IpAddr;
use std::sync::Arc;

use url::{Host, Url};

use super::address::{Purpose, purpose};
use crate::error::{Error, Result};
use crate::http::Lookup;

/// The rules, with what a setting opens. By default: https to port 443 of public addresses.
#[derive(Debug, Clone, Default)]
pub(crate) struct Guard {
    /// Whether this machine and private networks may be asked too, on any port, and this machine without TLS. Default no.
    allow_private: bool,
    /// The platform's own download hosts: the one place where a token may go, on the port that is named here.
    allowed_hosts: Vec<Allowed>,
    /// An address of this machine that tests take for a public host, on any port and without TLS.
    #[cfg(test)]
    public: Option<IpAddr>,
}

/// A host that was allowed by name.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Allowed {
    host: String,
    port: u16,
}

impl Guard {
    /// `allowed_hosts` are `host` or `host:port`, which is 443 unless it is named.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] about `allowed_hosts` for what is no host.
    pub(crate) fn new<T: AsRef<str>>(allow_private: bool, allowed_hosts: impl IntoIterator<Item = T>) -> Result<Self> {
        let allowed_hosts =
            allowed_hosts.into_iter().map(|host| Allowed::parse(host.as_ref())).collect::<Result<_>>()?;
        Ok(Self {
            allow_private,
            allowed_hosts,
            #[cfg(test)]
            public: None,
        })
    }

    /// Reads a URL that a stranger wrote, if it may be asked.
    ///
    /// # Errors
    /// [`Error::UnsafeTarget`] with the rule that refuses it, and without its path and query.
    pub(crate) fn parse(&self, text: &str) -> Result<Url> {
        // The parser would leave them out: what people read is not what is asked then.
        if text.contains(|c: char| c.is_control() || c.is_whitespace()) {
            return refuse("expected a URL, got one with spaces or control characters in it");
        }
        let url = Url::parse(text).or_else(|error| refuse(format!("expected a URL: {error}")))?;
        self.check(&url)?;
        Ok(url)
    }

    /// Looks at everything that can be known before DNS is asked.
    ///
    /// # Errors
    /// As [`Guard::parse`].
    pub(crate) fn check(&self, url: &Url) -> Result<()> {
        if url.scheme() != "https" && !self.may_be_plain(url) {
            return refuse(format!("expected https, got {}", url.scheme()));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return refuse("expected a URL without user and password");
        }
        match url.host() {
            None => return refuse("expected a host, got none"),
            Some(Host::Ipv4(address)) => self.admit(address.into())?,
            Some(Host::Ipv6(address)) => self.admit(address.into())?,
            Some(Host::Domain(name)) => {
                let labels = labels(name).map_or_else(|| refuse(format!("expected a host name, got {name}")), Ok)?;
                // One label means something in our own network alone, if anything.
                if labels == 1 && !self.allow_private {
                    return refuse(format!("expected a host name with a dot in it, got {name}"));
                }
            }
        }
        match url.port_or_known_default() {
            Some(port) if port == HTTPS || self.any_port() || self.allows(url) => Ok(()),
            port => refuse(format!("expected port {HTTPS}, got {}", port.unwrap_or_default())),
        }
    }

    /// Whether a token may go along: to a host that was allowed by name alone, and encrypted unless it stays on this machine.
    pub(crate) fn trusts(&self, url: &Url) -> bool {
        self.check(url).is_ok() && self.allows(url)
    }

    /// `lookup` with its answers looked at: one address that may not be asked spoils all of them, since a name that is at
    /// home here and there is either a trick or none of a stranger's business.
    pub(crate) fn watch(&self, lookup: Lookup) -> Lookup {
        let guard = Arc::new(self.clone());
        Arc::new(move |name| {
            let guard = guard.clone();
            let looking = lookup(name.clone());
            Box::pin(async move {
                let addresses = looking.await?;
                for address in &addresses {
                    guard.admit(*address).or_else(|error| match error {
                        Error::UnsafeTarget { reason } => refuse(format!("{name}: {reason}")),
                        other => Err(other),
                    })?;
                }
                Ok(addresses)
            })
        })
    }

    fn admit(&self, address: IpAddr) -> Result<()> {
        match purpose(address) {
            _ if self.is_taken_for_public(address) => Ok(()),
            None => Ok(()),
            Some(Purpose::Loopback | Purpose::Private | Purpose::Shared) if self.allow_private => Ok(()),
            Some(purpose) => refuse(format!("expected a public address, got {address} ({purpose})")),
        }
    }

    /// Without TLS only to this machine, and only where that may be asked at all.
    fn may_be_plain(&self, url: &Url) -> bool {
        let here = crate::http::is_loopback(url);
        url.scheme() == "http" && (self.allow_private && here || self.takes_one_for_public())
    }

    fn any_port(&self) -> bool {
        self.allow_private || self.takes_one_for_public()
    }

    fn allows(&self, url: &Url) -> bool {
        let port = url.port_or_known_default();
        self.allowed_hosts
            .iter()
            .any(|allowed| url.host_str() == Some(allowed.host.as_str()) && port == Some(allowed.port))
    }
}

#[cfg(test)]
impl Guard {
    /// The rules for strangers, with `address` as the only host of the public that a test can have.
    pub(super) fn with_public(address: IpAddr) -> Self {
        Self { public: Some(address), ..Self::default() }
    }

    fn is_taken_for_public(&self, address: IpAddr) -> bool {
        self.public == Some(address)
    }

    fn takes_one_for_public(&self) -> bool {
        self.public.is_some()
    }
}

#[cfg(not(test))]
impl Guard {
    fn is_taken_for_public(&self, _address: IpAddr) -> bool {
        false
    }

    fn takes_one_for_public(&self) -> bool {
        false
    }
}

impl Allowed {
    fn parse(text: &str) -> Result<Self> {
        let wrong = || Error::invalid("allowed_hosts", format!("expected a host or host:port, got {text:?}"));
        let host_alone = !text.contains(['/', '\\', '?', '#', '@', '*']) && !text.contains(char::is_whitespace);
        let url = Url::parse(&format!("https://{text}/")).ok().filter(|_| host_alone).ok_or_else(wrong)?;
        let (host, port) = (url.host_str(), url.port_or_known_default());
        host.zip(port).map(|(host, port)| Self { host: host.to_owned(), port }).ok_or_else(wrong)
    }
}

/// How many labels a name has, when it can be one (RFC 1123, and the underscores that are in use): the client would take others
/// for hosts that cannot be reached just now.
fn labels(name: &str) -> Option<usize> {
    let name = name.strip_suffix('.').unwrap_or(name);
    let sound = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    (name.len() <= 253 && name.split('.').all(sound)).then(|| name.split('.').count())
}

fn refuse<T>(reason: impl Into<String>) -> Result<T> {
    Err(Error::UnsafeTarget { reason: reason.into() })
}

/// The one port of strangers' files. On others there are services that were not made to be asked by just anybody who can reach us.
const HTTPS: u16 = 443;

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(guard: &Guard, url: &str) -> String {
        match guard.parse(url) {
            Err(Error::UnsafeTarget { reason }) => reason,
            other => panic!("{url}: {other:?}"),
        }
    }

    #[test]
    fn a_public_https_url_may_be_asked() {
        let guard = Guard::default();
        for url in [
            "https://files.example.com/a.png?sig=1",
            "https://files.example.com:443/",
            "https://93.184.215.14/a",
            "https://[2606:2800:21f:cb07:6820:80da:af6b:8b2c]/",
            "https://[64:ff9b::93.184.215.14]/",
            "https://bücher.example/",
        ] {
            assert!(guard.parse(url).is_ok(), "{url}: {:?}", guard.parse(url));
        }
    }

    #[test]
    fn the_rule_that_refuses_is_named_and_the_query_is_not() {
        let guard = Guard::default();
        for (url, reason) in [
            ("http://files.example.com/a?SECRET", "expected https, got http"),
            ("ftp://files.example.com/a?SECRET", "expected https, got ftp"),
            ("file:///etc/passwd?SECRET", "expected https, got file"),
            ("https://user:SECRET@files.example.com/", "expected a URL without user and password"),
            ("https://127.0.0.1/?SECRET", "expected a public address, got 127.0.0.1 (loopback)"),
            ("https://[fd00:ec2::254]/?SECRET", "expected a public address, got fd00:ec2::254 (metadata of a cloud)"),
            ("https://localhost/?SECRET", "expected a host name with a dot in it, got localhost"),
            ("https://files..example.com/?SECRET", "expected a host name, got files..example.com"),
            ("https://files.example.com:6379/?SECRET", "expected port 443, got 6379"),
            ("https://files.example.com/ ?SECRET", "expected a URL, got one with spaces or control characters in it"),
            ("https:///?SECRET", "expected a URL: empty host"),
            ("//files.example.com/?SECRET", "expected a URL: relative URL without a base"),
        ] {
            assert_eq!(refusal(&guard, url), reason, "{url}");
        }
    }

    #[test]
    fn what_is_allowed_by_name_opens_private_networks_and_nothing_else() {
        let guard = Guard::new(true, [""; 0]).unwrap();
        for url in [
            "http://127.0.0.1:8080/a",
            "http://[::1]:1/",
            "http://localhost:9/",
            "https://10.0.0.5:9000/",
            "https://nas/",
        ] {
            assert!(guard.parse(url).is_ok(), "{url}: {:?}", guard.parse(url));
        }
        for url in [
            "http://10.0.0.5/",
            "http://files.example.com/",
            "https://169.254.169.254/",
            "https://100.100.100.200/",
            "https://168.63.129.16/",
            "https://[fd00:ec2::254]/",
            "https://0.0.0.0/",
            "https://224.0.0.1/",
            "https://[fe80::1]/",
        ] {
            refusal(&guard, url);
        }
    }

    #[test]
    fn a_token_goes_to_exactly_the_host_that_was_allowed() {
        let guard = Guard::new(false, ["api.mypurecloud.com", "files.example.com:8443"]).unwrap();
        let trusts = |url: &str| guard.trusts(&Url::parse(url).unwrap());
        assert!(trusts("https://api.mypurecloud.com/downloads/1") && trusts("https://API.mypurecloud.com:443/"));
        assert!(trusts("https://files.example.com:8443/"));
        for url in [
            "http://api.mypurecloud.com/",
            "https://api.mypurecloud.com:8443/",
            "https://api.mypurecloud.com./",
            "https://x.api.mypurecloud.com/",
            "https://api.mypurecloud.com.evil.example/",
            "https://api.mypurecloud.com@evil.example/",
            "https://files.example.com/",
        ] {
            assert!(!trusts(url), "{url}");
        }
        let here = Guard::new(true, ["127.0.0.1:8080"]).unwrap();
        assert!(here.trusts(&Url::parse("http://127.0.0.1:8080/a").unwrap()));
        assert!(
            !Guard::new(false, ["127.0.0.1:8080"]).unwrap().trusts(&Url::parse("https://127.0.0.1:8080/").unwrap())
        );
    }

    #[test]
    fn an_allowed_host_is_a_host_and_nothing_more() {
        for wrong in ["", "https://a.example", "a.example/x", "u@a.example", "a.example:x", "a b", "a.example?", "*"] {
            let parsed = Guard::new(false, [wrong]);
            assert!(
                matches!(&parsed, Err(Error::InvalidInput { field, .. }) if field == "allowed_hosts"),
                "{wrong:?}: {parsed:?}"
            );
        }
    }
}
