DROP INDEX raid_words_index;
