DROP TABLE stalled_projects;
