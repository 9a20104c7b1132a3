CREATE TABLE raid_holder (
    handle TEXT NOT NULL REFERENCES raid (handle),
    subject TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('raid-admin', 'raid-user')),
    given_by TEXT NOT NULL,
    given_at TIMESTAMP NOT NULL,
    PRIMARY KEY (handle, subject, role)
);
CREATE INDEX raid_holder_by_subject ON raid_holder (subject, handle);
