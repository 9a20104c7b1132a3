CREATE TABLE kept_answer (
    key TEXT NOT NULL PRIMARY KEY,
    request TEXT NOT NULL,
    location TEXT NOT NULL,
    body TEXT NOT NULL,
    warning TEXT,
    created_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP NOT NULL
);
