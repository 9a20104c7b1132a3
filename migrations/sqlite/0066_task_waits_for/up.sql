-- Which other side must come back before the task can succeed, for instance 'orcid'.
ALTER TABLE task ADD COLUMN waits_for TEXT;
