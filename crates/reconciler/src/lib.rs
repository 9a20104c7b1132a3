//! Claim, act, settle: the task loop, leases, retry schedule, dead letters and the shared limiter.
