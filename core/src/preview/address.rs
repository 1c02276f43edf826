//! What an address is for, when it is not for the public.
//!
//! The ranges are those of IANA's registries of special-purpose addresses, IPv4 and IPv6, as of 2026-11, and the addresses
//! where clouds tell a machine its secrets. Of IPv6 only what is given out to the public (2000::/3) counts as public at all.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What an address is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    Unspecified,
    Loopback,
    Private,
    LinkLocal,
    /// Between a provider and its customers (RFC 6598).
    Shared,
    /// Where a cloud tells a machine its secrets.
    Metadata,
    Documentation,
    Benchmarking,
    Multicast,
    Broadcast,
    /// Leads to an IPv4 address by ways that are not used any more.
    Tunnel,
    Reserved,
}

/// `None` for a public address. One that carries an IPv4 address to which the connection goes is what that one is.
pub(super) fn purpose(address: IpAddr) -> Option<Purpose> {
    match address {
        IpAddr::V4(address) => purpose_v4(address),
        IpAddr::V6(address) => purpose_v6(address),
    }
}

fn purpose_v4(address: Ipv4Addr) -> Option<Purpose> {
    let within = |first: Ipv4Addr, bits: u32| (first.to_bits() ^ address.to_bits()) >> (32 - bits) == 0;
    V4.iter().find(|(first, bits, _)| within(*first, *bits)).map(|(_, _, purpose)| *purpose)
}

fn purpose_v6(address: Ipv6Addr) -> Option<Purpose> {
    if let Some(inner) = address.to_ipv4_mapped().or_else(|| translated(address)) {
        return purpose_v4(inner);
    }
    let within = |first: Ipv6Addr, bits: u32| (first.to_bits() ^ address.to_bits()) >> (128 - bits) == 0;
    let listed = V6.iter().find(|(first, bits, _)| within(*first, *bits)).map(|(_, _, purpose)| *purpose);
    let given_out = within(Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);
    listed.or((!given_out).then_some(Purpose::Reserved)).or_else(|| within_site(address).and_then(purpose_v4))
}

/// The IPv4 address behind a translator that everybody may have (RFC 6052): networks without IPv4 reach the public through it.
fn translated(address: Ipv6Addr) -> Option<Ipv4Addr> {
    matches!(address.segments(), [0x64, 0xFF9B, 0, 0, 0, 0, _, _]).then(|| last_half(address))
}

/// The IPv4 address at the end of a tunnel within a site (ISATAP, RFC 5214).
fn within_site(address: Ipv6Addr) -> Option<Ipv4Addr> {
    matches!(address.segments(), [_, _, _, _, 0 | 0x200, 0x5EFE, _, _]).then(|| last_half(address))
}

fn last_half(address: Ipv6Addr) -> Ipv4Addr {
    let [.., a, b, c, d] = address.octets();
    Ipv4Addr::new(a, b, c, d)
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unspecified => "unspecified",
            Self::Loopback => "loopback",
            Self::Private => "private",
            Self::LinkLocal => "link-local",
            Self::Shared => "shared",
            Self::Metadata => "metadata of a cloud",
            Self::Documentation => "documentation",
            Self::Benchmarking => "benchmarking",
            Self::Multicast => "multicast",
            Self::Broadcast => "broadcast",
            Self::Tunnel => "tunnel",
            Self::Reserved => "reserved",
        })
    }
}

