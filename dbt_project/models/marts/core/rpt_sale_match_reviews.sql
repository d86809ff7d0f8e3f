with matches as (

    select * from {{ ref('int_sale_matches') }}
    where canonical_system is not null

),

persons as (

    select * from {{ ref('int_customer_persons') }}
    where is_person

),

-- Documents of the books that count as sales of their own.
documents as (

    select
        sales.*,
        persons.person_record_id
    from {{ ref('int_quickbooks_sales') }} as sales
    left join persons on sales.customer_record_id = persons.customer_record_id
    left join matches
        on
            matches.source_system = 'quickbooks'
            and sales.source_order_id = matches.source_order_id
    where
        matches.source_order_id is null
        and sales.deleted_at is null
        and not coalesce(sales.is_voided, false)
        and sales.total_amount <> 0

),

-- Two apps may have posted one sale: the same number, or amount, day and customer.
twins as (

    select
        later.source_order_id,
        earlier.source_order_id as other_order_id,
        'document_number' as match_method
    from documents as later
    inner join documents as earlier
        on
            later.document_number = earlier.document_number
            and later.sign = earlier.sign
            and later.source_order_id > earlier.source_order_id
    union all
    select
        later.source_order_id,
        earlier.source_order_id as other_order_id,
        'amount_date_customer' as match_method
    from documents as later
    inner join documents as earlier
        on
            later.total_amount = earlier.total_amount
            and later.document_date = earlier.document_date
            and later.person_record_id = earlier.person_record_id
            and later.sign = earlier.sign
            and later.source_order_id > earlier.source_order_id
            and coalesce(later.document_number, '') <> coalesce(earlier.document_number, '')

),

doubtful as (

    select
        source_system,
        source_order_id,
        canonical_system as other_system,
        canonical_order_id as other_order_id,
        match_method,
        match_confidence,
        case
            when match_method = 'posted_twice' then 'The books hold this sale a second time'
            else 'Recognised without a name or customer'
        end as reason
    from matches
    where match_confidence < {{ var('sure_match_confidence') }}
    union all
    select
        'quickbooks' as source_system,
        source_order_id,
        'quickbooks' as other_system,
        other_order_id,
        match_method,
        cast(null as {{ dbt.type_numeric() }}) as match_confidence,
        'Two documents of the books may be one sale' as reason
    from twins

)

select
    {{ surrogate_key(['doubtful.source_system', 'doubtful.source_order_id']) }} as order_key,
    doubtful.source_system,
    doubtful.source_order_id,
    doubtful.other_system,
    doubtful.other_order_id,
    min(sale_lines.sale_date) as sale_date,
    min(sale_lines.currency_code) as currency_code,
    cast(sum(sale_lines.total_amount) as {{ dbt.type_numeric() }}) as total_amount,
    max(case when sale_lines.is_counted then 1 else 0 end) = 1 as is_counted,
    doubtful.match_method,
    cast(doubtful.match_confidence as {{ dbt.type_numeric() }}) as match_confidence,
    doubtful.reason,
    max(sale_lines.load_number) as load_number
from doubtful
inner join {{ ref('fct_sale_lines') }} as sale_lines
    on
        {{ surrogate_key(['doubtful.source_system', 'doubtful.source_order_id']) }}
        = sale_lines.order_key
group by
    doubtful.source_system,
    doubtful.source_order_id,
    doubtful.other_system,
    doubtful.other_order_id,
    doubtful.match_method,
    doubtful.match_confidence,
    doubtful.reason
