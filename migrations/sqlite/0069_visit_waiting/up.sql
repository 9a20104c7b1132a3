-- A check cannot be changed on SQLite, so the table is made again.
CREATE TABLE visit_next (
    nonce TEXT NOT NULL PRIMARY KEY,
    purpose TEXT NOT NULL CHECK (purpose IN ('permission', 'invitation')),
    subject TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'exchanging', 'waiting', 'granted', 'denied', 'other_person', 'failed')),
    orcid TEXT,
    created_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP NOT NULL
);
INSERT INTO visit_next SELECT * FROM visit;
DROP TABLE visit;
ALTER TABLE visit_next RENAME TO visit;
CREATE INDEX visit_by_expiry ON visit (expires_at);
