-- Who may see it: '' is everybody, else the number of the service point that owns the embargoed RAiD.
ALTER TABLE raid_term ADD COLUMN only_for TEXT NOT NULL DEFAULT '';
