create table if not exists ml.anomalies (
    run_id text not null references ml.model_runs,
    series_key text not null,
    metric text not null check (metric in ('net_sales', 'orders', 'average_order_value')),
    first_date date not null,
    last_date date not null,
    days_count integer not null,
    actual_value double precision not null,
    expected_value double precision not null,
    difference_value double precision not null,
    difference_rate double precision not null,
    z_score double precision not null,
    direction text not null check (direction in ('above', 'below')),
    cause_series_key text,
    cause_difference_value double precision,
    primary key (series_key, metric, first_date)
);
