CREATE TABLE subject_lease (
    subject TEXT NOT NULL PRIMARY KEY,
    owner TEXT NOT NULL,
    until TIMESTAMP NOT NULL
);
