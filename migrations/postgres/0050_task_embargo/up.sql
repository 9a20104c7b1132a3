INSERT INTO task (kind, key, subject, lane, state, due_at, attempts, generation, created_at)
SELECT 'embargo', handle, handle, 1, 'due', updated_at, 0, 1, updated_at
FROM raid WHERE access = 'embargoed';
