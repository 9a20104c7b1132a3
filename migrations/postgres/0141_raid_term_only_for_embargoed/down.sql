UPDATE raid_term SET only_for = '';
