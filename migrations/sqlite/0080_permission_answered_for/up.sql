-- A JSON list of handles: what the person said no to, or did not answer for.
ALTER TABLE permission ADD COLUMN answered_for TEXT;
