CREATE TABLE raid (
    handle TEXT NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL,
    service_point_id BIGINT NOT NULL REFERENCES service_point (id),
    access TEXT NOT NULL CHECK (access IN ('open', 'embargoed')),
    document JSONB NOT NULL,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL
);
