-- Attributes that the project has not declared as dimensions, as a JSON object: no part of a cell, but answers can be cut by them.
ALTER TABLE outputs ADD COLUMN attributes text;
