-- Why ORCID did not remove an entry whose permission was withdrawn.
ALTER TABLE membership ADD COLUMN refusal TEXT;
