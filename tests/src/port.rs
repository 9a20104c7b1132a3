//! Ports for processes whose address must be known before they start.

use std::net::{Ipv4Addr, TcpListener};

/// Below the range from which the system takes ports for outgoing connections, so that a port
/// stays free while the process that listens on it is restarted. (`scripts/postgres` takes others.)
const RANGE: std::ops::Range<u16> = 10_000..20_000;
const ATTEMPTS: usize = 100;

/// A port that nobody listens on now.
///
/// # Panics
/// When none is found.
pub fn free_port() -> u16 {
    let mut random = rand::rng();
    (0..ATTEMPTS)
        .map(|_| rand::RngExt::random_range(&mut random, RANGE))
        .find(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok())
        .expect("a free port")
}
