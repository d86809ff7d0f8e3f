with accounts as (

    select * from {{ ref('int_quickbooks_accounts') }}

)

select
    {{ account_key('source_account_id') }} as account_key,
    source_account_id,
    case when parent_account_id is not null then {{ account_key('parent_account_id') }} end
        as parent_account_key,
    account_name,
    account_full_name,
    account_type,
    account_sub_type,
    classification,
    statement_name,
    statement_section,
    section_order,
    natural_sign,
    currency_code,
    is_active,
    load_number
from accounts
