-- One row for each other side: when it may be probed next, and when its tasks were last brought forward.
CREATE TABLE outage (
    side TEXT NOT NULL PRIMARY KEY,
    probe_at TIMESTAMP NOT NULL,
    recovered_at TIMESTAMP NOT NULL,
    rounds INTEGER NOT NULL
);
