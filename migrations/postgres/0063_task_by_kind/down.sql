DROP INDEX task_by_kind;
