//! Where may be sent to? Never to where only this machine or its network reaches, or somebody who may name a URL could make the server
//! talk to its own database, to its neighbours, or to the metadata service of its cloud.
//!
//! A name is looked up here and all of its addresses are checked; the connection is made to exactly these. Checking the name first and
//! letting the client look it up again would leave time for another answer. Redirects are not followed.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, ToSocketAddrs};

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

/// Characters of a webhook's URL.
pub const URL_CHARS: usize = 2_048;

/// Whether a URL may be one of a webhook, by how it is written. An error says what is wrong, without the URL.
pub fn check(url: &str) -> Result<Uri, String> {
    if url.chars().count() > URL_CHARS {
        return Err(format!("has more than {URL_CHARS} characters"));
    }
    let uri: Uri = url
        .parse()
        .map_err(|_| "is no URL; an example is https://example.com/hooks/calibrant".to_owned())?;
    if !matches!(uri.scheme_str(), Some("http" | "https")) {
        return Err("must begin with https:// or http://".to_owned());
    }
    let Some(authority) = uri.authority().filter(|authority| !authority.host().is_empty()) else {
        return Err("names no host".to_owned());
    };
    if authority.as_str().contains('@') {
        return Err("must not hold a user or a password; deliveries are signed".to_owned());
    }
    let has_port = authority.as_str().len() > authority.host().len();
    if has_port && authority.port_u16().is_none_or(|port| port == 0) {
        return Err("must have a port from 1 to 65535, or none".to_owned());
    }
    Ok(uri)
}

/// Whether a URL leads only to addresses that may be sent to. Looks the name up, and blocks. An error says why not.
pub fn reachable(uri: &Uri, allow_private: bool) -> Result<(), String> {
    let host = uri.host().unwrap_or_default();
    let port = uri.port_u16().unwrap_or(443);
    let addresses = (host.trim_matches(['[', ']']), port)
        .to_socket_addrs()
        .map_err(|_| "names a host that is not known".to_owned())?;
    let addresses: Vec<IpAddr> = addresses.map(|address| address.ip()).collect();
    if addresses.is_empty() {
        return Err("names a host that is not known".to_owned());
    }
    if !allow_private && !addresses.iter().all(|address| is_public(*address)) {
        return Err(PRIVATE.to_owned());
    }
    Ok(())
}

const PRIVATE: &str = "leads to an address that is not public; set CALIBRANT_WEBHOOKS_ALLOW_PRIVATE to allow it";

/// Looks names up for the client, and gives it only what may be connected to.
#[derive(Debug)]
pub struct Checked {
    allow_private: bool,
    inner: DefaultResolver,
}

impl Checked {
    pub fn new(allow_private: bool) -> Checked {
        Checked {
            allow_private,
            inner: DefaultResolver::default(),
        }
    }
}

impl Resolver for Checked {
    fn resolve(&self, uri: &Uri, config: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let found = self.inner.resolve(uri, config, timeout)?;
        if !self.allow_private && !found.iter().all(|address| is_public(address.ip())) {
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, PRIVATE).into());
        }
        Ok(found)
    }
}

/// Whether an address is one of the public internet: none of those that are set apart (IANA's special-purpose registries).
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let apart = matches!(
        address.octets(),
        // Those of this host and of private networks; multicast, reserved, broadcast.
        [0 | 10 | 127 | 224..=255, ..]
            // Shared by carriers.
            | [100, 64..=127, ..]
            // Link-local: metadata services are here.
            | [169, 254, ..]
            | [172, 16..=31, ..]
            | [192, 0, 0 | 2, _]
            | [192, 88, 99, _]
            | [192, 168, ..]
            | [198, 18 | 19, ..]
            | [198, 51, 100, _]
            | [203, 0, 113, _]
    );
    !apart
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let segments = address.segments();
    let embedded = |high: u16, low: u16| {
        let [a, b] = high.to_be_bytes();
        let [c, d] = low.to_be_bytes();
        is_public_v4(Ipv4Addr::new(a, b, c, d))
    };
    match segments {
        // An IPv4 address in another dress: mapped, translated, tunnelled.
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x0064, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => {
            embedded(high, low)
        }
        // Only 2000::/3 is public, and of it not what protocols and documentation have.
        [0x2001, 0..=0x01ff | 0x0db8, ..] | [0x3fff, 0..=0x0fff, ..] => false,
        [first, ..] => (0x2000..=0x3fff).contains(&first),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_are_public() {
        for inside in [
            "127.0.0.1",
            "127.255.255.254",
            "0.0.0.0",
            "10.1.2.3",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "100.127.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "198.19.0.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::7f00:1",
            "fe80::1",
            "fec0::1",
            "fc00::1",
            "fdab::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "2002:7f00:1::",
            "2001::1",
            "2001:db8::1",
            "3fff::1",
            "100::1",
        ] {
            assert!(!is_public(inside.parse().unwrap()), "{inside}");
        }
        for outside in [
            "1.1.1.1",
            "172.15.0.1",
            "172.32.0.1",
            "100.63.255.255",
            "100.128.0.1",
            "192.167.255.255",
            "198.20.0.1",
            "223.255.255.255",
            "2606:4700:4700::1111",
            "::ffff:1.1.1.1",
            "64:ff9b::101:101",
            "2002:101:101::",
        ] {
            assert!(is_public(outside.parse().unwrap()), "{outside}");
        }
    }

    #[test]
    fn urls_are_plain_ones() {
        for fine in [
            "https://example.com/hooks?x=1",
            "http://[2606:4700:4700::1111]:8080/",
            "http://1.1.1.1",
            "http://1.1.1.1:1/",
            "http://[2606:4700:4700::1111]:65535",
        ] {
            assert!(check(fine).is_ok(), "{fine}");
        }
        for wrong in [
            "",
            "example.com/x",
            "/x",
            "ftp://example.com/",
            "file:///etc/passwd",
            "https://user:password@example.com/",
            "https://user@example.com/",
            "https:///x",
            "https://example.com/ x",
            "https://example.com:/",
            "https://example.com:0/",
            "https://example.com:65536/",
            "http://1.1.1.1:99999/x",
            "http://[2606:4700:4700::1111]:99999",
        ] {
            assert!(check(wrong).is_err(), "{wrong}");
        }
        let longest = format!("https://example.com/{}", "x".repeat(URL_CHARS - 20));
        assert!(check(&longest).is_ok());
        assert!(check(&format!("{longest}x")).is_err());
    }

    #[test]
    fn every_spelling_of_an_address_inside_is_refused() {
        for url in [
            "http://127.0.0.1/",
            "http://[::1]:9/",
            "http://[::ffff:127.0.0.1]/",
            "http://localhost/",
            "http://0.0.0.0/",
            "http://169.254.169.254/latest/meta-data",
        ] {
            let uri = check(url).unwrap();
            assert_eq!(reachable(&uri, false), Err(PRIVATE.to_owned()), "{url}");
        }
        // What other programs take for 127.0.0.1 is either not known here or found out.
        for url in [
            "http://2130706433/",
            "http://0x7f.1/",
            "http://127.1/",
            "http://017700000001/",
        ] {
            let uri = check(url).unwrap();
            assert!(reachable(&uri, false).is_err(), "{url}");
        }
        assert_eq!(reachable(&check("http://127.0.0.1/").unwrap(), true), Ok(()));
    }
}
