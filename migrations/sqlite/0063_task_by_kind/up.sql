-- Takes the place of task_by_due: whoever looks for work of some kinds does not pass that of others.
CREATE INDEX task_by_kind ON task (state, kind, lane, due_at, key);
