CREATE TABLE raid_version (
    handle TEXT NOT NULL REFERENCES raid (handle),
    version INTEGER NOT NULL,
    document TEXT NOT NULL,
    actor TEXT NOT NULL,
    client TEXT,
    created_at TIMESTAMP NOT NULL,
    PRIMARY KEY (handle, version)
);
