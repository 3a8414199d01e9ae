-- The role stays: other databases of the cluster may use it.
DROP SCHEMA bi CASCADE;
DROP STATISTICS outputs_day;
DROP TABLE link_secret;
