INSERT INTO change_end (id, position) SELECT 1, count(*) FROM change;
