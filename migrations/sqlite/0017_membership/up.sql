CREATE TABLE membership (
    orcid TEXT NOT NULL,
    handle TEXT NOT NULL REFERENCES raid (handle),
    state TEXT NOT NULL CHECK (state IN ('posting', 'written', 'deleting', 'removed_by_researcher', 'deleted')),
    put_code BIGINT,
    document_hash TEXT,
    written_at TIMESTAMP,
    updated_at TIMESTAMP NOT NULL,
    PRIMARY KEY (orcid, handle)
);
