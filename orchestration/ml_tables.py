"""The tables of the schema ``ml``: what the models give back, and the evidence for it."""

from warehouse.database import Warehouse

TABLES = """
create table if not exists ml.model_runs (
    run_id text not null primary key,
    task text not null,
    as_of_date date,
    window_start_date date,
    window_end_date date,
    observations_count bigint not null,
    status text not null check (status in ('done', 'refused')),
    reason text,
    input_fingerprint text not null,
    versions jsonb not null,
    created_at timestamptz not null default now()
);
create table if not exists ml.backtests (
    run_id text not null references ml.model_runs,
    series_key text not null,
    series_level text not null,
    series_name text not null,
    horizon_days integer not null,
    model text not null,
    is_selected boolean not null,
    wape double precision not null,
    best_naive_model text not null,
    best_naive_wape double precision not null,
    coverage_80 double precision,
    coverage_95 double precision,
    n_origins bigint not null,
    n_observations bigint not null,
    reason text not null,
    primary key (run_id, series_key, horizon_days, model)
);
create table if not exists ml.sales_forecast (
    run_id text not null references ml.model_runs,
    series_key text not null,
    series_level text not null,
    series_name text not null,
    as_of_date date not null,
    horizon_days integer not null,
    sale_date date not null,
    row_type text not null check (row_type in ('actual', 'forecast')),
    actual_amount double precision,
    forecast_amount double precision,
    lower_80_amount double precision,
    upper_80_amount double precision,
    lower_95_amount double precision,
    upper_95_amount double precision,
    model text not null,
    primary key (series_key, horizon_days, sale_date)
);
create table if not exists ml.customer_identities (
    record_id text not null primary key,
    person_id text not null,
    match_method text not null,
    match_confidence double precision not null,
    changed_at timestamptz not null default now()
);
create table if not exists ml.customer_match_edges (
    left_record_id text not null,
    right_record_id text not null,
    method text not null,
    probability double precision not null,
    primary key (left_record_id, right_record_id)
);
create table if not exists ml.customer_match_reviews (
    left_record_id text not null,
    right_record_id text not null,
    method text not null,
    probability double precision not null,
    reason text not null,
    primary key (left_record_id, right_record_id)
);
"""


def ensure_ml_tables(warehouse: Warehouse) -> None:
    """Create what is missing, so that dbt finds the tables before the first run."""
    with warehouse.connect("ml") as connection:
        connection.execute(TABLES)
