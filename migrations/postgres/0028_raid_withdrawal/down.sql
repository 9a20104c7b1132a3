ALTER TABLE raid DROP COLUMN withdrawal_reason;
ALTER TABLE raid DROP COLUMN withdrawn_at;
