-- How often something of a project was erased, or went since it is kept no longer: what servers hold in memory from before must go.
ALTER TABLE projects ADD COLUMN forgotten bigint NOT NULL DEFAULT 0;