/// The first address, how many of its bits count, and what for; the first one that fits holds.
const V4: [(Ipv4Addr, u32, Purpose); 20] = [
    // Alibaba, Azure and Oracle; that of the others is link-local. Azure's is a public address by its number.
    (Ipv4Addr::new(100, 100, 100, 200), 32, Purpose::Metadata),
    (Ipv4Addr::new(168, 63, 129, 16), 32, Purpose::Metadata),
    (Ipv4Addr::new(192, 0, 0, 192), 32, Purpose::Metadata),
    (Ipv4Addr::new(0, 0, 0, 0), 8, Purpose::Unspecified),
    (Ipv4Addr::new(10, 0, 0, 0), 8, Purpose::Private),
    (Ipv4Addr::new(100, 64, 0, 0), 10, Purpose::Shared),
    (Ipv4Addr::new(127, 0, 0, 0), 8, Purpose::Loopback),
    (Ipv4Addr::new(169, 254, 0, 0), 16, Purpose::LinkLocal),
    (Ipv4Addr::new(172, 16, 0, 0), 12, Purpose::Private),
    (Ipv4Addr::new(192, 0, 0, 0), 24, Purpose::Reserved),
    (Ipv4Addr::new(192, 0, 2, 0), 24, Purpose::Documentation),
    (Ipv4Addr::new(192, 88, 99, 0), 24, Purpose::Tunnel),
    (Ipv4Addr::new(192, 168, 0, 0), 16, Purpose::Private),
    (Ipv4Addr::new(198, 18, 0, 0), 15, Purpose::Benchmarking),
    (Ipv4Addr::new(198, 51, 100, 0), 24, Purpose::Documentation),
    (Ipv4Addr::new(203, 0, 113, 0), 24, Purpose::Documentation),
    (Ipv4Addr::new(233, 252, 0, 0), 24, Purpose::Documentation),
    (Ipv4Addr::new(224, 0, 0, 0), 4, Purpose::Multicast),
    (Ipv4Addr::new(255, 255, 255, 255), 32, Purpose::Broadcast),
    (Ipv4Addr::new(240, 0, 0, 0), 4, Purpose::Reserved),
];

