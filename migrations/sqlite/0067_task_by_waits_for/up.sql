CREATE INDEX task_by_waits_for ON task (waits_for, lane, due_at, key) WHERE waits_for IS NOT NULL;
