ALTER TABLE raid ADD COLUMN withdrawn_at TIMESTAMP;
ALTER TABLE raid ADD COLUMN withdrawal_reason TEXT;
