DELETE FROM task WHERE kind NOT IN ('permission', 'membership', 'email');
ALTER TABLE task ADD CONSTRAINT task_kind_check CHECK (kind IN ('permission', 'membership', 'email'));
