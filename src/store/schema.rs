//! The tables as diesel sees them. Generated from the migrated database; renewed with `make generate`.

diesel::table! {
    admin_actions (project_id, id) {
        project_id -> Int4,
        id -> Int8,
        done_at -> Timestamptz,
        key_id -> Nullable<Uuid>,
        action -> Text,
        subject -> Nullable<Text>,
        detail -> Jsonb,
    }
}

diesel::table! {
    alert_rules (project_id, id) {
        project_id -> Int4,
        id -> Uuid,
        plan -> Jsonb,
        enabled -> Bool,
        muted_until -> Nullable<Timestamptz>,
        created_at -> Timestamptz,
        state -> Text,
        since -> Nullable<Timestamptz>,
        memory -> Jsonb,
        turn -> Int8,
        looked_at -> Nullable<Timestamptz>,
        look -> Nullable<Jsonb>,
        failure -> Nullable<Text>,
    }
}

diesel::table! {
    alert_transitions (project_id, id) {
        project_id -> Int4,
        id -> Uuid,
        alert_id -> Uuid,
        noticed_at -> Timestamptz,
        state -> Text,
        cause -> Text,
        sentence -> Text,
        look -> Jsonb,
        muted -> Bool,
    }
}

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
        used_on -> Nullable<Date>,
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
    changes (project_id, id) {
        project_id -> Int4,
        id -> Uuid,
        plan -> Jsonb,
        logged_at -> Timestamptz,
    }
}

diesel::table! {
    erasures (project_id, id) {
        project_id -> Int4,
        id -> Uuid,
        digest -> Uuid,
        user_id -> Nullable<Text>,
        requested_at -> Timestamptz,
        finished_at -> Nullable<Timestamptz>,
        vacuumed_at -> Nullable<Timestamptz>,
        events -> Int8,
        outputs -> Int8,
        texts -> Int8,
        opinions -> Int8,
        log_position -> Nullable<Int8>,
        eval_cases -> Int8,
    }
}

diesel::table! {
    eval_cases (project_id, set_id, name) {
        project_id -> Int4,
        set_id -> Uuid,
        name -> Text,
        input -> Nullable<Text>,
        expected -> Nullable<Text>,
        rubric -> Nullable<Text>,
        tags -> Array<Text>,
        output_key -> Nullable<Uuid>,
        output_id -> Nullable<Text>,
        user_key -> Nullable<Int8>,
        added_at -> Timestamptz,
        changed_at -> Timestamptz,
    }
}

diesel::table! {
    eval_results (project_id, set_id, run_id, case_name, judge) {
        project_id -> Int4,
        set_id -> Uuid,
        run_id -> Uuid,
        case_name -> Text,
        judge -> Text,
        score -> Nullable<Float8>,
        pass -> Nullable<Bool>,
        output -> Nullable<Text>,
        comment -> Nullable<Text>,
    }
}

diesel::table! {
    eval_runs (project_id, set_id, id) {
        project_id -> Int4,
        set_id -> Uuid,
        id -> Uuid,
        name -> Text,
        version -> Nullable<Text>,
        model -> Nullable<Text>,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    eval_sets (project_id, id) {
        project_id -> Int4,
        id -> Uuid,
        name -> Text,
        description -> Nullable<Text>,
        pass_from -> Float8,
        revision -> Int8,
        created_at -> Timestamptz,
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
    experiments (project_id, name) {
        project_id -> Int4,
        name -> Text,
        plan -> Jsonb,
        declared_at -> Timestamptz,
    }
}

diesel::table! {
    fold_ranges (range) {
        range -> Int4,
        tx -> Int8,
        folded_at -> Timestamptz,
    }
}

diesel::table! {
    fold_state (id) {
        id -> Bool,
        tx_offset -> Int8,
        layout -> Array<Text>,
    }
}

diesel::table! {
    late_events (project_id, event_key) {
        project_id -> Int4,
        event_key -> Uuid,
        output_key -> Uuid,
        received_at -> Timestamptz,
    }
}

diesel::table! {
    link_secret (id) {
        id -> Bool,
        secret -> Bytea,
    }
}

diesel::table! {
    opinions (project_id, output_key, source, holder, rubric) {
        project_id -> Int4,
        output_key -> Uuid,
        source -> Int2,
        holder -> Text,
        rubric -> Text,
        value -> Float8,
        is_right -> Bool,
        stated_at -> Timestamptz,
        lowest -> Nullable<Float8>,
        highest -> Nullable<Float8>,
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
        attributes -> Nullable<Text>,
        sealed -> Bool,
        manner -> Int2,
        kept_30s -> Nullable<Int2>,
        kept_120s -> Nullable<Int2>,
        kept_300s -> Nullable<Int2>,
        kept_600s -> Nullable<Int2>,
        ignored_ms -> Nullable<Int4>,
        chars_final -> Nullable<Int4>,
        generation_ms -> Nullable<Int4>,
        initial_value -> Nullable<Float8>,
        output_value -> Nullable<Float8>,
        final_value -> Nullable<Float8>,
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
        retain_texts_days -> Nullable<Int4>,
        retain_events_days -> Nullable<Int4>,
        retain_outputs_days -> Nullable<Int4>,
        expired_events -> Int8,
        textless_tx -> Int8,
        erasure_salt -> Uuid,
        forgotten -> Int8,
        edit_thresholds -> Array<Int2>,
        settings_revision -> Int8,
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
    rollup_bases (project_id, day) {
        project_id -> Int4,
        day -> Int4,
        layout -> Array<Text>,
        body -> Bytea,
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
    stalled_ranges (project_id, range) {
        project_id -> Int4,
        range -> Int4,
        tx -> Int8,
        error -> Text,
        since -> Timestamptz,
        retry_at -> Timestamptz,
    }
}

diesel::table! {
    tombstones (project_id, digest) {
        project_id -> Int4,
        digest -> Uuid,
        admits_from -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    webhook_deliveries (project_id, id) {
        project_id -> Int4,
        id -> Uuid,
        webhook_id -> Uuid,
        kind -> Text,
        body -> Text,
        created_at -> Timestamptz,
        state -> Text,
        attempts -> Int4,
        due_at -> Timestamptz,
        attempted_at -> Nullable<Timestamptz>,
        status -> Nullable<Int4>,
        failure -> Nullable<Text>,
        finished_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    webhooks (project_id, id) {
        project_id -> Int4,
        id -> Uuid,
        name -> Text,
        url -> Text,
        format -> Text,
        secret -> Bytea,
        enabled -> Bool,
        created_at -> Timestamptz,
        digest -> Nullable<Jsonb>,
        digest_at -> Nullable<Timestamptz>,
        digest_week -> Nullable<Text>,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    admin_actions,
    alert_rules,
    alert_transitions,
    api_keys,
    cells,
    changes,
    erasures,
    eval_cases,
    eval_results,
    eval_runs,
    eval_sets,
    events,
    experiments,
    fold_ranges,
    fold_state,
    late_events,
    link_secret,
    opinions,
    output_aliases,
    output_texts,
    outputs,
    projects,
    rejections,
    rollup_bases,
    rollup_columns,
    rollup_differences,
    sessions,
    stalled_ranges,
    tombstones,
    webhook_deliveries,
    webhooks,
);
