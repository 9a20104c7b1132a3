CREATE TABLE task (
    kind TEXT NOT NULL CHECK (kind IN ('permission', 'membership', 'email')),
    key TEXT NOT NULL,
    subject TEXT NOT NULL,
    lane SMALLINT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('due', 'dead')),
    due_at TIMESTAMP NOT NULL,
    attempts INTEGER NOT NULL,
    generation BIGINT NOT NULL,
    lease_owner TEXT,
    lease_until TIMESTAMP,
    last_error TEXT,
    created_at TIMESTAMP NOT NULL,
    PRIMARY KEY (kind, key)
);
