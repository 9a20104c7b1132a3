CREATE TABLE write_probe (
    id SMALLINT NOT NULL PRIMARY KEY,
    count BIGINT NOT NULL,
    padding BLOB
);
