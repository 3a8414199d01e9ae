-- Attributes that the project has not declared as dimensions, as a JSON object: no part of a cell, but answers can be cut by them.
-- Outputs that were folded before get theirs with `calibrant rebuild`.
ALTER TABLE outputs ADD COLUMN attributes text;
