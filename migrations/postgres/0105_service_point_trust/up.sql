-- How far its entries follow a standing permission. Those that exist keep what they had.
ALTER TABLE service_point ADD COLUMN trust TEXT NOT NULL DEFAULT 'auto' CHECK (trust IN ('auto', 'notify', 'hold'));
