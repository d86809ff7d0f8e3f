with objects as (

    select * from {{ source('raw_quickbooks', 'items') }}

)

select
    id as source_item_id,
    parent_ref_value as parent_item_id,
    name as item_name,
    sku,
    type as item_type,
    income_account_ref_value as income_account_id,
    coalesce(expense_account_ref_value, cogs_account_ref_value) as expense_account_id,
    asset_account_ref_value as asset_account_id,
    unit_price as unit_price_amount,
    purchase_cost as purchase_cost_amount,
    active as is_active,
    _deleted_at as deleted_at,
    _load_number as load_number
from objects
