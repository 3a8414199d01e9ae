-- The role stays: other databases of the cluster may use it.
DROP SCHEMA bi CASCADE;
DROP TABLE link_secret;
