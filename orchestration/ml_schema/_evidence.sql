create table if not exists ml.model_runs (
    run_id text not null primary key,
    task text not null,
    as_of_date date,
    window_start_date date,
    window_end_date date,
    observations_count bigint not null,
    status text not null check (status in ('done', 'refused')),
    reason text,
    seed integer,
    parameters jsonb not null default '{}',
    input_fingerprint text not null,
    versions jsonb not null,
    created_at timestamptz not null default now()
);
create table if not exists ml.evaluations (
    run_id text not null references ml.model_runs,
    subject text not null,
    model text not null,
    metric text not null,
    value double precision,
    is_baseline boolean not null,
    is_selected boolean not null,
    observations_count bigint not null,
    note text,
    primary key (run_id, subject, model, metric)
);
create table if not exists ml.refusals (
    run_id text not null references ml.model_runs,
    subject text not null,
    observations_count bigint not null,
    reason text not null,
    primary key (run_id, subject)
);
