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
