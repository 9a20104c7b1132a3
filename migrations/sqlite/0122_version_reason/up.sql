-- Why a version was written, where a reason was given: a withdrawal, its undoing, a redaction, a repair.
ALTER TABLE raid_version ADD COLUMN reason TEXT;
