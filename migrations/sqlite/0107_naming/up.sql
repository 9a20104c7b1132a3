-- Whom a service point named: one row for life.
CREATE TABLE naming (
    orcid TEXT NOT NULL,
    service_point_id BIGINT NOT NULL REFERENCES service_point (id),
    handle TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('admitted', 'held_day', 'held_raid', 'stopped')),
    since TIMESTAMP NOT NULL,
    named_at TIMESTAMP NOT NULL,
    entry_at TIMESTAMP,
    PRIMARY KEY (orcid, service_point_id)
);
