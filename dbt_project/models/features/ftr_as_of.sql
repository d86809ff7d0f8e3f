select complete_date as as_of_date from {{ ref('int_report_date') }}
