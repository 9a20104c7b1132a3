-- Made from raid.document, so nothing is checked a second time.
CREATE TABLE raid_words (
    handle TEXT NOT NULL PRIMARY KEY,
    words TSVECTOR NOT NULL
);
