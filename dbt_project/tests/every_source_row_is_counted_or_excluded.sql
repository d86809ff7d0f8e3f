-- Closing sum: each line of goods that a source holds is one line of the ledger, counted or with a
-- reason. Files per day; what the systems hold has its day from the ledger's own rules, which
-- rpt_reconciliation compares with the systems' reports.
with source_rows as (

    select
        'spreadsheets' as source_system,
        cast(sold_local_at as date) as sale_date
    from {{ ref('stg_spreadsheets__sales') }}
    union all
    select
        'shopify' as source_system,
        cast(null as date) as sale_date
    from {{ ref('stg_shopify__sales') }}
    where line_type = 'product'
    union all
    select
        'square' as source_system,
        cast(null as date) as sale_date
    from {{ ref('stg_square__order_lines') }}
    where coalesce(item_type, 'ITEM') <> 'GIFT_CARD'
    union all
    select
        'square' as source_system,
        cast(null as date) as sale_date
    from {{ ref('stg_square__return_lines') }}
    where coalesce(item_type, 'ITEM') <> 'GIFT_CARD'

),

sides as (

    select
        source_system,
        sale_date,
        count(*) as source_rows_count,
        0 as ledger_rows_count
    from source_rows
    group by source_system, sale_date
    union all
    select
        source_system,
        case when source_system = 'spreadsheets' then sale_date end as sale_date,
        0 as source_rows_count,
        lines_count as ledger_rows_count
    from {{ ref('fct_sale_outcomes_daily') }}
    where source_system in ('spreadsheets', 'shopify', 'square')

)

select
    source_system,
    sale_date,
    sum(source_rows_count) as source_rows_count,
    sum(ledger_rows_count) as ledger_rows_count
from sides
group by source_system, sale_date
having sum(source_rows_count) <> sum(ledger_rows_count)
