with objects as (

    select * from {{ source('raw_quickbooks', 'accounts') }}

)

select
    id as source_account_id,
    parent_ref_value as parent_account_id,
    name as account_name,
    fully_qualified_name as account_full_name,
    account_type,
    account_sub_type,
    classification,
    currency_ref_value as currency_code,
    current_balance as current_balance_amount,
    active as is_active,
    _deleted_at as deleted_at,
    _load_number as load_number
from objects
