-- The versions that there are, by time. The clocks of nodes differ, so a version counts as no older
-- than those before it.
INSERT INTO change (position, handle, version, access, service_point_id, at)
SELECT
    row_number() OVER (ORDER BY v.reached, v.handle, v.version),
    v.handle,
    v.version,
    CASE
        WHEN v.version = r.version THEN r.access
        WHEN v.access_type = 'https://vocabularies.coar-repositories.org/access_rights/c_abf2/'
        THEN 'open'
        ELSE 'embargoed'
    END,
    r.service_point_id,
    v.created_at
FROM (
    SELECT
        handle,
        version,
        created_at,
        document #>> '{access,type,id}' AS access_type,
        max(created_at) OVER (PARTITION BY handle ORDER BY version) AS reached
    FROM raid_version
) AS v
JOIN raid AS r ON r.handle = v.handle;
