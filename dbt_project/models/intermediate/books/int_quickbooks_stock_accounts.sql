with lines as (

    select * from {{ ref('stg_quickbooks__lines') }}
    where detail_type = 'SalesItemLineDetail'

),

items as (

    select * from {{ ref('stg_quickbooks__items') }}
    where item_type = 'Inventory'

),

sold_items as (

    select
        lines.source_document_id,
        items.expense_account_id,
        items.asset_account_id
    from lines
    inner join items on lines.source_item_id = items.source_item_id

)

select
    source_document_id,
    expense_account_id as source_account_id
from sold_items
union
select
    source_document_id,
    asset_account_id as source_account_id
from sold_items
