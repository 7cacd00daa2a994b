//! Which sources may be read: hosts that the operator named, by the schemes that there are, and no private address that was not named.

use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;
use url::{Host, Url};

use super::SOURCE_NOT_ALLOWED;
use crate::livestream::BAD_STREAM;
use crate::refusal::Result;

/// The sources that the settings allow.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    names: Vec<String>,
    nets: Vec<IpNet>,
}

/// An address of a stream, taken apart and allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) url: Url,
    pub(super) host: String,
    pub(super) port: u16,
}

/// The schemes that are read, with their ports.
const SCHEMES: [(&str, Option<u16>); 8] = [
    ("rtmp", Some(1935)),
    ("rtsp", Some(554)),
    ("http", Some(80)),
    ("https", Some(443)),
    ("whep", Some(80)),
    ("wheps", Some(443)),
    ("srt", None),
    ("tcp", None),
];

impl Sources {
    /// Reads what the settings say: `live.example`, `*.example`, `192.0.2.7`, `10.1.0.0/16`.
    pub fn read(written: &[String]) -> std::result::Result<Self, String> {
        let mut sources = Self::default();
        for one in written {
            let one = one.trim().to_ascii_lowercase();
            if let Ok(ip) = one.trim_matches(['[', ']']).parse::<IpAddr>() {
                sources.nets.push(ip.into());
            } else if let Ok(net) = one.parse::<IpNet>() {
                sources.nets.push(net.trunc());
            } else {
                let name = one.strip_prefix("*.").unwrap_or(&one);
                let label = |part: &str| {
                    !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
                };
                if !name.split('.').all(label) {
                    return Err(format!(
                        "live.sources: {one:?} is no name of a host, *.NAME, address, or range of addresses"
                    ));
                }
                sources.names.push(one);
            }
        }
        Ok(sources)
    }

    /// Whether this host was named.
    pub(super) fn names(&self, host: &str) -> bool {
        let host = host.trim_matches(['[', ']']).trim_end_matches('.').to_ascii_lowercase();
        if let Ok(ip) = host.parse::<IpAddr>() {
            return self.named(ip);
        }
        self.names.iter().any(|name| match name.strip_prefix('*') {
            Some(under) => host.len() > under.len() && host.ends_with(under),
            None => host == *name,
        })
    }

    /// Whether this address was named, by itself or in a range.
    pub(super) fn named(&self, ip: IpAddr) -> bool {
        self.nets.iter().any(|net| net.contains(&ip.to_canonical()))
    }

    /// Whether a connection may go to this address: everybody's, or one that was named as an address.
    pub(super) fn may_reach(&self, ip: IpAddr) -> bool {
        is_everybodys(ip.to_canonical()) || self.named(ip)
    }

    /// Allows the host of an address beside those that the settings name.
    pub(super) fn allow(&mut self, url: &str) {
        let host = Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned));
        let Some(host) = host else { return };
        match host.trim_matches(['[', ']']).parse::<IpAddr>() {
            Ok(ip) => self.nets.push(ip.into()),
            Err(_) => self.names.push(host.to_ascii_lowercase()),
        }
    }

    /// Refuses an address that may not be read.
    pub fn check(&self, url: &str) -> Result<()> {
        self.allowed(url).map(drop)
    }

    /// An address that may be read; else why not.
    pub(super) fn allowed(&self, url: &str) -> Result<Address> {
        let bad = |why: &str| BAD_STREAM.because(format!("watch.url: {why}"));
        if url.len() > 2_000 || url.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err(bad("at most 2000 characters, without blanks"));
        }
        let url = Url::parse(url).map_err(|_| bad("it is no address"))?;
        let known = SCHEMES.iter().find(|(scheme, _)| *scheme == url.scheme());
        let Some((_, usual)) = known else {
            return Err(bad("it must begin with rtmp, rtsp, http, https, whep, wheps, srt or tcp"));
        };
        let host = match url.host() {
            Some(Host::Domain(name)) if !name.is_empty() => name.to_owned(),
            Some(Host::Ipv4(ip)) => ip.to_string(),
            Some(Host::Ipv6(ip)) => ip.to_string(),
            _ => return Err(bad("it names no host")),
        };
        let Some(port) = url.port().or(*usual).filter(|port| *port > 0) else { return Err(bad("it names no port")) };
        if !self.names(&host) {
            return Err(SOURCE_NOT_ALLOWED.because(host));
        }
        Ok(Address { url, host, port })
    }

    /// Where a host is, of what may be reached.
    pub(super) async fn find(&self, host: &str, port: u16) -> std::io::Result<SocketAddr> {
        let found = tokio::net::lookup_host((host.trim_matches(['[', ']']), port)).await?;
        let mut reachable = found.filter(|address| self.may_reach(address.ip()));
        reachable.next().ok_or_else(|| std::io::ErrorKind::AddrNotAvailable.into())
    }
}

/// Whether an address is everybody's: not of this machine, this network, or a purpose of its own (RFC 6890).
fn is_everybodys(ip: IpAddr) -> bool {
    const NOT: [&str; 25] = [
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "::/128",
        "::1/128",
        "64:ff9b::/96",
        "64:ff9b:1::/48",
        "100::/64",
        "2001::/23",
        "2001:db8::/32",
        "2002::/16",
        "fc00::/7",
        "fe80::/10",
        "ff00::/8",
    ];
    !NOT.iter().filter_map(|net| net.parse::<IpNet>().ok()).any(|net| net.contains(&ip))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sources(written: &[&str]) -> Sources {
        Sources::read(&written.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn hosts_are_allowed_as_they_were_named_and_no_others() {
        let named = sources(&["live.example", "*.cdn.example", "10.1.0.0/16", "2001:db8::7"]);
        for url in [
            "rtmp://live.example/app/key",
            "https://a.cdn.example/x/index.m3u8?token=1",
            "srt://10.1.2.3:9000?streamid=x",
            "rtsp://user:word@LIVE.example:8554/cam",
            "tcp://[2001:db8::7]:5000",
        ] {
            assert!(named.allowed(url).is_ok(), "{url}");
        }
        for url in [
            "rtmp://other.example/app/key",
            "rtmp://live.example.evil.example/app",
            "http://cdn.example/x",
            "http://xcdn.example/x",
            "http://10.2.0.1/x",
            "http://127.0.0.1/x",
            "file:///etc/passwd",
            "concat:a|b",
            "srt://live.example",
            "data:video/mp2t,x",
            "http://live.example/a b",
            "",
        ] {
            assert!(named.allowed(url).is_err(), "{url}");
        }
        assert!(sources(&[]).allowed("https://live.example/").is_err());
        assert!(Sources::read(&["a b".to_owned()]).is_err());
    }

    #[test]
    fn a_private_address_is_reached_only_where_it_was_named() {
        let named = sources(&["live.example", "10.1.0.0/16"]);
        for ip in
            ["127.0.0.1", "::1", "169.254.169.254", "10.2.0.1", "192.168.1.1", "fd00::1", "::ffff:127.0.0.1", "0.0.0.0"]
        {
            assert!(!named.may_reach(ip.parse().unwrap()), "{ip}");
        }
        for ip in ["10.1.9.9", "93.184.216.34", "2606:2800::1", "::ffff:10.1.0.1"] {
            assert!(named.may_reach(ip.parse().unwrap()), "{ip}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_harm(text in "\\PC{0,80}", url in "(rtmp|http|srt)://\\PC{0,60}") {
            drop(Sources::read(std::slice::from_ref(&text)));
            drop(sources(&["live.example"]).allowed(&text));
            drop(sources(&["live.example"]).allowed(&url));
        }
    }
}
