-- The status counts outputs without a feature. There are few of them among many.
CREATE INDEX outputs_unlinked ON outputs (project_id) WHERE cell_id IS NULL;
