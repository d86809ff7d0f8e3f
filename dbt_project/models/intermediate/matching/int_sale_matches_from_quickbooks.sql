with persons as (

    select
        customer_record_id,
        person_record_id
    from {{ ref('int_customer_persons') }}
    where is_person

),

documents as (

    select
        sales.*,
        coalesce(persons.person_record_id, 'nobody') as buyer
    from {{ ref('int_quickbooks_sales') }} as sales
    left join persons on sales.customer_record_id = persons.customer_record_id
    where sales.deleted_at is null and not coalesce(sales.is_voided, false)

),

events as (

    select
        events.*,
        coalesce(persons.person_record_id, 'nobody') as buyer
    from {{ ref('int_shopify_events') }} as events
    left join persons on events.customer_record_id = persons.customer_record_id

),

-- The order's name in the number or the memo; a bare number counts only with the order's amount.
-- One join for each of the three: joined by `or`, every document would meet every order.
{%- set names = [
    (dbt.split_part('documents.document_number', "'-R'", 1), none),
    ('documents.order_reference', none),
    (dbt.concat(["'#'", 'documents.document_number']), 'documents.total_amount = events.total_amount'),
] %}
named as (

    {% for name, condition in names -%}
        select
            documents.source_order_id,
            documents.sign,
            documents.total_amount,
            events.source_order_id as shopify_order_id,
            case when documents.document_number = events.order_name then 1 else 0 end as is_exact
        from documents
        inner join events
            on
                documents.sign = events.sign
                and {{ name }} = events.order_name
                {%- if condition %}
                    and {{ condition }}
                {%- endif %}
        {% if not loop.last -%}
            union all
        {% endif -%}
    {% endfor %}
),

by_name as (

    select
        source_order_id,
        sign,
        total_amount,
        min(shopify_order_id) as shopify_order_id,
        max(is_exact) as is_exact
    from named
    group by source_order_id, sign, total_amount

),

-- Without a name: the same customer, day and amount. Equal sales of one day are paired in turn.
open_documents as (

    select
        documents.*,
        row_number() over (
            partition by
                documents.sign, documents.document_date, documents.total_amount, documents.buyer
            order by length(documents.source_document_id), documents.source_document_id
        ) as turn
    from documents
    left join by_name on documents.source_order_id = by_name.source_order_id
    where by_name.source_order_id is null and documents.total_amount <> 0

),

open_events as (

    select
        events.*,
        row_number() over (
            partition by events.sign, events.event_date, events.total_amount, events.buyer
            order by length(events.source_order_id), events.source_order_id
        ) as turn
    from events
    where
        not exists (
            select 1
            from by_name
            where
                by_name.shopify_order_id = events.source_order_id
                and by_name.sign = events.sign
                and (events.sign = 1 or by_name.total_amount = events.total_amount)
        )

),

by_amount as (

    select
        open_documents.source_order_id,
        open_events.source_order_id as shopify_order_id,
        open_documents.buyer
    from open_documents
    inner join open_events
        on
            open_documents.sign = open_events.sign
            and open_documents.document_date = open_events.event_date
            and open_documents.total_amount = open_events.total_amount
            and open_documents.buyer = open_events.buyer
            and open_documents.turn = open_events.turn

),

-- Two apps post the same order: the second has neither its name nor an order left to be of.
repeated as (

    select
        open_documents.source_order_id,
        min(events.source_order_id) as shopify_order_id
    from open_documents
    inner join events
        on
            open_documents.sign = events.sign
            and open_documents.document_date = events.event_date
            and open_documents.total_amount = events.total_amount
            and open_documents.buyer = events.buyer
    left join by_amount on open_documents.source_order_id = by_amount.source_order_id
    where by_amount.source_order_id is null
    group by open_documents.source_order_id

)

select
    source_order_id,
    shopify_order_id,
    'document_number' as match_method,
    case is_exact when 1 then 1.0 else 0.99 end as match_confidence
from by_name
union all
select
    source_order_id,
    shopify_order_id,
    case buyer when 'nobody' then 'amount_and_date' else 'amount_date_customer' end as match_method,
    case buyer when 'nobody' then 0.9 else 0.97 end as match_confidence
from by_amount
union all
select
    source_order_id,
    shopify_order_id,
    'posted_twice' as match_method,
    0.9 as match_confidence
from repeated
