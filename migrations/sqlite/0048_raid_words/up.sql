-- The number that a RAiD has in raid_words_index.
CREATE TABLE raid_words (
    id INTEGER NOT NULL PRIMARY KEY,
    handle TEXT NOT NULL UNIQUE
);
