//! Whom a limit is about: the client and subject of a token, or an address.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use actix_web::HttpRequest;
use actix_web::http::header::{FORWARDED, HeaderName};

use crate::auth::Caller;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
/// Bits of an IPv6 address that count. Providers give a customer a /56 or a /48 (RIPE-690), so that
/// everything within the smaller of the two is one customer.
const IPV6_NETWORK: u32 = 56;

/// Whom a limit is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum CallerKey {
    /// The client and subject of a valid token.
    Client(String),
    /// An IPv4 address, or the network of an IPv6 address, of which a client has many.
    Address(IpAddr),
}

impl CallerKey {
    /// The holder of a token.
    pub(crate) fn of_caller(caller: &Caller) -> Self {
        Self::Client(caller.client_and_subject())
    }

    /// The address that a request comes from.
    pub(super) fn of_address(req: &HttpRequest, trusts_proxy: bool) -> Self {
        let forwarded = if trusts_proxy { forwarded(req) } else { None };
        let address = forwarded.or_else(|| req.peer_addr().map(|peer| peer.ip()));
        let address = address.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        Self::Address(match address.to_canonical() {
            IpAddr::V4(address) => address.into(),
            IpAddr::V6(address) => {
                let mask = u128::MAX << (128 - IPV6_NETWORK);
                Ipv6Addr::from_bits(address.to_bits() & mask).into()
            }
        })
    }

    /// What it takes in memory, in bytes.
    pub(super) fn bytes(&self) -> usize {
        let text = match self {
            Self::Client(name) => name.len(),
            Self::Address(_) => 0,
        };
        size_of::<Self>() + text
    }

    /// Whether it is the holder of a token.
    pub(crate) fn has_token(&self) -> bool {
        matches!(self, Self::Client(_))
    }

    /// A label with two values.
    pub(super) fn label(&self) -> &'static str {
        if self.has_token() {
            "client"
        } else {
            "anonymous"
        }
    }
}

/// The address that the proxy in front of us saw, which it put last. `Forwarded` (RFC 7239) counts
/// where there is no `X-Forwarded-For`.
fn forwarded(req: &HttpRequest) -> Option<IpAddr> {
    let last = |name: &HeaderName| {
        let value = req.headers().get_all(name).last()?.to_str().ok()?;
        Some(value.rsplit(',').next().unwrap_or(value).trim().to_owned())
    };
    if let Some(entry) = last(&X_FORWARDED_FOR) {
        return address(&entry);
    }
    let entry = last(&FORWARDED)?;
    entry.split(';').find_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        let is_for = name.trim().eq_ignore_ascii_case("for");
        is_for.then(|| address(value.trim().trim_matches('"')))?
    })
}

/// An address with or without a port.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    let with_port = || text.parse().ok().map(|address: SocketAddr| address.ip());
    bare.parse().ok().or_else(with_port)
}

#[cfg(test)]
mod tests {
    use super::CallerKey;
    use actix_web::HttpRequest;
    use actix_web::test::TestRequest;

    fn peer(request: &HttpRequest, trusts_proxy: bool) -> String {
        match CallerKey::of_address(request, trusts_proxy) {
            CallerKey::Address(address) => address.to_string(),
            CallerKey::Client(name) => panic!("{name} is no address"),
        }
    }

    /// The address that counts, behind a proxy, for a request with these headers.
    fn behind_proxy(headers: &[(&str, &str)]) -> String {
        let mut request = TestRequest::default().peer_addr("10.0.0.1:4000".parse().unwrap());
        for header in headers {
            request = request.append_header(*header);
        }
        let request = request.to_http_request();
        assert_eq!(peer(&request, false), "10.0.0.1");
        peer(&request, true)
    }

    #[test]
    fn the_proxys_own_word_counts() {
        let xff = |value| behind_proxy(&[("X-Forwarded-For", value)]);
        assert_eq!(xff("192.0.2.7"), "192.0.2.7");
        assert_eq!(xff("203.0.113.9, 192.0.2.7"), "192.0.2.7");
        assert_eq!(xff("192.0.2.7:5000"), "192.0.2.7");
        assert_eq!(xff("2001:db8:1:2ff:3:4:5:6"), "2001:db8:1:200::");
        assert_eq!(xff("[2001:db8:1:2ff:3:4:5:6]:80"), "2001:db8:1:200::");
        assert_eq!(xff("::ffff:192.0.2.7"), "192.0.2.7");
        assert_eq!(xff("192.0.2.7, unknown"), "10.0.0.1");
        let two = [
            ("X-Forwarded-For", "203.0.113.9"),
            ("X-Forwarded-For", "192.0.2.7"),
        ];
        assert_eq!(behind_proxy(&two), "192.0.2.7");
        let forwarded = |value| behind_proxy(&[("Forwarded", value)]);
        assert_eq!(forwarded("for=192.0.2.7;proto=https"), "192.0.2.7");
        assert_eq!(
            forwarded("for=203.0.113.9, by=x; For=\"[2001:db8::1]:80\""),
            "2001:db8::"
        );
        let both = [
            ("Forwarded", "for=203.0.113.9"),
            ("X-Forwarded-For", "192.0.2.7"),
        ];
        assert_eq!(behind_proxy(&both), "192.0.2.7");
        assert_eq!(behind_proxy(&[]), "10.0.0.1");
    }
}
