DELETE FROM naming;
