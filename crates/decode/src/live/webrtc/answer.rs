//! What the parent reads out of an answer: where its server wants to be called (RFC 8839).

use std::net::{IpAddr, SocketAddr};

/// The first address of an answer that is called by UDP, is the server's own or the one it is seen under, and is allowed. Names in the
/// place of addresses are not looked up, and addresses that come later (RFC 8838) are not waited for.
pub fn peer(answer: &str, allowed: impl Fn(IpAddr) -> bool) -> Option<SocketAddr> {
    let named = answer.lines().filter_map(|line| line.trim().strip_prefix("a=candidate:"));
    named.filter_map(candidate).find(|address| allowed(address.ip()))
}

/// The address behind `a=candidate:` (5.1).
fn candidate(line: &str) -> Option<SocketAddr> {
    let mut words = line.split_ascii_whitespace().skip(1);
    let mut next = || words.next();
    let (component, transport, _priority) = (next()?, next()?, next()?);
    let (address, port, typ, kind) = (next()?, next()?, next()?, next()?);
    let own = component == "1" && typ == "typ" && matches!(kind, "host" | "srflx");
    if !own || !transport.eq_ignore_ascii_case("udp") {
        return None;
    }
    Some(SocketAddr::new(address.parse().ok()?, port.parse().ok().filter(|port| *port != 0)?))
}

/// An answer without its addresses: one was chosen, and no other is to be tried.
pub(super) fn without_addresses(answer: &str) -> String {
    let rest = answer.lines().map(str::trim_end).filter(|line| !line.starts_with("a=candidate:"));
    rest.flat_map(|line| [line, "\r\n"]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: &str = "v=0\r\n\
        a=candidate:1 1 tcp 2105458943 192.0.2.1 9 typ host tcptype active\r\n\
        a=candidate:2 1 UDP 2105458943 1f2e.local 4000 typ host\r\n\
        a=candidate:3 1 UDP 2105458943 2001:db8::1 4000 typ host\r\n\
        a=candidate:4 2 UDP 2105458943 192.0.2.1 4001 typ host\r\n\
        a=candidate:5 1 UDP 2105458943 192.0.2.9 0 typ host\r\n\
        a=candidate:6 1 udp 2105458943 192.0.2.1 4000 typ host generation 0\r\n";

    #[test]
    fn the_first_that_may_be_called_is_taken() {
        assert_eq!(peer(ANSWER, |ip| ip.is_ipv4()), Some("192.0.2.1:4000".parse().unwrap()));
        assert_eq!(peer(ANSWER, |ip| ip.is_ipv6()), Some("[2001:db8::1]:4000".parse().unwrap()));
        assert_eq!(peer(ANSWER, |_| false), None);
        assert_eq!(peer("v=0\r\n", |_| true), None);
        assert_eq!(without_addresses(ANSWER), "v=0\r\n");
    }
}
