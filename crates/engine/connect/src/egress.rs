//! Which addresses a source may call.
//!
//! Calls nobody (`http`). Invariant: an address that is not on the public internet is called only where the operator allows its network,
//! so that a name typed into a form can never reach what stands behind the company's firewall.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

/// What the operator allows besides the public internet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Egress {
    networks: Vec<IpNet>,
}

impl Egress {
    /// Only the public internet.
    pub fn public() -> Egress {
        Egress::default()
    }

    /// Private networks too, as `192.168.10.0/24` or a single address.
    ///
    /// # Errors
    /// Names the text that is no network.
    pub fn with_networks<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<Egress, String> {
        let network = |text: &str| {
            text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from)).map_err(|_| {
                format!("`{text}` is no network; write it as `192.168.10.0/24` or as one address")
            })
        };
        Ok(Egress { networks: texts.into_iter().map(network).collect::<Result<_, _>>()? })
    }

    /// This machine itself too, for systems that are simulated on it.
    #[must_use]
    pub fn and_loopback(mut self) -> Egress {
        self.networks.push(IpAddr::V4(Ipv4Addr::LOCALHOST).into());
        self
    }

    /// Whether `address` may be called.
    pub fn allows(&self, address: IpAddr) -> bool {
        let plain = plain(address);
        is_public(plain) || self.networks.iter().any(|network| network.contains(&plain))
    }
}

/// An IPv4 address that hides in an IPv6 one comes out: mapped, or behind the well-known translation prefix.
fn plain(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => {
            let parts = v6.segments();
            let embedded = (parts[..6] == [0x64, 0xff9b, 0, 0, 0, 0]).then(|| {
                let [a, b] = parts[6].to_be_bytes();
                let [c, d] = parts[7].to_be_bytes();
                Ipv4Addr::new(a, b, c, d)
            });
            v6.to_ipv4_mapped().or(embedded).map_or(address, IpAddr::V4)
        }
    }
}

/// Addresses that anyone on the internet may be behind. What is not known to be public is not.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let shared = a == 100 && (64..128).contains(&b);
    let protocol = a == 192 && b == 0 && c == 0;
    let benchmark = a == 198 && (b == 18 || b == 19);
    let relay = a == 192 && b == 88 && c == 99;
    !(a == 0
        || a >= 224
        || address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || shared
        || protocol
        || benchmark
        || relay)
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    // Global unicast alone, without documentation, Teredo and 6to4, which lead to IPv4 addresses of their own.
    let global = first & 0xe000 == 0x2000;
    let documentation = first == 0x2001 && second == 0xdb8 || first == 0x3fff;
    let tunnel = first == 0x2001 && second < 0x200 || first == 0x2002;
    global && !documentation && !tunnel
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(egress: &Egress, address: &str) -> bool {
        egress.allows(address.parse().unwrap())
    }

    #[test]
    fn loopback_is_allowed_where_systems_are_simulated_and_nothing_else_with_it() {
        let egress = Egress::public().and_loopback();
        assert!(allowed(&egress, "127.0.0.1") && allowed(&egress, "8.8.8.8"));
        assert!(!allowed(&egress, "127.0.0.2") && !allowed(&egress, "10.0.0.1") && !allowed(&egress, "::1"));
    }

    #[test]
    fn public_internet_alone_is_allowed_by_default() {
        let egress = Egress::public();
        for public in ["8.8.8.8", "200.160.2.3", "2606:4700:4700::1111", "::ffff:8.8.8.8"] {
            assert!(allowed(&egress, public), "{public}");
        }
        let inner = [
            "0.0.0.0",
            "10.1.2.3",
            "127.0.0.1",
            "100.64.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "192.168.1.1",
            "192.0.0.8",
            "198.18.0.1",
            "203.0.113.9",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "fe80::1",
            "fc00::1",
            "fd12::1",
            "ff02::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "64:ff9b::7f00:1",
            "64:ff9b::a9fe:a9fe",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::127.0.0.1",
        ];
        for inner in inner {
            assert!(!allowed(&egress, inner), "{inner}");
        }
    }

    #[test]
    fn networks_of_the_operator_are_allowed_and_no_others() {
        let egress = Egress::with_networks(["192.168.10.0/24", "127.0.0.1", "fd00::/8"]).unwrap();
        assert!(
            allowed(&egress, "192.168.10.7") && allowed(&egress, "127.0.0.1") && allowed(&egress, "fd12::1")
        );
        assert!(allowed(&egress, "::ffff:192.168.10.7"));
        assert!(!allowed(&egress, "192.168.11.7") && !allowed(&egress, "127.0.0.2"));
        assert!(Egress::with_networks(["10.0.0.0/40"]).unwrap_err().contains("`10.0.0.0/40`"));
    }
}
