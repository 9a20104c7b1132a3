DELETE FROM change;
