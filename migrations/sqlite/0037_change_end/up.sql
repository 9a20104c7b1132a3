-- One row: the last position that was given. Who gives positions holds a lock on it.
CREATE TABLE change_end (
    id BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    position BIGINT NOT NULL
);
