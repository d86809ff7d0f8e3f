with transactions as (

    select * from {{ ref('stg_shopify__transactions') }}

),

orders as (

    select * from {{ ref('int_shopify_orders') }}

),

balances as (

    select
        source_order_transaction_id,
        sum(fee_amount) as fee_amount,
        min(source_payout_id) as source_payout_id,
        max(load_number) as load_number
    from {{ ref('stg_shopify__balance_transactions') }}
    where source_order_transaction_id is not null
    group by source_order_transaction_id

),

captures as (

    select distinct parent_transaction_id
    from transactions
    where kind = 'CAPTURE' and status = 'SUCCESS' and parent_transaction_id is not null

),

paid_at_square as (

    select distinct canonical_order_id
    from {{ ref('int_sale_matches') }}
    where source_system = 'square' and canonical_system = 'shopify'

)

select
    transactions.source_transaction_id as source_payment_id,
    transactions.source_order_id,
    orders.location_name,
    orders.time_zone,
    case when transactions.kind = 'REFUND' then 'refund' else 'payment' end as payment_type,
    transactions.gateway as payment_method,
    transactions.currency_code,
    case when transactions.kind = 'REFUND' then -1 else 1 end * transactions.transaction_amount
        as payment_amount,
    cast(null as {{ dbt.type_numeric() }}) as tip_amount,
    case
        when balances.source_order_transaction_id is not null then balances.fee_amount
        -- Only Shopify's own payments cost a fee that Shopify knows of.
        when transactions.gateway in ('cash', 'gift_card') then 0
    end as fee_amount,
    balances.source_payout_id,
    transactions.processed_at as paid_at,
    coalesce(
        orders.exclusion_reason,
        case
            when transactions.status <> 'SUCCESS' then lower(transactions.status)
            when transactions.kind = 'VOID' then 'voided'
            when transactions.kind = 'AUTHORIZATION' and captures.parent_transaction_id is not null
                then 'authorisation_of_a_capture'
            when transactions.kind = 'AUTHORIZATION' then 'not_captured'
            when
                paid_at_square.canonical_order_id is not null
                and transactions.gateway not in ('shopify_payments', 'gift_card', 'cash')
                then 'paid_at_square'
        end
    ) as exclusion_reason,
    orders.source_updated_at,
    greatest(
        transactions.load_number, orders.load_number,
        coalesce(balances.load_number, transactions.load_number)
    ) as load_number
from transactions
inner join orders on transactions.source_order_id = orders.source_order_id
left join balances
    on
        {{ dbt.split_part('transactions.source_transaction_id', "'/'", 5) }}
        = balances.source_order_transaction_id
left join captures
    on transactions.source_transaction_id = captures.parent_transaction_id
left join paid_at_square on transactions.source_order_id = paid_at_square.canonical_order_id
