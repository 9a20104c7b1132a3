CREATE TABLE visit_before (
    nonce TEXT NOT NULL PRIMARY KEY,
    purpose TEXT NOT NULL CHECK (purpose IN ('permission', 'invitation')),
    subject TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'exchanging', 'waiting', 'granted', 'denied', 'other_person', 'failed')),
    orcid TEXT,
    created_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP NOT NULL,
    code BLOB
);
DELETE FROM visit WHERE purpose IN ('refusal', 'not_me');
UPDATE visit SET state = 'failed' WHERE state IN ('confirmed', 'handed_back');
INSERT INTO visit_before SELECT nonce, purpose, subject, state, orcid, created_at, expires_at, code FROM visit;
DROP TABLE visit;
ALTER TABLE visit_before RENAME TO visit;
CREATE INDEX visit_by_expiry ON visit (expires_at);
