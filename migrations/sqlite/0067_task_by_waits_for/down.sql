DROP INDEX task_by_waits_for;
