-- The message about the first entry by a service point that is new to the person.
CREATE TABLE announcement (
    orcid TEXT NOT NULL,
    service_point_id BIGINT NOT NULL REFERENCES service_point (id),
    id UUID NOT NULL,
    handle TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('due', 'posting', 'posted', 'failed')),
    since TIMESTAMP NOT NULL,
    put_code BIGINT,
    reason TEXT,
    PRIMARY KEY (orcid, service_point_id)
);
