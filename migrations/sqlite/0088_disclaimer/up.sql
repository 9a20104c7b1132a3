CREATE TABLE disclaimer (
    orcid TEXT NOT NULL,
    handle TEXT NOT NULL REFERENCES raid (handle),
    said_at TIMESTAMP NOT NULL,
    PRIMARY KEY (orcid, handle)
);
