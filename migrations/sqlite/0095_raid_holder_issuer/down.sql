CREATE TABLE raid_holder_before (
    handle TEXT NOT NULL REFERENCES raid (handle),
    subject TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('raid-admin', 'raid-user')),
    given_by TEXT NOT NULL,
    given_at TIMESTAMP NOT NULL,
    PRIMARY KEY (handle, subject, role)
);
-- Of people with the same subject at several issuers nobody is left.
INSERT INTO raid_holder_before
SELECT handle, subject, role, min(given_by), min(given_at) FROM raid_holder
GROUP BY handle, subject, role HAVING count(*) = 1;
DROP TABLE raid_holder;
ALTER TABLE raid_holder_before RENAME TO raid_holder;
CREATE INDEX raid_holder_by_subject ON raid_holder (subject, handle);
