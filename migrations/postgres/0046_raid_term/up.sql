-- Made from raid.document, so nothing is checked a second time.
CREATE TABLE raid_term (
    handle TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('contributor', 'organisation', 'subject', 'related-object', 'related-raid')),
    value TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (handle, kind, value)
);
