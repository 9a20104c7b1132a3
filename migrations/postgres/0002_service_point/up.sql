CREATE TABLE service_point (
    id BIGINT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    identifier_owner TEXT NOT NULL,
    repository_id TEXT,
    prefix TEXT NOT NULL,
    group_id TEXT NOT NULL UNIQUE,
    admin_email TEXT,
    tech_email TEXT,
    enabled BOOLEAN NOT NULL,
    app_writes_enabled BOOLEAN NOT NULL,
    created_at TIMESTAMP NOT NULL
);
