-- A check cannot be changed on SQLite, so the table is made again.
CREATE TABLE visit_next (
    nonce TEXT NOT NULL PRIMARY KEY,
    purpose TEXT NOT NULL CHECK (purpose IN ('permission', 'invitation', 'refusal', 'not_me', 'part_of', 'stop_service_point', 'allow_service_point')),
    subject TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'exchanging', 'waiting', 'granted', 'confirmed', 'denied', 'other_person', 'handed_back', 'failed')),
    orcid TEXT,
    created_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP NOT NULL,
    code BLOB,
    -- Since when its code may be at ORCID; none when that is settled.
    exchanging_at TIMESTAMP
);
INSERT INTO visit_next SELECT nonce, purpose, subject, state, orcid, created_at, expires_at, code, exchanging_at FROM visit;
DROP TABLE visit;
ALTER TABLE visit_next RENAME TO visit;
CREATE INDEX visit_by_expiry ON visit (expires_at);
CREATE INDEX visit_by_exchange ON visit (exchanging_at) WHERE exchanging_at IS NOT NULL;
