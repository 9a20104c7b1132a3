//! What this process uses of the machine, as Prometheus names it; read from `/proc`.

use rustix::process::{Resource, getrlimit};
use std::fs;
use store::Timestamp;

/// Clock ticks of a second in `/proc/self/stat`: Linux's `USER_HZ`, 100 on every machine that Rust has
/// a Linux target for.
const TICKS_A_SECOND: u64 = 100;

/// Sets the metrics of this process. What cannot be read is left out.
#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
pub(crate) fn record(started: Timestamp) {
    let started = started.assume_utc().unix_timestamp_nanos() as f64 / 1e9;
    metrics::gauge!("process_start_time_seconds").set(started);
    if let Some(ticks) = fs::read_to_string("/proc/self/stat")
        .ok()
        .and_then(|stat| cpu_ticks(&stat))
    {
        metrics::counter!("process_cpu_seconds_total").absolute(ticks / TICKS_A_SECOND);
    }
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let value = |name| value_of(&status, name);
    if let Some(kilobytes) = value("VmRSS") {
        metrics::gauge!("process_resident_memory_bytes").set(kilobytes as f64 * 1024.0);
    }
    if let Some(kilobytes) = value("VmSize") {
        metrics::gauge!("process_virtual_memory_bytes").set(kilobytes as f64 * 1024.0);
    }
    if let Some(threads) = value("Threads") {
        metrics::gauge!("process_threads").set(threads as f64);
    }
    if let Ok(open) = fs::read_dir("/proc/self/fd") {
        // The one that reads the folder is among them.
        let open = open.count().saturating_sub(1);
        metrics::gauge!("process_open_fds").set(open as f64);
    }
    if let Some(most) = getrlimit(Resource::Nofile).current {
        metrics::gauge!("process_max_fds").set(most as f64);
    }
}

/// User and system time in `/proc/self/stat`. The name of the program may hold spaces and brackets.
fn cpu_ticks(stat: &str) -> Option<u64> {
    let (_, after_name) = stat.rsplit_once(')')?;
    let mut fields = after_name.split_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(user + system)
}

/// A number in `/proc/self/status`.
fn value_of(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| {
        let (found, value) = line.split_once(':')?;
        (found == name).then_some(value)
    })?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{cpu_ticks, value_of};

    #[test]
    fn what_the_kernel_says_is_read() {
        let stat = "42 (raid (a) b) S 1 42 42 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 9 0 1 2 3";
        assert_eq!(cpu_ticks(stat), Some(300));
        assert_eq!(cpu_ticks("nonsense"), None);
        let status = "Name:\tVmRSS\nVmSize:\t  2048 kB\nVmRSS:\t  1024 kB\nThreads:\t9\n";
        assert_eq!(value_of(status, "VmRSS"), Some(1024));
        assert_eq!(value_of(status, "Threads"), Some(9));
        assert_eq!(value_of(status, "VmSwap"), None);
    }
}
