CREATE INDEX task_by_due ON task (state, lane, due_at);
