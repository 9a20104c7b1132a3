CREATE TABLE contribution (
    orcid TEXT NOT NULL,
    handle TEXT NOT NULL REFERENCES raid (handle),
    PRIMARY KEY (orcid, handle)
);
