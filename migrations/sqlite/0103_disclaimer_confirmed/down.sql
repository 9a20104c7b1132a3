ALTER TABLE disclaimer DROP COLUMN confirmed;