/// As [`V4`], for what is not carried by another address.
const V6: [(Ipv6Addr, u32, Purpose); 18] = [
    // AWS, Google and Scaleway.
    (Ipv6Addr::new(0xFD00, 0xEC2, 0, 0, 0, 0, 0, 0x254), 128, Purpose::Metadata),
    (Ipv6Addr::new(0xFD20, 0xCE, 0, 0, 0, 0, 0, 0x254), 128, Purpose::Metadata),
    (Ipv6Addr::new(0xFD00, 0x42, 0, 0, 0, 0, 0, 0x42), 128, Purpose::Metadata),
    (Ipv6Addr::UNSPECIFIED, 128, Purpose::Unspecified),
    (Ipv6Addr::LOCALHOST, 128, Purpose::Loopback),
    // IPv4-compatible, and IPv4-translated.
    (Ipv6Addr::UNSPECIFIED, 96, Purpose::Tunnel),
    (Ipv6Addr::new(0, 0, 0, 0, 0xFFFF, 0, 0, 0), 96, Purpose::Tunnel),
    // A translator of a network's own (RFC 8215): where the IPv4 address is in it, that network alone knows.
    (Ipv6Addr::new(0x64, 0xFF9B, 1, 0, 0, 0, 0, 0), 48, Purpose::Tunnel),
    // Teredo and 6to4.
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 32, Purpose::Tunnel),
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16, Purpose::Tunnel),
    (Ipv6Addr::new(0x2001, 2, 0, 0, 0, 0, 0, 0), 48, Purpose::Benchmarking),
    (Ipv6Addr::new(0x2001, 0xDB8, 0, 0, 0, 0, 0, 0), 32, Purpose::Documentation),
    (Ipv6Addr::new(0x3FFF, 0, 0, 0, 0, 0, 0, 0), 20, Purpose::Documentation),
    // For protocols: ORCHID, DETs and others, none of which has files.
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23, Purpose::Reserved),
    (Ipv6Addr::new(0xFC00, 0, 0, 0, 0, 0, 0, 0), 7, Purpose::Private),
    (Ipv6Addr::new(0xFE80, 0, 0, 0, 0, 0, 0, 0), 10, Purpose::LinkLocal),
    // Site-local, which was private once.
    (Ipv6Addr::new(0xFEC0, 0, 0, 0, 0, 0, 0, 0), 10, Purpose::Private),
    (Ipv6Addr::new(0xFF00, 0, 0, 0, 0, 0, 0, 0), 8, Purpose::Multicast),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_range_is_refused_from_its_first_address_to_its_last_and_the_neighbours_are_public() {
        for (inside, expected) in [
            (["0.0.0.0", "0.255.255.255"], Purpose::Unspecified),
            (["10.0.0.0", "10.255.255.255"], Purpose::Private),
            (["100.64.0.0", "100.127.255.255"], Purpose::Shared),
            (["127.0.0.0", "127.255.255.255"], Purpose::Loopback),
            (["169.254.0.0", "169.254.255.255"], Purpose::LinkLocal),
            (["172.16.0.0", "172.31.255.255"], Purpose::Private),
            (["192.0.0.0", "192.0.0.255"], Purpose::Reserved),
            (["192.0.2.0", "192.0.2.255"], Purpose::Documentation),
            (["192.168.0.0", "192.168.255.255"], Purpose::Private),
            (["198.18.0.0", "198.19.255.255"], Purpose::Benchmarking),
            (["224.0.0.0", "239.255.255.255"], Purpose::Multicast),
            (["240.0.0.0", "255.255.255.254"], Purpose::Reserved),
            (["255.255.255.255", "255.255.255.255"], Purpose::Broadcast),
            (["::", "::"], Purpose::Unspecified),
            (["::1", "::1"], Purpose::Loopback),
            (["::2", "::ffff:ffff"], Purpose::Tunnel),
            (["64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff"], Purpose::Tunnel),
            (["100::", "1fff:ffff::"], Purpose::Reserved),
            (["2001::", "2001:0:ffff:ffff:ffff:ffff:ffff:ffff"], Purpose::Tunnel),
            (["2001:1::", "2001:1ff:ffff::"], Purpose::Reserved),
            (["2001:db8::", "2001:db8:ffff::"], Purpose::Documentation),
            (["2002::", "2002:ffff::"], Purpose::Tunnel),
            (["3fff::", "3fff:fff::"], Purpose::Documentation),
            (["4000::", "fbff::"], Purpose::Reserved),
            (["fc00::", "fdff:ffff::"], Purpose::Private),
            (["fe80::", "febf:ffff::"], Purpose::LinkLocal),
            (["fec0::", "feff:ffff::"], Purpose::Private),
            (["ff00::", "ffff:ffff::"], Purpose::Multicast),
        ] {
            for address in inside {
                assert_eq!(purpose(address.parse().unwrap()), Some(expected), "{address}");
            }
        }
        for public in [
            "1.0.0.0",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "169.253.255.255",
            "169.255.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.0",
            "192.0.3.0",
            "192.167.255.255",
            "192.169.0.0",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "2000::",
            "2001:200::",
            "2001:db7:ffff::",
            "2001:db9::",
            "2001:ffff::",
            "2003::",
            "3ffe:ffff::",
            "3fff:1000::",
        ] {
            assert_eq!(purpose(public.parse().unwrap()), None, "{public}");
        }
    }

    #[test]
    fn an_address_that_carries_another_one_is_what_that_one_is() {
        for (address, expected) in [
            ("::ffff:127.0.0.1", Some(Purpose::Loopback)),
            ("::ffff:169.254.169.254", Some(Purpose::LinkLocal)),
            ("::ffff:93.184.215.14", None),
            ("64:ff9b::10.0.0.1", Some(Purpose::Private)),
            ("64:ff9b::93.184.215.14", None),
            ("2606:2800::5efe:127.0.0.1", Some(Purpose::Loopback)),
            ("2606:2800::200:5efe:192.168.0.1", Some(Purpose::Private)),
            ("2606:2800::5efe:93.184.215.14", None),
            // Whatever is inside.
            ("::93.184.215.14", Some(Purpose::Tunnel)),
            ("::ffff:0:93.184.215.14", Some(Purpose::Tunnel)),
            ("2002:5db8:d70e::", Some(Purpose::Tunnel)),
        ] {
            assert_eq!(purpose(address.parse().unwrap()), expected, "{address}");
        }
    }
}
