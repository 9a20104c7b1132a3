CREATE TABLE limiter (
    name TEXT NOT NULL PRIMARY KEY,
    next_at TIMESTAMP NOT NULL,
    rate_milli BIGINT NOT NULL,
    slowed_at TIMESTAMP NOT NULL
);
