DROP INDEX task_by_due;
