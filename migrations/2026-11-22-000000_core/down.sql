DROP FUNCTION add_sums(bigint[], bigint[]);
DROP TABLE fold_cursor, histograms_daily, rollups_daily, rollups_hourly, output_texts, outputs, cells, rejections,
    output_aliases, events, api_keys, projects;
