create table if not exists ml.customer_identities (
    record_id text not null primary key,
    person_id text not null,
    match_method text not null,
    match_confidence double precision not null,
    changed_number bigint not null default 0 -- larger than of every load before the change
);
-- Of a version in which a time stood for that; views over it are built again by the next run.
do $$
begin
    if exists (
        select from information_schema.columns
        where table_schema = 'ml' and table_name = 'customer_identities'
            and column_name = 'changed_at'
    ) then
        alter table ml.customer_identities add column changed_number bigint not null default 0;
        alter table ml.customer_identities drop column changed_at cascade;
    end if;
end $$;
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
create table if not exists ml.customer_match_runs (
    run_id text not null primary key,
    records_count bigint not null,
    input_fingerprint text not null,
    versions jsonb not null,
    created_at timestamptz not null default now()
);
