//! The tables as diesel sees them. Generated from the migrated database; renewed with `make generate`.

diesel::table! {
    api_keys (id) {
        id -> Uuid,
        project_id -> Int4,
        name -> Text,
        prefix -> Text,
        hash -> Bytea,
        scopes -> Array<Text>,
        created_at -> Timestamptz,
        revoked_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    cells (id) {
        id -> Int4,
        project_id -> Int4,
        cell_key -> Uuid,
        feature -> Text,
        version -> Nullable<Text>,
        model -> Nullable<Text>,
        prompt_version -> Nullable<Text>,
        variant -> Nullable<Text>,
        environment -> Nullable<Text>,
        attributes -> Jsonb,
    }
}

diesel::table! {
    events (project_id, event_key) {
        project_id -> Int4,
        event_key -> Uuid,
        output_key -> Uuid,
        tx -> Int8,
        ordinal -> Int4,
        kind -> Int2,
        occurred_at -> Timestamptz,
        received_at -> Timestamptz,
        fingerprint -> Int8,
        body -> Json,
    }
}

diesel::table! {
    fold_cursor (id) {
        id -> Bool,
        tx -> Int8,
        ordinal -> Int4,
        tx_offset -> Int8,
        layout -> Array<Text>,
        folded_at -> Timestamptz,
    }
}

diesel::table! {
    output_aliases (project_id, alias_key, output_key) {
        project_id -> Int4,
        alias_key -> Uuid,
        output_key -> Uuid,
    }
}

diesel::table! {
    output_texts (project_id, output_key) {
        project_id -> Int4,
        output_key -> Uuid,
        input -> Nullable<Text>,
        output -> Nullable<Text>,
        #[sql_name = "final"]
        final_ -> Nullable<Text>,
        comment -> Nullable<Text>,
    }
}

diesel::table! {
    outputs (project_id, output_key) {
        project_id -> Int4,
        output_key -> Uuid,
        output_id -> Text,
        cell_id -> Nullable<Int4>,
        user_key -> Nullable<Int8>,
        user_id -> Nullable<Text>,
        session_id -> Nullable<Text>,
        shown_at -> Timestamptz,
        decision -> Int2,
        decided_at -> Nullable<Timestamptz>,
        decision_ms -> Nullable<Int8>,
        confidence -> Nullable<Float8>,
        correct -> Nullable<Bool>,
        judged_by -> Nullable<Int2>,
        initial_agrees -> Nullable<Bool>,
        initial_correct -> Nullable<Bool>,
        edit_distance -> Nullable<Float8>,
        retained_share -> Nullable<Float8>,
        still_retained -> Nullable<Float8>,
        chars_shown -> Nullable<Int4>,
        copies -> Int4,
        regenerates -> Int4,
        ratings -> Int4,
        rating_sum -> Float8,
        positive_ratings -> Int4,
        rating_flips -> Int4,
        missed -> Bool,
        restated -> Bool,
        reason -> Nullable<Text>,
    }
}

diesel::table! {
    projects (id) {
        id -> Int4,
        name -> Text,
        dimensions -> Array<Text>,
        stores_text -> Bool,
        horizon_seconds -> Int4,
        folded_events -> Int8,
        created_at -> Timestamptz,
        rollup_step -> Int8,
        rollup_reset -> Int8,
    }
}

diesel::table! {
    rejections (project_id, key_id, hour, code) {
        project_id -> Int4,
        key_id -> Uuid,
        hour -> Int4,
        code -> Text,
        events -> Int8,
    }
}

diesel::table! {
    rollup_columns (project_id, axis, place, day) {
        project_id -> Int4,
        axis -> Int2,
        place -> Int2,
        day -> Int4,
        step -> Int8,
        size -> Int4,
        body -> Bytea,
    }
}

diesel::table! {
    rollup_differences (project_id, day, step) {
        project_id -> Int4,
        day -> Int4,
        step -> Int8,
        size -> Int4,
        body -> Bytea,
    }
}

diesel::table! {
    sessions (token_hash) {
        token_hash -> Bytea,
        key_id -> Uuid,
        is_link -> Bool,
        expires_at -> Timestamptz,
    }
}

diesel::table! {
    stalled_projects (project_id) {
        project_id -> Int4,
        tx -> Int8,
        ordinal -> Int4,
        error -> Text,
        since -> Timestamptz,
        retry_at -> Timestamptz,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    api_keys,
    cells,
    events,
    fold_cursor,
    output_aliases,
    output_texts,
    outputs,
    projects,
    rejections,
    rollup_columns,
    rollup_differences,
    sessions,
    stalled_projects,
);
