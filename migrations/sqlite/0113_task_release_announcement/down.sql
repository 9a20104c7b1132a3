CREATE TABLE task_before (
    kind TEXT NOT NULL CHECK (kind IN ('permission', 'membership', 'email', 'embargo', 'sweep', 'boundary')),
    key TEXT NOT NULL,
    subject TEXT NOT NULL,
    lane SMALLINT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('due', 'dead')),
    due_at TIMESTAMP NOT NULL,
    attempts INTEGER NOT NULL,
    generation BIGINT NOT NULL,
    lease_owner TEXT,
    lease_until TIMESTAMP,
    last_error TEXT,
    created_at TIMESTAMP NOT NULL,
    waits_for TEXT,
    PRIMARY KEY (kind, key)
);
INSERT INTO task_before SELECT * FROM task WHERE kind NOT IN ('release', 'announcement');
DROP TABLE task;
ALTER TABLE task_before RENAME TO task;
CREATE INDEX task_by_kind ON task (state, kind, lane, due_at, key);
CREATE INDEX task_by_waits_for ON task (waits_for, lane, due_at, key) WHERE waits_for IS NOT NULL;
