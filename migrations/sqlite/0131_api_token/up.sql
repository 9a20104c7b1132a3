-- Tokens of the API that this agency issued. Only a hash of the token itself is kept.
CREATE TABLE api_token (
    id BLOB NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    hash TEXT NOT NULL UNIQUE,
    subject TEXT NOT NULL,
    roles TEXT NOT NULL,
    service_point_id BIGINT REFERENCES service_point (id),
    created_at TIMESTAMP NOT NULL,
    created_by TEXT,
    created_by_issuer TEXT,
    expires_at TIMESTAMP NOT NULL,
    last_used_at TIMESTAMP,
    revoked_at TIMESTAMP
);
