DROP TABLE raid_words_index;
