ALTER TABLE task DROP CONSTRAINT task_kind_check;
