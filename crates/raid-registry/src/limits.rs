//! How fast one client may ask: by the token's client and subject, and without a token that counts
//! by address.

use std::borrow::Borrow;
use std::hash::Hash;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::num::NonZeroU32;
use std::ops::Add;
use std::sync::Arc;
use std::time::Duration;

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{FORWARDED, HeaderName};
use actix_web::middleware::Next;
use actix_web::{Error, HttpRequest, ResponseError as _, web};
use governor::clock::{Clock as _, Reference};
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use moka::sync::Cache;

use crate::auth::{Caller, identified};
use crate::problem::Problem;
use crate::refusal::Refusal;
use crate::registry::Registry;
use crate::settings::{Limits, Rate};

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
/// Clients that are remembered of each kind. One that is forgotten starts anew.
const REMEMBERED: u64 = 50_000;
/// One that is silent for so long is forgotten. By then it has its whole burst back.
const SILENCE: Duration = Duration::from_mins(10);

/// Middleware for a resource: refuses clients that ask too fast.
pub(crate) async fn limit<B: MessageBody + 'static>(
    req: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    let registry = req.app_data::<web::Data<Registry>>().cloned();
    if let Some(registry) = registry
        && registry.limiters.is_on()
    {
        let caller = identified(req.request(), &registry).await;
        if let Err(wait) = registry.limiters.check(caller.as_ref(), req.request()) {
            let refusal = refusal(wait, req.path());
            return Ok(req
                .into_response(refusal.error_response())
                .map_into_right_body());
        }
    }
    Ok(next.call(req).await?.map_into_left_body())
}

fn refusal(wait: Duration, path: &str) -> Refusal {
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    let detail = "You ask too fast. Nothing was done; please wait, and ask again.";
    let status = StatusCode::TOO_MANY_REQUESTS;
    let problem = Problem::of_http(status, detail, path);
    problem.retry_in(seconds.max(1)).into()
}

/// The limiters of all clients.
pub(crate) struct Limiters {
    clients: Option<Keyed<String>>,
    peers: Option<Keyed<IpAddr>>,
    trusts_proxy: bool,
}

impl Limiters {
    pub(crate) fn new(limits: &Limits, clock: &store::Clock) -> Self {
        Self {
            clients: Keyed::new(limits.clients, clock),
            peers: Keyed::new(limits.anonymous, clock),
            trusts_proxy: limits.trusted_proxy,
        }
    }

    fn is_on(&self) -> bool {
        self.clients.is_some() || self.peers.is_some()
    }

    /// How long the client has to wait, if it has to.
    fn check(&self, caller: Option<&Caller>, req: &HttpRequest) -> Result<(), Duration> {
        let (who, checked) = if let Some(caller) = caller {
            let check = |clients: &Keyed<String>| clients.check(caller.client_and_subject());
            ("client", self.clients.as_ref().map(check))
        } else {
            let check = |peers: &Keyed<IpAddr>| peers.check(peer(req, self.trusts_proxy));
            ("anonymous", self.peers.as_ref().map(check))
        };
        let checked = checked.unwrap_or(Ok(()));
        if checked.is_err() {
            metrics::counter!("raid_rate_limited_total", "who" => who).increment(1);
        }
        checked
    }
}

type Limiter = RateLimiter<NotKeyed, InMemoryState, Clock, NoOpMiddleware<Moment>>;

/// A limiter for each key.
struct Keyed<K> {
    quota: Quota,
    clock: Clock,
    known: Cache<K, Arc<Limiter>>,
}

impl<K: Hash + Eq + Borrow<K> + Send + Sync + 'static> Keyed<K> {
    /// None if the rate is off.
    fn new(rate: Rate, clock: &store::Clock) -> Option<Self> {
        let per_second = NonZeroU32::new(rate.per_second)?;
        let burst = NonZeroU32::new(rate.burst).unwrap_or(per_second);
        Some(Self {
            quota: Quota::per_second(per_second).allow_burst(burst),
            clock: Clock(clock.clone()),
            known: Cache::builder()
                .max_capacity(REMEMBERED)
                .time_to_idle(SILENCE)
                .build(),
        })
    }

    fn check(&self, key: K) -> Result<(), Duration> {
        let new = || {
            Arc::new(RateLimiter::direct_with_clock(
                self.quota,
                self.clock.clone(),
            ))
        };
        let limiter = match self.known.get(&key) {
            Some(known) => known,
            None => self.known.get_with(key, new),
        };
        limiter
            .check()
            .map_err(|refused| refused.wait_time_from(self.clock.now()))
    }
}

/// Who asks: an IPv4 address, or the network of an IPv6 address, of which a client has many.
fn peer(req: &HttpRequest, trusts_proxy: bool) -> IpAddr {
    let forwarded = if trusts_proxy { forwarded(req) } else { None };
    let address = forwarded.or_else(|| req.peer_addr().map(|peer| peer.ip()));
    match address
        .unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED))
        .to_canonical()
    {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
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

/// The store's clock, as limiters read it.
#[derive(Debug, Clone)]
struct Clock(store::Clock);

/// Nanoseconds since the clock was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Moment(u64);

impl governor::clock::Clock for Clock {
    type Instant = Moment;

    fn now(&self) -> Moment {
        Moment(u64::try_from(self.0.elapsed().as_nanos()).unwrap_or(u64::MAX))
    }
}

impl Add<Nanos> for Moment {
    type Output = Self;

    fn add(self, span: Nanos) -> Self {
        Self(self.0.saturating_add(span.as_u64()))
    }
}

impl Reference for Moment {
    fn duration_since(&self, earlier: Self) -> Nanos {
        self.0.saturating_sub(earlier.0).into()
    }

    fn saturating_sub(&self, span: Nanos) -> Self {
        Self(self.0.checked_sub(span.as_u64()).unwrap_or(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::peer;
    use actix_web::test::TestRequest;

    /// The address that counts, behind a proxy, for a request with these headers.
    fn behind_proxy(headers: &[(&str, &str)]) -> String {
        let mut request = TestRequest::default().peer_addr("10.0.0.1:4000".parse().unwrap());
        for header in headers {
            request = request.append_header(*header);
        }
        let request = request.to_http_request();
        assert_eq!(peer(&request, false).to_string(), "10.0.0.1");
        peer(&request, true).to_string()
    }

    #[test]
    fn the_proxys_own_word_counts() {
        let xff = |value| behind_proxy(&[("X-Forwarded-For", value)]);
        assert_eq!(xff("192.0.2.7"), "192.0.2.7");
        assert_eq!(xff("203.0.113.9, 192.0.2.7"), "192.0.2.7");
        assert_eq!(xff("192.0.2.7:5000"), "192.0.2.7");
        assert_eq!(xff("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(xff("[2001:db8:1:2:3:4:5:6]:80"), "2001:db8:1:2::");
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
