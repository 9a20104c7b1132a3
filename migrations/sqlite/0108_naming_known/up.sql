-- Whoever was named before is known: nobody is held or announced for that.
INSERT INTO naming (orcid, service_point_id, handle, state, since, named_at, entry_at)
SELECT contribution.orcid, raid.service_point_id, MIN(contribution.handle), 'admitted',
    MIN(raid.created_at), MIN(raid.created_at), MIN(raid.created_at)
FROM contribution INNER JOIN raid ON raid.handle = contribution.handle
GROUP BY contribution.orcid, raid.service_point_id;
