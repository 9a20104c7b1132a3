DELETE FROM task WHERE kind IN ('release', 'announcement');
ALTER TABLE task DROP CONSTRAINT task_kind_check,
    ADD CONSTRAINT task_kind_check CHECK (kind IN ('permission', 'membership', 'email', 'embargo', 'sweep', 'boundary'));
