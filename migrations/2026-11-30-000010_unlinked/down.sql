DROP INDEX outputs_unlinked;
