//! What is served, and how much of it: `[server]` and `[limits]`.

use super::WebAddress;
use super::values::{MaybeAddress, bounded};
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::time::Duration;

section! {
    /// `[server]`
    Server {
        bind: SocketAddr,
        internal_bind: MaybeAddress,
        public_url: WebAddress,
        workers: usize,
        body_limit: usize,
        #[serde(with = "bounded")]
        body_timeout: Duration,
        #[serde(with = "bounded")]
        write_timeout: Duration,
        cors_origins: Vec<String>,
        trusted_proxy: bool,
    }
}
section! {
    /// `[limits]`
    Limits {
        per_second: u32,
        burst: u32,
        anonymous_per_second: u32,
        anonymous_burst: u32,
        large_answers: usize,
        long_polls: usize,
    }
}
