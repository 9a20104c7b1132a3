-- Mails to an address on a day. The keyed hash is another one each day, and is deleted after it.
CREATE TABLE mailed_address (
    hash TEXT NOT NULL PRIMARY KEY,
    day DATE NOT NULL,
    mails INTEGER NOT NULL
);
