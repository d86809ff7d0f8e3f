create table if not exists ml.customer_lifetimes (
    run_id text not null references ml.model_runs,
    customer_key text not null primary key,
    as_of_date date not null,
    model text not null,
    is_alive_probability double precision not null,
    expected_orders_12m double precision not null,
    lower_80_orders_12m double precision not null,
    upper_80_orders_12m double precision not null,
    expected_margin_per_order_amount double precision,
    expected_margin_12m_amount double precision,
    lower_80_margin_12m_amount double precision,
    upper_80_margin_12m_amount double precision,
    discounted_margin_12m_amount double precision,
    expected_net_12m_amount double precision not null,
    next_purchase_date date
);
create table if not exists ml.customer_churn (
    run_id text not null references ml.model_runs,
    customer_key text not null primary key,
    as_of_date date not null,
    model text not null,
    churn_horizon_days integer not null,
    churn_probability double precision not null,
    is_active boolean not null,
    churn_reasons text not null
);
create table if not exists ml.customer_offers (
    run_id text not null references ml.model_runs,
    customer_key text not null,
    offer_rank integer not null,
    product_key text not null,
    because_product_key text,
    score double precision not null,
    model text not null,
    primary key (customer_key, offer_rank)
);
create table if not exists ml.basket_rules (
    run_id text not null references ml.model_runs,
    rule_level text not null check (rule_level in ('product', 'category')),
    antecedents text not null,
    consequent text not null,
    antecedents_count integer not null,
    baskets_count bigint not null,
    both_count bigint not null,
    support_rate double precision not null,
    confidence_rate double precision not null,
    lift double precision not null,
    leverage double precision not null,
    p_value double precision not null,
    q_value double precision not null,
    later_lift double precision,
    later_both_count bigint not null,
    is_stable boolean not null,
    rank_for_antecedents integer not null,
    primary key (rule_level, antecedents, consequent)
);
