DROP TABLE raid_words;
