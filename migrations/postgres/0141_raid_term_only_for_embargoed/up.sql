UPDATE raid_term SET only_for = (
    SELECT CAST(raid.service_point_id AS TEXT) FROM raid WHERE raid.handle = raid_term.handle
)
WHERE handle IN (SELECT handle FROM raid WHERE access = 'embargoed');
