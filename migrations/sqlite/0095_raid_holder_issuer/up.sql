-- SQLite cannot change a primary key, so the table is rebuilt.
-- '' in rows from before, and of older nodes, until a start gives them the issuer of that time.
CREATE TABLE raid_holder_next (
    handle TEXT NOT NULL REFERENCES raid (handle),
    subject TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('raid-admin', 'raid-user')),
    given_by TEXT NOT NULL,
    given_at TIMESTAMP NOT NULL,
    issuer TEXT NOT NULL DEFAULT '',
    given_by_issuer TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (handle, issuer, subject, role)
);
INSERT INTO raid_holder_next (handle, subject, role, given_by, given_at)
SELECT handle, subject, role, given_by, given_at FROM raid_holder;
DROP TABLE raid_holder;
ALTER TABLE raid_holder_next RENAME TO raid_holder;
CREATE INDEX raid_holder_by_subject ON raid_holder (subject, handle);
